"""Finds the message that somebody asks about, and says what is like it when there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from itertools import chain
from typing import Any

from sqlalchemy import Select, bindparam, func, literal, or_, select, union_all

from inkstand.fakes.kit.storage import Row as Stored
from inkstand.fakes.kit.storage import Statement
from inkstand.fakes.kit.tables import reasons
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.vendor import Vendor
from inkstand.fakes.kit.views import Row
from inkstand.fakes.kit.world import machine_now
from inkstand.simulator.profiles.store import told as of_profiles
from inkstand.simulator.storage.tables import attempts, deliveries, discards, messages
from inkstand.simulator.storage.views import REFUSED, UNCLAIMED, VIEWS
from inkstand.simulator.workspaces.registry import SEGMENT, Registry
from inkstand.simulator.workspaces.workspace import Workspace

from .journey import Journey, Recorded, journey
from .ledgers import Rules

_LIKE_THIS_AT_MOST = 3
_LATELY = 300_000


@dataclass(frozen=True)
class Asked:
    """What somebody remembers of a call; nothing means the last one."""

    message_id: str | None = None
    event: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None


@dataclass(frozen=True)
class NothingArrived:
    """No call fits what was asked; what is like it, as sentences."""

    headline: str
    hints: tuple[str, ...]


def explain(workspace: Workspace, registry: Registry, rules: Rules, asked: Asked) -> Journey | NothingArrived:
    """The journey of the newest call that fits, or what is like it."""
    message_id = _newest(workspace, asked) or _attributed(workspace, rules.vendors, asked)
    if message_id is None:
        return NothingArrived(_nothing(workspace, asked), tuple(_hints(workspace, registry, asked)))
    told = journey(message_id, _recorded(workspace, message_id, rules.vendors), rules)
    if asked != Asked():
        return told
    lately = strangers(registry, iso(machine_now() - _LATELY))
    return replace(told, story=(*told.story, *(f"Lately, and not this call: {hint}" for hint in lately)))


def _newest(workspace: Workspace, asked: Asked) -> str | None:
    if asked.message_id:
        found = workspace.door.read(_BY_ID, message_id=asked.message_id)
        found = found or workspace.door.read(_TOLD, message_id=asked.message_id)
    else:
        found = workspace.door.read(_NEWEST, event=asked.event, user_id=asked.user_id, anonymous_id=asked.anonymous_id)
    return found[0]["message_id"] if found else None


def _attributed(workspace: Workspace, vendors: Sequence[Vendor], asked: Asked) -> str | None:
    """A call that came without the user's id, and that a vendor books on the user."""
    if not asked.user_id or asked.message_id or asked.anonymous_id:
        return None
    found = (vendor.newest_of(workspace.door, asked.user_id, asked.event) for vendor in vendors)
    return next((message_id for message_id in found if message_id), None)


def _recorded(workspace: Workspace, message_id: str, vendors: Sequence[Vendor]) -> Recorded:
    stored = {name: workspace.door.read(query, message_id=message_id) for name, query in _ABOUT.items()}
    if len(stored["messages"]) > 1:
        stored = _of_the_newest(stored)
    rows = {name: [_SHAPED[name](dict(row)) for row in found] for name, found in stored.items()}
    message = rows["messages"][0] if rows["messages"] else None
    by_vendors = chain.from_iterable(vendor.told(workspace.door, message_id) for vendor in vendors)
    told = [
        {"stage": stage, "rule": reason.rule, "facts": reason.facts, "cause": reason.cause}
        for stage, reason in (*of_profiles(workspace.door, message_id), *by_vendors)
    ]
    return Recorded(message, rows["discards"], rows["deliveries"], rows["attempts"], [*rows["reasons"], *told])


def _of_the_newest(stored: dict[str, list[Stored]]) -> dict[str, list[Stored]]:
    """What belongs to the newest of several messages that came with one id, each after the other's window."""
    newest = stored["messages"][-1]
    deliveries_ = [row for row in stored["deliveries"] if row["message_seq"] == newest["seq"]]
    theirs = {row["seq"] for row in deliveries_}
    attempts_ = [row for row in stored["attempts"] if row["delivery_seq"] in theirs]
    return {**stored, "messages": [newest], "deliveries": deliveries_, "attempts": attempts_}


def _nothing(workspace: Workspace, asked: Asked) -> str:
    wanted = [f"{name} {value!r}" for name, value in vars(asked).items() if value]
    what = f"No call with {' and '.join(wanted)}" if wanted else "No call"
    return f"{what} arrived in workspace {workspace.name}."


def _hints(workspace: Workspace, registry: Registry, asked: Asked) -> list[str]:
    hints = [hint for column in _REMEMBERED for hint in _look_alikes(workspace, column, getattr(asked, column))]
    wanted = [value for value in vars(asked).values() if value]
    hints += strangers(registry, wanted=wanted)
    nothing = "Nothing like it arrived either: no" if asked != Asked() else "No"
    return hints or [f"{nothing} unknown write key was used, no request was refused."]


def _look_alikes(workspace: Workspace, column: str, wanted: str | None) -> list[str]:
    if not wanted:
        return []
    known = {row[column].casefold(): row[column] for row in workspace.door.read(_KNOWN[column]) if row[column]}
    near = get_close_matches(wanted.casefold(), known, _LIKE_THIS_AT_MOST, 0.7)
    found = (workspace.door.read(_NEWEST, **{**dict.fromkeys(_REMEMBERED), column: known[name]})[0] for name in near)
    return [
        f"A call with {_REMEMBERED[column]} {known[name]!r} arrived{_ids(row)}: messageId {row['message_id']}. "
        "Names and ids are compared exactly."
        for name, row in zip(near, found, strict=True)
    ]


def _ids(row: Stored) -> str:
    """What a call calls itself, as far as it was not asked."""
    told = {"event": row["event"], "userId": row["user_id"], "anonymousId": row["anonymous_id"]}
    return f" ({', '.join(f'{name} {value}' for name, value in told.items() if value)})"


def strangers(registry: Registry, since: str = "", wanted: Sequence[str] = ()) -> list[str]:
    """The newest calls with a write key nobody has, and requests refused, since a time as text; as sentences.

    Those in which something `wanted` stands come first, and say so.
    """
    unknown = [row for row in UNCLAIMED.rows(registry.door) if row["service"] == SEGMENT and row["at"] >= since]
    refused = [row for row in REFUSED.rows(registry.door) if row["at"] >= since]
    said = [_of_nobody(row) for row in unknown if _holds(row, wanted)]
    said += [_refused(row) for row in refused if _holds(row, wanted)]
    like = [f"This may be it: {text}" for text in said[-_LIKE_THIS_AT_MOST:]]
    nobodys = [_of_nobody(row) for row in unknown][-_LIKE_THIS_AT_MOST:]
    return like or nobodys + [_refused(row) for row in refused if row["fault"] is None][-_LIKE_THIS_AT_MOST:]


def _of_nobody(row: Row) -> str:
    return f"A call came with the write key {row['credential']!r}, which no source has ({row['what']}, {row['at']})."


def _refused(row: Row) -> str:
    return f"A request was refused: {row['what']}, {row['at']}: {row['message']}"


def _holds(row: Row, wanted: Sequence[str]) -> bool:
    """Whether everything that is wanted stands in a request's body as JSON text."""
    body = row["body"] or ""
    return bool(wanted) and all(f'"{one}"' in body for one in wanted)


_found_by = ("message_id", "event", "user_id", "anonymous_id", "received_at")


def _calls() -> Any:
    """Messages and discards in one list; `place` and `rank` put a discard after the message it came behind."""
    of_message = (messages.c.seq.label("place"), literal(0).label("rank"))
    of_discard = (discards.c.after.label("place"), discards.c.seq.label("rank"))
    return union_all(
        select(*(messages.c[name] for name in _found_by), *of_message),
        select(*(discards.c[name] for name in _found_by), *of_discard),
    ).subquery()


def _fits(calls: Any) -> Select[Any]:  # as above
    query = select(calls.c.message_id, calls.c.event, calls.c.user_id, calls.c.anonymous_id)
    for name in ("event", "user_id", "anonymous_id"):
        query = query.where(or_(bindparam(name).is_(None), calls.c[name] == bindparam(name)))
    return query.order_by(calls.c.place.desc(), calls.c.rank.desc()).limit(1)


_all = _calls()
_NEWEST = Statement(_fits(_all))
_TOLD = Statement(select(reasons.c.message_id).where(reasons.c.message_id == bindparam("message_id")).limit(1))
_BY_ID = Statement(select(_all.c.message_id).where(_all.c.message_id == bindparam("message_id")).limit(1))
_REMEMBERED = {"event": "the name", "user_id": "userId", "anonymous_id": "anonymousId"}
_KNOWN = {
    column: Statement(select(_all.c[column], func.max(_all.c.received_at)).group_by(_all.c[column]).limit(5_000))
    for column in _REMEMBERED
}
_ABOUT = {
    table.name: Statement(select(table).where(table.c.message_id == bindparam("message_id")).order_by(table.c.seq))
    for table in (messages, discards, deliveries, attempts, reasons)
}
_SHAPED = {view.name: view.shape for view in VIEWS}
