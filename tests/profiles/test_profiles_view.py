"""Segment profiles by the view: now, as of a message or a time, and what a journey tells of them."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import browsed, holds

CALLS = st.fixed_dictionaries(
    {
        "type": st.sampled_from(["track", "identify", "alias"]),
        "userId": st.none() | st.sampled_from(["u1", "u2"]),
        "anonymousId": st.none() | st.sampled_from(["a1", "a2"]),
        "traits": st.fixed_dictionaries({}, optional={"email": st.sampled_from(["e1", "e2"]), "plan": st.just(None)}),
    }
)


@pytest.fixture(scope="module")
def house():
    with browsed("profiles") as (_, browser, told):
        yield browser, told["writeKeys"]["website"] if "writeKeys" in told else told["sources"][0]["writeKey"]


def view(browser, **asked):
    return browser.get("/_sandbox/v1/workspaces/profiles/views/profiles", query_string=asked).json["items"]


def tell(browser, key, calls):
    assert browser.post("/_sandbox/v1/workspaces/profiles/reset").status_code < 300
    browser.post("/v1/batch", json={"writeKey": key, "batch": calls})
    browser.post("/_sandbox/v1/workspaces/profiles/settle")


@settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=15)
@given(st.lists(CALLS, min_size=1, max_size=6))
def test_as_of_is_replay(house, calls):
    """The profiles as of the n-th message are those that the first n alone make."""
    browser, key = house
    bodies = [
        {**{name: value for name, value in call.items() if value is not None}, "messageId": f"m-{number}", "event": "E"}
        for number, call in enumerate(calls)
    ]
    bodies = [body | {"userId": body.get("userId", "u9"), "previousId": "p"} for body in bodies]
    alone = []
    for number in range(1, len(bodies) + 1):
        tell(browser, key, bodies[:number])
        alone.append(view(browser))
    tell(browser, key, bodies)

    assert [view(browser, asOf=f"m-{number}") for number in range(len(bodies))] == alone


def test_as_of_a_time_and_its_limits(client, workspace):
    """A time looks back too; nobody is known before the first call; what never came is told."""
    workspace.post("track", {"anonymousId": "a1", "event": "Opened"})
    workspace.advance("1h")
    workspace.post("identify", {"anonymousId": "a1", "userId": "u1", "traits": {"plan": "gold"}})
    workspace.settle()

    (before,) = workspace.view("profiles", asOf="2026-01-01T00:30:00Z")
    (now,) = workspace.view("profiles")
    assert (before["userId"], before["traits"], before["messages"]) == (None, {}, 1)
    assert (now["userId"], now["externalIds"], now["traits"]) == (
        "u1",
        {"anonymous_id": ["a1"], "user_id": ["u1"]},
        {"plan": "gold"},
    )
    assert workspace.view("profiles", asOf="2025-01-01T00:00:00Z") == []
    answer = client.request("GET", "/_sandbox/v1/workspaces/test/views/profiles", params={"asOf": "m-none"})
    assert answer.status_code == 400


def test_a_journey_tells_of_the_profile(workspace):
    """What a message did to the profiles stands among its steps, also when the log went on meanwhile."""
    workspace.post("identify", {"anonymousId": "tablet", "userId": "u1"})
    workspace.post("identify", {"anonymousId": "tablet", "userId": "u2", "messageId": "m-2"})
    workspace.settle()

    steps = [step["say"] for step in workspace.explain("m-2")["steps"] if step["stage"] == "profile"]
    assert len(steps) == 1
    assert "anonymous_id tablet is left out" in steps[0]
    assert steps[0].endswith("It stays with user_id u1.")
    workspace.post("alias", {"userId": "u1", "previousId": "u2", "messageId": "m-3"})
    workspace.settle()
    assert any("alias merges nothing" in step["say"] for step in workspace.explain("m-3")["steps"])


@holds("profiles.blocked_events")
def test_what_a_plan_blocks_reaches_no_profile(client, rules):  # noqa: ARG001
    """An event that is filtered at its source makes nobody known."""
    plan = {"name": "Shop", "track": {"Signed Up": {}}}
    source = {"trackingPlan": plan, "settings": {"track": {"allowUnplannedEvents": False}}}
    workspace = client.create("blocked", clock="frozen", delivery="manual", sources={"website": source})
    workspace.post("track", {"userId": "u1", "event": "Signed Up"})
    workspace.post("track", {"userId": "u2", "event": "Signed Upp"})
    workspace.settle()

    assert [row["userId"] for row in workspace.view("profiles")] == ["u1"]


def test_a_new_life_knows_nobody(workspace):
    """A reset forgets every profile, and what comes then begins anew."""
    workspace.post("identify", {"userId": "u1", "traits": {"plan": "gold"}})
    workspace.settle()
    assert len(workspace.view("profiles")) == 1
    workspace.reset()
    assert workspace.view("profiles") == []
    workspace.post("track", {"userId": "u2", "event": "Opened"})
    workspace.settle()
    assert [row["userId"] for row in workspace.view("profiles")] == ["u2"]
