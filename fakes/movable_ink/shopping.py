"""What a shopper did, worked out of events: last viewed products, open cart, search, category, conversions. Pure.

Source: what marketers build with the events (recently viewed, abandoned cart, recent purchases): Segment's recipe and
Simon Data's page; how each is worked out is our choice. Product data that an event lacks comes from the newest earlier
event with the same product (as mParticle's page says for conversions).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

MOST = 50
"""How many products, orders and so on are told, the newest ones."""

Product = dict[str, Any]
_MOST_DIGITS, _LONGEST_NUMBER = 15, 40
_LARGEST = 10 ** (_MOST_DIGITS + 1)
_KNOWN = ("title", "price", "url")


@dataclass(frozen=True)
class Did:
    """One event of a profile: its kind, its normalised members, when (milliseconds)."""

    event_id: str
    kind: str
    normalised: Mapping[str, Any]
    at: int


@dataclass
class Shopper:
    """What one profile did; the newest first, the cart in the order in which it was filled."""

    viewed: list[Product] = field(default_factory=list)
    cart: list[Product] = field(default_factory=list)
    search: str | None = None
    category: Mapping[str, Any] | None = None
    conversions: list[Mapping[str, Any]] = field(default_factory=list)
    custom: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> float:
        """What all conversions come to."""
        return float(sum((number(order.get("total")) or Decimal(0) for order in self.conversions), Decimal(0)))

    @property
    def signals(self) -> dict[str, Any]:
        """What content can branch on."""
        return {
            "viewed": len(self.viewed),
            "in_cart": len(self.cart),
            "bought": len(self.conversions),
            "searched": self.search is not None,
            "browsed": self.category is not None,
            "total": self.total,
        }


def shopper(events: Iterable[Did]) -> Shopper:
    """What somebody did, by all events of theirs that count."""
    found = Shopper()
    known: dict[str, Product] = {}
    viewed: dict[str, Product] = {}
    cart: dict[str, Product] = {}
    for event in sorted(events, key=lambda one: one.at):
        match event.kind:
            case "product" | "cart_add" | "cart_remove":
                product = _completed(event.normalised.get("product", {}), known)
                _about_product(event, product, viewed, cart)
            case "search":
                found.search = str(event.normalised.get("query", "")) or found.search
            case "category":
                found.category = event.normalised.get("category") or found.category
            case "conversion":
                found.conversions.insert(0, _order(event, known))
                for product in found.conversions[0]["products"]:
                    cart.pop(product.get("id", ""), None)
            case "custom":
                name = str(event.normalised.get("event_name", ""))
                found.custom[name] = found.custom.get(name, 0) + 1
    found.viewed = list(reversed(viewed.values()))[:MOST]
    found.cart = list(cart.values())[-MOST:]
    found.conversions = found.conversions[:MOST]
    return found


def number(value: object) -> Decimal | None:
    """A price, an amount or a quantity: a number, or one as text; None for what is none, or beyond all commerce."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    text = str(value).strip() if not isinstance(value, int) or abs(value) < _LARGEST else ""
    try:
        found = Decimal(text) if len(text) <= _LONGEST_NUMBER else Decimal("NaN")
    except InvalidOperation:
        return None
    return found if found.is_finite() and abs(found.adjusted()) <= _MOST_DIGITS else None


def _about_product(event: Did, product: Product, viewed: dict[str, Product], cart: dict[str, Product]) -> None:
    ident = product.get("id")
    if ident is None:
        return
    told = number(product.get("quantity"))
    quantity = Decimal(1) if told is None else told
    if event.kind == "product":
        viewed.pop(ident, None)
        viewed[ident] = _without_quantity(product)
        return
    before = number(cart.get(ident, {}).get("quantity")) or Decimal(0)
    left = before + quantity if event.kind == "cart_add" else before - quantity
    cart.pop(ident, None)
    if left > 0:
        cart[ident] = {**product, "quantity": int(left) if left == int(left) else float(left)}


def _order(event: Did, known: dict[str, Product]) -> dict[str, Any]:
    told = event.normalised
    lines: Sequence[Any] = told.get("products") or []
    total = told.get("total", told.get("revenue"))
    products = [_completed(line, known) for line in lines if isinstance(line, dict)]
    order = {"order_id": told.get("order_id"), "total": total, "currency": told.get("currency"), "products": products}
    return {key: value for key, value in order.items() if value is not None}


def _completed(product: Mapping[str, Any], known: dict[str, Product]) -> Product:
    """A product with what earlier events told of it."""
    ident = str(product.get("id", ""))
    told = {name: value for name, value in product.items() if isinstance(value, str | int | float)}
    whole = {**{name: value for name, value in known.get(ident, {}).items() if name in _KNOWN}, **told}
    if ident:
        known[ident] = whole
    return whole


def _without_quantity(product: Product) -> Product:
    return {name: value for name, value in product.items() if name != "quantity"}
