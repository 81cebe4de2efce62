"""The collector: `POST /behavioral/<key>`, its checks in their order, its answers.

Sources: live probes published by api-evangelist/movable-ink (404s, `x-request-id`, error form, order of route and
key); Segment's subscription webhook guide for the classic credentials; the rest as listed in the ledger.
"""

from __future__ import annotations

from contextlib import suppress
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

from flask import Flask, Response, g, make_response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from inkstand.fakes.kit import current
from inkstand.fakes.kit.furnishing import furnish
from inkstand.fakes.kit.http import BadJsonError, RefusedError, basic_credentials, dump_json, parse_json
from inkstand.fakes.kit.storage import WorkspaceGoneError

from .reading import read
from .store import keep

SERVICE = "movable_ink"
MAX_BYTES = 2_000_000


def create_app() -> Flask:
    """The collector as a web application of its own."""
    app = Flask(__name__, static_folder=None)
    app.json.compact = True  # type: ignore[attr-defined]  # Flask's own provider has it
    app.add_url_rule(
        "/behavioral/<key>",
        view_func=collect,
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        provide_automatic_options=False,
    )
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(NotFound, _no_such_page)
    app.register_error_handler(MethodNotAllowed, _no_such_page)
    app.register_error_handler(HTTPException, _http_error)
    furnish(app, SERVICE, request_id)

    @app.after_request
    def name_the_request(response: Response) -> Response:
        response.headers["x-request-id"] = request_id()
        return response

    return app


def collect(key: str) -> Response:
    """Take one event for the endpoint that the key names."""
    _check_sender(key)
    raw = request.get_data()
    event = read(_checked_body(raw))
    current.explain_by(event.message_id)
    with current.write() as tx:
        g.request_id = _uuid(keep(tx, current.world(), key, event, raw))
    return _answer(200, {"request_id": g.request_id})


def _check_sender(key: str) -> None:
    if not current.enter(SERVICE, key):
        raise RefusedError(404, "Behavioral endpoint key not found")
    if request.method != "POST":
        raise RefusedError(405, "Method not allowed: events are sent with POST")
    if basic_credentials(request.headers.get("Authorization")) != (key, ""):
        raise RefusedError(401, "Unauthorized")


def _checked_body(raw: bytes) -> dict[str, Any]:
    if len(raw) >= MAX_BYTES:
        raise RefusedError(413, f"The request is larger than {MAX_BYTES} bytes")
    try:
        body = parse_json(raw)
    except BadJsonError as error:
        raise RefusedError(400, f"The body is not JSON: {error}") from error
    if isinstance(body, list) or (isinstance(body, dict) and "events" in body):
        raise RefusedError(501, "not faked yet: a batch of events")
    if not isinstance(body, dict):
        raise RefusedError(400, "The body must be a JSON object")
    return body


def _refused(error: RefusedError) -> Response:
    answer = _answer(error.status, {"message": str(error), "request_id": request_id()})
    if error.status == 401:  # noqa: PLR2004  # HTTP wants the scheme named
        answer.headers["WWW-Authenticate"] = "Basic"
    return answer


def request_id() -> str:
    """This request's id: of a stored event it follows from the event's, else from the number of the request."""
    if "request_id" not in g:
        g.request_id = _uuid(request.path)
        if current.known_tenant() is not None:
            with suppress(WorkspaceGoneError), current.write() as tx:
                g.request_id = _uuid(current.world().id("", SERVICE, tx.number("movable_ink.request")))
    return cast("str", g.request_id)


def _uuid(cause: str) -> str:
    return str(UUID(bytes=blake2b(cause.encode(), digest_size=16).digest(), version=4))


def _answer(status: int, body: dict[str, object]) -> Response:
    return make_response((dump_json(body), status, {"Content-Type": "application/json"}))


def _http_error(error: HTTPException) -> Response:
    return _refused(RefusedError(error.code or 500, error.description or error.name))


def _no_such_page(_: HTTPException) -> Response:
    return make_response(("404 page not found", 404, {"Content-Type": "text/plain"}))
