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
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadJsonError(ValueError):
    """The bytes are not JSON; the text says where."""


class RefusedError(Exception):
    """A fake answers this call with `status` and this text."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def parse_json(body: bytes) -> Any:  # a JSON value is anything
    """The value that JSON bytes hold.

    Lone surrogates and integers of any size are taken, as `JSON.parse` takes them; NaN and Infinity are not JSON.
    Raises BadJsonError for everything else, nesting too deep for the machine included.
    """
    try:
        return _decode(body)
    except (msgspec.DecodeError, RecursionError):
        return _parse_patiently(body)


def _parse_patiently(body: bytes) -> Any:
    try:
        return json.loads(body, parse_constant=_no_constant)
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
    """Text with NUL and lone surrogates escaped (a backslash, u, four digits), which is what a column may hold."""
    if text.isascii() and "\x00" not in text:
        return text
    return _UNSTORABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


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
