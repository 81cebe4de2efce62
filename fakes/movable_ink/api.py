"""The collector: `POST /behavioral/<key>`, its checks in their order, its answers.

Sources: live probes published by api-evangelist/movable-ink (404s, `x-request-id`, error form, order of route and
key); Segment's subscription webhook guide for the classic credentials; the rest as listed in the ledger.
"""

from __future__ import annotations

from typing import cast
from uuid import UUID

from flask import Flask, Response, g, make_response, request
from werkzeug.exceptions import HTTPException

from inkstand.fakes.kit import current
from inkstand.fakes.kit.http import BadJsonError, basic_credentials, dump_json, parse_json
from inkstand.fakes.kit.journal import gone, keep_journal
from inkstand.fakes.kit.storage import WorkspaceGoneError
from inkstand.fakes.kit.world import identifier

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
    app.register_error_handler(HTTPException, _no_such_page)
    app.register_error_handler(WorkspaceGoneError, gone)
    keep_journal(app, SERVICE, request_id)

    @app.after_request
    def name_the_request(response: Response) -> Response:
        response.headers["x-request-id"] = request_id()
        return response

    return app


def collect(key: str) -> Response:
    """Take one event for the endpoint that the key names."""
    if not current.enter(SERVICE, key):
        return refuse(404, "Behavioral endpoint key not found")
    if request.method != "POST":
        return refuse(405, "Method not allowed: events are sent with POST")
    if basic_credentials(request.headers.get("Authorization")) != (key, ""):
        answer = refuse(401, "Unauthorized")
        answer.headers["WWW-Authenticate"] = "Basic"
        return answer
    raw = request.get_data()
    if len(raw) >= MAX_BYTES:
        return refuse(413, f"The request is larger than {MAX_BYTES} bytes")
    try:
        body = parse_json(raw)
    except BadJsonError as error:
        return refuse(400, f"The body is not JSON: {error}")
    if isinstance(body, list) or (isinstance(body, dict) and "events" in body):
        return refuse(501, "not faked yet: a batch of events")
    if not isinstance(body, dict):
        return refuse(400, "The body must be a JSON object")
    event = read(body)
    with current.write() as tx:
        g.event_id = keep(tx, current.world(), key, event, raw)
    return _answer(200, {"request_id": request_id()})


def refuse(status: int, message: str) -> Response:
    """An answer in the error form that was seen: `message` and `request_id`."""
    return _answer(status, {"message": message, "request_id": request_id()})


def request_id() -> str:
    """This request's id: a UUID that follows from the workspace's seed and the number of the request."""
    if "request_id" not in g:
        tenant = current.known_tenant()
        if tenant is None:
            bits = identifier(0, "request", request.path)
        else:
            with current.write() as tx:
                bits = current.world().id("", SERVICE, tx.number("movable_ink.request"))
        g.request_id = str(UUID(bytes=bits.encode()[:16], version=4))
    return cast("str", g.request_id)


def _answer(status: int, body: dict[str, object]) -> Response:
    return make_response((dump_json(body), status, {"Content-Type": "application/json"}))


def _no_such_page(_: HTTPException) -> Response:
    return make_response(("404 page not found", 404, {"Content-Type": "text/plain"}))
