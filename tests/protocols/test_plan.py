"""The three forms of a tracking plan, and what is none."""

import pytest

from inkstand.fakes.kit.vendor import discover
from inkstand.simulator.protocols.check import violations
from inkstand.simulator.protocols.enforce import screen
from inkstand.simulator.protocols.plan import PlanError, compiled, read_plan
from inkstand.simulator.protocols.shipped import shipped

PROPERTIES = {"type": "object", "properties": {"total": {"type": "number"}}, "required": ["total"]}
WHOLE = {
    "$schema": "http://json-schema.org/draft-07/schema#",
    "type": "object",
    "labels": {},
    "properties": {"context": {}, "traits": {}, "properties": PROPERTIES},
    "required": ["properties"],
}
DEEP: dict = {}
for _ in range(198):
    DEEP = {"not": DEEP}
FORMS = {
    "public API": {
        "data": {
            "rules": [
                {"key": "Order Completed", "type": "TRACK", "version": 1, "jsonSchema": WHOLE, "deprecatedAt": "x"},
                {"type": "COMMON", "version": 1, "jsonSchema": {"required": ["userId"]}},
            ],
            "pagination": {"current": "MA=="},
        }
    },
    "public API, the rules alone": [
        {"key": "Order Completed", "type": "TRACK", "version": 1, "jsonSchema": WHOLE},
        {"type": "COMMON", "version": 1, "jsonSchema": {"required": ["userId"]}},
    ],
    "Typewriter, flat": {
        "rules": [
            {"key": "Order Completed", "type": "TRACK", "version": 1, "jsonSchema": PROPERTIES},
            {"type": "COMMON", "version": 1, "jsonSchema": {"required": ["userId"]}},
        ]
    },
    "Config API": {
        "name": "workspaces/w/tracking-plans/rs_1",
        "display_name": "Shop",
        "rules": {
            "events": [{"name": "Order Completed", "version": 1, "rules": WHOLE}],
            "global": {"required": ["userId"]},
            "identify_traits": [],
            "group_traits": [],
        },
    },
    "plain schemas": {"name": "Shop", "track": {"Order Completed": PROPERTIES}, "common": {"required": ["userId"]}},
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_says_the_same(form):
    """Whatever form a plan comes in, the same call violates it in the same places."""
    plan = compiled(read_plan(FORMS[form]))

    def found(**call):
        message = {"type": "track", "event": "Order Completed", "userId": "u", **call}
        return [(one.kind, one.field) for one, _ in screen(plan, {}, message).found]

    assert plan.events == (("track", "Order Completed"),)
    assert found(properties={"total": 1}) == []
    assert found(properties={"total": "1"}) == [("Invalid Type", "properties.total")]
    assert found(properties={}) == [("Required", "properties.total")]
    assert found(event="Order Complete", properties={}) == [("Unplanned Event", "event")]


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (7, (), "mapping with rules"),
        ({}, (), "names no event"),
        ({"rules": 7}, ("rules",), "rules is a list"),
        ({"rules": [7]}, ("rules", 0), "type, key and jsonSchema"),
        ({"rules": [{"type": "TRAK", "key": "E", "jsonSchema": {}}]}, ("rules", 0, "type"), "Did you mean 'TRACK'"),
        ({"rules": [{"type": "TRACK", "jsonSchema": {}}]}, ("rules", 0), "has a key"),
        (
            {"rules": [{"type": "TRACK", "key": "E", "jsonSchema": {}, "version": "1"}]},
            ("rules", 0, "version"),
            "whole",
        ),
        (
            {"rules": [{"type": "TRACK", "key": "E", "jsonSchema": {"type": "strin"}}]},
            ("rules", 0, "jsonSchema", "type"),
            "cannot stand",
        ),
        ({"track": {"A": {"requierd": ["b"]}}}, ("track", "A", "requierd"), "Did you mean 'required'"),
        (
            {"track": {"A": {"properties": {"b": {"typ": "string"}}}}},
            ("track", "A", "properties", "b", "typ"),
            "'type'",
        ),
        ({"rules": {"events": 7}}, ("rules", "events"), "events is a list"),
        ({"common": DEEP}, (), "cannot be kept"),
        ({"rules": {"events": [{"name": "E"}]}}, ("rules", "events", 0), "name and rules"),
        ({"trak": {}}, ("trak",), "Did you mean 'track'"),
        ({"track": []}, ("track",), "track is a mapping"),
        ({"track": {"E": 7}}, ("track", "E"), "JSON Schema"),
        ({"track": {"E": {"$ref": "http://plans.test/x"}}}, ("track", "E"), "never leaves this machine"),
    ],
)
def test_what_is_no_plan(data, place, words):
    """A mistake is told with its place, and nothing is fetched."""
    with pytest.raises(PlanError, match=words) as caught:
        read_plan(data)

    assert caught.value.place == place


def test_versions():
    """`context.protocols.event_version` chooses; where it is missing or unknown, the oldest version counts."""
    rules = [
        {
            "type": "TRACK",
            "key": "E",
            "version": version,
            "jsonSchema": {"properties": {"properties": {"required": [name]}}},
        }
        for version, name in ((2, "new"), (1, "old"))
    ]
    plan = compiled(read_plan(rules))

    def wanted(protocols):
        message = {"type": "track", "event": "E", "properties": {}, "context": {"protocols": protocols}}
        return [one.field for one, _ in screen(plan, {}, message).found]

    assert wanted({"event_version": 2}) == ["properties.new"]
    assert [wanted({"event_version": 1}), wanted({}), wanted({"event_version": 9}), wanted({"event_version": "2"})] == [
        ["properties.old"]
    ] * 4


def test_the_ecommerce_plan_is_the_specification():
    """28 events; names compare exactly; types are those of the specification, its oddities included."""
    plan = compiled(shipped("ecommerce-v2", discover()))

    def found(event, **properties):
        message = {"type": "track", "event": event, "properties": properties}
        return [(one.kind, one.field) for one, _ in screen(plan, {}, message).found]

    assert len(plan.events) == 28
    assert found("Order Completed") == []
    assert found("Order Completed", total="30", products=[{"price": "9"}]) == [
        ("Invalid Type", "properties.total"),
        ("Invalid Type", "properties.products[0].price"),
    ]
    assert found("order completed") == [("Unplanned Event", "event")]
    assert found("Product Reviewed", rating=5) == [("Invalid Type", "properties.rating")]
    assert found("Promotion Viewed", position=1) == [("Invalid Type", "properties.position")]
    assert found("Products Searched", query={"text": "lamp"}) == []


@pytest.mark.parametrize(
    ("message", "fields"),
    [
        ({"type": "track", "event": "Product Viewed", "properties": {"sku": "S", "url": "https://s.test"}}, []),
        ({"type": "track", "event": "Product Viewed", "properties": {"sku": "S"}}, ["properties.url"]),
        ({"type": "track", "event": "Product Added", "properties": {"url": "https://s.test"}}, ["properties"]),
        ({"type": "track", "event": "Order Completed", "properties": {"total": 3}}, ["properties.products"]),
        ({"type": "track", "event": "Anything Else", "properties": {}}, []),
        ({"type": "identify", "traits": {"template_id": "t"}}, []),
        ({"type": "identify", "traits": {}}, ["traits.template_id"]),
        ({"type": "identify", "traits": {}, "integrations": {"Inkit": False}}, []),
        ({"type": "identify", "traits": {}, "integrations": {"Inkit": True}}, ["traits.template_id"]),
        ({"type": "identify", "traits": {}, "context": {"personas": {}}}, []),
    ],
)
def test_the_requirements_are_the_vendors(message, fields):
    """What Movable Ink and Inkit need, from the vendors' own folders; other events are left alone."""
    plan = compiled(shipped("destination-requirements", discover()))

    assert [one.field for one, _ in screen(plan, {}, message).found] == fields


def test_requirements_without_a_vendor():
    """Without a vendor's folder its requirements are gone with it."""
    (movable_ink,) = (vendor for vendor in discover() if vendor.slug == "movable-ink")

    assert not compiled(shipped("destination-requirements", [movable_ink])).rules_of("identify", "")


@pytest.mark.parametrize(
    ("schema", "value", "kind", "description"),
    [
        ({"type": "string"}, [], "Invalid Type", "Invalid type. Expected: string, given: array"),
        ({"type": ["string", "null"]}, 1, "Invalid Type", "Invalid type. Expected: "),
        ({"pattern": "^A"}, "B", "Invalid Value", "Does not match pattern '^A'"),
        ({"enum": ["a", "b"]}, "c", "Invalid Value", "properties.it must be one of the following: a, b"),
        ({"format": "date-time"}, "10 o'clock", "Invalid Value", "Does not match format 'date-time'"),
        ({"minimum": 3}, 1, "Invalid Value", "1 is less than the minimum of 3"),
        (
            {"properties": {"b": {}}, "additionalProperties": False},
            {"a": 1},
            "Unplanned Property",
            "Additional property a is not allowed",
        ),
    ],
)
def test_how_a_violation_is_told(schema, value, kind, description):
    """Kinds and descriptions are Segment's where they are documented."""
    plan = compiled(read_plan({"track": {"E": {"properties": {"it": schema}}}}))

    (found,) = violations(plan.rules_of("track", "E"), {"type": "track", "event": "E", "properties": {"it": value}})

    assert found.kind == kind
    assert found.description.startswith(description)


def test_a_date_time_is_iso_8601():
    """A date alone is one, and a time with another zone."""
    plan = compiled(read_plan({"track": {"E": {"properties": {"at": {"format": "date-time"}}}}}))

    for text in ("2026-01-01", "2026-01-01T10:00:00+02:00", "2026-01-01T10:00:00.123Z"):
        message = {"type": "track", "event": "E", "properties": {"at": text}}
        assert not violations(plan.rules_of("track", "E"), message), text


def test_a_pattern_that_runs_for_ever_ends():
    """A pattern that the validator gives up on is a violation like another."""
    plan = compiled(read_plan({"track": {"E": {"properties": {"it": {"pattern": "^(a|a)*(?=b)$"}}}}}))

    (found,) = violations(plan.rules_of("track", "E"), {"type": "track", "properties": {"it": "a" * 40}})
    assert found.kind == "Invalid Value"


def test_text_that_nothing_can_write():
    """A lone surrogate in a value is checked like any other text."""
    plan = compiled(read_plan({"track": {"E": {"properties": {"it": {"type": "number"}}}}}))

    (found,) = violations(plan.rules_of("track", "E"), {"type": "track", "properties": {"it": "\ud800"}})
    assert found.kind == "Invalid Type"

    numbers = compiled(read_plan({"track": {"E": {"additionalProperties": {"type": "number"}}}}))
    message = {"type": "track", "event": "E", "properties": {"\ud800k": "secret", "?k": 5}}
    screened = screen(numbers, {"track": {"allowPropertiesOnViolations": False}}, message)
    assert screened.omitted_on_violation == (("properties", "\ud800k"),)
