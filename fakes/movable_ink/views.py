"""What the fake Movable Ink shows: events, their owners over time, profiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BindParameter, and_, bindparam, exists, func, select

from inkstand.fakes.kit.furnishing import refusals_view
from inkstand.fakes.kit.storage import Door, Statement, loads
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.views import Computed, Listed, View

from .normalise import KINDS
from .tables import endpoints, events, links, ownerships, profiles, rejected

_later = ownerships.alias("later")
_upto: BindParameter[int] = bindparam("upto", required=True)
_newest = and_(
    ownerships.c.by_seq <= _upto,
    ~exists().where(
        and_(_later.c.event_seq == ownerships.c.event_seq, _later.c.seq > ownerships.c.seq, _later.c.by_seq <= _upto)
    ),
)
_owned_events = (
    select(
        events,
        ownerships.c.kind.label("owner_kind"),
        ownerships.c.owner,
        ownerships.c.rule.label("owner_rule"),
        ownerships.c.cause.label("attributed_by"),
    )
    .select_from(events)
    .join(ownerships, and_(ownerships.c.event_seq == events.c.seq, _newest))
    .where(events.c.call == "track", events.c.repeat == 0, events.c.seq <= _upto)
)


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": row["event_id"],
        "message_id": row["message_id"],
        "event": row["kind"],
        "name": row["name"],
        "owner": _owner(row["owner_kind"], row["owner"]),
        "attributed_by": row["attributed_by"],
        "owner_rule": row["owner_rule"],
        "signal": row["signal"],
        "signal_reasons": loads(row["signal_reasons"]),
        "occurred_at": iso(row["occurred_at"]),
        "received_at": iso(row["received_at"]),
        "mapping": row["mapping"],
        "endpoint": row["endpoint"],
        "normalised": loads(row["normalised"]),
        "raw": loads(row["raw"]),
    }


def _owner(kind: str, owner: str) -> dict[str, str]:
    return {} if kind == "nobody" else {kind: owner}


def _ownership(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": row["event_id"],
        "message_id": row["message_id"],
        "owner": _owner(row["kind"], row["owner"]),
        "rule": row["rule"],
        "cause": row["cause"],
    }


def _identify(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": row["event_id"],
        "message_id": row["message_id"],
        "user_id": row["user_id"],
        "anonymous_id": row["anonymous_id"],
        "email": row["email"],
        "received_at": iso(row["received_at"]),
        "raw": loads(row["raw"]),
    }


def _rejected(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("request_id", "endpoint", "message_id", "name", "place")},
        "reasons": loads(row["reasons"]),
        "received_at": iso(row["received_at"]),
        "raw": loads(row["raw"]),
    }


def _endpoint(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("name", "key", "access_key")},
        "lenient": bool(row["lenient"]),
        "mappings": loads(row["mappings"]),
    }


def _repeat(row: dict[str, Any]) -> dict[str, Any]:
    return {"event_id": row["event_id"], "message_id": row["message_id"], "received_at": iso(row["received_at"])}


def _profiles(door: Door, upto: int) -> Iterator[tuple[int, dict[str, Any]]]:
    owned: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for row in door.read(_EVENTS, upto=upto):
        owned.setdefault((row["owner_kind"], row["owner"]), []).append(dict(row))
    visitors: dict[tuple[str, str], list[str]] = {}
    for row in door.read(_LINKS, upto=upto):
        visitors.setdefault((row["kind"], row["owner"]), []).append(row["anonymous_id"])
    for row in door.read(_PROFILES, upto=upto):
        if row["joined_into"] is None:
            whose = (row["kind"], row["owner"])
            yield row["first"], _profile(dict(row), owned.get(whose, []), visitors.get(whose, []))


def _profile(row: dict[str, Any], owned: list[dict[str, Any]], visitors: list[str]) -> dict[str, Any]:
    def ids(*, usable: bool) -> list[dict[str, str]]:
        chosen = (event for event in owned if (event["signal"] != "unusable") is usable)
        return [{"event_id": event["event_id"], "event": event["kind"], "signal": event["signal"]} for event in chosen]

    return {
        "profile": _owner(row["kind"], row["owner"]),
        "email": row["email"],
        "anonymous_ids": visitors,
        "traits": loads(row["traits"]),
        "events": ids(usable=True),
        "unusable_events": ids(usable=False),
    }


_EVENTS = Statement(_owned_events.where(ownerships.c.kind != "nobody").order_by(events.c.seq))
_LINKS = Statement(
    select(links.c.anonymous_id, links.c.kind, links.c.owner)
    .where(links.c.by_seq <= _upto)
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
    .where(profiles.c.by_seq <= _upto)
    .group_by(profiles.c.kind, profiles.c.owner)
    .order_by(_first)
)
_AT = Statement(select(func.max(events.c.seq).label("seq")).where(events.c.received_at <= bindparam("moment")))
_BY = Statement(select(func.max(events.c.seq).label("seq")).where(events.c.message_id == bindparam("message_id")))


def place_of(door: Door, when: int | str) -> int | None:
    """The place of the newest event at a moment (milliseconds), or of a message; None for one that did not arrive."""
    if isinstance(when, int):
        return door.read(_AT, moment=when)[0]["seq"] or 0
    found: int | None = door.read(_BY, message_id=when)[0]["seq"]
    return found


VIEWS: tuple[View, ...] = (
    Listed(
        "movable_ink.events",
        "behavioural events, whose they are now, and their Signals verdict",
        _owned_events,
        _event,
        {
            "event_id": "event_id",
            "message_id": "message_id",
            "event": "kind",
            "name": "name",
            "owner": None,
            "attributed_by": "attributed_by",
            "owner_rule": "owner_rule",
            "signal": "signal",
            **dict.fromkeys(("signal_reasons", "occurred_at", "received_at")),
            "mapping": "mapping",
            "endpoint": "endpoint",
            **dict.fromkeys(("normalised", "raw")),
        },
        "received_at",
        ("event", "owner", "signal"),
        {"signal": ("usable", "unusable", "no_requirement"), "event": (*dict.fromkeys(KINDS.values()), "custom")},
        place_of,
    ),
    Listed(
        "movable_ink.ownership",
        "every change of an event's owner, and the message that caused it",
        select(ownerships, events.c.event_id, events.c.message_id, events.c.received_at)
        .select_from(ownerships)
        .join(events, events.c.seq == ownerships.c.event_seq)
        .where(ownerships.c.by_seq <= _upto),
        _ownership,
        {**{name: name for name in ("event_id", "message_id", "rule", "cause")}, "owner": None},
        "received_at",
        history=place_of,
    ),
    Computed(
        "movable_ink.profiles",
        "Movable Ink profiles: their traits, visitors and events",
        _profiles,
        ("profile", "email", "anonymous_ids", "traits", "events", "unusable_events"),
        history=place_of,
    ),
    Listed(
        "movable_ink.identifies",
        "identify calls received",
        select(events).where(events.c.call == "identify", events.c.repeat == 0, events.c.seq <= _upto),
        _identify,
        {
            **{name: name for name in ("event_id", "message_id", "user_id", "anonymous_id", "email")},
            **dict.fromkeys(("received_at", "raw")),
        },
        "received_at",
        history=place_of,
    ),
    Listed(
        "movable_ink.repeats",
        "events that came again with a message id already known; they count nowhere",
        select(events).where(events.c.repeat == 1, events.c.seq <= _upto),
        _repeat,
        {"event_id": "event_id", "message_id": "message_id", "received_at": None},
        "received_at",
        history=place_of,
    ),
    Listed(
        "movable_ink.rejected",
        "events that were not taken: alone, or out of a batch of which others were",
        select(rejected),
        _rejected,
        {
            **{name: name for name in ("request_id", "endpoint", "message_id", "name")},
            **dict.fromkeys(("place", "reasons", "received_at", "raw")),
        },
        "received_at",
    ),
    Listed(
        "movable_ink.endpoints",
        "customer data endpoints that are set up; each connection's key makes one more",
        select(endpoints),
        _endpoint,
        {"name": "name", "key": "key", "access_key": "access_key", "lenient": None, "mappings": None},
    ),
    refusals_view("movable_ink"),
)
