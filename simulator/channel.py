"""What the server itself answers to a request that it cannot hand on: as JSON, readable by pages, and noted.

A client that meets such an answer reads it like any other of the Tracking API; the library's own is plain text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from waitress.channel import HTTPChannel
from waitress.task import ErrorTask

from inkstand.fakes.kit.http import dump_json, storable
from inkstand.simulator.tracking.answers import JSON, cors, error_body
from inkstand.simulator.tracking.limits import BATCH_BYTES, CALL_BYTES

Note = Callable[[str, str, str], None]
_BAD_REQUEST, _TOO_LARGE, _HEADERS_TOO_LARGE, _NOT_IMPLEMENTED = 400, 413, 431, 501
_CODES = {_TOO_LARGE: "payload_too_large", _HEADERS_TOO_LARGE: "headers_too_large", 500: "internal"}
_SAID = {
    _TOO_LARGE: f"Exceed payload limit: a call is at most {CALL_BYTES} bytes, a batch {BATCH_BYTES}.",
    _HEADERS_TOO_LARGE: "The headers, or the address, are too long.",
}
_PRINTABLE = range(32, 127)
_AS = {
    _TOO_LARGE: (_BAD_REQUEST, "Bad Request"),
    _NOT_IMPLEMENTED: (_BAD_REQUEST, "Bad Request"),
    _HEADERS_TOO_LARGE: (_HEADERS_TOO_LARGE, "Request Header Fields Too Large"),
}
"""What Segment documents for a body that is too large, and an answer that no client takes for a failing server."""


def _hint(request: Any) -> str:
    """What is told of a request that does not begin like one."""
    line: bytes = getattr(request, "first_line", b"") or getattr(request, "header_plus", b"")[:8]
    odd = any(byte not in _PRINTABLE for byte in line[:8].rstrip(b"\r\n"))
    return ". It does not begin like a request: this is plain http, use http:// and not https://" if odd else ""


def _plain(status: int, message: str) -> dict[str, object]:
    """An error that readers find by every name that the vendors use."""
    return {"error": message, "code": status, "message": message, "errors": []}


def channel_class(note: Note, is_segment: Callable[[str], bool]) -> type[HTTPChannel]:
    """A channel whose own answers are ours; `note` is told what was asked, and the code and text of the answer.

    `is_segment` tells whether a path is one of Segment's: others are answered with the plain status.
    """

    class Refusal(ErrorTask):
        """Answers a request that cannot be handed on."""

        def execute(self) -> None:
            """Answer, and close the connection: where the next request begins is not known."""
            request: Any = self.request  # the stubs call a request its own error
            found = request.error
            ours = is_segment(getattr(request, "path", None) or "/")
            status, reason = (_AS if ours else {}).get(found.code, (found.code, found.reason))
            code = _CODES.get(found.code, "bad_request")
            said = (_SAID if ours else {}).get(found.code) or f"{found.body}{_hint(request)}".rstrip(".") + "."
            message = storable(said)
            body = dump_json(error_body(code, message) if ours else _plain(status, message))
            self.status = f"{status} {reason}"
            origin = request.headers.get("ORIGIN")
            self.response_headers = [("Content-Type", JSON), *(cors(origin).items() if origin else ())]
            self.set_close_on_finish()
            self.content_length = len(body)
            if ours and status < 500:  # noqa: PLR2004  # what fails here is no refusal
                asked = (getattr(request, name, None) for name in ("command", "path"))
                note(" ".join(part for part in asked if part) or "a request", code, message)
            self.write(body)

    class Channel(HTTPChannel):
        """A connection whose errors are told so."""

        error_task_class = Refusal

    return Channel
