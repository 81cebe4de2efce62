"""Works through the message log in order: plans a delivery, or records a discard, for each message and connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import bindparam, insert, select

from inkstand.fakes.kit.storage import Row, Statement, Tx, reason_row
from inkstand.fakes.kit.tables import reasons as reasons_table
from inkstand.simulator.messages import integrations_of
from inkstand.simulator.model import Connection
from inkstand.simulator.storage.tables import deliveries, messages, state
from inkstand.simulator.workspaces.workspace import Workspace, put

from .catalogue import Catalogue
from .plan import oddities, plan

AT_ONCE = 16
EVER = 2**62
"""A place in the log, or a time, that is never reached."""

PLANNED = "planned"
DISCARDED = "discarded"
_PROGRESS = "processed"


def process(workspace: Workspace, catalogue: Catalogue, newest: int = EVER) -> int:
    """Process the next messages of the log, none after `newest`, in one transaction; how many there were."""
    epoch = workspace.door.epoch
    if not workspace.door.read(_NEXT, after=processed(workspace), newest=newest, limit=1):
        return 0
    with workspace.door.write(epoch) as tx:
        row = tx.one(_READ_PROGRESS, name=_PROGRESS)
        found = tx.run(_NEXT, after=int(row["value"]) if row else 0, newest=newest, limit=AT_ONCE)
        if not found:
            return 0
        _plan_all(tx, found, workspace, catalogue)
        put(tx, _PROGRESS, str(found[-1]["seq"]))
    return len(found)


def processed(workspace: Workspace) -> int:
    """The place in the log up to which messages have been worked through."""
    rows = workspace.door.read(_READ_PROGRESS, name=_PROGRESS)
    return int(rows[0]["value"]) if rows else 0


def _plan_all(tx: Tx, found: list[Row], workspace: Workspace, catalogue: Catalogue) -> None:
    now = workspace.world.now()
    planned: list[Mapping[str, object]] = []
    reasons: list[Mapping[str, object]] = []
    for message in found:
        integrations = integrations_of(message)
        notes = oddities(integrations, catalogue.names)
        reasons.extend(reason_row(message["message_id"], "plan", note) for note in notes)
        for connection in _connections(workspace, message):
            row, reason = _plan_one(message, integrations, connection, catalogue, now)
            planned.append(row)
            reasons += [reason] if reason else []
    tx.many(_ADD_DELIVERY, planned)
    tx.many(_ADD_REASON, reasons)


def _plan_one(
    message: Row, integrations: Mapping[str, Any], connection: Connection, catalogue: Catalogue, now: int
) -> tuple[Mapping[str, object], Mapping[str, object] | None]:
    entry = catalogue.entries[connection.destination]
    discarded = plan(message["type"], integrations, connection, entry.destination)
    row = {
        "message_seq": message["seq"],
        "message_id": message["message_id"],
        "type": message["type"],
        "connection": connection.id,
        "destination": entry.destination.name,
        "status": DISCARDED if discarded else PLANNED,
        "code": discarded.code if discarded else None,
        "attempts": 0,
        "due_at": None if discarded else now,
        "lane": None if discarded else connection.id,
    }
    reason = reason_row(message["message_id"], f"plan:{connection.id}", discarded.reason) if discarded else None
    return row, reason


def _connections(workspace: Workspace, message: Row) -> Iterator[Connection]:
    for connection in workspace.configuration.connections:
        if connection.enabled and connection.source == message["source"]:
            yield connection


_READ_PROGRESS = Statement(select(state.c.value).where(state.c.name == bindparam("name")))
_NEXT = Statement(
    select(messages)
    .where(messages.c.seq > bindparam("after"), messages.c.seq <= bindparam("newest"))
    .order_by(messages.c.seq)
    .limit(bindparam("limit"))
)
_ADD_DELIVERY = Statement(
    insert(deliveries),
    *("message_seq", "message_id", "type", "connection", "destination", "status", "code", "attempts", "due_at", "lane"),
)
_ADD_REASON = Statement(insert(reasons_table), "message_id", "stage", "rule", "facts", "cause")
