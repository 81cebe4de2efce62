"""Events with their owners, now or as of a place in their history: the queries that views and content share."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import BindParameter, and_, bindparam, exists, func, select

from inkstand.fakes.kit.storage import Door, Row, Statement, loads
from inkstand.fakes.kit.views import places

from .attribution import Owner
from .shopping import Did
from .tables import events, links, ownerships, profiles

NOW = 2**62
"""The place in history that is now."""

UPTO: BindParameter[int] = bindparam("upto", required=True)
_later = ownerships.alias("later")
_newest = and_(
    ownerships.c.by_seq <= UPTO,
    ~exists().where(
        and_(_later.c.event_seq == ownerships.c.event_seq, _later.c.seq > ownerships.c.seq, _later.c.by_seq <= UPTO)
    ),
)
OWNED = (
    select(
        events,
        ownerships.c.kind.label("owner_kind"),
        ownerships.c.owner,
        ownerships.c.rule.label("owner_rule"),
        ownerships.c.cause.label("attributed_by"),
    )
    .select_from(events)
    .join(ownerships, and_(ownerships.c.event_seq == events.c.seq, _newest))
    .where(events.c.call == "track", events.c.repeat == 0, events.c.seq <= UPTO)
)
"""Every behavioural event with its owner."""

place_of = places(events, "received_at")
"""Where in the history an event stands, by its moment or its message."""


def every_event(door: Door, upto: int = NOW) -> list[Row]:
    """Every event that somebody owns, oldest first."""
    return door.read(_EVENTS, upto=upto)


def events_of(door: Door, owner: Owner) -> list[Row]:
    """The events of one owner, oldest first."""
    return door.read(_EVENTS_OF, upto=NOW, kind=owner.kind, owner=owner.id)


def events_by_owner(door: Door, upto: int = NOW) -> dict[Owner, list[Row]]:
    """The events of each owner, oldest first."""
    found: dict[Owner, list[Row]] = {}
    for row in every_event(door, upto):
        found.setdefault(Owner(row["owner_kind"], row["owner"]), []).append(row)
    return found


def visitors(door: Door, upto: int = NOW) -> list[Row]:
    """Each visitor with whom it is tied to."""
    return door.read(_LINKS, upto=upto)


def visitors_by_owner(door: Door, upto: int = NOW) -> dict[Owner, list[str]]:
    """The anonymous ids that are tied to each owner."""
    found: dict[Owner, list[str]] = {}
    for row in visitors(door, upto):
        found.setdefault(Owner(row["kind"], row["owner"]), []).append(row["anonymous_id"])
    return found


def every_profile(door: Door, upto: int = NOW) -> list[Row]:
    """Each profile that is not joined into another, as it stood, in the order in which they came about."""
    return [row for row in door.read(_PROFILES, upto=upto) if row["joined_into"] is None]


def did(rows: Iterable[Row]) -> list[Did]:
    """Those of the events that count: what Signals cannot use is not shown anywhere."""
    return [did_in(row) for row in rows if row["signal"] != "unusable"]


def did_in(row: Row) -> Did:
    """What somebody did by one event."""
    return Did(row["event_id"], row["kind"], loads(row["normalised"]), row["occurred_at"])


_EVENTS = Statement(OWNED.where(ownerships.c.kind != "nobody").order_by(events.c.seq))
_EVENTS_OF = Statement(
    OWNED.where(ownerships.c.kind == bindparam("kind"), ownerships.c.owner == bindparam("owner")).order_by(events.c.seq)
)
_LINKS = Statement(
    select(links.c.anonymous_id, links.c.kind, links.c.owner)
    .where(links.c.by_seq <= UPTO)
    .group_by(links.c.anonymous_id)
    .having(links.c.seq == func.max(links.c.seq))
    .order_by(links.c.seq)
)
_older = profiles.alias("older")
_first = (
    select(func.min(_older.c.seq))
    .where(_older.c.kind == profiles.c.kind, _older.c.owner == profiles.c.owner)
    .scalar_subquery()
    .label("first")
)
_PROFILES = Statement(
    select(profiles, func.max(profiles.c.seq).label("newest"), _first)
    .where(profiles.c.by_seq <= UPTO)
    .group_by(profiles.c.kind, profiles.c.owner)
    .order_by(_first)
)
