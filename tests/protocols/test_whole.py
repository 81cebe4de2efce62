"""Tracking plans by the doors that people use: the control API, calls, views, explain, scenarios."""

import json

import pytest

from inkstand.simulator.errors import BrokenFileError, InkstandError
from inkstand.simulator.scenarios.language.load import load, loads
from inkstand.simulator.scenarios.play.runner import run

PLAN = {
    "name": "Shop",
    "track": {"Order Completed": {"properties": {"total": {"type": "number"}}, "required": ["total"]}},
}
ORDER = {"userId": "u", "event": "Order Completed", "messageId": "m-1"}


def held(client, settings=None, **more):
    setup = {
        "clock": "frozen",
        "delivery": "manual",
        "sources": {"website": {"trackingPlan": PLAN, "settings": settings or {}}, **more},
    }
    return client.create("held", **setup)


def sent(workspace, connection="movable-ink"):
    """The body of what was delivered."""
    return [json.loads(row["request"]["body"]) for row in workspace.view("attempts") if row["connection"] == connection]


def test_a_violation_is_shown_and_blocks_nothing(client):
    """Without further settings the call is delivered, and the violation is told."""
    workspace = held(client)
    workspace.post("track", {**ORDER, "properties": {"total": "30"}})
    workspace.settle()

    (violation,) = workspace.view("violations")
    assert violation | {"receivedAt": None} == {
        "messageId": "m-1",
        "source": "website",
        "plan": "Shop",
        "type": "track",
        "event": "Order Completed",
        "kind": "Invalid Type",
        "field": "properties.total",
        "description": "Invalid type. Expected: number, given: string",
        "outcome": "allowed",
        "receivedAt": None,
    }
    assert workspace.view("deliveries", connection="movable-ink")[0]["status"] == "delivered"
    assert "The tracking plan is violated (Invalid Type, properties.total)" in str(workspace.explain("m-1")["story"])


def test_a_blocked_event_reaches_nobody(client):
    """It is accepted with 200, and no delivery is planned: explain says which rule, and what would do."""
    workspace = held(client, {"track": {"allowUnplannedEvents": False}})
    workspace.post("track", {"userId": "u", "event": "Order Complete", "messageId": "m-2"})
    workspace.settle()

    assert {row["code"] for row in workspace.view("deliveries")} == {"unplanned"}
    assert workspace.view("attempts") == []
    told = workspace.explain("m-2")
    assert told["cause"]["rule"] == "protocols.violation_blocked"
    assert "Did you mean 'Order Completed'" in told["cause"]["say"]


def test_omitted_properties_are_not_delivered(client):
    """The message stays as it came; what is delivered lacks the member, and names it."""
    workspace = held(client, {"track": {"allowUnplannedEventProperties": False, "allowPropertiesOnViolations": False}})
    workspace.post("track", {**ORDER, "properties": {"total": "30", "extra": 1}})
    workspace.settle()

    (body,) = sent(workspace)
    assert body["properties"] == {}
    assert body["context"]["protocols"] == {
        "sourceId": "website",
        "omitted": ["extra"],
        "omittedOnViolation": ["total"],
    }
    assert workspace.view("messages")[0]["properties"] == {"total": "30", "extra": 1}


def test_violations_are_forwarded(client):
    """A violation becomes a track call of another source, which delivers it as any other; it is not told twice."""
    workspace = held(
        client,
        {"forwardingViolationsTo": "audit"},
        audit={"settings": {"forwardingViolationsTo": "website"}, "trackingPlan": PLAN},
    )
    workspace.post("track", {**ORDER, "properties": {}})
    workspace.settle()

    told = workspace.view("messages", event="Violation Generated")
    assert [row["userId"] for row in told] == ["schema-violations"]
    assert told[0]["properties"]["violationField"] == "properties.total"
    assert told[0]["properties"]["violationType"] == "Required"
    assert told[0]["properties"]["eventMessageID"] == "m-1"
    assert told[0]["forwardedFromProject"] == "website"
    statuses = [row["status"] for row in workspace.view("deliveries", connection="movable-ink-audit")]
    assert statuses == ["delivered"]


def test_blocked_events_are_forwarded(client):
    """A blocked event may go to another source, as it came."""
    settings = {"track": {"allowEventOnViolations": False}, "forwardingBlockedEventsTo": "audit"}
    workspace = held(client, settings, audit={})
    workspace.post("track", {**ORDER, "properties": {"coupon": "x"}})
    workspace.settle()

    first, second = workspace.view("messages")
    assert (second["event"], second["properties"]) == (first["event"], first["properties"])
    assert second["messageId"] != first["messageId"]
    assert [row["connection"] for row in workspace.view("deliveries", status="delivered")] == ["movable-ink-audit"]


def test_a_plan_is_given_to_a_source_that_is_there(client, workspace):
    """A source's plan is changed until the next reset; null takes it away; a shipped one comes by name."""
    workspace.change_source("website", {"trackingPlan": "ecommerce-v2"})
    assert client.workspace("test").told["sources"][0]["trackingPlan"] == "Ecommerce v2"
    workspace.post("track", {"userId": "u", "event": "order completed"})
    workspace.settle()
    assert workspace.count("violations") == 1

    workspace.change_source("website", {"trackingPlan": None})
    workspace.post("track", {"userId": "u", "event": "order completed"})
    workspace.settle()
    assert workspace.count("violations") == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({}, "Say what to change"),
        ({"trackingPlan": "ecomerce-v2"}, "Did you mean 'ecommerce-v2'"),
        ({"trackingPlan": {"trak": {}}}, "Did you mean 'track'"),
        ({"settings": {"track": {"allowUnplanned": True}}}, "Unknown field"),
        ({"settings": {"track": {"commonEventOnViolations": "OMIT"}}}, "OMIT_PROPERTIES"),
        ({"settings": {"forwardingViolationsTo": "webside"}}, "Did you mean 'website'"),
    ],
)
def test_what_cannot_be_set(workspace, change, words):
    """What is wrong with a plan or a setting is told, with what there is."""
    with pytest.raises(InkstandError, match=words):
        workspace.change_source("website", change)


def test_a_plan_survives_a_reset_and_a_snapshot(client):
    """What a workspace was made with is put back, its plan too."""
    workspace = held(client)
    workspace.change_source("website", {"trackingPlan": None})
    workspace.snapshot("without")
    workspace.reset()
    workspace.post("track", {**ORDER, "properties": {}})
    workspace.settle()

    assert workspace.count("violations") == 1


def test_a_plan_in_a_scenario(client, tmp_path):
    """A story names a plan by its file, beside it; a file that is not there is told with its place."""
    (tmp_path / "shop.json").write_text(json.dumps(PLAN))
    text = """
name: n
workspace: {sources: {website: {trackingPlan: shop.json}}}
steps:
  - track: {userId: u, event: Order Completed, properties: {total: "30"}}
  - expect: {violations: [{field: properties.total, kind: Invalid Type}]}
  - source: {id: website, settings: {track: {allowEventOnViolations: false}}}
  - track: {userId: u, event: Order Completed}
  - expect: {deliveries: {where: {connection: movable-ink}, rows: [{status: delivered}, {code: schema_violation}]}}
"""
    (tmp_path / "a.scenario.yaml").write_text(text)

    outcome = run(client, load(tmp_path / "a.scenario.yaml"))
    assert outcome.status == "passed", outcome.failures
    with pytest.raises(BrokenFileError, match=r"f\.yaml:3:.*cannot be read"):
        loads(text, "f.yaml")


def test_a_broken_plan_in_a_scenario(client):
    """What is wrong inside a plan is told where the story sets its workspace up."""
    text = "name: n\nworkspace: {sources: {website: {trackingPlan: {trak: {}}}}}\nsteps: [settle: ]\n"

    outcome = run(client, loads(text, "f.yaml"))

    assert (outcome.status, outcome.failures[0].line) == ("error", 2)
    assert "Did you mean 'track'" in outcome.failures[0].text


def test_what_was_omitted_stays_omitted(client):
    """A retry delivers what the first attempt did, whatever became of the plan meanwhile."""
    workspace = held(client, {"track": {"allowUnplannedEventProperties": False}})
    workspace.fault("movable_ink", status=503, next=1)
    workspace.post("track", {**ORDER, "properties": {"total": 3, "secret": 1}})
    workspace.settle()
    workspace.change_source("website", {"trackingPlan": None})
    workspace.advance("5m")

    assert [body["properties"] for body in sent(workspace)] == [{"total": 3}] * 2


def test_a_clock_that_is_moved_delivers_what_was_forwarded(client):
    """What is forwarded on the way is tried again on the way, like any other message."""
    workspace = held(client, {"forwardingViolationsTo": "audit"}, audit={})
    workspace.fault("movable_ink", status=503, next=2)
    workspace.post("track", {**ORDER, "properties": {}})
    workspace.advance("1h")

    ended = {row["connection"]: row["startedAt"] for row in workspace.view("attempts", outcome="delivered")}
    assert ended["movable-ink-audit"] < "2026-01-01T00:01:00.000Z"


def test_a_call_cannot_say_itself_that_it_was_forwarded(client):
    """Only what was forwarded here counts as such."""
    settings = {"track": {"allowUnplannedEvents": False}, "forwardingBlockedEventsTo": "audit"}
    workspace = held(client, settings, audit={})
    workspace.post("track", {"userId": "u", "event": "Other", "forwardedFromProject": "x"})
    workspace.settle()

    assert workspace.count("messages") == 2


def test_an_id_that_came_before_is_not_given_again(client):
    """A forwarded message has an id of its own, even where somebody guessed it."""
    settings = {"forwardingViolationsTo": "audit"}
    first = held(client, settings, audit={})
    first.post("track", {**ORDER, "properties": {}})
    first.settle()
    guessed = first.view("messages")[1]["messageId"]
    again = held(client, settings, audit={})
    again.post("track", {"userId": "u", "event": "Order Completed", "properties": {"total": 1}, "messageId": guessed})
    again.post("track", {**ORDER, "properties": {}})
    again.settle()

    ids = [row["messageId"] for row in again.view("messages")]
    assert len(set(ids)) == len(ids) == 3


def test_a_plan_that_cannot_be_held_keeps_nobody_waiting(client, monkeypatch):
    """A message whose check fails goes on as it came, with the reason; those behind it are delivered."""
    from inkstand.simulator.delivery import screening

    def broken(*_):
        raise RuntimeError("the validator gave up")

    workspace = held(client)
    monkeypatch.setattr(screening, "screen", broken)
    workspace.post("track", {**ORDER, "properties": {}})
    workspace.settle()

    assert [row["status"] for row in workspace.view("deliveries", connection="movable-ink")] == ["delivered"]
    assert "could not be held to its tracking plan: RuntimeError" in str(workspace.explain("m-1")["steps"])


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PATCH", "/workspaces/test/sources/website", '{"trackingPlan": ' + "[" * 5000 + "]" * 5000 + "}"),
        ("PATCH", "/workspaces/test/sources/website", '{"trackingPlan": {"track": {"\\ud800": {}}}}'),
        ("PATCH", "/workspaces/test/sources/website", '{"trackingPlan": {"rules": {"events": 7}}}'),
        ("POST", "/workspaces/test/verbs/inkit.open", "[" * 5000),
        ("POST", "/workspaces/test/verbs/inkit.open", '{"document": "\\ud800"}'),
        ("POST", "/workspaces", '{"name": "x", "sources": {"\\ud800": {}}}'),
    ],
)
def test_hostile_requests_are_refused(workspace, method, path, body):
    """No request of the controls ends in a 500."""
    answer = workspace.client.request(
        method, "/_sandbox/v1" + path, data=body, headers={"Content-Type": "application/json"}
    )

    assert 400 <= answer.status_code < 500, answer.text
