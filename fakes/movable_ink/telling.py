"""What happened to an event after it came: who moved it to whom. Read from its owners, a row for each change."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, or_, select

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Door, Statement

from .tables import events, ownerships


def told(door: Door, message_id: str) -> Sequence[tuple[str, Reason]]:
    """The moves of an event, by its messageId or event id."""
    return [
        ("attribution", Reason(row["rule"], {"user": row["owner"]}, row["cause"]))
        for row in door.read(_MOVES, message_id=message_id)
    ]


_MOVES = Statement(
    select(ownerships.c.rule, ownerships.c.owner, ownerships.c.cause)
    .join(events, events.c.seq == ownerships.c.event_seq)
    .where(or_(events.c.message_id == bindparam("message_id"), events.c.event_id == bindparam("message_id")))
    .where(ownerships.c.by_seq != ownerships.c.event_seq)
    .order_by(ownerships.c.seq)
)
