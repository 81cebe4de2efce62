"""Content at the moment of open: what an app shows of somebody, and why it does not show more.

Source: Segment's page of Movable Ink (Behavioral Apps and Custom Apps read the profile's events), Braze's, Oracle's and
mParticle's pages (`mi_u` in an image's address must equal the known id). Everything else here is our choice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, islice
from typing import Any

from sqlalchemy import bindparam, select

from inkstand.fakes.kit.http import drawable, dump_text, storable
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Door, Row, Statement, Tx, adding, loads, reasons_text
from inkstand.fakes.kit.times import DAY, iso

from .apps import BEHAVIORAL_APPS, shipped
from .attribution import Owner
from .owned import did, did_in, every_event, every_profile, visitors
from .setup import APP_WIDTH
from .shopping import Did, Shopper, shopper
from .signals import MAX_AGE
from .tables import apps, opens

_SHOWN_BY = {"recently-viewed": "viewed", "abandoned-cart": "cart", "last-purchase": "conversions"}
_ABOUT_PRODUCTS = {"product", "cart_add", "cart_remove", "conversion"}
_MOST_REASONS = 20


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
    rows = every_event(door)
    mine = [row for row in rows if _owner(row) == owner]
    found = shopper(did(row for row in mine if row["occurred_at"] >= now - MAX_AGE))
    shown = _shown(app, found)
    given = {
        **_writable(_given(found)),
        "name": _first_name(profiles[owner]) if owner else None,
        "known": owner is not None,
    }
    about = _about_person(mi_u, shown) if owner else _nobody(door, profiles, rows, mi_u)
    others = [row for row in rows if _owner(row) != owner]
    why = chain(about, _mine_not_shown(mine, now), _left_cart(mine, found), _not_mine(others))
    return Opened(owner, given, shown, tuple(islice(why, _MOST_REASONS)))


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
        why=reasons_text(made.why),
        user_agent=storable(agent[:200]) if agent else None,
        at=at,
    )


def _writable(value: Any) -> Any:
    """The same with text that can be drawn: neither NUL nor half a surrogate."""
    if isinstance(value, str):
        return drawable(value)
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
    return drawable(found) if isinstance(found, str) else None


def _owner(row: Row) -> Owner:
    return Owner(row["owner_kind"], row["owner"])


def _about_person(mi_u: str, shown: Sequence[str]) -> Iterator[Reason]:
    if shown:
        yield Reason("movable_ink.content.shown", {"mi_u": mi_u, "products": ", ".join(shown)})
    else:
        yield Reason("movable_ink.content.nothing", {"mi_u": mi_u})


def _nobody(door: Door, profiles: Mapping[Owner, Row], rows: Sequence[Row], mi_u: str) -> Iterator[Reason]:
    """That nobody is known by this `mi_u`, and whose it nearly is."""
    yield Reason("movable_ink.content.unknown", {"mi_u": mi_u})
    folded = mi_u.strip().casefold()

    def near(what: str, whose: str) -> Reason:
        return Reason("movable_ink.content.near_id", {"mi_u": mi_u, "is": what, "of": whose})

    for row in visitors(door):
        if row["anonymous_id"].casefold() == folded:
            yield near("an anonymousId of", row["owner"])
    for who, row in profiles.items():
        if (row["email"] or "").casefold() == folded:
            yield near("the e-mail of", who.id)
        elif who.id.casefold() == folded:
            yield near("spelled otherwise than", who.id)
    if any(row["owner_kind"] == "anonymous_id" and row["owner"].casefold() == folded for row in rows):
        yield near("the anonymousId of", "a visitor")


def _mine_not_shown(mine: Sequence[Row], now: int) -> Iterator[Reason]:
    """Why events of one's own do not show, the newest first."""
    for row in reversed(mine):
        reasons = loads(row["signal_reasons"])
        if row["occurred_at"] < now - MAX_AGE:
            facts = {**_named(row), "days": (now - row["occurred_at"]) // DAY, "limit": MAX_AGE // DAY}
            yield Reason("movable_ink.content.too_old", facts)
        elif row["signal"] == "unusable":
            rules = ", ".join(one["rule"].rpartition(".")[2] for one in reasons)
            yield Reason("movable_ink.content.unusable", {**_named(row), "because": rules})
        else:
            for near in (one["facts"]["near"] for one in reasons if one["rule"] == "movable_ink.event.near_name"):
                yield Reason("movable_ink.content.near_name", {**_named(row), "near": near})


def _not_mine(others: Sequence[Row]) -> Iterator[Reason]:
    """Events about products that are not one's own, the newest first."""
    for row in reversed(others):
        if row["kind"] in _ABOUT_PRODUCTS:
            waits = row["owner_kind"] == "anonymous_id"
            rule = "movable_ink.content.waiting" if waits else "movable_ink.content.of_another"
            yield Reason(rule, {**_named(row), "owner": row["owner"]})


def _left_cart(mine: Sequence[Row], found: Shopper) -> Iterator[Reason]:
    inside = {product["id"] for product in found.cart}
    events: list[Did] = did(mine)
    for ident in dict.fromkeys(_product(event) for event in events if event.kind == "cart_add"):
        if ident and ident not in inside:
            bought = any(event.kind == "conversion" and ident in _lines(event) for event in events)
            yield Reason("movable_ink.content.left_cart", {"product": ident, "by": "bought" if bought else "removed"})


def _named(row: Row) -> dict[str, object]:
    event = did_in(row)
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
_RECORD = adding(opens)
