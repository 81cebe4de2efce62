"""Inkit over HTTP: Segment's side (`POST /integrations/segment`), the public API, and what only people look at.

Sources: decision 3 for Segment's side; `public` tells those of the public API. What is not faked answers 501 and is
listed in the ledger.
"""

from __future__ import annotations

import base64
import binascii

from flask import Flask, Response, g, make_response, request
from werkzeug.exceptions import HTTPException

from inkstand.fakes.inkit.documents import renders
from inkstand.fakes.inkit.documents.drawing import first_page
from inkstand.fakes.inkit.segment.reading import read
from inkstand.fakes.inkit.segment.store import Made, take
from inkstand.fakes.inkit.web import app as web
from inkstand.fakes.inkit.web import people, public
from inkstand.fakes.inkit.web.access import press
from inkstand.fakes.inkit.web.answers import SERVICE, answer, error_answer
from inkstand.fakes.kit import current
from inkstand.fakes.kit.furnishing import furnish, not_faked
from inkstand.fakes.kit.http import BadJsonError, RefusedError, basic_credentials, parse_json
from inkstand.fakes.kit.ledger import load

_LARGEST_MESSAGE = 1_000_000
"""How many bytes are taken from Segment, which sends 32 KB at most: our choice."""


def create_app() -> Flask:
    """Inkit as a web application of its own."""
    app = Flask(__name__, static_folder=None)
    app.json.compact = True  # type: ignore[attr-defined]  # Flask's own provider has it
    app.add_url_rule("/integrations/segment", view_func=from_segment, methods=["POST"])
    public.register(app)
    web.register(app)
    people.register(app)
    app.add_url_rule("/preview/<id>.<any(png, pdf):kind>", "preview", preview)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(RefusedError, _refused)
    furnish(app, SERVICE, lambda: str(g.get("request_id", "")))
    return app


def from_segment() -> Response:
    """Take one identify call: 200, or 400 with a `message` that says why there is no document."""
    credentials = basic_credentials(request.headers.get("Authorization"))
    if credentials is None or not current.enter(SERVICE, credentials[0]):
        return answer(401, {"message": "Unauthorized: the API key is missing or unknown."})
    if (request.content_length or 0) > _LARGEST_MESSAGE:
        return answer(413, {"message": f"A message has at most {_LARGEST_MESSAGE:,} bytes; more came."})
    try:
        body = parse_json(request.get_data())
    except BadJsonError as error:
        return answer(400, {"message": f"The body is not JSON: {error}"})
    call = read(body, _default_template())
    current.explain_by(call.message_id)
    outcome = take(press(), call)
    if isinstance(outcome, Made):
        return answer(200, {"id": outcome.render_id, "document_id": outcome.document_id})
    message = " ".join(load("inkstand.fakes.inkit").explain(reason) for reason in outcome.reasons)
    return answer(400 if outcome.refused else 200, {"message": message})


def preview(id: str, kind: str) -> Response:  # noqa: A002  # the route's own name for it
    """`GET /preview/{id}.png?key=`, `.pdf`: a document's first page, or all of it; ours, and no view of it."""
    tenant = current.whose(SERVICE, request.args.get("key", ""))
    row = renders.find(tenant.door, id, tenant.world.now()) if tenant else None
    if tenant is None or row is None or row["pdf"] is None:
        return error_answer(404, f"There is no document {id} of that key.")
    content, media = (first_page(row, 320), "image/png") if kind == "png" else (row["pdf"], "application/pdf")
    return make_response((content, 200, {"Content-Type": media, "Cache-Control": "no-store"}))


def _default_template() -> str | None:
    """The setting of the destination that Segment sends along, if it is there and can be read."""
    try:
        told = parse_json(base64.b64decode(request.headers.get("X-Segment-Settings", ""), validate=True) or b"{}")
    except (binascii.Error, ValueError):
        return None
    found = told.get("templateId") if isinstance(told, dict) else None
    return found.strip() or None if isinstance(found, str) else None


def _refused(error: RefusedError) -> Response:
    return answer(error.status, {"message": str(error)})


def _http_error(error: HTTPException) -> Response:
    path = request.path.removeprefix("/v1")
    for route in load("inkstand.fakes.inkit").not_faked:
        if route.covers(request.method, path):
            body, status = not_faked(route.what)
            return answer(status, dict(body))
    return public.from_http_error(error)
