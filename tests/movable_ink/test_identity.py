"""Identity by the collector's own door: whatever is told, what is held is what the table of identity says."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.conftest import browsed
from tests.movable_ink.oracle import Oracle

START = datetime(2026, 1, 1, tzinfo=UTC)
VISITORS, USERS, EMAILS = ["a1", "a2", "a3"], ["u1", "u2", "u3"], ["e1@x.test", "e2@x.test"]
VIEWS = ("events", "ownership", "profiles", "identifies", "repeats", "shoppers")
ANY = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)


def maybe(values):
    return st.none() | st.sampled_from(values)


TRAITS = st.fixed_dictionaries(
    {}, optional={"email": st.sampled_from(EMAILS), "plan": st.sampled_from(["gold", "free"])}
)
TRACKS = st.fixed_dictionaries(
    {
        "type": st.just("track"),
        "userId": maybe(USERS),
        "anonymousId": maybe(VISITORS),
        "days": st.sampled_from([0, 0, 0, 29, 31]),
    }
)
IDENTIFIES = st.fixed_dictionaries(
    {"type": st.just("identify"), "userId": maybe(USERS), "anonymousId": maybe(VISITORS), "traits": TRAITS}
)


def track(user=None, visitor=None, days=0):
    return {"type": "track", "userId": user, "anonymousId": visitor, "days": days}


def identify(user=None, visitor=None, **traits):
    return {"type": "identify", "userId": user, "anonymousId": visitor, "traits": traits}


OLD_EVENT_OF_AN_EMAIL = [
    identify(None, "a1", email="e1@x.test"),
    track(None, "a1", days=31),
    identify("u1", None, email="e1@x.test"),
]
VISITOR_OF_AN_EMAIL = [identify(None, "a1", email="e1@x.test"), identify(None, "a1", plan="gold")]
SHARED_DEVICE = [
    track(None, "a1"),
    track(None, "a1", days=29),
    track(None, "a1", days=31),
    identify("u1", "a1", email="e1@x.test", plan="free"),
    track(None, "a1"),
    identify("u2", "a1"),
    identify("u1", None, plan="gold"),
    track(None, "a1"),
]
TWO_VISITORS_OF_AN_EMAIL = [
    identify(None, "a1", email="e1@x.test"),
    identify(None, "a2", email="e1@x.test"),
    track(None, "a2"),
    identify("u1", "a1", email="e1@x.test"),
    track(None, "a2"),
    identify(None, "a3", email="e1@x.test"),
    track(None, "a3"),
]
SAME_EMAIL = [
    identify("u1", "a1", email="e1@x.test"),
    identify("u2", "a2", email="e1@x.test"),
    track(None, None),
    track("u3", "a1"),
]
"""Histories in which each row of the table decides something: what chance may miss is played every time."""

HISTORIES = st.lists(TRACKS | IDENTIFIES, max_size=14)


@pytest.fixture(scope="module")
def house():
    """A sandbox with one workspace, and the collector's key in it."""
    with browsed("i") as (_, browser, told):
        classic = next(one for one in told["connections"] if one["id"] == "movable-ink")
        yield browser, classic["settings"]["apiKey"]


def body(number, call):
    moment = (START - timedelta(days=call.get("days", 0))).isoformat()
    about = {"event": f"E{number}", "properties": {}} if call["type"] == "track" else {"traits": call["traits"]}
    ids = {name: call[name] for name in ("userId", "anonymousId") if call[name]}
    return {"type": call["type"], "messageId": f"m-{number}", "timestamp": moment, **ids, **about}


def tell(house, bodies):
    """Begin anew and tell all of it, in order."""
    browser, key = house
    assert browser.post("/_sandbox/v1/workspaces/i/reset").status_code == 200
    if bodies:
        answer = browser.post(f"/movable-ink/behavioral/{key}", json={"events": bodies}, auth=(key, ""))
        assert answer.status_code == 200


def view(house, name, **asked):
    browser, _ = house
    return browser.get(f"/_sandbox/v1/workspaces/i/views/movable_ink.{name}", query_string=asked).json["items"]


def held(house):
    """Every profile as the oracle writes it; events by the numbers in their names."""
    numbers = {row["event_id"]: place for place, row in enumerate(view(house, "events"))}
    return {
        next(iter(row["profile"].items())): (
            row["email"],
            row["traits"],
            sorted(row["anonymous_ids"]),
            sorted(numbers[event["event_id"]] for event in row["events"] + row["unusable_events"]),
        )
        for row in view(house, "profiles")
    }


@ANY
@given(HISTORIES)
@example(OLD_EVENT_OF_AN_EMAIL)
@example(VISITOR_OF_AN_EMAIL)
@example(SHARED_DEVICE)
@example(TWO_VISITORS_OF_AN_EMAIL)
@example(SAME_EMAIL)
def test_what_is_held_is_what_the_table_says(house, history):
    """Owners of every event, and every profile with its e-mail, traits, visitors and events."""
    tell(house, [body(number, call) for number, call in enumerate(history)])
    oracle = Oracle()
    for call in history:
        oracle.tell(call)

    assert [row["owner"] for row in view(house, "events")] == oracle.owner_of_each
    assert held(house) == oracle.everyone


@ANY
@given(HISTORIES, st.data())
def test_a_repeat_changes_nothing(house, history, data):
    """Any call told again, anywhere later, changes no owner and no profile, and is kept as a repeat."""
    bodies = [body(number, call) for number, call in enumerate(history)]
    tell(house, bodies)
    before = [view(house, name) for name in VIEWS[:4]]
    again = data.draw(st.lists(st.sampled_from(bodies), max_size=3)) if bodies else []
    tell(house, [*bodies, *again])

    assert [view(house, name) for name in VIEWS[:4]] == before
    assert len(view(house, "repeats")) == len(again)


@ANY
@given(HISTORIES)
def test_nothing_is_lost_and_nothing_owned_twice(house, history):
    """Every event stands once; profiles share none; what no profile has is a visitor's or nobody's."""
    tell(house, [body(number, call) for number, call in enumerate(history)])
    events = view(house, "events")
    in_profiles = [event for _, _, _, owned in held(house).values() for event in owned]

    assert len(events) == sum(call["type"] == "track" for call in history)
    assert len(in_profiles) == len(set(in_profiles))
    rest = [row["owner"] for place, row in enumerate(events) if place not in in_profiles]
    assert all(set(owner) <= {"anonymous_id"} for owner in rest)


@settings(parent=ANY, max_examples=25)
@given(st.lists(TRACKS | IDENTIFIES, min_size=1, max_size=7))
@example(SHARED_DEVICE)
@example(TWO_VISITORS_OF_AN_EMAIL)
def test_as_of_is_replay(house, history):
    """What stood after the first n calls is what telling only those n makes, in every view that keeps history."""
    bodies = [body(number, call) for number, call in enumerate(history)]
    alone = []
    for number in range(1, len(bodies) + 1):
        tell(house, bodies[:number])
        alone.append([view(house, name) for name in VIEWS])
    tell(house, bodies)
    then = [[view(house, name, asOf=f"m-{number}") for name in VIEWS] for number in range(len(bodies))]

    assert then == alone


def test_as_of_an_instant(client, workspace):
    """A time is one to look back to as well; a message that never came is told, as is a view without history."""
    workspace.post("track", {"anonymousId": "a1", "event": "Opened"})
    workspace.advance("1h")
    workspace.post("identify", {"anonymousId": "a1", "userId": "u1"})
    workspace.settle()

    (before,) = workspace.view("movable_ink.events", asOf="2026-01-01T00:30:00Z")
    (now,) = workspace.view("movable_ink.events")
    assert (before["owner"], now["owner"]) == ({"anonymous_id": "a1"}, {"user_id": "u1"})
    assert workspace.view("movable_ink.profiles", asOf="2025-01-01T00:00:00Z") == []
    for view_, asked, said in (
        ("movable_ink.events", "m-none", "messageId that arrived"),
        ("messages", "2026-01-01T00:00:00Z", "keeps no history"),
    ):
        answer = client.request("GET", f"/_sandbox/v1/workspaces/test/views/{view_}", params={"asOf": asked})
        assert answer.status_code == 400
        assert said in answer.text


def test_arrival_order_matters_only_where_a_rule_says_so(house):
    """One person's calls in any order lead to one profile with all of them."""
    calls = [
        {"type": "track", "userId": None, "anonymousId": "a1"},
        {"type": "track", "userId": None, "anonymousId": "a2"},
        {"type": "identify", "userId": "u1", "anonymousId": "a1", "traits": {"email": "e1@x.test"}},
        {"type": "identify", "userId": "u1", "anonymousId": "a2", "traits": {}},
        {"type": "track", "userId": "u1", "anonymousId": None},
    ]

    @settings(parent=ANY, max_examples=30)
    @given(st.permutations(calls))
    def any_order(order):
        tell(house, [body(number, call) for number, call in enumerate(order)])
        ((owner, (email, _, visitors, events)),) = held(house).items()
        assert (owner, email, visitors, events) == (("user_id", "u1"), "e1@x.test", ["a1", "a2"], [0, 1, 2])

    any_order()


@pytest.mark.parametrize(
    ("history", "rule"),
    [
        ([("identify", "u1", "a1", {}), ("identify", "u2", "a1", {})], "identify.shared_device"),
        ([("identify", "u1", "a1", {}), ("identify", "u1", "a1", {})], None),
        ([("identify", None, "a1", {"email": "e1@x.test"}), ("identify", "u1", "a1", {"email": "e1@x.test"})], None),
        (
            [("identify", "u1", None, {"email": "e1@x.test"}), ("identify", "u2", None, {"email": "e1@x.test"})],
            "identify.same_email",
        ),
        (
            [("identify", None, "a1", {"email": "e1@x.test"}), ("identify", "u1", None, {"email": "e1@x.test"})],
            "identify.joins_email",
        ),
        ([("identify", None, "a1", {})], "identify.nobody"),
        ([("track", "u1", "a1", {})], "owner.both_ids_link_nothing"),
        ([("identify", "u1", "a1", {}), ("track", "u1", "a1", {})], None),
        ([("track", None, None, {})], "owner.nobody"),
    ],
)
def test_what_is_worth_telling_is_told(house, history, rule):
    """Each warning of the table is recorded where it applies, and not where it does not."""
    calls = [
        {"type": kind, "userId": user, "anonymousId": who, "traits": traits} for kind, user, who, traits in history
    ]
    tell(house, [body(number, call) for number, call in enumerate(calls)])
    browser, _ = house
    told = browser.get("/_sandbox/v1/workspaces/i/views/reasons").json["items"]
    warnings = {
        row["rule"].removeprefix("movable_ink.") for row in told if row["messageId"] == f"m-{len(calls) - 1}"
    } & {
        *("identify.shared_device", "identify.same_email", "identify.joins_email", "identify.nobody"),
        *("owner.both_ids_link_nothing", "owner.nobody"),
    }

    assert warnings - ({"identify.joins_email"} if rule is None else set()) == ({rule} if rule else set())
