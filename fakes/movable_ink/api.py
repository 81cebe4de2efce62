"""The collector: `POST /behavioral/<key>`, its checks in their order, its answers.

Sources: live probes published by api-evangelist/movable-ink (404s, `x-request-id`, error form, order of route and
key); Segment's subscription webhook guide for the classic credentials; the rest as listed in the ledger.
"""

from __future__ import annotations

import itertools
import re
from contextlib import suppress
from dataclasses import dataclass, replace
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
_COLLECTOR = re.compile(r"/behavioral/([^/]+)")
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
    app.add_url_rule(
        "/behavioral/<key>",
        view_func=collect,
        methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
        provide_automatic_options=False,
    )
    app.add_url_rule("/<key>/content/<name>", view_func=open_content)
    app.register_error_handler(RefusedError, _refused)
    app.register_error_handler(NotFound, _no_such_page)
    app.register_error_handler(MethodNotAllowed, _wrong_method)
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
    posted = _posted(raw)
    sorted_out = [_sorted_out(one, endpoint, generation) for one in posted]
    if len(posted) == 1:
        current.explain_by(sorted_out[0].event.message_id if sorted_out[0].event else None)
    taken = [one for one in sorted_out if not one.against]
    if isinstance(posted, _Batch) or not taken:
        request_id()
    alone = None if isinstance(posted, _Batch) else raw
    partly = [Reason("movable_ink.batch.partial")] if taken else []
    with current.write() as tx:
        for place, one in enumerate(sorted_out):
            _store(tx, endpoint, place, replace(one, against=(*one.against, *partly)) if one.against else one, alone)
    if not taken:
        raise RefusedError(400, _why(sorted_out))
    return _answer(200, {"request_id": g.request_id})


def open_content(key: str, name: str) -> Response:
    """`GET /<key>/content/<app>?mi_u=`: what an app shows to somebody now, as HTML, as a picture, or as what it is of.

    A picture is what an e-mail client gets (its Accept names images and no HTML), or who asks for `<app>.png` or
    `format=png`; `format=json` tells what is shown and why not more.
    """
    if not current.enter(SERVICE, key):
        raise RefusedError(404, "Behavioral endpoint key not found")
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
        from inkstand.fakes.kit.rendering import to_png  # noqa: PLC0415  # slow to import, and only pictures need it

        return make_response((to_png(html, width, scale=2).content, 200, {"Content-Type": "image/png"}))
    if kind == "html":
        return make_response((html, 200, {"Content-Type": "text/html; charset=utf-8"}))
    say = load("inkstand.fakes.movable_ink").explain
    why = [{"rule": reason.rule, "facts": reason.facts, "say": say(reason)} for reason in made.why]
    whose = {made.owner.kind: made.owner.id} if made.owner else None
    return _answer(200, {"profile": whose, "shown": list(made.shown), "why": why, "given": made.given})


@dataclass(frozen=True)
class _Posted:
    """One event of a request: what came, how it is read, what is against taking it."""

    came: Any
    event: Event | None
    against: tuple[Reason, ...]


class _Batch(list[Any]):
    """The events of a request that holds several."""


def _checked_sender(key: str) -> tuple[Endpoint, Generation]:
    if not current.enter(SERVICE, key):
        raise RefusedError(404, "Behavioral endpoint key not found")
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


def _posted(raw: bytes) -> list[Any]:
    """The events that a body holds: itself, those under `events`, or those of a bare list."""
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
        return _Batch(many)
    if not isinstance(body, dict) or many is not body:
        raise _refuse(400, "movable_ink.answer.no_object", came=kind_of(many))
    return [body]


def _refuse(status: int, rule: str, **facts: object) -> RefusedError:
    """A refusal in the words of its rule."""
    return RefusedError(status, load("inkstand.fakes.movable_ink").explain(Reason(rule, facts)))


def _sorted_out(came: Any, endpoint: Endpoint, generation: Generation) -> _Posted:
    if not isinstance(came, dict):
        return _Posted(came, None, (Reason("movable_ink.event.not_object", {"came": kind_of(came)}),))
    event = read(came, generation, endpoint.mappings)
    return _Posted(came, event, () if endpoint.takes_faults(generation) else event.faults)


def _store(tx: Tx, endpoint: Endpoint, place: int, one: _Posted, raw: bytes | None) -> None:
    body = dump_json(one.came) if raw is None else raw
    if one.event is None or one.against:
        reject(tx, current.world(), endpoint, Refused(request_id(), place, one.event, one.against, body))
        return
    event_id = keep(tx, current.world(), endpoint, one.event, body)
    if "request_id" not in g:
        g.request_id = _uuid(event_id)


def _why(refused: list[_Posted]) -> str:
    say = load("inkstand.fakes.movable_ink").explain
    return " ".join(dict.fromkeys(say(reason) for one in refused[:10] for reason in one.against))


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


def _wrong_method(error: HTTPException) -> Response:
    """A method that no route has, on a collector's address: the key is looked at first, as for every method."""
    found = _COLLECTOR.fullmatch(request.path)
    if found is None:
        return _no_such_page(error)
    if not current.enter(SERVICE, found[1]):
        return _refused(RefusedError(404, "Behavioral endpoint key not found"))
    return _refused(_refuse(405, ANSWERS[405]))


def _no_such_page(_: HTTPException) -> Response:
    return make_response(("404 page not found", 404, {"Content-Type": "text/plain"}))
