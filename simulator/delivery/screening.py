"""Holds messages to the tracking plan of their source; writes down what violates it, is omitted and is forwarded."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, insert, select

from inkstand.fakes.kit.http import dump_json, dump_text, storable
from inkstand.fakes.kit.storage import Bulk, Row, Statement, Tx, adding, loads, reason_row
from inkstand.simulator.messages import held
from inkstand.simulator.model import Source
from inkstand.simulator.protocols.check import Violation, key_of
from inkstand.simulator.protocols.enforce import Screened, as_delivered, screen
from inkstand.simulator.protocols.forward import blocked_event, forwarded, violation_event
from inkstand.simulator.protocols.plan import PLANNED, Plan
from inkstand.simulator.storage.tables import forwards, messages, omissions, violations
from inkstand.simulator.workspaces.workspace import Workspace

Values = Mapping[str, object]
_log = logging.getLogger(__name__)
STAGE = "protocols"


@dataclass(frozen=True)
class Held:
    """A message that was held to a plan, and what came of it."""

    row: Row
    message: Mapping[str, Any]
    source: Source
    plan: Plan
    screened: Screened


def hold(workspace: Workspace, row: Row) -> Held | None:
    """Hold a message of the log to the plan of its source; None where there is none."""
    found = workspace.plan_of(row["source"])
    if found is None or row["type"] not in PLANNED:
        return None
    source, plan = found
    message = held(row)
    try:
        screened = screen(plan, source.settings, message)
    except Exception as error:  # noqa: BLE001  # whatever a validator cannot do, the message goes on
        _log.exception("the plan %s could not be held against message %s", plan.name, row["message_id"])
        screened = Screened(failed=f"{type(error).__name__}: {error}"[:200])
    return Held(row, message, source, plan, screened)


def write_down(tx: Tx, workspace: Workspace, one: Held) -> list[Values]:
    """Keep what violates the plan and what is omitted; the rows of the reasons."""
    row, screened = one.row, one.screened
    tx.many(_ADD_VIOLATION, [_violation(one, violation, fate) for violation, fate in screened.found])
    if screened.omitted or screened.omitted_on_violation:
        places = dump_text([screened.omitted, screened.omitted_on_violation])
        workspace.omits = True
        tx.insert(_ADD_OMISSION, message_seq=row["seq"], source=one.source.id, places=places)
    return [reason_row(row["message_id"], STAGE, reason) for reason in screened.reasons]


def forward(tx: Tx, workspace: Workspace, one: Held) -> tuple[list[Values], int]:
    """Append to the log what other sources are told; the rows of the reasons, and the place of the newest of them."""
    calls = [] if tx.run(_MARKED, key=one.row["seq"]) else list(_forwarded(workspace, one))
    newest = 0
    told: list[Values] = []
    for source, call in calls:
        call["messageId"] = _free(tx, workspace, call["messageId"])
        tx.bulk(_ADD_MESSAGES, [_logged(source, call, one.row["received_at"])])
        newest = int(tx.run(_NEWEST)[0]["seq"])
        tx.insert(_MARK, message_seq=newest)
        told.append(reason_row(one.row["message_id"], STAGE, forwarded(source, call["messageId"])))
    return told, newest


def delivered(workspace: Workspace, row: Row) -> Mapping[str, Any]:
    """The message of a row of the log as it is delivered: without what the plan of its source omits."""
    message = held(row)
    found = workspace.door.read(_OMITTED, key=row["message_seq"])
    if not found:
        return message
    omitted, on_violation = loads(found[0]["places"])
    return as_delivered(
        message, found[0]["source"], [tuple(one) for one in omitted], [tuple(one) for one in on_violation]
    )


def _forwarded(workspace: Workspace, one: Held) -> Iterator[tuple[str, dict[str, Any]]]:
    """What is told, and to which source."""
    own, settings, known = one.source.id, one.source.settings, workspace.source_ids
    to: str = settings.get("forwardingViolationsTo", "")
    for number, (violation, _) in enumerate(one.screened.found if to in known and to != own else ()):
        message_id = workspace.world.id("sch-", one.row["message_id"], number)
        yield to, violation_event(one.message, violation, one.plan, own, message_id)
    to = settings.get("forwardingBlockedEventsTo", "")
    if one.screened.code and to in known and to != own:
        message_id = workspace.world.id("fwd-", one.row["message_id"])
        yield to, blocked_event(one.message, one.screened.code, own, message_id)


def _free(tx: Tx, workspace: Workspace, message_id: str) -> str:
    """A message id that no call came with."""
    tried = 0
    while tx.run(_SAME_ID, message_id=message_id):
        tried += 1
        message_id = workspace.world.id(message_id.partition("-")[0] + "-", message_id, tried)
    return message_id


def _violation(one: Held, violation: Violation, fate: str) -> Values:
    return {
        "message_seq": one.row["seq"],
        "message_id": one.row["message_id"],
        "source": one.source.id,
        "plan": storable(one.plan.name),
        "type": one.row["type"],
        "event": storable(key_of(one.message)) or None,
        "kind": violation.kind,
        "field": storable(violation.field),
        "description": storable(violation.description),
        "outcome": fate,
    }


def _logged(source: str, call: Mapping[str, Any], received_at: int) -> tuple[object, ...]:
    values = {
        "message_id": call["messageId"],
        "source": source,
        "type": call["type"],
        "event": _text(call.get("event") if call["type"] == "track" else call.get("name")),
        "user_id": _text(call.get("userId")),
        "anonymous_id": _text(call.get("anonymousId")),
        "received_at": received_at,
        "envelope": None,
        "raw": dump_json(dict(call)),
    }
    return tuple(values[name] for name in _LOG)


def _text(value: object) -> str | None:
    return storable(str(value)) if isinstance(value, str | int) else None


_LOG = tuple(column.name for column in messages.c if not column.primary_key)
_ADD_MESSAGES = Bulk(messages)
_ADD_VIOLATION = adding(violations)
_ADD_OMISSION = Statement(insert(omissions), *(column.name for column in omissions.c))
_OMITTED = Statement(select(omissions).where(omissions.c.message_seq == bindparam("key")))
_MARK = Statement(insert(forwards), "message_seq")
_MARKED = Statement(select(forwards).where(forwards.c.message_seq == bindparam("key")))
_SAME_ID = Statement(select(messages.c.seq).where(messages.c.message_id == bindparam("message_id")))
_NEWEST = Statement(select(messages.c.seq).order_by(messages.c.seq.desc()).limit(1))
