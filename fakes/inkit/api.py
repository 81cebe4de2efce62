"""Inkit over HTTP: Segment's side (`POST /integrations/segment`) and the download routes of the public API.

Sources: decision 3 for Segment's side; Inkit's clients and pages for the download routes; every other route of the
public API answers 501 and is listed in the ledger.
"""

from __future__ import annotations

from flask import Flask, Response, g, make_response, request
from werkzeug.exceptions import HTTPException

from inkstand.fakes.kit import current
from inkstand.fakes.kit.furnishing import furnish, not_faked
from inkstand.fakes.kit.http import BadJsonError, RefusedError, basic_credentials, dump_json, parse_json
from inkstand.fakes.kit.ledger import load
from inkstand.fakes.kit.rendering import page_to_png
from inkstand.fakes.kit.storage import Row

from .reading import read
from .store import Made, count_view, find_render, paper_of, take

SERVICE = "inkit"


def create_app() -> Flask:
    """Inkit as a web application of its own."""
    app = Flask(__name__, static_folder=None)
    app.json.compact = True  # type: ignore[attr-defined]  # Flask's own provider has it
    app.add_url_rule("/integrations/segment", view_func=from_segment, methods=["POST"])
    for base in ("/v1", ""):
        app.add_url_rule(f"{base}/render/<id>/pdf", f"pdf{base}", render_pdf)
        app.add_url_rule(f"{base}/render/<id>/html", f"html{base}", render_html)
        app.add_url_rule(f"{base}/download/<id>", f"download{base}", download)
    app.add_url_rule("/preview/<id>.png", "preview", preview)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(RefusedError, _refused)
    furnish(app, SERVICE, lambda: str(g.get("request_id", "")))
    return app


def from_segment() -> Response:
    """Take one identify call: 200, or 400 with a `message` that says why there is no document."""
    credentials = basic_credentials(request.headers.get("Authorization"))
    if credentials is None or not current.enter(SERVICE, credentials[0]):
        return _answer(401, {"message": "Unauthorized: the API key is missing or unknown."})
    try:
        body = parse_json(request.get_data())
    except BadJsonError as error:
        return _answer(400, {"message": f"The body is not JSON: {error}"})
    call = read(body)
    current.explain_by(call.message_id)
    outcome = take(current.write, current.world(), call)
    if isinstance(outcome, Made):
        return _answer(200, {"id": outcome.render_id, "document_id": outcome.document_id})
    message = " ".join(load("inkstand.fakes.inkit").explain(reason) for reason in outcome.reasons)
    return _answer(400 if outcome.refused else 200, {"message": message})


def render_pdf(id: str) -> Response:  # noqa: A002  # the route's own name for it
    """`GET /render/{id}/pdf`: the PDF of a render."""
    return _pdf("render_id", id)


def render_html(id: str) -> Response:  # noqa: A002  # the route's own name for it
    """`GET /render/{id}/html`: the merged HTML of a render."""
    found = _find("render_id", id)
    if isinstance(found, Response):
        return found
    return make_response((found["html"], 200, {"Content-Type": "text/html; charset=utf-8"}))


def download(id: str) -> Response:  # noqa: A002  # the route's own name for it
    """`GET /download/{id}`: the PDF of a document."""
    return _pdf("document_id", id)


def preview(id: str) -> Response:  # noqa: A002  # as above
    """`GET /preview/{id}.png?key=`: a document's first page as a picture; ours, for people who look."""
    tenant = current.whose(SERVICE, request.args.get("key", ""))
    found = find_render(tenant, "document_id", id) if tenant else None
    if tenant is None or found is None:
        return _api_error(404, f"There is no document {id} of that key.")
    picture = page_to_png(found["html"], paper_of(tenant, found["template_id"]), 320)
    return make_response((picture.content, 200, {"Content-Type": "image/png", "Cache-Control": "no-store"}))


def _pdf(column: str, value: str) -> Response:
    found = _find(column, value)
    if isinstance(found, Response):
        return found
    with current.write() as tx:
        count_view(tx, found)
    return make_response((found["pdf"], 200, {"Content-Type": "application/pdf"}))


def _find(column: str, value: str) -> Row | Response:
    token = request.headers.get("X-Inkit-API-Token", "")
    if not token or not current.enter(SERVICE, token):
        return _api_error(401, "The key in X-Inkit-API-Token is missing or unknown.")
    found = find_render(current.tenant(), column, value)
    return found if found is not None else _api_error(404, f"There is no {value}.")


def _api_error(status: int, text: str) -> Response:
    return _answer(status, {"error": text, "code": status, "message": text, "errors": []})


def _answer(status: int, body: dict[str, object]) -> Response:
    return make_response((dump_json(body), status, {"Content-Type": "application/json"}))


def _refused(error: RefusedError) -> Response:
    return _answer(error.status, {"message": str(error)})


def _http_error(error: HTTPException) -> Response:
    path = request.path.removeprefix("/v1")
    for route in load("inkstand.fakes.inkit").not_faked:
        if route.covers(request.method, path):
            body, status = not_faked(route.what)
            return _answer(status, dict(body))
    return _api_error(error.code or 500, error.description or error.name)
