"""Finds the message that somebody asks about, and says what is like it when there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Select, bindparam, func, or_, select, union_all

from inkstand.fakes.kit.storage import Statement, View, reasons
from inkstand.simulator.storage.tables import attempts, deliveries, discards, messages
from inkstand.simulator.storage.views import VIEWS
from inkstand.simulator.workspaces.registry import Registry
from inkstand.simulator.workspaces.workspace import Workspace

from .journey import Journey, Recorded, journey
from .ledgers import Rules

_SHAPES: Mapping[str, View] = {view.name: view for view in VIEWS}
_LIKE_THIS_AT_MOST = 3


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
    message_id = _newest(workspace, asked)
    if message_id is None:
        return NothingArrived(_nothing(workspace, asked), tuple(_hints(workspace, registry, asked)))
    return journey(message_id, _recorded(workspace, message_id), rules)


def _newest(workspace: Workspace, asked: Asked) -> str | None:
    if asked.message_id:
        found = workspace.door.read(_BY_ID, message_id=asked.message_id)
    else:
        found = workspace.door.read(_NEWEST, event=asked.event, user_id=asked.user_id, anonymous_id=asked.anonymous_id)
    return found[0]["message_id"] if found else None


def _recorded(workspace: Workspace, message_id: str) -> Recorded:
    rows = {
        name: [_SHAPED[name](dict(row)) for row in workspace.door.read(query, message_id=message_id)]
        for name, query in _ABOUT.items()
    }
    message = rows["messages"][0] if rows["messages"] else None
    return Recorded(message, rows["discards"], rows["deliveries"], rows["attempts"], rows["reasons"])


def _nothing(workspace: Workspace, asked: Asked) -> str:
    wanted = [f"{name} {value!r}" for name, value in vars(asked).items() if value]
    what = f"No call with {' and '.join(wanted)}" if wanted else "No call"
    return f"{what} arrived in workspace {workspace.name}."


def _hints(workspace: Workspace, registry: Registry, asked: Asked) -> list[str]:
    hints = []
    if asked.event:
        rows = workspace.door.read(_SAME_LETTERS, event=asked.event)
        hints += [
            f"A call named {row['event']!r} arrived, of {row['user_id'] or row['anonymous_id']}: "
            f"messageId {row['message_id']}. Names are compared exactly."
            for row in rows[:_LIKE_THIS_AT_MOST]
        ]
    hints += [
        f"A call came with the write key {row['credential']!r}, which no source has ({row['what']}, {row['at']})."
        for row in registry.list_unclaimed()[-_LIKE_THIS_AT_MOST:]
        if row["service"] == "segment"
    ]
    hints += [
        f"A request was refused: {row['what']}, {row['at']}: {row['message']}"
        for row in registry.list_refused()[-_LIKE_THIS_AT_MOST:]
    ]
    return hints or ["Nothing like it arrived either: no unknown write key was used, no request was refused."]


_found_by = ("message_id", "event", "user_id", "anonymous_id", "received_at", "seq")


def _calls() -> Any:  # a subquery's columns are its own type
    return union_all(
        select(*(messages.c[name] for name in _found_by)), select(*(discards.c[name] for name in _found_by))
    ).subquery()


def _fits(calls: Any) -> Select[Any]:  # as above
    query = select(calls.c.message_id)
    for name in ("event", "user_id", "anonymous_id"):
        query = query.where(or_(bindparam(name).is_(None), calls.c[name] == bindparam(name)))
    return query.order_by(calls.c.received_at.desc(), calls.c.seq.desc()).limit(1)


_all = _calls()
_NEWEST = Statement(_fits(_all))
_BY_ID = Statement(select(_all.c.message_id).where(_all.c.message_id == bindparam("message_id")).limit(1))
_SAME_LETTERS = Statement(
    select(_all).where(func.lower(_all.c.event) == func.lower(bindparam("event"))).order_by(_all.c.received_at.desc())
)
_ABOUT = {
    table.name: Statement(select(table).where(table.c.message_id == bindparam("message_id")).order_by(table.c.seq))
    for table in (messages, discards, deliveries, attempts, reasons)
}
_SHAPED = {name: view.shape for name, view in _SHAPES.items()}
