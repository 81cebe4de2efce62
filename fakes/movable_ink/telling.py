"""What happened to an event after it came: who moved it to whom. Read from its owners, a row for each change."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, or_, select

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Door, Statement

from .attribution import Owner
from .owned import events_of
from .tables import events, ownerships

_MOST = 3


def told(door: Door, message_id: str) -> Sequence[tuple[str, Reason]]:
    """The moves of an event, by its messageId or event id; of one that never moved, who was identified instead."""
    owners = door.read(_OWNERS, message_id=message_id)
    moves = [
        Reason(row["rule"], {"user": row["owner"]}, row["cause"]) for row in owners if row["by_seq"] != row["event_seq"]
    ]
    if owners and owners[-1]["kind"] == "anonymous_id":
        moves += _elsewhere(door, owners[-1]["owner"])
    return [("attribution", reason) for reason in moves]


def newest_of(door: Door, user_id: str, event: str | None) -> str | None:
    """The messageId of the newest event, by its name or any, that a user owns."""
    for row in reversed(events_of(door, Owner("user_id", user_id))):
        if row["message_id"] and (event is None or row["name"] == event):
            return str(row["message_id"])
    return None


def _elsewhere(door: Door, visitor: str) -> Iterator[Reason]:
    """The newest identifies that came with other visitors, or without any."""
    for row in door.read(_IDENTIFIES):
        whose = row["user_id"] or row["email"]
        if whose and row["anonymous_id"] != visitor:
            came = f"the anonymousId {row['anonymous_id']}" if row["anonymous_id"] else "no anonymousId"
            facts = {"user": whose, "came": came, "anonymousId": visitor}
            yield Reason("movable_ink.owner.identified_elsewhere", facts, row["message_id"])


_OWNERS = Statement(
    select(ownerships)
    .join(events, events.c.seq == ownerships.c.event_seq)
    .where(or_(events.c.message_id == bindparam("message_id"), events.c.event_id == bindparam("message_id")))
    .order_by(ownerships.c.seq)
)
_IDENTIFIES = Statement(
    select(events.c.user_id, events.c.email, events.c.anonymous_id, events.c.message_id)
    .where(events.c.call == "identify", events.c.repeat == 0)
    .order_by(events.c.seq.desc())
    .limit(_MOST)
)
