"""Sizes that Segment's Tracking API sets, and reading a body within them.

Source: Segment's HTTP API page (32 KB a call, 500 KB a batch, 2,500 calls); what a KB is, is our choice (ledger).
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass

CALL_BYTES = 32_768
BATCH_BYTES = 512_000
BATCH_CALLS = 2_500
_GZIP_WINDOW = 31


@dataclass
class RefusedError(Exception):
    """The request is answered with 400; `code` and the text say why."""

    code: str
    message: str


def unzipped(body: bytes, limit: int) -> bytes:
    """A gzipped body, opened no further than one byte beyond the limit.

    Raises RefusedError for bytes that are not gzip or end too early.
    """
    opener = zlib.decompressobj(_GZIP_WINDOW)
    try:
        text = opener.decompress(body, limit + 1)
    except zlib.error as error:
        raise RefusedError("invalid_gzip", f"The body says it is gzip and is not: {error}.") from error
    if len(text) <= limit and not opener.eof:
        raise RefusedError("invalid_gzip", "The gzip body ends too early.")
    return text


def within(body: bytes, limit: int) -> bytes:
    """The body itself; raises RefusedError when it is larger than the limit."""
    if len(body) > limit:
        raise RefusedError("payload_too_large", f"Exceed payload limit: at most {limit} bytes, {len(body)} came.")
    return body
