"""Waiting for a view: until it satisfies a condition, or as a stream of its new rows."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from flask import Response, request
from flask_smorest import Blueprint

from inkstand.fakes.kit.storage import Door, WorkspaceGoneError
from inkstand.fakes.kit.views import Row, View, Wanted, cursor
from inkstand.fakes.kit.world import machine_now
from inkstand.simulator.errors import InkstandError
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.scenarios.compare.expect import compare
from inkstand.simulator.scenarios.compare.matching import Mismatch, fits, nearest_row
from inkstand.simulator.storage.views import REFUSED, UNCLAIMED
from inkstand.simulator.workspaces.workspace import Workspace

from . import schemas
from .here import BUSY, OLD_CURSOR, Told, sandbox, workspace
from .looking import FIELDS, known, look

blueprint = Blueprint("waiting", __name__, description="Waiting for a view, and following it")
_ROWS_TOLD = 100
_RESET = "event: reset\ndata: null\n\n"
_AT_ONCE = 200
_SIGN_OF_LIFE_SECONDS = 1.0


@dataclass(frozen=True)
class Seen:
    """What a look at a view has shown: the rows that fit, and what is wrong yet."""

    chosen: Sequence[Row]
    wrong: Sequence[Mismatch]


@blueprint.post("/workspaces/<name>/wait")
@blueprint.arguments(schemas.WaitSchema)
@blueprint.response(200, schemas.WaitedSchema)
@blueprint.alt_response(**BUSY)
def wait(wanted: Told, name: str) -> Told:
    """Wait until a view satisfies a condition, or the time is over; then what was nearest is told.

    The time is wall-clock. Without `rows`, `count`, `atLeast` and `all` one row that fits `where` is enough.
    """
    found, one = workspace(name), sandbox().view(wanted["view"])
    wanted = {**wanted, "where": nested(wanted["where"])}
    for fields in (wanted["where"], wanted.get("all", {}), *wanted.get("rows", ())):
        known(one, fields)
    last: list[Seen] = []

    def satisfied() -> Seen | None:
        last[:] = [_see(one, found, wanted)]
        return None if last[0].wrong else last[0]

    begun = time.monotonic()
    with sandbox().rooms.waits.seat():
        met = sandbox().watch(found, satisfied, wanted["timeout"] / 1000)
    return _waited(found, wanted, met is not None, last[0], int((time.monotonic() - begun) * 1000))


@blueprint.get("/workspaces/<name>/views/<view>/stream")
@blueprint.doc(parameters=[FIELDS])
@blueprint.arguments(schemas.StreamSchema, location="query")
@blueprint.response(200, {}, content_type="text/event-stream")
@blueprint.alt_response(**OLD_CURSOR)
@blueprint.alt_response(**BUSY)
def stream(wanted: Mapping[str, Any], name: str, view: str) -> Response:
    """Follow a view as server-sent events, one for each new row; its id is the cursor to go on from.

    It ends after `for`; a browser's EventSource comes back by itself, with the last id.
    """
    found = workspace(name)
    return _streamed(sandbox().view(view), found.door, found.world.now(), wanted)


@blueprint.get("/unclaimed/stream")
@blueprint.doc(parameters=[FIELDS])
@blueprint.arguments(schemas.StreamSchema, location="query")
@blueprint.response(200, {}, content_type="text/event-stream")
@blueprint.alt_response(**BUSY)
def stream_unclaimed(wanted: Mapping[str, Any]) -> Response:
    """Follow requests with a key that no workspace has, as server-sent events."""
    return _streamed(UNCLAIMED, sandbox().registry.door, machine_now(), wanted)


@blueprint.get("/refused/stream")
@blueprint.doc(parameters=[FIELDS])
@blueprint.arguments(schemas.StreamSchema, location="query")
@blueprint.response(200, {}, content_type="text/event-stream")
@blueprint.alt_response(**BUSY)
def stream_refused(wanted: Mapping[str, Any]) -> Response:
    """Follow requests that the Tracking API refused, as server-sent events."""
    return _streamed(REFUSED, sandbox().registry.door, machine_now(), wanted)


def _streamed(one: View, door: Door, now: int, wanted: Mapping[str, Any]) -> Response:
    resumed = request.headers.get("Last-Event-ID")
    first = look(one, door, now, {**wanted, **({"after": resumed} if resumed else {})})
    leave = sandbox().rooms.streams.sit()
    events = _events(sandbox(), one, door, (first, wanted["for"] / 1000), leave)
    answer = Response(events, content_type="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.call_on_close(leave)
    return answer


def nested(where: Mapping[str, Any]) -> dict[str, Any]:
    """Conditions with dot paths as conditions inside one another: `owner.user_id` as `{owner: {user_id: …}}`."""
    found: dict[str, Any] = {}
    for path, value in where.items():
        holder = found
        *way, last = path.split(".")
        for step in way:
            inner = holder.setdefault(step, {})
            if not isinstance(inner, dict):
                raise InkstandError(f"{step!r} cannot be {inner!r} and hold {path!r} as well.")
            holder = inner
        old = holder.get(last)
        holder[last] = {**old, **value} if isinstance(old, dict) and isinstance(value, dict) else value
    return found


def _see(one: View, found: Workspace, wanted: Told) -> Seen:
    where = wanted["where"]
    if "rows" in wanted:
        rows = one.read(found.door, Wanted()).rows
        return Seen(rows, list(compare(wanted["rows"], rows)))
    narrowed = {name: value for name, value in where.items() if isinstance(value, str)}
    chosen = [row for row in one.read(found.door, Wanted(narrowed)).rows if fits(where, row)]
    claim = {name: wanted[name] for name in ("count", "all") if name in wanted}
    wrong = list(compare({"where": where, **claim}, chosen)) if claim else []
    enough = wanted.get("at_least", 0 if claim else 1)
    if len(chosen) < enough:
        wrong.append(Mismatch(("where",), "count", f"at least {enough}", f"{len(chosen)} rows that fit"))
    return Seen(chosen, wrong)


def _waited(found: Workspace, wanted: Told, met: bool, seen: Seen, waited: int) -> Told:  # noqa: FBT001  # what it is about
    told: dict[str, Any] = {"met": met, "waited": waited, "rows": seen.chosen[-_ROWS_TOLD:], "hints": []}
    told["mismatches"] = [_told(one) for one in seen.wrong]
    told["nearest"] = None
    if met:
        return told
    near = nearest_row(wanted["where"], sandbox().view(wanted["view"]).rows(found.door)) if wanted["where"] else None
    if near is not None:
        told["nearest"] = {"row": near[0], "differs": [_told(one) for one in near[1]]}
    if found.configuration.delivery == "manual" and not sandbox().is_quiet(found):
        told["hints"] = ["This workspace delivers only when it is told to: settle it, or advance its clock."]
    return told


def _told(one: Mismatch) -> Told:
    return {"field": one.field, "wanted": one.wanted, "came": one.came}


def _events(
    house: Sandbox, one: View, door: Door, asked: tuple[Wanted, float], leave: Callable[[], None]
) -> Iterator[str]:
    first, seconds = asked
    end, epoch, after = time.monotonic() + seconds, door.epoch, first.after
    try:
        yield "retry: 250\n\n"
        while (left := end - time.monotonic()) > 0:
            version = door.version
            page = house.turnstile.look(partial(one.read, door, Wanted(first.where, first.since, after, _AT_ONCE)))
            if door.closed or door.epoch != epoch:
                yield _RESET
                return
            after = page.last
            if page.rows:
                yield "".join(_event(cursor(epoch, at), row) for at, row in zip(page.places, page.rows, strict=True))
            if not page.more:
                door.wait_for_change(version, min(left, _SIGN_OF_LIFE_SECONDS))
                if door.version == version:
                    yield ": still here\n\n"
            if house.ending:
                return
    except WorkspaceGoneError:
        yield _RESET
    finally:
        leave()


def _event(ident: str, row: Row) -> str:
    return f"id: {ident}\ndata: {json.dumps(row, separators=(',', ':'))}\n\n"
