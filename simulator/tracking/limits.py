"""Sizes that Segment's Tracking API sets, and reading a body within them.

Source: Segment's HTTP API page (32 KB a call, 500 KB a batch, 2,500 calls); what a KB is, is our choice (ledger).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import Any

CALL_BYTES = 32_768
BATCH_BYTES = 512_000
BATCH_CALLS = 2_500
_GZIP_WINDOW = 31
GZIP_MARK = b"\x1f\x8b"
"""What every gzip body begins with."""

_GZIP_PARTS = 64
_LARGER_ZIPPED = 1_024
"""How much longer than its content a gzip body may be: it does not always get smaller."""

_PLAIN = {"", "identity"}
_ZIPPED = {"gzip", "x-gzip"}
BODY_KEY = "inkstand.body"
"""WSGI environment key under which a body stands once it is read, for whoever has to tell what came."""


@dataclass
class RefusedError(Exception):
    """The request is answered with `status`; `code` and the text say why."""

    code: str
    message: str
    status: int = 400


def read_body(environ: dict[str, Any], limit: int) -> bytes:
    """The body of a request, unzipped, no longer than `limit` bytes.

    Raises RefusedError for a longer one, for one that is not what its headers say, and for an encoding that is not
    read here. What is longer is not unzipped, nor read at all where its length is told.
    """
    encoding = environ.get("HTTP_CONTENT_ENCODING", "").strip().lower()
    raw = _as_it_came(environ, limit)
    environ[BODY_KEY] = raw
    if encoding in _PLAIN:
        return within(raw, limit)
    if encoding not in _ZIPPED:
        raise RefusedError("unsupported_encoding", f"Content-Encoding {encoding} is not read: send gzip, or none.")
    return within(unzipped(raw, limit), limit)


def _as_it_came(environ: dict[str, Any], limit: int) -> bytes:
    told = environ.get("CONTENT_LENGTH")
    stream = environ["wsgi.input"]
    if not told:
        ends = environ.get("wsgi.input_terminated")
        return bytes(stream.read(limit + _LARGER_ZIPPED + 1)) if ends else b""
    if not told.isdecimal():
        raise RefusedError("invalid_length", f"Content-Length must be a number of bytes; {told[:80]!r} came.")
    length = int(told)
    if length > limit + _LARGER_ZIPPED:
        raise too_large(limit, f"{length} came")
    return bytes(stream.read(length))


def unzipped(body: bytes, limit: int) -> bytes:
    """A gzipped body of one part or several, opened no further than one byte beyond the limit.

    Raises RefusedError for bytes that are not gzip or end too early.
    """
    text, rest = b"", body
    for _ in range(_GZIP_PARTS):
        opener = zlib.decompressobj(_GZIP_WINDOW)
        if not rest.startswith(GZIP_MARK):
            raise RefusedError("invalid_gzip", "The body says it is gzip and is not.")
        try:
            text += opener.decompress(rest, limit + 1 - len(text))
        except zlib.error as error:
            raise RefusedError("invalid_gzip", f"The body says it is gzip and is not: {error}.") from error
        if len(text) > limit:
            return text
        if not opener.eof:
            raise RefusedError("invalid_gzip", "The gzip body ends too early.")
        rest = opener.unused_data
        if not rest:
            return text
    raise RefusedError("invalid_gzip", f"The gzip body has more than {_GZIP_PARTS} parts.")


def within(body: bytes, limit: int) -> bytes:
    """The body itself; raises RefusedError when it is larger than the limit."""
    if len(body) > limit:
        raise too_large(limit, f"{len(body)} came" if body[limit + 1 :] else "more came")
    return body


def too_large(limit: int, came: str) -> RefusedError:
    """What a body over the limit is refused with, in Segment's own words."""
    return RefusedError("payload_too_large", f"Exceed payload limit: at most {limit} bytes, {came}.")
