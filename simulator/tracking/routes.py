"""The Tracking API's addresses: read a body within its limits, hand its calls to the sandbox, answer as Segment does.

Sources: Segment's HTTP API page and what its clients need of an answer (facts about clients): exactly 200, always a
JSON object; errors carry `code` and `message`; CORS headers on every answer.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import partial
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from inkstand.fakes.kit.current import meet_faults, struck
from inkstand.fakes.kit.faults import StruckError
from inkstand.fakes.kit.http import BadJsonError, dump_json, kind_of, parse_json, storable
from inkstand.fakes.kit.ledger import load
from inkstand.fakes.kit.storage import WorkspaceGoneError
from inkstand.simulator.messages import Envelope
from inkstand.simulator.model import Dropped, Receipt, Taken
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.workspaces.registry import SEGMENT
from inkstand.simulator.workspaces.workspace import Workspace

from .auth import write_key
from .calls import read_batch, read_call, split
from .limits import BATCH_BYTES, CALL_BYTES, RefusedError, unzipped, within

LETTERS = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}
_SUCCESS = b'{"success": true}'
_JSON = "application/json"
_NOT_FOUND = 404


def create_app(sandbox: Sandbox, public_url: str | None = None) -> Flask:
    """The Tracking API as a web application of its own; `public_url` is what absolute addresses begin with."""
    app = Flask(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    tracking = _Tracking(sandbox, public_url)
    for path, call_type in [*((name, name) for name in LETTERS.values()), *LETTERS.items()]:
        app.add_url_rule(f"/v1/{path}", path, partial(tracking.single, call_type), methods=["POST"])
    for path in ("batch", "import", "b"):
        app.add_url_rule(f"/v1/{path}", path, tracking.batch, methods=["POST"])
    app.add_url_rule("/v1/m", view_func=metrics, methods=["POST"])
    app.add_url_rule("/v1/projects/<key>/settings", view_func=tracking.settings)
    app.after_request(_allow_any_origin)
    app.register_error_handler(RefusedError, tracking.refused)
    app.register_error_handler(StruckError, struck)
    app.register_error_handler(BadJsonError, tracking.bad_json)
    app.register_error_handler(HTTPException, _http_error)
    return app


def metrics() -> Response:
    """Take the browser library's own metrics; they are never events."""
    return Response(_SUCCESS, 200, content_type=_JSON)


class _Tracking:
    def __init__(self, sandbox: Sandbox, public_url: str | None) -> None:
        self.sandbox = sandbox
        self.public_url = public_url
        self._batches = threading.Lock()

    def single(self, call_type: str) -> Response:
        """Take one call; the path names its type."""
        raw = _body(CALL_BYTES)
        call = _object(raw)
        key = write_key(call, request.environ.get("HTTP_AUTHORIZATION"))
        workspace = self.sandbox.whose(key)
        if workspace is None:
            return self._unclaimed(key, raw)
        receipt = workspace.receipt(key)
        meet_faults(workspace, SEGMENT, receipt.epoch)
        read = read_call(call_type, call, raw, Envelope(call.get("sentAt")), workspace.new_message_id)
        self._accept(workspace, receipt, [read])
        return _success(workspace.name, read)

    def batch(self) -> Response:
        """Take a batch; each call in it names its own type. One after the other: they only hinder each other."""
        with self._batches:
            return self._batch()

    def _batch(self) -> Response:
        raw = _body(BATCH_BYTES)
        body = _object(raw)
        key = write_key(body, request.environ.get("HTTP_AUTHORIZATION"))
        workspace = self.sandbox.whose(key)
        if workspace is None:
            return self._unclaimed(key, raw)
        calls = split(body, raw)
        receipt = workspace.receipt(key)
        meet_faults(workspace, SEGMENT, receipt.epoch)
        envelope = Envelope(body.get("sentAt"), body.get("context"), body.get("integrations"))
        read = list(read_batch(calls, envelope, workspace.new_message_id))
        self._accept(workspace, receipt, read)
        return _success(workspace.name, read[0] if len(read) == 1 else None)

    def settings(self, key: str) -> tuple[dict[str, Any], int]:
        """The settings that a browser asks for before it sends anything."""
        if self.sandbox.whose(key) is None:
            return _error("unknown_write_key", f"No source has the write key {key}."), 404
        base = urlsplit(self.public_url or request.host_url)
        segment = {"apiKey": key, "apiHost": f"{base.netloc}{base.path.rstrip('/')}/v1", "protocol": base.scheme}
        return {"integrations": {"Segment.io": segment}}, 200

    def refused(self, error: RefusedError) -> Response:
        """400 in the form that every client can read, and a note for whoever looks for the call later."""
        message = storable(error.message)
        self.sandbox.registry.refused(f"{request.method} {request.path}", error.code, message)
        return Response(dump_json(_error(error.code, message)), 400, content_type=_JSON)

    def bad_json(self, error: BadJsonError) -> Response:
        """The same for a body that is not JSON."""
        return self.refused(RefusedError("invalid_json", f"The body is not JSON: {error}."))

    def _accept(self, workspace: Workspace, receipt: Receipt, read: list[Taken | Dropped]) -> None:
        """Hand calls over; what a reset or deletion overtook was taken just before it, and went with the rest."""
        with suppress(WorkspaceGoneError):
            self.sandbox.accept(workspace, receipt, read)

    def _unclaimed(self, key: str, raw: bytes) -> Response:
        self.sandbox.registry.unclaimed(SEGMENT, key, f"{request.method} {request.path}", raw)
        return _success(None, None)


def _body(limit: int) -> bytes:
    environ = request.environ
    length = environ.get("CONTENT_LENGTH")
    raw = environ["wsgi.input"].read(int(length)) if length else request.get_data(cache=False)
    if environ.get("HTTP_CONTENT_ENCODING", "").lower() == "gzip":
        raw = unzipped(raw, limit)
    return within(raw, limit)


def _object(raw: bytes) -> dict[str, Any]:
    value = parse_json(raw)
    if not isinstance(value, dict):
        raise RefusedError("invalid_json", f"The body must be a JSON object; {kind_of(value)} came.")
    return value


def _success(workspace: str | None, read: Taken | Dropped | None) -> Response:
    """Segment's answer to what it takes, with the address where ours can be read (decision 30)."""
    where = "unclaimed" if workspace is None else f"workspaces/{workspace}/explain"
    one = f"/{quote(read.message_id, safe='')}" if read is not None else ""
    headers = [("Content-Type", _JSON), ("X-Inkstand-Explain", f"/_sandbox/v1/{where}{one}")]
    return Response(_SUCCESS, 200, headers)


def _http_error(error: HTTPException) -> Response:
    for route in load("inkstand.simulator.tracking").not_faked if error.code == _NOT_FOUND else ():
        if route.covers(request.method, request.path):
            return Response(dump_json(_error("not_faked", f"not faked yet: {route.what}")), 501, content_type=_JSON)
    known = {404: "is not an address of the Tracking API.", 405: "is not how it is called."}
    told = known.get(error.code or 500)
    text = f"{request.method} {request.path} {told}" if told else (error.description or error.name)
    return Response(dump_json(_error(error.name.lower().replace(" ", "_"), text)), error.code, content_type=_JSON)


def _error(code: str, message: str) -> dict[str, Any]:
    return {"success": False, "code": code, "message": message, "error": message}


def _allow_any_origin(response: Response) -> Response:
    origin = request.environ.get("HTTP_ORIGIN")
    if origin:
        wanted = request.headers.get("Access-Control-Request-Headers", "authorization, content-type, x-retry-count")
        response.headers["Access-Control-Allow-Origin"] = origin
        response.headers["Vary"] = "Origin"
        response.headers["Access-Control-Allow-Methods"] = "GET, POST, OPTIONS"
        response.headers["Access-Control-Allow-Headers"] = wanted
        response.headers["Access-Control-Expose-Headers"] = "Retry-After, X-RateLimit-Reset"
        response.headers["Access-Control-Max-Age"] = "600"
    return response
