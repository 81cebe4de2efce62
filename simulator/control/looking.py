"""Views: which there are, their rows in pages, how many there are."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from flask import request
from flask_smorest import Blueprint

from inkstand.fakes.kit.storage import Door
from inkstand.fakes.kit.times import FIRST, milliseconds, parse_iso
from inkstand.fakes.kit.views import View, Wanted, cursor
from inkstand.fakes.kit.world import machine_now
from inkstand.simulator.errors import GoneError, InkstandError, nearest
from inkstand.simulator.storage.views import REFUSED, UNCLAIMED

from . import schemas
from .here import OLD_CURSOR, Told, sandbox, workspace

blueprint = Blueprint("views", __name__, description="Views: named, readable lists of what is stored")
PAGE = 1_000
FIELDS = {
    "in": "query",
    "name": "fields",
    "description": "Every other query member is a field, or a dot path below one, and the text that it must equal; "
    "an unknown one is a 400 that names the nearest.",
    "style": "form",
    "explode": True,
    "schema": {"type": "object", "additionalProperties": {"type": "string"}},
}


@blueprint.get("/views")
@blueprint.response(200, schemas.ViewSchema(many=True))
def list_views() -> list[Told]:
    """List the views and the fields of their rows; they are the same in every workspace."""
    views = sorted(sandbox().views.values(), key=lambda view: view.name)
    names = ("name", "about", "fields", "timed", "history", "gist", "values")
    return [{name: getattr(one, name) for name in names} for one in views]


@blueprint.get("/workspaces/<name>/counts")
@blueprint.response(200, schemas.CountsSchema)
def count_views(name: str) -> Told:
    """Count the rows of every view."""
    found = workspace(name)
    return {"counts": {view: one.count(found.door, Wanted()) for view, one in sorted(sandbox().views.items())}}


@blueprint.get("/workspaces/<name>/views/<view>")
@blueprint.doc(parameters=[FIELDS])
@blueprint.arguments(schemas.LookSchema, location="query")
@blueprint.response(200, schemas.RowsSchema)
@blueprint.alt_response(**OLD_CURSOR)
def read_view(wanted: Mapping[str, Any], name: str, view: str) -> Told:
    """Read a view: oldest first, or the newest; narrowed to rows whose fields equal the given values."""
    found = workspace(name)
    return read(sandbox().view(view), found.door, found.world.now(), wanted)


@blueprint.get("/workspaces/<name>/views/<view>/count")
@blueprint.doc(parameters=[FIELDS])
@blueprint.arguments(schemas.AsOfSchema, location="query")
@blueprint.response(200, schemas.CountSchema)
@blueprint.alt_response(**OLD_CURSOR)
def count_view(wanted: Mapping[str, Any], name: str, view: str) -> Told:
    """Count a view's rows, narrowed like the rows themselves."""
    found, one = workspace(name), sandbox().view(view)
    return {"count": one.count(found.door, look(one, found.door, found.world.now(), wanted))}


@blueprint.get("/workspaces/<name>/received")
@blueprint.response(200, schemas.ReceivedSchema)
def received(name: str) -> Told:
    """Count what was sent, by what became of it: together they are all that was sent.

    A refused request counts once: nobody can say how many calls it held.
    """
    found = sandbox().counts(workspace(name))
    nobodys, refused = sandbox().registry.strangers()
    return {
        "accepted": found["messages"],
        "discarded": found["discards"] - found["duplicates"],
        "duplicates": found["duplicates"],
        "unclaimed": nobodys,
        "refused": refused,
    }


@blueprint.get("/unclaimed")
@blueprint.doc(parameters=[FIELDS])
@blueprint.arguments(schemas.LookSchema, location="query")
@blueprint.response(200, schemas.RowsSchema)
def list_unclaimed(wanted: Mapping[str, Any]) -> Told:
    """List requests with a key that no workspace has, the newest 500."""
    return read(UNCLAIMED, sandbox().registry.door, machine_now(), wanted)


@blueprint.get("/refused")
@blueprint.doc(parameters=[FIELDS])
@blueprint.arguments(schemas.LookSchema, location="query")
@blueprint.response(200, schemas.RowsSchema)
def list_refused(wanted: Mapping[str, Any]) -> Told:
    """List requests that the Tracking API refused, the newest 500."""
    return read(REFUSED, sandbox().registry.door, machine_now(), wanted)


def read(one: View, door: Door, now: int, wanted: Mapping[str, Any]) -> Told:
    """The rows of a view that a request asks for."""
    epoch = door.epoch
    page = one.read(door, look(one, door, now, wanted))
    return {"items": page.rows, "cursor": cursor(epoch, page.last), "more": page.more}


def look(one: View, door: Door, now: int, wanted: Mapping[str, Any]) -> Wanted:
    """What a request asks of a view: the declared query members, and every other one as a field.

    `now` is the moment that `since` counts back from. Raises InkstandError for a field that the view does not have,
    GoneError for a cursor of an earlier life.
    """
    where = {name: value for name, value in request.args.items() if name not in schemas.RESERVED}
    known(one, where)
    newest = wanted.get("newest")
    return Wanted(
        where=where,
        since=_since(one, now, wanted.get("since")),
        after=place(door, wanted.get("after")),
        limit=newest or wanted.get("limit", PAGE),
        newest=newest is not None,
        **_as_of(one, door, wanted.get("as_of")),
    )


def known(one: View, fields: Iterable[str]) -> None:
    """Raises InkstandError, naming the nearest, for a field that no row of a view has."""
    for name in fields:
        if name.partition(".")[0] not in one.fields:
            hint = nearest(name, list(one.fields))
            message = f"The view {one.name} has no field {name!r}.{hint} Its fields are {', '.join(one.fields)}."
            raise InkstandError(message)


def place(door: Door, text: str | None) -> int:
    """The place that a cursor names.

    Raises GoneError for one of an earlier life, InkstandError for text that is none.
    """
    if text is None:
        return 0
    epoch, _, last = text.partition(".")
    if not re.fullmatch(r"[0-9]{1,18}\.[0-9]{1,18}", text):
        raise InkstandError(f"A cursor comes from an earlier answer; {text!r} is none.")
    if int(epoch) != door.epoch:
        raise GoneError("The workspace was reset since this cursor was given: begin again without it.")
    return int(last)


def _as_of(one: View, door: Door, text: str | None) -> dict[str, int]:
    """The place in a view's history that a moment or a messageId names."""
    if text is None:
        return {}
    if one.history is None:
        able = ", ".join(sorted(view.name for view in sandbox().views.values() if view.history))
        raise InkstandError(f"The view {one.name} keeps no history. Those that do: {able}.")
    moment = parse_iso(text)
    found = one.history(door, text if moment is None else moment)
    if found is None:
        message = f"asOf is a time (2026-01-01T00:00:00Z) or a messageId that arrived there; {text!r} is neither."
        raise InkstandError(message)
    return {"upto": found}


def _since(one: View, now: int, text: str | None) -> int | None:
    if text is None:
        return None
    if not one.timed:
        raise InkstandError(f"The rows of {one.name} have no time of their own: ask with after and a cursor instead.")
    moment = parse_iso(text)
    if moment is None:
        try:
            moment = max(now - milliseconds(text), FIRST)
        except ValueError as error:
            message = f"since is a time (2026-01-01T00:00:00Z) or how long ago (5m); {text!r} came."
            raise InkstandError(message) from error
    return moment
