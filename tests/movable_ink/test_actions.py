"""Movable Ink (Actions) on Segment's side: what it sends, when it sends nothing, and what the collector makes of it."""

import json

import pytest
from tests.conftest import basic

CALL = {"userId": "u-1", "event": "Product Viewed", "properties": {"product_id": "P-1"}}
PRESET = 'type = "identify" or type = "track" or type = "page" or type = "screen" or type = "group"'


@pytest.fixture
def actions(workspace):
    """A workspace in which only Movable Ink (Actions) is on; a function that sets it, and one that sends."""
    workspace.change_connection("movable-ink", {"enabled": False})
    workspace.change_connection("movable-ink-actions", {"enabled": True})
    return workspace


def sent(workspace, **settings):
    """The delivery of one track, and its request."""
    if settings:
        workspace.change_connection("movable-ink-actions", {"settings": settings})
    workspace.post("track", CALL)
    workspace.settle()
    (delivery,) = [row for row in workspace.view("deliveries") if row["connection"] == "movable-ink-actions"]
    attempts = [row for row in workspace.view("attempts") if row["connection"] == "movable-ink-actions"]
    return delivery, attempts[-1]["request"] if attempts else None


def test_the_whole_event_is_sent(actions):
    """The message as Segment holds it, with the credentials and headers of Segment's own client."""
    delivery, request = sent(actions)
    settings = actions.connection("movable-ink-actions")["settings"]

    assert delivery["status"] == "delivered"
    assert request["method"] == "POST"
    assert request["url"].endswith(settings["movable_ink_url"].partition("/behavioral/")[2])
    headers = request["headers"]
    assert headers["Authorization"] == basic(settings["username"], settings["password"])["Authorization"]
    assert (headers["User-Agent"], headers["Content-Type"]) == ("Segment (Actions)", "application/json")
    body = json.loads(request["body"]) if isinstance(request["body"], str) else request["body"]
    assert {"messageId", "originalTimestamp", "receivedAt", "context", "userId"} <= body.keys()
    (event,) = actions.view("movable_ink.events")
    assert (event["mapping"], event["signal"]) == ("Product", "usable")


def test_an_event_without_a_mapping_is_discarded_with_the_vendors_reason(actions):
    """The collector's 400 is final; explain names the mapping that is missing before the answer."""
    actions.post("track", {"userId": "u-1", "event": "Signed Up", "messageId": "m-1"})
    actions.settle()

    told = actions.explain("m-1")
    assert told["cause"]["rule"] == "movable_ink.mapping.none_matches"
    (delivery,) = [row for row in actions.view("deliveries") if row["connection"] == "movable-ink-actions"]
    assert (delivery["status"], delivery["code"]) == ("discarded", "BAD_REQUEST")


def test_the_preset_trigger_lets_five_calls_through(actions):
    """Identify, track, page, screen and group are sent; an alias is discarded, and the reason names what failed."""
    calls = {
        "identify": {"userId": "u-1"},
        "track": CALL,
        "page": {"userId": "u-1"},
        "screen": {"userId": "u-1"},
        "group": {"userId": "u-1", "groupId": "g"},
        "alias": {"userId": "u-1", "previousId": "a"},
    }
    for call, body in calls.items():
        actions.post(call, {**body, "messageId": f"m-{call}"})
    actions.settle()

    fates = {row["messageId"]: row["code"] for row in actions.view("deliveries") if "actions" in row["connection"]}
    assert fates == {**{f"m-{call}": None for call in calls}, "m-alias": "NO_MATCHING_MAPPING"}
    cause = next(one for one in actions.explain("m-alias")["causes"] if "actions" in one["rule"])
    assert cause["facts"]["trigger"] == PRESET
    assert 'type = "group" ("alias" came)' in cause["facts"]["failed"]


def test_a_trigger_of_ones_own_names_the_part_that_failed(actions):
    """Of two conditions only the one that did not hold is named."""
    delivery, request = sent(actions, trigger='type = "track" and event = "Order Completed"')

    assert (delivery["code"], delivery["attempts"], request) == ("NO_MATCHING_MAPPING", 0, None)
    reason = next(row for row in actions.view("reasons") if row["rule"] == "movable_ink.actions.no_matching_mapping")
    assert reason["facts"]["failed"] == 'event = "Order Completed" ("Product Viewed" came)'


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"movable_ink_url": ""}, "MISSING_DESTINATION_URL"),
        ({"movable_ink_url": "behavioral/x"}, "INVALID_SETTINGS"),
        ({"username": ""}, "INVALID_SETTINGS"),
        ({"trigger": "type is track"}, "INVALID_SETTINGS"),
        ({"headers": "no json"}, "INVALID_SETTINGS"),
        ({"headers": '{"X-Name": "Zoë"}'}, "INVALID_SETTINGS"),
        ({"password": "wrong"}, "401"),
        ({"movable_ink_url": "https://collector.micpn.com/behavioral/nobody-has-this-key"}, "404"),
        ({"movable_ink_url": "https://collector.micpn.com/elsewhere"}, "404"),
    ],
)
def test_what_is_set_wrong_ends_where_it_would(actions, settings, code):
    """Before any request where Segment sees it, with the vendor's answer where only the vendor can."""
    delivery, _ = sent(actions, **settings)

    assert (delivery["status"], delivery["code"]) == ("discarded", code)


def test_further_headers_and_another_body(actions):
    """Headers are added, never in place of Segment's; `data` takes a part of the event."""
    headers = json.dumps({"X-Team": "web", "Authorization": "Basic mine"})
    _, request = sent(actions, headers=headers, data="$.properties")

    assert request["headers"]["X-Team"] == "web"
    assert request["headers"]["Authorization"] != "Basic mine"
    body = json.loads(request["body"]) if isinstance(request["body"], str) else request["body"]
    assert body == {"product_id": "P-1"}


def test_data_that_is_not_there_sends_an_empty_body(actions):
    """As the real one does: it still posts, without a content type; the collector refuses it."""
    delivery, request = sent(actions, data="$.nothing")

    assert (delivery["status"], delivery["attempts"]) == ("discarded", 1)
    assert "Content-Type" not in request["headers"]


def test_the_address_of_this_sandbox_is_reached(actions):
    """The address as a person would paste it, this sandbox's own, leads to the same endpoint."""
    key = actions.connection("movable-ink-actions")["settings"]["movable_ink_url"].rpartition("/")[2]
    delivery, _ = sent(actions, movable_ink_url=f"http://127.0.0.1:4650/movable-ink/behavioral/{key}")

    assert delivery["status"] == "delivered"


def test_both_destinations_give_two_events(workspace):
    """With both switched on every event arrives twice, at two endpoints (why this one is off by default)."""
    workspace.change_connection("movable-ink-actions", {"enabled": True})
    workspace.post("track", CALL)
    workspace.settle()

    assert len({row["endpoint"] for row in workspace.view("movable_ink.events")}) == 2
