"""Segment's event as the event that Movable Ink's own API would have received. Pure.

Source: Segment's page of Movable Ink ("Movable Ink will normalize them into the same events that Movable Ink's API
would normally receive"); names and members from RudderStack's mapping table and the action of October 2023.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Properties = Mapping[str, Any]

KINDS = {
    "Product Viewed": "product",
    "Product Added": "cart_add",
    "Product Removed": "cart_remove",
    "Product List Viewed": "category",
    "Category Viewed": "category",
    "Products Searched": "search",
    "Order Completed": "conversion",
}
"""Segment's event names and Movable Ink's; every other track is `custom`."""


def kind_of(call: str, name: str | None) -> str:
    """Movable Ink's name for a call."""
    if call == "track":
        return KINDS.get(name or "", "custom")
    return call


def normalise(kind: str, name: str | None, properties: Properties) -> dict[str, Any]:
    """The members that Movable Ink reads out of a track event; what is absent is left out, the rest is dropped."""
    match kind:
        case "product" | "cart_add" | "cart_remove":
            return {"product": _product(properties)}
        case "category":
            return {"category": _category(properties)}
        case "search":
            return _present({"query": properties.get("query"), "url": properties.get("url")})
        case "conversion":
            products = properties.get("products")
            lines = products if isinstance(products, list) else []
            return _present(
                {
                    "order_id": properties.get("order_id"),
                    "total": properties.get("total"),
                    "currency": properties.get("currency"),
                    "products": [_product(line) for line in lines if isinstance(line, dict)],
                }
            )
        case "custom":
            return {"event_name": name}
        case _:
            return {}


def _product(properties: Properties) -> dict[str, Any]:
    sku, product_id = properties.get("sku"), properties.get("product_id")
    return _present(
        {
            "id": text_of(product_id) or text_of(sku),
            "sku": text_of(sku),
            "title": properties.get("name"),
            "price": properties.get("price"),
            "quantity": properties.get("quantity"),
            "url": properties.get("url"),
        }
    )


def _category(properties: Properties) -> dict[str, Any]:
    ident = next((found for name in _CATEGORY_ID if (found := text_of(properties.get(name)))), None)
    title = properties.get("category") or properties.get("name")
    return _present({"id": ident, "title": title, "url": properties.get("url")})


def text_of(value: object) -> str | None:
    """An id as text, a number as its digits; None for anything else, and for empty text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if whole else value).strip() or None


def _present(members: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}


_CATEGORY_ID = ("category_id", "list_id", "product_id")
