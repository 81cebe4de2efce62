"""The collector: `POST /behavioral/<key>`, its checks in their order, its answers.

Sources: live probes published by api-evangelist/movable-ink (404s, `x-request-id`, error form, order of route and
key); Segment's subscription webhook guide for the classic credentials; the rest as listed in the ledger.
"""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast
from uuid import UUID

from flask import Flask, Response, g, make_response, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

from inkstand.fakes.kit import current
from inkstand.fakes.kit.furnishing import furnish
from inkstand.fakes.kit.http import (
    BadJsonError,
    RefusedError,
    basic_credentials,
    dump_json,
    kind_of,
    parse_json,
)
from inkstand.fakes.kit.ledger import Reason, load
from inkstand.fakes.kit.storage import Tx, WorkspaceGoneError
from inkstand.fakes.kit.world import machine_now

from .apps import AppError, render
from .content import Opened, app_names, app_of, opened, record
from .endpoints import Endpoint, endpoint_of
from .reading import Event, Generation, read
from .store import Refused, keep, reject

SERVICE = "movable_ink"
_STRANGERS = itertools.count()
MAX_BYTES = 2_000_000
MAX_EVENTS = 1_000
ANSWERS = {
    200: "movable_ink.answer.success",
    401: "movable_ink.answer.unauthorized",
    405: "movable_ink.answer.method",
}
"""The rule that each answer follows which needs no further facts."""


def create_app() -> Flask:
    """The collector as a web application of its own."""
    app = Flask(__name__, static_folder=None)
    app.json.compact = True  # type: ignore[attr-defined]  # Flask's own provider has it
    app.url_map.add(app.url_rule_class("/behavioral/<key>", endpoint="collect"))  # any method: Flask would list some
    app.view_functions["collect"] = collect
    app.add_url_rule("/<key>/content/<name>", view_func=open_content)
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
    """Take one event, or a batch of them, for the endpoint that the key names."""
    endpoint, generation = _checked_sender(key)
    raw = _checked_size()
    came, is_batch = _posted(raw)
    posted = [_sorted_out(one, dump_json(one) if is_batch else raw, endpoint, generation) for one in came]
    if len(posted) == 1:
        current.explain_by(posted[0].event.message_id if posted[0].event else None)
    taken = any(not one.against for one in posted)
    if is_batch or not taken:
        request_id()
    with current.write() as tx:
        for place, one in enumerate(posted):
            _store(tx, endpoint, place, one, partly=taken)
    if not taken:
        raise RefusedError(400, _why(posted))
    return _answer(200, {"request_id": g.request_id})


def open_content(key: str, name: str) -> Response:
    """`GET /<key>/content/<app>?mi_u=`: what an app shows to somebody now, as HTML, as a picture, or as what it is of.

    A picture is what an e-mail client gets (its Accept names images and no HTML), or who asks for `<app>.png` or
    `format=png`; `format=json` tells what is shown and why not more.
    """
    _enter(key)
    name, kind = _format(name)
    tenant, mi_u = current.tenant(), request.args.get("mi_u", "")
    app = app_of(tenant.door, name)
    if app is None:
        raise RefusedError(404, f"There is no app {name}. There is {', '.join(app_names(tenant.door))}.")
    now = tenant.world.now()
    made = opened(tenant.door, now, name, mi_u)
    try:
        html = render(app.html, made.given)
    except AppError as error:
        raise RefusedError(500, f"The app {name} cannot be made: {error}") from error
    with current.write() as tx:
        record(tx, name, mi_u, made, (kind, request.headers.get("User-Agent"), now))
    answer = _content(kind, html, app.width, made)
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return answer


def _format(name: str) -> tuple[str, str]:
    """The app that a path names, and what is asked for."""
    asked = request.args.get("format", "")
    if name.endswith(".png"):
        return name.removesuffix(".png"), "png"
    if asked in {"png", "html", "json"}:
        return name, asked
    accepts = request.headers.get("Accept", "")
    return name, "png" if "image/" in accepts and "text/html" not in accepts else "html"


def _content(kind: str, html: str, width: int, made: Opened) -> Response:
    if kind == "png":
        from inkstand.fakes.kit.rendering import UndrawableError, to_png  # noqa: PLC0415  # only pictures need it

        try:
            drawn = to_png(html, width, scale=2)
        except UndrawableError as error:
            raise RefusedError(500, f"The app cannot be drawn: {error}") from error
        return make_response((drawn.content, 200, {"Content-Type": "image/png"}))
    if kind == "html":
        return make_response((html, 200, {"Content-Type": "text/html; charset=utf-8"}))
    why = [{"rule": reason.rule, "facts": reason.facts, "say": _say(reason)} for reason in made.why]
    whose = made.owner.named if made.owner else None
    return _answer(200, {"profile": whose, "shown": list(made.shown), "why": why, "given": made.given})


@dataclass(frozen=True)
class _Posted:
    """One event of a request: its bytes, how it is read (None for what is no event), what is against taking it."""

    raw: bytes
    event: Event | None
    against: tuple[Reason, ...]


def _enter(key: str) -> None:
    if not current.enter(SERVICE, key):
        raise RefusedError(404, "Behavioral endpoint key not found")


def _checked_sender(key: str) -> tuple[Endpoint, Generation]:
    _enter(key)
    if request.method != "POST":
        raise _refuse(405, ANSWERS[405])
    endpoint = endpoint_of(current.tenant().door, key)
    generation = endpoint.admits(basic_credentials(request.headers.get("Authorization")))
    if generation is None:
        raise _refuse(401, ANSWERS[401])
    return endpoint, generation


def _checked_size() -> bytes:
    length = request.content_length
    raw = b"" if length is not None and length >= MAX_BYTES else request.get_data()
    if (length or 0) >= MAX_BYTES or len(raw) >= MAX_BYTES:
        raise _refuse(413, "movable_ink.answer.too_large", limit=MAX_BYTES)
    return raw


def _posted(raw: bytes) -> tuple[list[Any], bool]:
    """The events that a body holds: itself, those under `events`, or those of a bare list; and whether as a batch."""
    try:
        body = parse_json(raw)
    except BadJsonError as error:
        raise _refuse(400, "movable_ink.answer.not_json", error=error) from error
    many = body.get("events") if isinstance(body, dict) and "events" in body else body
    if isinstance(many, list):
        if not many:
            raise _refuse(400, "movable_ink.answer.no_object", came="an empty list")
        if len(many) > MAX_EVENTS:
            raise _refuse(413, "movable_ink.answer.too_many", limit=MAX_EVENTS, came=len(many))
        return many, True
    if not isinstance(body, dict) or many is not body:
        raise _refuse(400, "movable_ink.answer.no_object", came=kind_of(many))
    return [body], False


def _refuse(status: int, rule: str, **facts: object) -> RefusedError:
    """A refusal in the words of its rule."""
    return RefusedError(status, _say(Reason(rule, facts)))


def _say(reason: Reason) -> str:
    return load("inkstand.fakes.movable_ink").explain(reason)


def _sorted_out(came: Any, raw: bytes, endpoint: Endpoint, generation: Generation) -> _Posted:
    if not isinstance(came, dict):
        return _Posted(raw, None, (Reason("movable_ink.event.not_object", {"came": kind_of(came)}),))
    event = read(came, generation, endpoint.mappings)
    return _Posted(raw, event, () if endpoint.takes_faults(generation) else event.faults)


def _store(tx: Tx, endpoint: Endpoint, place: int, one: _Posted, *, partly: bool) -> None:
    """Keep an event, or that it is refused; `partly` says that others of its batch are not."""
    if one.event is None or one.against:
        reasons = (*one.against, Reason("movable_ink.batch.partial")) if partly else one.against
        reject(tx, current.world(), endpoint, Refused(request_id(), place, one.event, reasons, one.raw))
        return
    event_id = keep(tx, current.world(), endpoint, one.event, one.raw)
    if "request_id" not in g:
        g.request_id = _uuid(event_id)


def _why(refused: list[_Posted]) -> str:
    return " ".join(dict.fromkeys(_say(reason) for one in refused[:10] for reason in one.against))


def _refused(error: RefusedError) -> Response:
    answer = _answer(error.status, {"message": str(error), "request_id": request_id()})
    if error.status == 401:  # noqa: PLR2004  # HTTP wants the scheme named
        answer.headers["WWW-Authenticate"] = "Basic"
    return answer


def request_id() -> str:
    """This request's id: of a stored event it follows from the event's, else from the number of the request."""
    if "request_id" not in g:
        g.request_id = _uuid(f"{request.path} {machine_now()} {next(_STRANGERS)}")
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
