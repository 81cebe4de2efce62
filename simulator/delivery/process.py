"""Works through the message log in order: plans a delivery, or records a discard, for each message and connection."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Row, Statement, Tx, reason_row
from inkstand.fakes.kit.tables import reasons as reasons_table
from inkstand.simulator.messages import integrations_of
from inkstand.simulator.model import Connection
from inkstand.simulator.storage.tables import deliveries, messages
from inkstand.simulator.workspaces.log import PROGRESS, processed
from inkstand.simulator.workspaces.workspace import Workspace, put

from .catalogue import Catalogue
from .plan import oddities, plan

AT_ONCE = 16
EVER = 2**62
"""A place in the log, or a time, that is never reached."""

PLANNED = "planned"
DISCARDED = "discarded"


@dataclass(frozen=True)
class Processed:
    """How many messages were processed, and the place of the newest that was forwarded to another source meanwhile."""

    number: int = 0
    forwarded: int = 0

    def __bool__(self) -> bool:
        return self.number > 0


def process(workspace: Workspace, catalogue: Catalogue, newest: int = EVER) -> Processed:
    """Process the next messages of the log, none after `newest`, in one transaction."""
    epoch = workspace.door.epoch
    if not workspace.door.read(_NEXT, after=processed(workspace.door), newest=newest, limit=1):
        return Processed()
    with workspace.door.write(epoch) as tx:
        found = tx.run(_NEXT, after=processed(tx), newest=newest, limit=AT_ONCE)
        if not found:
            return Processed()
        forwarded = _plan_all(tx, found, workspace, catalogue)
        put(tx, PROGRESS, str(found[-1]["seq"]))
    return Processed(len(found), forwarded)


def _plan_all(tx: Tx, found: list[Row], workspace: Workspace, catalogue: Catalogue) -> int:
    """Plan what becomes of messages; the place of the newest that was forwarded."""
    now = workspace.world.now()
    forwarded = 0
    planned: list[Mapping[str, object]] = []
    reasons: list[Mapping[str, object]] = []
    for message in found:
        integrations = integrations_of(message)
        notes = oddities(integrations, catalogue.names)
        reasons.extend(reason_row(message["message_id"], "plan", note) for note in notes)
        blocked, told, newest = _screened(tx, workspace, message) if workspace.has_plans else (None, [], 0)
        reasons += told
        forwarded = max(forwarded, newest)
        reasons += _switched_off(workspace, message, catalogue)
        for connection in _connections(workspace, message):
            if blocked is not None:
                planned.append(_blocked(message, connection, catalogue, blocked))
                continue
            row, reason = _plan_one(message, integrations, connection, catalogue, now)
            planned.append(row)
            reasons += [reason] if reason else []
    tx.many(_ADD_DELIVERY, planned)
    tx.many(_ADD_REASON, reasons)
    return forwarded


def _screened(tx: Tx, workspace: Workspace, message: Row) -> tuple[str | None, list[Mapping[str, object]], int]:
    """Hold a message to its source's plan: the code if that blocks it, the reasons, the place of what was forwarded."""
    from .screening import forward, hold, write_down  # noqa: PLC0415  # brings a validator; few workspaces have a plan

    held = hold(workspace, message)
    if held is None:
        return None, [], 0
    told = write_down(tx, workspace, held)
    forwarded, newest = forward(tx, workspace, held)
    return held.screened.code, [*told, *forwarded], newest


def _blocked(message: Row, connection: Connection, catalogue: Catalogue, code: str) -> Mapping[str, object]:
    """The delivery of a message that is filtered at its source."""
    return {
        **_delivery(message, connection, catalogue),
        "status": DISCARDED,
        "code": code,
        "due_at": None,
        "lane": None,
    }


def _plan_one(
    message: Row, integrations: Mapping[str, Any], connection: Connection, catalogue: Catalogue, now: int
) -> tuple[Mapping[str, object], Mapping[str, object] | None]:
    entry = catalogue.entries[connection.destination]
    discarded = plan(message["type"], integrations, connection, entry.destination)
    row = {
        **_delivery(message, connection, catalogue),
        "status": DISCARDED if discarded else PLANNED,
        "code": discarded.code if discarded else None,
        "due_at": None if discarded else now,
        "lane": None if discarded else connection.id,
    }
    reason = reason_row(message["message_id"], f"plan:{connection.id}", discarded.reason) if discarded else None
    return row, reason


def _delivery(message: Row, connection: Connection, catalogue: Catalogue) -> dict[str, object]:
    return {
        "message_seq": message["seq"],
        "message_id": message["message_id"],
        "type": message["type"],
        "connection": connection.id,
        "destination": catalogue.entries[connection.destination].destination.name,
        "attempts": 0,
    }


def _connections(workspace: Workspace, message: Row) -> Iterator[Connection]:
    for connection in workspace.configuration.connections:
        if connection.enabled and connection.source == message["source"]:
            yield connection


def _switched_off(workspace: Workspace, message: Row, catalogue: Catalogue) -> Iterator[Mapping[str, object]]:
    """What is told of connections that somebody switched off; of one that is off by itself nothing."""
    for connection in workspace.configuration.connections:
        destination = catalogue.entries[connection.destination].destination
        if not connection.enabled and connection.source == message["source"] and destination.on_by_default:
            facts = {"connection": connection.id, "destination": destination.name}
            reason = Reason("delivery.connection_off", facts)
            yield reason_row(message["message_id"], f"plan:{connection.id}", reason)


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
