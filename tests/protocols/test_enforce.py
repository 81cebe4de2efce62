"""What a source's settings make of a violation. Property: what is delivered plus what is omitted is what came."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.simulator.protocols.enforce import as_delivered, omittable, screen, without
from inkstand.simulator.protocols.plan import compiled, read_plan

PLAN = compiled(
    read_plan(
        {
            "track": {
                "Order Completed": {
                    "properties": {
                        "total": {"type": "number"},
                        "products": {"items": {"properties": {"price": {"type": "number"}}}},
                    },
                    "required": ["order_id"],
                }
            },
            "identify": {"properties": {"email": {"type": "string"}}},
            "common": {
                "properties": {"context": {"required": ["app"]}, "properties": {"properties": {"v": {"const": 1}}}}
            },
        }
    )
)
CONTEXT = {"app": {"version": "1"}}


def screened(settings, **call):
    message = {"type": "track", "event": "Order Completed", "context": CONTEXT, **call}
    return screen(PLAN, settings, message)


@pytest.mark.parametrize(
    ("settings", "call", "code", "fates"),
    [
        ({}, {"properties": {"total": "1"}}, None, ["allowed", "allowed"]),
        ({}, {"event": "Other"}, None, ["allowed"]),
        ({"track": {"allowUnplannedEvents": False}}, {"event": "Other"}, "unplanned", ["blocked"]),
        ({"track": {"allowUnplannedEvents": False}}, {"properties": {"order_id": 1}}, None, []),
        ({"track": {"allowEventOnViolations": False}}, {"properties": {}}, "schema_violation", ["blocked"]),
        (
            {"track": {"commonEventOnViolations": "BLOCK"}},
            {"context": {}, "properties": {"order_id": 1}},
            "common_schema_violation",
            ["blocked"],
        ),
        (
            {"track": {"allowUnplannedEvents": False, "commonEventOnViolations": "BLOCK"}},
            {"event": "Other", "context": {}},
            "unplanned_and_schema_violation",
            ["blocked", "blocked"],
        ),
        (
            {"track": {"allowEventOnViolations": False, "commonEventOnViolations": "BLOCK"}},
            {"context": {}, "properties": {}},
            "schema_violation",
            ["blocked", "allowed"],
        ),
        (
            {"identify": {"allowTraitsOnViolations": False}},
            {"properties": {"order_id": 1, "total": "1"}},
            None,
            ["allowed"],
        ),
    ],
)
def test_blocking(settings, call, code, fates):
    """Violations alone block nothing; a source's settings block each kind, under the delivery overview's codes."""
    found = screened(settings, **call)

    assert found.code == code
    assert [fate for _, fate in found.found] == fates


def test_unplanned_properties_are_omitted_by_name():
    """Only names of the first level count, and only where the settings say so."""
    properties = {"order_id": 1, "total": 3, "extra": 1, "products": [{"more": 1}]}

    found = screened({"track": {"allowUnplannedEventProperties": False}}, properties=properties)

    assert found.omitted == (("properties", "order_id"), ("properties", "extra"))
    assert screened({}, properties=properties).omitted == ()


def test_violating_properties_are_omitted():
    """The named member that violates is left out; what is missing cannot be, and stays a violation."""
    properties = {"total": "3", "products": [{"price": 1}, {"price": "x"}]}

    found = screened({"track": {"allowPropertiesOnViolations": False}}, properties=properties)

    assert found.omitted_on_violation == (("properties", "total"), ("properties", "products", 1, "price"))
    assert sorted((one.field, fate) for one, fate in found.found) == [
        ("properties.order_id", "allowed"),
        ("properties.products[1].price", "omitted"),
        ("properties.total", "omitted"),
    ]


def test_traits_are_omitted_too():
    """Identify and group have settings of their own, named after traits."""
    call = {"type": "identify", "traits": {"email": 7, "plan": "gold"}, "context": CONTEXT}
    settings = {"identify": {"allowUnplannedTraits": False, "allowTraitsOnViolations": False}}

    found = screen(PLAN, settings, call)

    assert (found.omitted, found.omitted_on_violation) == ((("traits", "plan"),), (("traits", "email"),))


def test_the_common_schema_comes_last():
    """What the standard controls have omitted no longer violates the common schema."""
    settings = {"track": {"allowUnplannedEventProperties": False, "commonEventOnViolations": "BLOCK"}}

    assert screened(settings, properties={"v": 2}).code is None
    assert (
        screened({"track": {"commonEventOnViolations": "BLOCK"}}, properties={"v": 2}).code == "common_schema_violation"
    )
    omitting = screened({"track": {"commonEventOnViolations": "OMIT_PROPERTIES"}}, properties={"v": 2})
    assert omitting.omitted_on_violation == (("properties", "v"),)


def test_as_delivered():
    """The omitted members are gone and their names stand in context.protocols; the message itself is as it was."""
    message = {"type": "track", "context": CONTEXT, "properties": {"a": 1, "b": [{"c": 1, "d": 2}]}}

    left = as_delivered(message, "website", [("properties", "a")], [("properties", "b", 0, "c")])

    assert left["properties"] == {"b": [{"d": 2}]}
    assert left["context"]["protocols"] == {"sourceId": "website", "omitted": ["a"], "omittedOnViolation": ["b[0].c"]}
    assert left["context"]["app"] == CONTEXT["app"]
    assert message["properties"]["a"] == 1


@pytest.mark.parametrize(
    ("path", "place"),
    [
        (("properties", "a"), ("properties", "a")),
        (("properties", "a", 0), ("properties", "a")),
        (("traits", "a", "b"), ("traits", "a", "b")),
        (("properties",), None),
        (("context", "app"), None),
        ((), None),
    ],
)
def test_what_can_be_omitted(path, place):
    """A named property or trait, or the one around what has no name."""
    assert omittable(path) == place


VALUES = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["total", "products", "price", "order_id", "x"]), inner, max_size=4)
    ),
)
FLAGS = st.fixed_dictionaries(
    {},
    optional={
        name: st.booleans()
        for name in (
            "allowUnplannedEvents",
            "allowUnplannedEventProperties",
            "allowEventOnViolations",
            "allowPropertiesOnViolations",
        )
    }
    | {"commonEventOnViolations": st.sampled_from(["ALLOW", "BLOCK", "OMIT_PROPERTIES"])},
)


@given(VALUES, FLAGS, st.sampled_from(["Order Completed", "Other"]))
def test_nothing_is_lost_but_what_is_told(properties, flags, event):
    """Each omitted member came and is told; of what is blocked nothing is omitted; nothing is left to omit."""
    message = {"type": "track", "event": event, "context": CONTEXT, "properties": properties}

    found = screen(PLAN, {"track": flags}, message)

    places = (*found.omitted, *found.omitted_on_violation)
    assert not (found.code and places)
    assert len(set(places)) == len(places)
    assert sum(fate == "omitted" for _, fate in found.found) >= len(places)
    left = without(message, places)
    if not found.code and properties != left.get("properties"):
        again = screen(PLAN, {"track": flags}, left)
        assert not (*again.omitted, *again.omitted_on_violation)
    assert ("blocked" in {fate for _, fate in found.found}) is (found.code is not None)
