"""What arrives over HTTP, read once and safely: JSON bytes, Basic credentials, text that a database can hold."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode
_encode = msgspec.json.Encoder().encode
_UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]|\\(?=u[0-9a-f]{4})")
_UNDRAWABLE = re.compile("[\x00\ud800-\udfff]")
_STRINGS = re.compile(rb'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_BRACES_TO_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NO_BRACKET = bytes(set(range(256)) - set(b"[]{}"))
DEEPEST = 200
"""How deep JSON may be nested here; what reads a message later must be able to, too."""

_INFINITE = (float("inf"), float("-inf"))
_LONGEST_INTEGER = 1_000
_KINDS: tuple[tuple[type, str], ...] = (
    (dict, "an object"),
    (list, "a list"),
    (str, "text"),
    (bool, "true or false"),
    (int, "a number"),
    (float, "a number"),
)


class BadJsonError(ValueError):
    """The bytes are not JSON; the text says where."""


class RefusedError(Exception):
    """A fake answers this call with `status` and this text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def parse_json(body: bytes) -> Any:  # a JSON value is anything
    """The value that JSON bytes hold.

    Lone surrogates and integers of up to a thousand digits are taken, as `JSON.parse` takes them; NaN and Infinity are
    not JSON. Raises BadJsonError for everything else, and for nesting deeper than `DEEPEST`.
    """
    if body.count(b"[") + body.count(b"{") > DEEPEST and _too_deep(body):
        message = f"nested more than {DEEPEST} deep"
        raise BadJsonError(message)
    try:
        return _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return _parse_patiently(body)


def _parse_patiently(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant, parse_float=_finite, parse_int=_integer)
    except RecursionError:
        message = "nested too deeply"
    except UnicodeDecodeError:
        message = "not UTF-8"
    except ValueError as error:
        message = str(error)
    raise BadJsonError(message)


def _no_constant(name: str) -> None:
    message = f"{name} is not a JSON value"
    raise ValueError(message)


def _too_deep(body: bytes) -> bool:
    """Whether a JSON text is nested deeper than allowed: pairs of brackets are taken away from the inside out."""
    brackets = body.translate(_BRACES_TO_BRACKETS, _NO_BRACKET)
    for _ in range(DEEPEST):
        fewer = brackets.replace(b"[]", b"")
        if not fewer:
            return False
        if len(fewer) == len(brackets):
            break
        brackets = fewer
    return _depth(body) > DEEPEST


def _depth(body: bytes) -> int:
    """How deep the brackets of a JSON text go; those inside its strings do not count."""
    depth = deepest = 0
    for bracket in _STRINGS.sub(b"", body).translate(None, _NO_BRACKET):
        depth += 1 if bracket in b"[{" else -1
        deepest = max(deepest, depth)
    return deepest


def _finite(text: str) -> float:
    number = float(text)
    if number in _INFINITE:
        message = f"{text[:40]} is larger than a number can be"
        raise ValueError(message)
    return number


def _integer(text: str) -> int:
    if len(text) > _LONGEST_INTEGER:
        message = f"a number of {len(text)} digits"
        raise ValueError(message)
    return int(text)


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    return next((words for kind, words in _KINDS if isinstance(value, kind)), "nothing")


def dump_json(value: object) -> bytes:
    """A value as compact JSON bytes."""
    try:
        return _encode(value)
    except (UnicodeEncodeError, TypeError, OverflowError, msgspec.EncodeError):
        return json.dumps(value, ensure_ascii=True, separators=(",", ":")).encode()


def dump_text(value: object) -> str:
    """A value as JSON text for a database column."""
    return dump_json(value).decode()


def storable(text: str) -> str:
    """Text with NUL and lone surrogates escaped (a backslash, u, four digits), which is what a column may hold.

    A backslash that stands before such letters already is escaped too, so that two texts never become one.
    """
    if text.isascii() and "\x00" not in text and "\\u" not in text:
        return text
    return _UNSTORABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def drawable(text: str) -> str:
    """Text that can be drawn and written as UTF-8: NUL and lone surrogates stand as the sign for what is not known."""
    return _UNDRAWABLE.sub("\ufffd", text)


def column_text(value: object) -> str | None:
    """Text, or a whole number as its digits, as a column may hold it; None for anything else and for empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return storable(str(value)) or None


def letters(name: str) -> str:
    """The letters and digits of a name in lower case: what two spellings of one name share."""
    return "".join(filter(str.isalnum, name)).lower()


def basic_authorization(user: str, password: str = "") -> str:
    """The value of an `Authorization` header; the colon stays where there is no password."""
    return f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def basic_credentials(header: str | None) -> tuple[str, str] | None:
    """User and password of an `Authorization: Basic` header, the colon optional; None when it is not one."""
    if not header or header[:6].lower() != "basic ":
        return None
    try:
        text = base64.b64decode(header[6:].strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    user, _, password = text.partition(":")
    return user, password
