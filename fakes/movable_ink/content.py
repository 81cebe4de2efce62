"""Content at the moment of open: what an app shows of somebody, and why it does not show more.

Source: Segment's page of Movable Ink (Behavioral Apps and Custom Apps read the profile's events), Braze's, Oracle's and
mParticle's pages (`mi_u` in an image's address must equal the known id). Everything else here is our choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, insert, select

from inkstand.fakes.kit.http import dump_text, storable
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Door, Row, Statement, Tx, loads
from inkstand.fakes.kit.times import DAY, iso

from .apps import BEHAVIORAL_APPS, shipped
from .attribution import Owner
from .owned import NOW, did, events_of, every_event, every_profile, visitors
from .setup import APP_WIDTH
from .shopping import Did, Shopper, shopper
from .signals import MAX_AGE
from .tables import apps, opens

_SHOWN_BY = {"recently-viewed": "viewed", "abandoned-cart": "cart", "last-purchase": "conversions"}
_ABOUT_PRODUCTS = {"product", "cart_add", "cart_remove", "conversion"}
_MOST_REASONS = 20
_UNDRAWABLE = re.compile("[\x00\ud800-\udfff]")


@dataclass(frozen=True)
class App:
    """An app: its template, and how wide its picture is."""

    name: str
    html: str
    width: int = APP_WIDTH


@dataclass(frozen=True)
class Opened:
    """What an app shows to somebody: whose it is, what the template is given, what is shown, why not more."""

    owner: Owner | None
    given: dict[str, Any]
    shown: Sequence[str]
    why: tuple[Reason, ...] = field(default_factory=tuple)


def app_of(door: Door, name: str) -> App | None:
    """An app by name: one that is set up, else a Behavioral App."""
    for row in door.read(_APP, name=name):
        return App(name, row["html"], row["width"])
    return App(name, shipped(name)) if name in BEHAVIORAL_APPS else None


def app_names(door: Door) -> list[str]:
    """Every app there is."""
    return sorted({*BEHAVIORAL_APPS, *(row["name"] for row in door.read(_APPS))})


def opened(door: Door, now: int, app: str, mi_u: str) -> Opened:
    """What an app shows when it is opened with this `mi_u`, from the newest events."""
    profiles = {Owner(row["kind"], row["owner"]): row for row in every_profile(door)}
    possible = (Owner("user_id", mi_u), Owner("email", mi_u.strip().lower()))
    owner = next((who for who in possible if who in profiles), None)
    mine = events_of(door, owner) if owner else []
    young = [row for row in mine if row["occurred_at"] >= now - MAX_AGE]
    found = shopper(did(young))
    shown = _shown(app, found)
    given = {
        **_writable(_given(found)),
        "name": _first_name(profiles[owner]) if owner else None,
        "known": owner is not None,
    }
    why = [*_about_person(door, profiles, owner, mi_u, shown), *_not_shown(door, owner, mine, now, found)]
    return Opened(owner, given, shown, tuple(why[:_MOST_REASONS]))


def record(tx: Tx, app: str, mi_u: str, made: Opened, about: tuple[str, str | None, int]) -> None:
    """Keep an open; `about` are the format, the user agent and the moment."""
    kind, agent, at = about
    tx.insert(
        _RECORD,
        app=app,
        mi_u=storable(mi_u[:200]),
        kind=made.owner.kind if made.owner else None,
        owner=made.owner.id if made.owner else None,
        format=kind,
        shown=dump_text(list(made.shown)),
        why=dump_text([{"rule": reason.rule, "facts": reason.facts} for reason in made.why]),
        user_agent=storable(agent[:200]) if agent else None,
        at=at,
    )


def _writable(value: Any) -> Any:
    """The same with text that can be drawn: neither NUL nor half a surrogate."""
    if isinstance(value, str):
        return _UNDRAWABLE.sub("\ufffd", value)
    if isinstance(value, dict):
        return {_writable(key): _writable(item) for key, item in value.items()}
    return [_writable(item) for item in value] if isinstance(value, list) else value


def _given(found: Shopper) -> dict[str, Any]:
    return {
        "viewed": found.viewed,
        "cart": found.cart,
        "search": found.search,
        "category": dict(found.category or {}),
        "conversions": list(found.conversions),
        "signals": found.signals,
        "custom": found.custom,
    }


def _shown(app: str, found: Shopper) -> list[str]:
    """The products or orders that a Behavioral App shows; for a Custom App all that it could."""
    kinds = [_SHOWN_BY[app]] if app in _SHOWN_BY else list(_SHOWN_BY.values())
    things = {
        "viewed": [product["id"] for product in found.viewed[:3]],
        "cart": [product["id"] for product in found.cart[:6]],
        "conversions": [
            product["id"] for order in found.conversions[:1] for product in order["products"] if "id" in product
        ],
    }
    return list(dict.fromkeys(ident for kind in kinds for ident in things[kind]))


def _first_name(profile: Row) -> str | None:
    traits = loads(profile["traits"])
    found = traits.get("first_name") or traits.get("firstName") or traits.get("name")
    return str(_writable(found)) if isinstance(found, str) else None


def _about_person(
    door: Door, profiles: dict[Owner, Row], owner: Owner | None, mi_u: str, shown: list[str]
) -> Iterator[Reason]:
    if owner is not None:
        yield Reason(
            "movable_ink.content.shown" if shown else "movable_ink.content.nothing",
            {"mi_u": mi_u, "products": ", ".join(shown)} if shown else {"mi_u": mi_u},
        )
        return
    yield Reason("movable_ink.content.unknown", {"mi_u": mi_u})
    folded = mi_u.strip().casefold()
    for row in visitors(door):
        if row["anonymous_id"].casefold() == folded:
            yield Reason("movable_ink.content.near_id", {"mi_u": mi_u, "is": "an anonymousId of", "of": row["owner"]})
    for who, row in profiles.items():
        if (row["email"] or "").casefold() == folded:
            yield Reason("movable_ink.content.near_id", {"mi_u": mi_u, "is": "the e-mail of", "of": who.id})
        elif who.id.casefold() == folded:
            yield Reason("movable_ink.content.near_id", {"mi_u": mi_u, "is": "spelled otherwise than", "of": who.id})
    anonymous = [row for row in every_event(door) if row["owner_kind"] == "anonymous_id"]
    if any(row["owner"].casefold() == folded for row in anonymous):
        yield Reason("movable_ink.content.near_id", {"mi_u": mi_u, "is": "the anonymousId of", "of": "a visitor"})


def _not_shown(door: Door, owner: Owner | None, mine: Sequence[Row], now: int, found: Shopper) -> Iterator[Reason]:
    """Why events about products do not show: those of one's own first, then those that are not one's own."""
    for row in reversed(mine):
        if row["occurred_at"] < now - MAX_AGE:
            facts = {**_named(row), "days": (now - row["occurred_at"]) // DAY, "limit": MAX_AGE // DAY}
            yield Reason("movable_ink.content.too_old", facts)
        elif row["signal"] == "unusable":
            rules = [one["rule"].rpartition(".")[2] for one in loads(row["signal_reasons"])]
            yield Reason("movable_ink.content.unusable", {**_named(row), "because": ", ".join(rules)})
        elif row["kind"] == "custom":
            for one in loads(row["signal_reasons"]):
                if one["rule"] == "movable_ink.event.near_name":
                    facts = {**_named(row), "near": one["facts"]["near"]}
                    yield Reason("movable_ink.content.near_name", facts)
    yield from _left_cart(mine, found)
    for row in reversed(every_event(door, NOW)):
        whose = Owner(row["owner_kind"], row["owner"])
        if row["kind"] not in _ABOUT_PRODUCTS or whose == owner:
            continue
        waits = whose.kind == "anonymous_id"
        rule = "movable_ink.content.waiting" if waits else "movable_ink.content.of_another"
        yield Reason(rule, {**_named(row), "owner": whose.id})


def _left_cart(mine: Sequence[Row], found: Shopper) -> Iterator[Reason]:
    inside = {product["id"] for product in found.cart}
    events: list[Did] = did(mine)
    for ident in dict.fromkeys(_product(event) for event in events if event.kind == "cart_add"):
        if ident and ident not in inside:
            bought = any(event.kind == "conversion" and ident in _lines(event) for event in events)
            yield Reason("movable_ink.content.left_cart", {"product": ident, "by": "bought" if bought else "removed"})


def _named(row: Row) -> dict[str, object]:
    event = Did(row["event_id"], row["kind"], loads(row["normalised"]), row["occurred_at"])
    product = _product(event) or ", ".join(_lines(event))
    facts = {"event": row["name"] or row["kind"], "message": row["message_id"] or row["event_id"]}
    return {**facts, "at": iso(row["occurred_at"]), **({"product": product} if product else {})}


def _product(event: Did) -> str | None:
    found = event.normalised.get("product")
    return found.get("id") if isinstance(found, dict) else None


def _lines(event: Did) -> list[str]:
    return [line["id"] for line in event.normalised.get("products") or [] if isinstance(line, dict) and "id" in line]


_APP = Statement(select(apps).where(apps.c.name == bindparam("name")))
_APPS = Statement(select(apps.c.name))
_RECORD = Statement(insert(opens), *(column.name for column in opens.c if column.name != "seq"))
