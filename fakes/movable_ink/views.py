"""What the fake Movable Ink shows: events, their owners over time, profiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import select

from inkstand.fakes.kit.furnishing import refusals_view
from inkstand.fakes.kit.storage import Door, Row, loads
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.views import Computed, Listed, View

from .attribution import Owner
from .normalise import KINDS
from .owned import OWNED, UPTO, did, events_by_owner, every_profile, place_of, visitors_by_owner
from .shopping import shopper
from .tables import endpoints, events, opens, ownerships, rejected


def _event(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": row["event_id"],
        "message_id": row["message_id"],
        "event": row["kind"],
        "name": row["name"],
        "owner": Owner(row["owner_kind"], row["owner"]).named,
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


def _ownership(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": row["event_id"],
        "message_id": row["message_id"],
        "owner": Owner(row["kind"], row["owner"]).named,
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


def _open(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("app", "mi_u", "format", "user_agent")},
        "profile": Owner(row["kind"], row["owner"]).named if row["kind"] else None,
        "shown": loads(row["shown"]),
        "why": loads(row["why"]),
        "at": iso(row["at"]),
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
    owned, theirs = events_by_owner(door, upto), visitors_by_owner(door, upto)
    for row in every_profile(door, upto):
        whose = Owner(row["kind"], row["owner"])
        yield row["first"], _profile(row, owned.get(whose, []), theirs.get(whose, []))


def _shoppers(door: Door, upto: int) -> Iterator[tuple[int, dict[str, Any]]]:
    owned = events_by_owner(door, upto)
    for row in every_profile(door, upto):
        whose = Owner(row["kind"], row["owner"])
        found = shopper(did(owned.get(whose, [])))
        told = {name: getattr(found, name) for name in _SHOPPER}
        yield row["first"], {"profile": whose.named, **told}


def _profile(row: Row, owned: list[Row], visitors: list[str]) -> dict[str, Any]:
    def ids(*, usable: bool) -> list[dict[str, str]]:
        chosen = (event for event in owned if (event["signal"] != "unusable") is usable)
        return [{"event_id": event["event_id"], "event": event["kind"], "signal": event["signal"]} for event in chosen]

    return {
        "profile": Owner(row["kind"], row["owner"]).named,
        "email": row["email"],
        "anonymous_ids": visitors,
        "traits": loads(row["traits"]),
        "events": ids(usable=True),
        "unusable_events": ids(usable=False),
    }


_SHOPPER = ("viewed", "cart", "search", "category", "conversions", "total", "signals")

VIEWS: tuple[View, ...] = (
    Listed(
        "movable_ink.events",
        "behavioural events, whose they are now, and their Signals verdict",
        OWNED,
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
        .where(ownerships.c.by_seq <= UPTO),
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
    Computed(
        "movable_ink.shoppers",
        "what each profile did: last viewed products, open cart, last search and category, conversions with totals",
        _shoppers,
        ("profile", *_SHOPPER),
        history=place_of,
    ),
    Listed(
        "movable_ink.opens",
        "content that was made at the moment of open: for whom, what it showed, and why not more",
        select(opens),
        _open,
        {"app": "app", "mi_u": "mi_u", **dict.fromkeys(("profile", "format", "shown", "why", "user_agent", "at"))},
        "at",
    ),
    Listed(
        "movable_ink.identifies",
        "identify calls received",
        select(events).where(events.c.call == "identify", events.c.repeat == 0, events.c.seq <= UPTO),
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
        select(events).where(events.c.repeat == 1, events.c.seq <= UPTO),
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
