"""Rules that hold for everything that the collector does: each is named by the test that holds it."""

import pytest
from tests.conftest import basic, holds
from tests.movable_ink.test_senders import KEY, PATH, SECRET, SEGMENT, USER, collect


def newest(client, view="events"):
    return client.workspace("default").view(f"movable_ink.{view}")[-1]


@holds("movable_ink.endpoint.classic")
def test_a_classic_key_makes_its_endpoint(client, rules):
    """A key that a workspace is set up with is an endpoint, with the key as user and no password."""
    key = "inkstand-a-classic-key-of-mine"
    setup = {"movable-ink": {"settings": {"apiKey": key}}}
    workspace = client.create("mine", clock="frozen", delivery="manual", connections=setup)
    collect(client, SEGMENT, key=key, credentials=(key, ""))
    collect(client, SEGMENT, key=key, credentials=(key, "x"), status=401)

    assert workspace.view("movable_ink.events")[0]["endpoint"] == key, rules


@holds("movable_ink.endpoint.no_rate_limit")
def test_there_is_no_limit_of_rate(client, rules):
    """However many come, each is taken; a fault plays the 429, without a word on when to come again."""
    for number in range(60):
        collect(client, {**SEGMENT, "messageId": f"m-{number}"})
    client.workspace("default").fault("movable_ink", status=429, next=1)
    answer = client.request("POST", PATH, json=SEGMENT, headers=basic(USER, SECRET))

    assert (answer.status_code, "Retry-After" in answer.headers) == (429, False), rules


@holds("movable_ink.endpoint.any_content_type", "movable_ink.endpoint.hosts")
def test_any_content_type_under_any_of_its_hosts(client, rules):
    """JSON is JSON whatever it is called, and each public host name is the collector."""
    hosts = ("collector.movableink-dmz.com", "collector.micpn.com", "collector.micpn-eu.com")
    for host, kind in zip(hosts, ("text/plain", "application/x-www-form-urlencoded", ""), strict=True):
        headers = {**basic(USER, SECRET), "Host": host, "Content-Type": kind}
        answer = client.request("POST", f"/behavioral/{KEY}", data=b'{"type": "page", "userId": "u"}', headers=headers)
        assert answer.status_code == 200, rules


@holds("movable_ink.identity.exact_ids", "movable_ink.identity.reach")
def test_how_ids_are_compared_and_how_far_back_they_reach(workspace, rules):
    """Another case is another user; an e-mail is not another; what is older than 30 days stays."""
    for user in ("u-1", "U-1"):
        workspace.post("identify", {"userId": user, "anonymousId": f"a-{user}"})
    for email in (" Ana@Shop.test", "ana@shop.TEST "):
        workspace.post("identify", {"anonymousId": "a-9", "traits": {"email": email}})
    for when in ("2025-12-02T00:00:01Z", "2025-12-01T00:00:00Z"):
        workspace.post("track", {"anonymousId": "a-3", "event": "Opened", "timestamp": when})
    workspace.post("identify", {"userId": "u-3", "anonymousId": "a-3"})
    workspace.settle()

    profiles = [row["profile"] for row in workspace.view("movable_ink.profiles")]
    assert profiles == [{"user_id": "u-1"}, {"user_id": "U-1"}, {"email": "ana@shop.test"}, {"user_id": "u-3"}], rules
    owners = [row["owner"] for row in workspace.view("movable_ink.events")]
    assert owners == [{"user_id": "u-3"}, {"anonymous_id": "a-3"}]


@holds("movable_ink.content.never_fetched", "movable_ink.event.personal_data")
def test_what_an_event_lacks_comes_from_an_earlier_one(client, rules):
    """A product's title is the one that an earlier event told; what is personal in an event is kept as it came."""
    collect(client, SEGMENT)
    card = {"product_id": "P-1", "card": "4111111111111111"}
    collect(client, {**SEGMENT, "messageId": "m-2", "event": "Product Added", "properties": card})

    assert newest(client, "shoppers")["cart"][0]["title"] == "Lamp", rules
    assert newest(client)["raw"]["properties"]["card"] == "4111111111111111"


@pytest.mark.parametrize("event", ["Order Refunded", "Order Cancelled"])
def test_no_conversion_is_taken_back(workspace, event):
    """A refund is a custom event that says so; the conversion stays."""
    order = {"order_id": "O-1", "total": 5, "products": [{"sku": "S-1", "price": 5}]}
    for name in ("Order Completed", event):
        workspace.post("track", {"userId": "u-1", "event": name, "properties": order})
    workspace.settle()

    (shopper,) = workspace.view("movable_ink.shoppers")
    assert shopper["total"] == 5
    told = workspace.view("movable_ink.events")[-1]["signal_reasons"]
    assert "movable_ink.event.no_reversal" in [row["rule"] for row in told]
