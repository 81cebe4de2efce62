"""The public API of Inkit, generation G4: templates, renders, documents, folders, batches.

Sources: Inkit's pages and clients (see the README of this folder). Codes of success, the body of errors, what a list's
filters mean and every limit are our choice: nothing public tells them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, make_response, request
from werkzeug.exceptions import HTTPException, NotFound

from inkstand.fakes.inkit import webhooks
from inkstand.fakes.inkit.documents import batches, catalogue, folders, making, renders, sending
from inkstand.fakes.inkit.documents.formats import TYPES, TemplateError, page
from inkstand.fakes.inkit.documents.making import BadOrderError
from inkstand.fakes.inkit.kinds import mail
from inkstand.fakes.inkit.kinds.pieces import MAIL
from inkstand.fakes.kit import current
from inkstand.fakes.kit.ledger import load
from inkstand.fakes.kit.storage import Row, loads

from . import keys, listing, told
from .access import key_name, press, with_key
from .answers import ApiError, answer, body_of_call, done, error_answer, invalid
from .template_calls import new_template

_MOST_DIGITS = 9
_LONGEST_LIST = 20_000_000


def register(app: Flask) -> None:
    """Give an application the routes, each with `/v1` and without (the Python client drops it)."""
    for methods, path, right, view in _ROUTES:
        for base in ("/v1", ""):
            endpoint = f"{methods} {base}{path}"
            app.add_url_rule(f"{base}{path}", endpoint, with_key(view, right), methods=methods.split())
    app.register_error_handler(ApiError, lambda error: error_answer(error.status, str(error), error.errors))
    app.register_error_handler(BadOrderError, lambda error: error_answer(422, str(error), error.errors))
    app.register_error_handler(TemplateError, lambda error: error_answer(422, str(error)))
    app.after_request(_with_headers)


def _with_headers(response: Response) -> Response:
    """What every answer to this request carries beside its own."""
    response.headers.update(g.get("inkit_headers", {}))
    return response


def generate() -> Response:
    """`POST /generate` and `POST /render`: make a document."""
    body = body_of_call()
    order = making.order(current.tenant().door, body, key_name())
    row = making.make(press(), order)
    current.explain_by(renders.known_as(row))
    return answer(201, told.new_render(row, _now()))


def list_renders() -> Response:
    """`GET /render`, and `/renders` as the Go client has it."""
    now, base, door = _now(), _base(), current.tenant().door
    page = _page_of([told.render(row, now, base) for row in renders.alive(door, now)])
    values = renders.values(door, [item["id"] for item in page["items"]], _LONGEST_LIST)
    if values is None:
        raise invalid("page_size", f"the merge parameters of this page have over {_LONGEST_LIST:,} bytes; ask for less")
    page["items"] = [{**item, "merge_parameters": values[item["id"]]} for item in page["items"]]
    return answer(200, page)


def get_render(id: str) -> Response:  # noqa: A002  # the route's own name for it
    """`GET /render/{id}`: what is known of a render."""
    row, door = _found(id), current.tenant().door
    if webhooks.wanted(door, webhooks.RENDER_READ):
        with current.write() as tx:
            webhooks.tell(tx, [(webhooks.RENDER_READ, row["render_id"])], renders.subject(row), _now())
    return answer(200, told.render(row, _now(), _base()))


def render_pdf(id: str) -> Response:  # noqa: A002  # as above
    """`GET /render/{id}/pdf` and `GET /download/{id}`: the PDF, or one page of it (`?page=2`)."""
    row = _finished(id)
    content = _page(row["pdf"], request.args["page"]) if "page" in request.args else row["pdf"]
    with current.write() as tx:
        if not renders.looked_at(tx, row, _now()):
            raise ApiError(404, f"There is no {id}.")
    return _file(content, "pdf")


def render_html(id: str) -> Response:  # noqa: A002  # as above
    """`GET /render/{id}/html`: the filled HTML."""
    row = _finished(id)
    if row["html"] is None:
        raise ApiError(404, f"{id} was not made of HTML.")
    shown = _file(row["html"].encode(), "html")
    shown.headers["Content-Security-Policy"] = "sandbox"
    return shown


def render_office(id: str, kind: str) -> Response:  # noqa: A002  # as above
    """`GET /render/{id}/docx` (and `/xlsx`, `/pptx`): the filled Office file."""
    row = _finished(id)
    template = catalogue.find(current.tenant().door, row["template_id"])
    if row["native"] is None or template is None or template["source"] != kind:
        raise ApiError(404, f"{id} was not made of a template in {kind}.")
    return _file(row["native"], kind)


def delete_render(id: str) -> Response:  # noqa: A002  # as above
    """`DELETE /render/{id}` and `DELETE /document/{id}`: for good."""
    row = _found(id)
    with current.write() as tx:
        renders.delete(tx, row, _now())
    return done()


def list_documents() -> Response:
    """`GET /document`: documents, and folders where nothing narrows the list to documents."""
    now, tenant = _now(), current.tenant()
    rows = [row for row in renders.alive(tenant.door, now) if row["document_id"]]
    data_id = request.args.get("data-id", request.args.get("data_id"))
    if data_id is not None:
        wanted = {one.strip() for one in data_id.split(",")}
        rows = [row for row in rows if {row["render_id"], row["document_id"]} & wanted]
    items = [told.listed_document(row, now) for row in rows]
    narrowed = {"destination_name", "destination_status"} & request.args.keys()
    if not narrowed and not any(name.startswith("data") for name in request.args):
        own = folders.default(current.world())
        among = (row for row in folders.every(tenant.door) if row["folder_id"] != own)
        items += [told.folder_among_documents(row) for row in among]
    return _listed(items, hidden=told.HIDDEN, without=("id",))


def get_document(id: str) -> Response:  # noqa: A002  # as above
    """`GET /document/{id}`: what is known of a document; reading it is no view."""
    row = _found(id)
    if row["document_id"] != id:
        raise ApiError(404, f"There is no {id}.")
    return answer(200, told.document(row, _now()))


def create_template() -> Response:
    """`POST /template`: take a template in."""
    given = new_template(body_of_call(), key_name())
    with current.write() as tx:
        row = catalogue.add(tx, current.world(), given)
    return answer(201, told.new_template(row))


def list_templates() -> Response:
    """`GET /template`."""
    rows = catalogue.every(current.tenant().door)
    source = request.args.get("source")
    return _listed([told.listed_template(row) for row in rows if source in {None, row["source"]}])


def get_template(id: str) -> Response:  # noqa: A002  # as above
    """`GET /template/{id}`."""
    row = catalogue.find(current.tenant().door, id)
    if row is None:
        raise ApiError(404, load("inkstand.fakes.inkit").explain(catalogue.unknown(current.tenant().door, id)))
    return answer(200, told.template(row))


def list_folders() -> Response:
    """`GET /folder`."""
    return _listed([told.folder(row) for row in folders.every(current.tenant().door)])


def create_batch() -> Response:
    """`POST /batch`: many documents of one template; what cannot be made is told in the batch."""
    batch_id = batches.make(current.tenant().door, press(), body_of_call(), key_name())
    return answer(201, {"id": batch_id})


def list_batches() -> Response:
    """`GET /batch`."""
    now, door = _now(), current.tenant().door
    return _listed([told.batch(row, batches.documents(door, row), now) for row in batches.every(door)])


def get_batch(id: str) -> Response:  # noqa: A002  # as above
    """`GET /batch/{id}`."""
    door = current.tenant().door
    row = batches.find(door, id)
    if row is None:
        raise ApiError(404, f"There is no batch {id}.")
    return answer(200, told.batch(row, batches.documents(door, row), _now()))


def get_mail_piece(id: str) -> Response:  # noqa: A002  # as above
    """`GET /mail-piece/{id}`: to whom, how, and which steps it has taken."""
    row = sending.find(current.tenant().door, id)
    if row is None or row["kind"] != MAIL or row["created_at"] > _now():
        raise ApiError(404, f"There is no mail piece {id}.")
    recipient, body, steps = loads(row["recipient"]), loads(row["body"]), sending.steps(row, _now())
    return answer(200, mail.told(id, row["render_id"], recipient, body, steps))


def from_http_error(error: HTTPException) -> Response:
    """What Flask refuses, and what is not faked, as this API tells errors."""
    if isinstance(error, NotFound) and request.url_rule is None:
        known = "/v1/generate, /render, /document, /download, /template, /folder, /batch, /mail-piece"
        return error_answer(404, f"Inkit has no {request.method} {request.path[:200]}. There are {known}.")
    return error_answer(error.code or 500, error.description or error.name)


def _listed(items: list[dict[str, Any]], hidden: tuple[str, ...] = (), without: tuple[str, ...] = ()) -> Response:
    return answer(200, _page_of(items, hidden, without))


def _page_of(
    items: list[dict[str, Any]], hidden: tuple[str, ...] = (), without: tuple[str, ...] = ()
) -> dict[str, Any]:
    query = dict(request.args.items())
    for name in without:
        query.pop(f"data-{name}", None)
        query.pop(f"data_{name}", None)
    sent_to, where = query.get("destination_name"), query.get("destination_status")
    if sent_to or where:
        items = [item for item in items if listing.is_sent(item.get("destinations") or {}, sent_to, where)]
    try:
        return listing.listed(items, listing.read(query), hidden)
    except listing.ListingError as error:
        raise invalid(error.field, str(error)) from error


def _found(key: str) -> Row:
    row = renders.find(current.tenant().door, key, _now())
    if row is None:
        raise ApiError(404, f"There is no {key}: it never was, was deleted, or has expired.")
    return row


def _finished(key: str) -> Row:
    row = _found(key)
    where = renders.status(row, _now())
    if where != renders.COMPLETED:
        still = f"{key} could not be made." if where == renders.FAILED else f"{key} is still in progress; ask again."
        raise ApiError(404, still)
    return row


def _page(pdf: bytes, text: str) -> bytes:
    number = int(text) if text.isdecimal() and len(text) <= _MOST_DIGITS else 0
    found = page(pdf, number)
    if found is None:
        raise invalid("page", f"a page of the document was wanted, from 1; {text[:20]!r} came")
    return found


def _file(content: bytes, kind: str) -> Response:
    return make_response((content, 200, {"Content-Type": TYPES[kind], "X-Content-Type-Options": "nosniff"}))


def _now() -> int:
    return current.world().now()


def _base() -> str:
    return request.host_url.rstrip("/") + request.script_root + "/v1"


_ROUTES: tuple[tuple[str, str, str | None, Callable[..., Response]], ...] = (
    ("POST", "/generate", keys.RENDER, generate),
    ("POST", "/render", keys.RENDER, generate),
    ("GET", "/render", keys.VIEW, list_renders),
    ("GET", "/renders", keys.VIEW, list_renders),
    ("GET", "/render/<id>", keys.VIEW, get_render),
    ("GET", "/render/<id>/pdf", keys.RETRIEVE, render_pdf),
    ("GET", "/render/<id>/html", keys.RETRIEVE, render_html),
    ("GET", "/render/<id>/<any(docx, xlsx, pptx):kind>", keys.RETRIEVE, render_office),
    ("DELETE", "/render/<id>", keys.DELETE, delete_render),
    ("GET", "/document", keys.RETRIEVE, list_documents),
    ("GET", "/document/<id>", keys.RETRIEVE, get_document),
    ("DELETE", "/document/<id>", keys.DELETE, delete_render),
    ("GET", "/download/<id>", keys.RETRIEVE, render_pdf),
    ("POST", "/template", keys.CREATE_TEMPLATE, create_template),
    ("GET", "/template", None, list_templates),
    ("GET", "/template/<id>", None, get_template),
    ("GET", "/folder", None, list_folders),
    ("POST", "/batch", keys.RENDER, create_batch),
    ("GET", "/batch", keys.VIEW, list_batches),
    ("GET", "/batch/<id>", keys.VIEW, get_batch),
    ("GET", "/mail-piece/<id>", keys.VIEW, get_mail_piece),
)
