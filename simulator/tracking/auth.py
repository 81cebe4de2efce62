"""Which write key a request speaks with: the body's, else the Basic user's; and whether a Bearer token is good.

Source: Segment's HTTP API page (key in the body, or Basic with a colon) and its OAuth page (Bearer beside the body's
key). That the body's key wins over the header's is our choice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inkstand.fakes.kit.http import basic_credentials, kind_of
from inkstand.fakes.kit.world import machine_now

from .limits import RefusedError

UNAUTHORIZED = 401
_BEARER = ("bearer ", "bearer")


def write_key(body: Mapping[str, Any], authorization: str | None) -> str | None:
    """The write key of a call or batch; None when there is none, or an empty one.

    Raises RefusedError (401) for a Bearer token that is none of ours, or too old.
    """
    if authorization and authorization[:7].lower() in _BEARER:
        _check(authorization[7:].strip())
    key = body.get("writeKey")
    if isinstance(key, str) and key:
        return key
    return header_key(authorization)


def header_key(authorization: str | None) -> str | None:
    """The write key of an Authorization header, if it is a Basic one that has a user."""
    credentials = basic_credentials(authorization)
    return (credentials[0] or None) if credentials else None


def no_key(body: Mapping[str, Any], authorization: str | None) -> RefusedError:
    """What a request without a write key is refused with: where one goes, and what came in its place."""
    came = [f"writeKey came as {kind_of(body['writeKey'])}"] if body.get("writeKey") else []
    came += ["the Authorization header that came holds no key"] if authorization else []
    wanted = "A write key is needed: as the user of Basic authorization, or as writeKey in the body"
    return RefusedError("no_write_key", "; ".join([wanted, *came]) + ".")


def _check(token: str) -> None:
    from .oauth import is_good  # noqa: PLC0415  # brings a library; few clients use tokens

    if not is_good(token, machine_now()):
        said = "The Bearer token is not one of POST /token, or too old. A write key goes into Basic, or the body."
        raise RefusedError("invalid_token", said, UNAUTHORIZED)
