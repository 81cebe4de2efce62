"""Whether Signals can use an event: usable, unusable with the reasons, or no requirement. Pure.

Source: Segment's page of Movable Ink, "Product Events" and "Conversion Events": `Product Viewed` and `Product Added`
need `sku` or `product_id` and `url`; `Order Completed` needs `total` and `products`, each with `sku` or `product_id`
and `price`. What counts as present is our choice where it is silent (decision 14, ledger).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal
from urllib.parse import urlsplit

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.times import DAY

from .normalise import KINDS
from .reading import Event

Properties = Mapping[str, Any]
MAX_AGE = 30 * DAY
_HOST = re.compile(r"[^\s<>\"'`{}|\\^]+")
_PLAIN_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True)
class Signal:
    """The verdict on one event."""

    verdict: Literal["usable", "unusable", "no_requirement"]
    reasons: tuple[Reason, ...]


def verdict(event: Event, age: int) -> Signal:
    """The verdict on an event; `age` is how many milliseconds ago it happened.

    Segment's page speaks of the classic generation; in the current one an event is usable if its mapping finds every
    field that its schema requires (no url, and revenue for total).
    """
    if event.call != "track":
        return Signal("no_requirement", ())
    against = tuple(_incomplete(event))
    if against:
        return Signal("unusable", (*against, *_too_old(age)))
    if event.mapping is None or event.kind == "custom":
        notes = (*_unmapped(event), *_near_name(event.name), *_reversal(event.name))
        return _with(judge(event.name, event.properties, event.context, age), notes)
    too_old = tuple(_too_old(age))
    if too_old:
        return Signal("unusable", too_old)
    return Signal("usable", (Reason("movable_ink.signal.mapped", {"mapping": event.mapping}),))


def _incomplete(event: Event) -> Iterator[Reason]:
    """What an event that was kept nevertheless lacks of what every event must have, or of its schema."""
    if not (event.heard.user_id or event.heard.anonymous_id):
        yield Reason("movable_ink.signal.nobody")
    if event.name is None:
        yield Reason("movable_ink.signal.no_name")
    for fault in event.faults:
        if fault.rule == "movable_ink.mapping.field_missing":
            yield Reason("movable_ink.signal.field_missing", fault.facts)


def _unmapped(event: Event) -> Iterator[Reason]:
    if any(fault.rule == "movable_ink.mapping.none_matches" for fault in event.faults):
        yield Reason("movable_ink.mapping.kept_unmapped", {"event": event.name or ""})


def _with(signal: Signal, notes: tuple[Reason, ...]) -> Signal:
    return Signal(signal.verdict, (*signal.reasons, *notes))


def _near_name(name: str | None) -> Iterator[Reason]:
    """An event that is called almost as one that Movable Ink knows."""
    if name and name not in KINDS:
        wanted = _SPELLINGS.get(_words(name)) or _alike(name)
        if wanted:
            yield Reason("movable_ink.event.near_name", {"event": name, "near": wanted})


def _alike(name: str) -> str | None:
    """A name with a slip of the pen in it; what Segment's specification names itself is none."""
    if name in _OTHER_NAMES:
        return None
    near = get_close_matches(" ".join(_words(name)), _SPOKEN, 1, 0.84)
    return _SPOKEN[near[0]] if near else None


def _reversal(name: str | None) -> Iterator[Reason]:
    if name in {"Order Refunded", "Order Cancelled"}:
        yield Reason("movable_ink.event.no_reversal", {"event": name})


def _words(name: str) -> tuple[str, ...]:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name)
    return tuple(sorted(re.findall(r"[a-z0-9]+", spaced.lower())))


def judge(name: str | None, properties: Properties, context: Mapping[str, Any], age: int) -> Signal:
    """The verdict on a track event of this name; `age` is how many milliseconds ago it happened."""
    requirements = _REQUIREMENTS.get(name or "")
    faults = [*_too_old(age), *(requirements(properties, context) if requirements else ())]
    notes = tuple(fault for fault in faults if fault.rule in _NOTES)
    against = tuple(fault for fault in faults if fault.rule not in _NOTES)
    if against:
        return Signal("unusable", (*against, *notes))
    if requirements is None:
        return Signal("no_requirement", (Reason("movable_ink.signal.no_requirement", {"event": name or ""}),))
    return Signal("usable", (Reason("movable_ink.signal.complete", {"event": name or ""}), *notes))


def _too_old(age: int) -> Iterator[Reason]:
    if age > MAX_AGE:
        yield Reason("movable_ink.signal.too_old", {"days": age // DAY, "limit": MAX_AGE // DAY})


def _product_event(properties: Properties, context: Mapping[str, Any]) -> Iterator[Reason]:
    yield from _product_id(properties, "properties")
    yield from _url(properties, context)


def _conversion(properties: Properties, _: Mapping[str, Any]) -> Iterator[Reason]:
    if absent(properties.get("total")):
        yield Reason("movable_ink.signal.total_missing", {"member": "properties.total", **_near(properties, "total")})
    else:
        yield from _number(properties["total"], "properties.total", "movable_ink.signal.total_not_number")
    products = properties.get("products")
    if not isinstance(products, list) or not products:
        facts: dict[str, Any] = {"member": "properties.products", "came": _shown(products)}
        if isinstance(products, dict) and products:
            facts["value"] = [products]
        yield Reason("movable_ink.signal.products_missing", facts)
        return
    for index, product in enumerate(products):
        yield from _line(product, f"properties.products[{index}]")


def _line(product: object, where: str) -> Iterator[Reason]:
    if not isinstance(product, dict):
        yield Reason("movable_ink.signal.product_not_object", {"member": where, "came": _shown(product)})
        return
    yield from _product_id(product, where)
    if absent(product.get("price")):
        facts = {"member": f"{where}.price", **_near(product, "price")}
        yield Reason("movable_ink.signal.price_missing", facts)
    else:
        yield from _number(product["price"], f"{where}.price", "movable_ink.signal.price_not_number")


def _product_id(holder: Properties, where: str) -> Iterator[Reason]:
    if absent(_id(holder.get("sku"))) and absent(_id(holder.get("product_id"))):
        facts = {"member": f"{where}.product_id", "where": where, **_near(holder, "product_id", "sku")}
        yield Reason("movable_ink.signal.product_id_missing", facts)


def _url(properties: Properties, context: Mapping[str, Any]) -> Iterator[Reason]:
    url = properties.get("url")
    if absent(url):
        page = context.get("page")
        page_url = page.get("url") if isinstance(page, dict) else None
        elsewhere = {"near": f"context.page.url {page_url}", "value": page_url} if page_url else {}
        near = _near(properties, "url") or elsewhere
        yield Reason("movable_ink.signal.url_missing", {"member": "properties.url", **near})
    elif not _is_web_address(url):
        yield Reason("movable_ink.signal.url_not_web", {"member": "properties.url", "came": _shown(url)})


def _is_web_address(url: object) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    return parts.scheme.lower() in {"http", "https"} and bool(_HOST.fullmatch(parts.hostname or ""))


def _number(value: object, member: str, rule: str) -> Iterator[Reason]:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        yield Reason(rule, {"member": member, "came": _shown(value)})
    elif isinstance(value, str):
        if _PLAIN_DECIMAL.fullmatch(value.strip()):
            yield Reason("movable_ink.signal.number_as_text", {"member": member, "came": _shown(value)})
        else:
            yield Reason(rule, {"member": member, "came": _shown(value), **_meant(value)})


def _meant(text: str) -> dict[str, float]:
    """The one number in a text such as `$30.00`."""
    found = re.findall(r"\d+(?:\.\d+)?", text)
    return {"value": float(found[0])} if len(found) == 1 else {}


def _id(value: object) -> object:
    return value if isinstance(value, str | int | float) and not isinstance(value, bool) else None


def absent(value: object) -> bool:
    """Whether a value counts as not given: missing, null, or text of nothing but spaces."""
    return value is None or (isinstance(value, str) and not value.strip())


def _near(holder: Properties, *wanted: str) -> dict[str, Any]:
    """The member that was probably meant, and its value: the same letters in another spelling, or a known stand-in."""
    spellings = {_letters(name) for name in wanted} | _STAND_INS.get(wanted[0], frozenset())
    for key, value in holder.items():
        if _letters(key) in spellings and key not in wanted and not absent(value):
            return {"near": key, "value": value}
    return {}


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _shown(value: object) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:57] + "..."  # noqa: PLR2004  # what fits on a line


_STAND_INS = {
    "total": frozenset({"revenue", "value", "subtotal"}),
    "product_id": frozenset({"id", "itemid", "variantid"}),
    "price": frozenset({"amount", "unitprice"}),
    "url": frozenset({"link", "producturl", "pageurl"}),
}
_NOTES = frozenset({"movable_ink.signal.number_as_text"})
_REQUIREMENTS: Mapping[str, Callable[[Properties, Mapping[str, Any]], Iterator[Reason]]] = {
    "Product Viewed": _product_event,
    "Product Added": _product_event,
    "Order Completed": _conversion,
}
_SPELLINGS = {_words(name): name for name in KINDS}
_SPOKEN = {" ".join(words): name for words, name in _SPELLINGS.items()}
_OTHER_NAMES = frozenset(
    {
        *("Product Clicked", "Product List Filtered", "Cart Viewed", "Checkout Started", "Checkout Step Viewed"),
        *("Checkout Step Completed", "Payment Info Entered", "Order Updated", "Order Refunded", "Order Cancelled"),
        *("Promotion Viewed", "Promotion Clicked", "Coupon Entered", "Coupon Applied", "Coupon Denied"),
        *("Coupon Removed", "Product Added to Wishlist", "Product Removed from Wishlist"),
        *("Wishlist Product Added to Cart", "Product Shared", "Cart Shared", "Product Reviewed"),
    }
)
"""Segment's other ecommerce events: near to ours in letters, and meant."""
