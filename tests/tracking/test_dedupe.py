"""A messageId counts once: within the window of the workspace's clock, in all of it or in one source."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

TRACK = {"userId": "u", "event": "E"}
HOUR = 3_600_000


def sources(workspace):
    return {source["id"]: source["writeKey"] for source in workspace.told["sources"]}


@pytest.mark.fact("dedupe-window", "dedupe-200", "dedupe-id-only")
@pytest.mark.parametrize(
    ("setup", "within", "after"),
    [({}, "23h59m", "2m"), ({"window": "170d"}, "169d", "25h"), ({"window": "5m"}, "299s", "2s")],
)
def test_the_window(client, setup, within, after):
    """Before it is over an id is known, whatever stands beside it, and the first one stays; after it, it is new."""
    workspace = client.create("window", clock="frozen", delivery="manual", dedupe=setup)
    for by in ("0s", within, after):
        workspace.advance(by)
        answer = workspace.post("track", {**TRACK, "event": by, "messageId": "m"})
        assert (answer.status_code, answer.json()) == (200, {"success": True})

    assert [row["event"] for row in workspace.view("messages")] == ["0s", after]
    assert [(row["outcome"], row["code"]) for row in workspace.view("debugger")] == [
        ("accepted", None),
        ("duplicate", "duplicate_message"),
        ("accepted", None),
    ]


def test_the_second_life_of_an_id_is_delivered_and_explained(client):
    """Two messages of one id, a window apart, are both delivered; explain tells of the newest."""
    workspace = client.create("twice", clock="frozen", delivery="manual")
    for event in ("First", "Second"):
        workspace.post("track", {**TRACK, "event": event, "messageId": "m"})
        workspace.advance("25h")

    assert [row["status"] for row in workspace.view("deliveries", connection="movable-ink")] == ["delivered"] * 2
    told = workspace.explain("m")
    assert told["found"]
    assert told["story"][0].startswith("track 'Second'")
    assert sum("-> 200" in line for line in told["story"]) == 1
    rules = [row["rule"] for row in workspace.view("reasons")]
    assert rules.count("delivery.unsupported_event_type") == 2


@pytest.mark.fact("dedupe-scope")
@pytest.mark.parametrize(("scope", "kept"), [("workspace", 1), ("source", 2)])
def test_the_scope(client, scope, kept):
    """One id from two sources is one message, or two: as the workspace says."""
    workspace = client.create(
        "scope", clock="frozen", delivery="manual", dedupe={"scope": scope}, sources={"web": {}, "app": {}}
    )
    for key in [*sources(workspace).values()] * 2:
        for body in ({**TRACK, "messageId": "m"}, {"batch": [{"type": "track", **TRACK, "messageId": "n"}] * 2}):
            path = "/v1/batch" if "batch" in body else "/v1/track"
            client.request("POST", path, json=body, auth=(key, ""))

    assert workspace.count("messages") == 2 * kept
    assert {row["code"] for row in workspace.view("discards")} == {"duplicate_message"}


def test_the_switch_can_be_changed_and_is_told(client):
    """A change holds until the next reset; what is wrong is told with what there is."""
    workspace = client.create("switch", dedupe={"window": "48h"})
    assert workspace.told["dedupe"] == {"window": 48 * HOUR, "scope": "workspace"}
    workspace.change({"dedupe": {"scope": "source"}})
    assert client.workspace("switch").told["dedupe"] == {"window": 48 * HOUR, "scope": "source"}
    workspace.reset()
    assert client.workspace("switch").told["dedupe"]["scope"] == "workspace"
    for wrong in ({}, {"dedupe": {"scope": "galaxy"}}, {"dedupe": {"window": "soon"}}, {"seed": 7}):
        response = client.request("PATCH", "/_sandbox/v1/workspaces/switch", json=wrong)
        assert response.status_code == 422, wrong


@pytest.mark.fact("dedupe-window", "dedupe-id-only")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from([0, 1, 7, 12, 23, 24, 30])), max_size=9))
def test_an_id_counts_once_a_window(client, calls):
    """Whatever the order and the pauses: an id is taken if and only if it was not taken within the last 24 hours."""
    workspace = client.create("times", clock="frozen", delivery="manual")
    now, taken, wanted = 0, {}, []
    for ident, hours in calls:
        workspace.advance(f"{hours}h")
        now += hours
        workspace.post("track", {**TRACK, "messageId": ident})
        fresh = ident not in taken or now - taken[ident] >= 24
        if fresh:
            taken[ident] = now
        wanted.append("accepted" if fresh else "duplicate")

    assert [row["outcome"] for row in workspace.view("debugger")] == wanted
