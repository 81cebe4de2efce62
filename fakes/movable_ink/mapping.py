"""Event mappings: which one an event matches, and the event that it makes of it. Pure.

Source: RudderStack's manual of its Movable Ink destination (match criteria, JSON paths, schemas and their fields);
that an event without a mapping errs: Segment's page of Movable Ink (Actions) and Braze's. Built-in ones: our choice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from .expressions import condition, path
from .normalise import text_of
from .times import parse_time

Body = Mapping[str, Any]
MOST_CUSTOM = 20
"""How many fields of one's own a product, cart add or cart remove may have."""

COMMON = ("UserID", "AnonymousID", "Timestamp", "Timezone")
"""Fields that every schema has; where a mapping gives them no path, they stand where every public sender puts them."""


@dataclass(frozen=True)
class Schema:
    """What Movable Ink keeps of an event: its kind, its fields as our normalised members, those that it must have."""

    kind: str
    members: Mapping[str, str] = field(default_factory=dict)
    required: tuple[str, ...] = ()
    custom: bool = False


_PRODUCT = {"ID": "id", "Title": "title", "Price": "price", "URL": "url", "Quantity": "quantity"}
_ABOUT_PRODUCT = {**_PRODUCT, "Categories": "categories", "Channel": "channel"}
SCHEMAS = {
    "Identify": Schema("identify"),
    "Product": Schema("product", _ABOUT_PRODUCT, ("ID",), custom=True),
    "CartAdd": Schema("cart_add", _ABOUT_PRODUCT, ("ID",), custom=True),
    "CartRemove": Schema("cart_remove", _ABOUT_PRODUCT, ("ID",), custom=True),
    "Category": Schema(
        "category",
        {"CategoryID": "id", "Title": "title", "CategoryURL": "url", "Channel": "channel"},
        ("CategoryID",),
    ),
    "Search": Schema("search", {"Query": "query", "URL": "url", "Channel": "channel"}, ("Query",)),
    "Conversion": Schema(
        "conversion",
        {"ID": "order_id", "Revenue": "revenue", "Products": "products", "Channel": "channel"},
        ("Products",),
    ),
    "Raw": Schema("raw"),
}
"""The ready schemas; a mapping to any other name makes an event of the customer's own, `custom`."""

PRODUCTS_OF = {f"Products[].{name}": member for name, member in _PRODUCT.items()}
"""The fields of each product of a conversion."""


@dataclass(frozen=True)
class EventMapping:
    """One mapping: the schema, what it matches (a criteria, or names of events), a path for each field."""

    name: str
    schema: str
    match: str | None = None
    events: tuple[str, ...] = ()
    fields: Mapping[str, str] = field(default_factory=dict)
    active: bool = True

    def matches(self, body: Body) -> bool:
        """Whether an event is one of these."""
        if not self.active:
            return False
        if self.match:
            return condition(self.match).holds(body)
        return body.get("type") in (None, "", "track") and event_name(body) in self.events

    @property
    def shape(self) -> Schema:
        """The schema that it fills."""
        return SCHEMAS.get(self.schema) or Schema("custom", {}, custom=True)


def mapping_of(written: Mapping[str, Any]) -> EventMapping:
    """A mapping as it is written in a file, or kept."""
    return EventMapping(**{**written, "events": tuple(written.get("events", ()))})


@dataclass(frozen=True)
class Mapped:
    """An event as a mapping made it: the values of the common fields, the normalised event, what it lacks."""

    mapping: EventMapping
    common: Mapping[str, Any]
    normalised: Mapping[str, Any]
    missing: tuple[tuple[str, str], ...]
    """Required fields without a value, each with the path at which it was looked for."""


def event_name(body: Body) -> str | None:
    """The name of an event as its sender spells it."""
    for member in ("event", "event_name"):
        value = body.get(member)
        if isinstance(value, str) and value:
            return value
    return None


def find(body: Body, own: Sequence[EventMapping] = ()) -> EventMapping | None:
    """The first mapping that an event matches: the endpoint's own, then the built-in ones."""
    return next((one for one in (*own, *built_in()) if one.matches(body)), None)


def apply(mapping: EventMapping, body: Body) -> Mapped:
    """The event that a mapping makes of a body."""
    shape = mapping.shape
    common = common_of(body, mapping.fields)
    found = {
        member: _value(mapping.fields[name], body, _FITS.get(name))
        for name, member in shape.members.items()
        if name in mapping.fields
    }
    lacking: list[tuple[str, str]] = []
    if "Products" in shape.members:
        lines = path(mapping.fields.get("Products", ".Products").removesuffix("[]")).of(body)
        found["products"], lacking = _lines(mapping, lines if isinstance(lines, list) else [])
    missing = [(name, mapping.fields.get(name, "no path")) for name in shape.required if _is_empty(found, shape, name)]
    known = {*shape.members, *COMMON, *PRODUCTS_OF}
    custom = {name: _value(way, body) for name, way in mapping.fields.items() if name not in known}
    return Mapped(mapping, common, _normalised(shape, found, custom, event_name(body)), (*missing, *lacking))


def common_of(body: Body, fields: Mapping[str, str] = MappingProxyType({})) -> dict[str, Any]:
    """The values of the fields that every schema has; where `fields` has no path for one, where senders put it."""
    usual = _shipped()["fields"]
    return {name: _value(fields.get(name) or usual[name], body, _FITS.get(name)) for name in COMMON}


def _is_empty(found: Mapping[str, Any], shape: Schema, name: str) -> bool:
    value = found.get(shape.members[name])
    return not value if isinstance(value, list) else text_of(value) is None


def _is_time(value: object) -> bool:
    return parse_time(value) is not None


def _is_id(value: object) -> bool:
    return text_of(value) is not None


_FITS: Mapping[str, Callable[[Any], bool]] = {
    **dict.fromkeys(("UserID", "AnonymousID", "ID", "CategoryID"), _is_id),
    "Timestamp": _is_time,
}
"""What a value must be to stand in a field, so that a wrong one does not hide the next place."""


def _lines(mapping: EventMapping, lines: list[Any]) -> tuple[list[dict[str, Any]], list[tuple[str, str]]]:
    made, lacking = [], []
    ways = {member: mapping.fields[name] for name, member in PRODUCTS_OF.items() if name in mapping.fields}
    for index, line in enumerate(lines):
        body = line if isinstance(line, dict) else {}
        one = _present({member: _value(way, body, _is_id if member == "id" else None) for member, way in ways.items()})
        one["id"] = text_of(one.get("id"))
        if one["id"] is None:
            lacking.append((f"Products[{index}].ID", ways.get("id", "no path")))
        made.append(_present(one))
    return made, lacking


def _normalised(shape: Schema, found: Mapping[str, Any], custom: Mapping[str, Any], name: str | None) -> dict[str, Any]:
    members = _present({**found, **({"id": text_of(found["id"])} if "id" in found else {})})
    match shape.kind:
        case "product" | "cart_add" | "cart_remove":
            beside: dict[str, Any] = {key: members.pop(key) for key in ("categories", "channel") if key in members}
            return _present({"product": members, **beside, "custom": _present(custom) or None})
        case "category":
            return {"category": members}
        case "custom":
            return _present({"event_name": name, "custom": _present(custom) or None})
        case _:
            return members


def _value(way: str, body: Body, fits: Callable[[Any], bool] | None = None) -> Any:
    """The value at the first place that has one that fits; where none does, the first that is there at all."""
    places = path(way)
    found = places.of(body, fits) if fits else None
    return places.of(body) if found is None else found


def _present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in members.items() if value is not None}


@cache
def built_in() -> tuple[EventMapping, ...]:
    """The mappings that every endpoint has."""
    return tuple(map(mapping_of, _shipped()["mappings"]))


@cache
def _shipped() -> Any:  # what the file holds
    import yaml  # noqa: PLC0415  # only the first event needs it

    return yaml.safe_load((files(__package__) / "mappings.yaml").read_text("utf-8"))
