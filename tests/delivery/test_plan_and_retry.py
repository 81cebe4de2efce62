import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.fakes.kit.destination import Destination, Setting
from inkstand.simulator.delivery.plan import oddities, plan, switched_on
from inkstand.simulator.delivery.retry import (
    LAST_ATTEMPT_AFTER,
    Answer,
    Delivered,
    GivenUp,
    Retrying,
    Tried,
    judge,
    wait,
)
from inkstand.simulator.model import Connection

INK = Destination(
    "Movable Ink",
    "ink",
    frozenset({"track"}),
    (Setting("apiKey", "API Key"),),
    lambda *_: (),
    frozenset({"MovableInk"}),
)
CONNECTION = Connection("ink", "ink", "website", {"apiKey": "k"})


@pytest.mark.fact("integrations-filter")
@pytest.mark.parametrize(
    ("integrations", "goes"),
    [
        ({}, True),
        ({"All": True}, True),
        ({"All": False}, False),
        ({"All": False, "Movable Ink": True}, True),
        ({"All": False, "MovableInk": {}}, True),
        ({"Movable Ink": False}, False),
        ({"MovableInk": False}, False),
        ({"movable ink": False}, True),
        ({"Movable Ink": None}, False),
        ({"Inkit": False}, True),
    ],
)
def test_the_integrations_object(integrations, goes):
    """All is on unless switched off; a name wins over All; options count as on; case matters."""
    decided = plan("track", integrations, CONNECTION, INK)

    assert (decided is None) is goes
    assert goes or decided.code == "FILTERED_BY_INTEGRATIONS_OBJECT"


def test_order_of_discards():
    """The integrations object comes before the call type, and that before the settings."""
    empty = Connection("ink", "ink", "website", {})

    assert plan("page", {"All": False}, empty, INK).code == "FILTERED_BY_INTEGRATIONS_OBJECT"
    assert plan("page", {}, empty, INK).code == "UNSUPPORTED_EVENT_TYPE"
    assert plan("track", {}, empty, INK).code == "INVALID_SETTINGS"


@pytest.mark.parametrize(("value", "on"), [(True, True), ({}, True), ("x", True), (2, True), (0, False), ("", False)])
def test_values_of_a_switch(value, on):
    """Options, text and numbers are on; nothing, zero and empty text are off."""
    assert switched_on(value) is on


def test_names_that_no_destination_has():
    """A name in another case is told with the one that was probably meant; All is no name."""
    found = oddities({"All": False, "Segment.io": True, "movable ink": True, "Braze": True}, INK.names)

    assert [dict(reason.facts) for reason in found] == [
        {"name": "movable ink", "near": "Movable Ink"},
        {"name": "Braze"},
    ]


RETRIED = [408, 423, 429, 500, 502, 503, 504, 599]
FINAL = [300, 301, 307, 400, 401, 403, 404, 405, 410, 413, 422, 460, 501]


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status):
    """Any 2xx means that the destination has it."""
    assert judge(Answer(status), Tried(1, 0, 0), 0.5) == Delivered()


@pytest.mark.parametrize("status", RETRIED)
def test_what_is_retried(status):
    """Too busy, too slow, locked and broken are tried again."""
    assert isinstance(judge(Answer(status), Tried(1, 0, 0), 0.5), Retrying)


@pytest.mark.parametrize("status", FINAL)
def test_what_is_final(status):
    """Everything else ends the delivery under its code."""
    decided = judge(Answer(status), Tried(1, 0, 0), 0.5)

    assert isinstance(decided, GivenUp)
    assert decided.code == {400: "BAD_REQUEST", 501: "UNSUPPORTED_EVENT_TYPE"}.get(status, str(status))


@pytest.mark.parametrize("failure", ["EREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTFOUND"])
def test_failed_connections_are_retried(failure):
    """A connection that failed is tried again under Segment's code for it."""
    assert judge(Answer(failure=failure), Tried(1, 0, 0), 0.5).code == failure


@given(st.integers(1, 50), st.floats(0, 1, exclude_max=True))
def test_waits(number, chance):
    """Waits double from ten seconds to an hour, within a fifth."""
    plain = min(10_000 * 2 ** (number - 1), 3_600_000)

    assert plain * 0.8 - 1 <= wait(number, chance) <= plain * 1.2


@given(st.lists(st.floats(0, 1, exclude_max=True), min_size=40, max_size=40))
def test_four_hours_end_it(chances):
    """Whatever the jitter, the attempts end, none later than four hours after the first."""
    now, number = 0, 0
    for chance in chances:
        number += 1
        decided = judge(Answer(503), Tried(number, 0, now), chance)
        if isinstance(decided, GivenUp):
            break
        assert now < decided.due_at <= LAST_ATTEMPT_AFTER
        now = decided.due_at

    assert isinstance(decided, GivenUp)
    assert 10 <= number <= 14


@pytest.mark.parametrize(("header", "at_least"), [("120", 120_000), ("1", 8_000), ("soon", 8_000)])
def test_retry_after_is_a_floor(header, at_least):
    """Retry-After lengthens the wait and never shortens it."""
    decided = judge(Answer(429, headers={"retry-after": header}), Tried(1, 0, 0), 0.0)

    assert decided.due_at == at_least
