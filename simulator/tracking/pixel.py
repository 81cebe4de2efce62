"""The pixel: a call in the address of an image. Pure.

Source: Segment's Pixel Tracking API page: `data` is JSON, in base64 or plain, or the members stand in the query with
dots for nesting; the answer is always 200 and a transparent GIF of one pixel.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from typing import Any

from inkstand.fakes.kit.http import BadJsonError, kind_of, parse_json

from .limits import RefusedError

GIF = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")
_DEEPEST = 50
_TO_STANDARD = str.maketrans("-_ ", "+/+")


def call_in(query: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The call that a query holds: `data`, and what stands beside it where `data` does not say it.

    Raises RefusedError for data that is no JSON object, and for members nested too deeply.
    """
    members = dict(reversed(list(query)))
    data = members.pop("data", None)
    call: dict[str, Any] = {}
    for path, text in members.items():
        _put(call, path.split("."), text)
    return call if data is None else {**call, **_read(data)}


def _read(data: str) -> dict[str, Any]:
    try:
        value = parse_json(data.encode() if data.lstrip().startswith("{") else _unpacked(data))
    except BadJsonError as error:
        raise RefusedError("invalid_json", f"data is not JSON: {error}.") from error
    except (binascii.Error, ValueError) as error:
        raise RefusedError("invalid_data", f"data is not base64: {error}.") from error
    if not isinstance(value, dict):
        raise RefusedError("invalid_json", f"data must hold a JSON object; {kind_of(value)} came.")
    return value


def _unpacked(data: str) -> bytes:
    """Bytes of base64 in any of its spellings; a plus that an address made a space is one again."""
    text = data.strip().translate(_TO_STANDARD).rstrip("=")
    return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)


def _put(call: dict[str, Any], path: list[str], text: str) -> None:
    if len(path) > _DEEPEST:
        raise RefusedError("invalid_query", f"A member is nested at most {_DEEPEST} deep; {len(path)} came.")
    holder = call
    for step in path[:-1]:
        inner = holder.get(step)
        if not isinstance(inner, dict):
            inner = holder[step] = {}
        holder = inner
    if not isinstance(holder.get(path[-1]), dict):
        holder[path[-1]] = text
