"""The collector takes what every public sender posts, in its own shape, and reads the same thing out of it."""

import json

import pytest
from tests.conftest import basic

KEY = "inkstand-demo-movable-ink-stories"
PATH = f"/movable-ink/behavioral/{KEY}"
USER, SECRET = "inkstand-demo-movable-ink-user", "inkstand-demo-movable-ink-secret"
MOMENT = "2026-11-20T10:00:00.000Z"
MILLISECONDS = 1_795_168_800_000

SEGMENT = {
    "type": "track",
    "event": "Product Viewed",
    "userId": "u-1",
    "anonymousId": "a-1",
    "messageId": "m-1",
    "timestamp": MOMENT,
    "context": {"timezone": "Europe/Berlin"},
    "properties": {"product_id": "P-1", "name": "Lamp", "price": 30, "url": "https://shop.test/p-1"},
}
RUDDERSTACK = {**SEGMENT, "timestamp": MILLISECONDS, "originalTimestamp": MOMENT, "channel": "web"}
BRAZE = {
    "type": "track",
    "event": "product_viewed",
    "user_id": "u-1",
    "anonymous_id": "a-1",
    "timestamp": str(MILLISECONDS // 1000),
    "timezone": "Europe/Berlin",
    "properties": {"id": "P-1", "title": "Lamp", "price": "30", "url": "https://shop.test/p-1", "meta": {"a": 1}},
}
FLAT = {
    "event_name": "Product Viewed",
    "user_id": "u-1",
    "anonymous_id": "a-1",
    "timestamp": MOMENT,
    "timezone": "Europe/Berlin",
    "product": {"id": "P-1", "title": "Lamp", "price": 30, "url": "https://shop.test/p-1"},
    "categories": [{"id": "C-1"}],
    "metadata": {"product_id": "P-1"},
}
ORACLE = {
    "event": "Product Viewed",
    "timestamp": MILLISECONDS,
    "user_id": "u-1",
    "timezone": "Europe/Berlin",
    "properties": {"id": "P-1", "title": "Lamp", "price": 30.0, "url": "https://shop.test/p-1"},
}
SENDERS = {"segment": SEGMENT, "rudderstack": RUDDERSTACK, "braze": BRAZE, "flat": FLAT, "oracle": ORACLE}


def collect(client, body, status=200, credentials=(USER, SECRET), key=KEY):
    answer = client.request("POST", f"/movable-ink/behavioral/{key}", json=body, headers=basic(*credentials))
    assert answer.status_code == status, answer.text
    assert answer.json()["request_id"] == answer.headers["x-request-id"]
    return answer.json()


@pytest.mark.parametrize("generation", ["classic", "current"])
@pytest.mark.parametrize("sender", SENDERS)
def test_every_sender_is_understood(client, sender, generation):
    """Ids, time and product are read alike, whoever sends and with either form of credentials."""
    collect(client, SENDERS[sender], credentials=(KEY, "") if generation == "classic" else (USER, SECRET))

    (event,) = client.workspace("default").view("movable_ink.events")
    assert event["event"] == "product"
    assert event["owner"] == {"user_id": "u-1"}
    assert event["occurred_at"] == MOMENT
    product = event["normalised"]["product"]
    assert (product["id"], product["title"], float(product["price"])) == ("P-1", "Lamp", 30)
    assert product["url"] == "https://shop.test/p-1"
    assert event["signal"] == "usable"


@pytest.mark.parametrize("wrap", [lambda events: {"events": events}, lambda events: events], ids=["events", "bare"])
def test_a_batch_is_as_many_events(client, wrap):
    """Both forms of a batch are taken, each event of it on its own."""
    bodies = [{**RUDDERSTACK, "messageId": f"m-{n}", "userId": f"u-{n}"} for n in range(3)]
    collect(client, wrap(bodies))

    owners = [row["owner"]["user_id"] for row in client.workspace("default").view("movable_ink.events")]
    assert owners == ["u-0", "u-1", "u-2"]


def test_a_batch_fails_in_part(client):
    """What is wrong with some leaves the others alone; each that is not taken is kept with its reason."""
    bad = {**SEGMENT, "messageId": "m-bad", "event": "Signed Up"}
    collect(client, {"events": [bad, 7, {**SEGMENT, "messageId": "m-good"}]})
    found = client.workspace("default")

    assert [row["message_id"] for row in found.view("movable_ink.events")] == ["m-good"]
    rejected = found.view("movable_ink.rejected")
    assert [(row["place"], row["reasons"][0]["rule"]) for row in rejected] == [
        (0, "movable_ink.mapping.none_matches"),
        (1, "movable_ink.event.not_object"),
    ]
    told = found.explain("m-bad")
    assert told["cause"]["rule"] == "movable_ink.mapping.none_matches"


def test_a_batch_of_nothing_but_bad_events_is_refused(client):
    """Where none is taken, the answer is 400 and says why."""
    answer = collect(client, [{**SEGMENT, "event": "Signed Up"}, 7], status=400)

    assert "Signed Up" in answer["message"]
    assert client.workspace("default").view("movable_ink.events") == []


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"event": "Signed Up"}, "none_matches"),
        ({"properties": {}}, "field_missing"),
        ({"userId": None, "anonymousId": None}, "no_id"),
        ({"timestamp": "soon"}, "no_time"),
        ({"event": None}, "no_name"),
    ],
)
def test_strict_and_classic(client, change, rule):
    """What a strict endpoint refuses with its reason, the classic sender may send: it is kept."""
    body = {**SEGMENT, **change}
    collect(client, body, status=400)
    found = client.workspace("default")
    assert found.view("movable_ink.rejected")[0]["reasons"][0]["rule"] == f"movable_ink.mapping.{rule}"

    collect(client, body, credentials=(KEY, ""))
    assert len(found.view("movable_ink.events")) == 1


@pytest.mark.parametrize("call", ["page", "screen", "group", "alias"])
def test_other_calls_are_kept_raw(client, call):
    """Calls that are no events are taken by a strict endpoint too, and have no effect."""
    collect(client, {"type": call, "userId": "u-1", "messageId": "m-1", "timestamp": MOMENT})
    found = client.workspace("default")

    assert found.view("movable_ink.events") == found.view("movable_ink.profiles") == []
    assert "movable_ink.event.other_call" in [row["rule"] for row in found.view("reasons")]


def test_an_identify_of_every_shape(client):
    """With a type or flat, in either casing, with traits beside or in the context: the visitor's events move."""
    shapes = [
        {"type": "identify", "userId": "u-0", "anonymousId": "a-0", "timestamp": MOMENT},
        {"type": "identify", "user_id": "u-1", "anonymous_id": "a-1", "timestamp": MILLISECONDS},
        {"user_id": "u-2", "anonymous_id": "a-2", "timestamp": MOMENT, "timezone": "UTC"},
    ]
    for number, identify in enumerate(shapes):
        collect(client, {**FLAT, "user_id": None, "anonymous_id": f"a-{number}"})
        collect(client, identify)

    owners = [row["owner"] for row in client.workspace("default").view("movable_ink.events")]
    assert owners == [{"user_id": f"u-{number}"} for number in range(3)]


def test_an_equal_body_is_a_repeat(client):
    """Without a message id the same body again is a repeat; another one is another event."""
    for body in (BRAZE, BRAZE, {**BRAZE, "user_id": "u-2"}):
        collect(client, body)
    found = client.workspace("default")

    assert len(found.view("movable_ink.events")) == 2
    assert len(found.view("movable_ink.repeats")) == 1


OWN = {
    "key": "inkstand-own-endpoint-key",
    "accessKey": "loyalty",
    "accessSecret": "s3cret",
    "mappings": [
        {"name": "Tier", "schema": "Loyalty", "match": '.kind == "tier"', "fields": {"Tier": ".data.tier"}},
        {
            "name": "Basket",
            "schema": "CartAdd",
            "match": '.kind == "basket" and (.data.ok == true or .force == 1)',
            "fields": {"ID": ".data.sku", "Price": ".data.price", "Colour": ".data.colour", "UserID": ".who"},
        },
        {
            "name": "Sale",
            "schema": "Conversion",
            "match": '.kind == "sale"',
            "fields": {"Products": ".data.lines[]", "Products[].ID": ".sku", "Revenue": ".data.sum"},
        },
        {"name": "Off", "schema": "Loyalty", "events": ["Anything"], "active": False},
    ],
}


@pytest.fixture
def own(client):
    """A workspace with an endpoint of its own."""
    endpoints = {"loyalty": OWN, "open": {"lenient": True}}
    setup = {"vendors": {"movable_ink": {"endpoints": endpoints}}, "clock": "frozen", "delivery": "manual"}
    return client.create("own", **setup)


def test_an_endpoint_of_ones_own(client, own):
    """Its credentials and mappings are its own; the first mapping that matches makes the event."""
    who, how = {"userId": "u-1", "timestamp": "2026-01-01T00:00:00Z"}, {"credentials": ("loyalty", "s3cret")}
    key = OWN["key"]
    collect(client, {**who, "kind": "tier", "data": {"tier": "gold"}}, key=key, **how)
    basket = {"kind": "basket", "who": "u-2", "force": 1, "data": {"sku": 7, "price": 3, "colour": "red"}}
    collect(client, {**who, **basket}, key=key, **how)
    sale = {"kind": "sale", "data": {"sum": 9, "lines": [{"sku": "P-1"}, {"sku": "P-2"}]}}
    collect(client, {**who, **sale}, key=key, **how)
    collect(client, SEGMENT, key=key, **how)
    collect(client, SEGMENT, key=key, status=401)
    refused = collect(client, {**who, "type": "track", "event": "Anything"}, key=key, status=400, **how)

    found = [(row["mapping"], row["event"], row["normalised"]) for row in own.view("movable_ink.events")]
    assert found[:3] == [
        ("Tier", "custom", {"custom": {"Tier": "gold"}}),
        ("Basket", "cart_add", {"product": {"id": "7", "price": 3}, "custom": {"Colour": "red"}}),
        ("Sale", "conversion", {"products": [{"id": "P-1"}, {"id": "P-2"}], "revenue": 9}),
    ]
    assert found[3][:2] == ("Product", "product")
    assert own.view("movable_ink.events")[1]["owner"] == {"user_id": "u-2"}
    assert "Anything" in refused["message"]


def test_a_lenient_endpoint_keeps_what_no_mapping_matches(client, own):
    """It is a custom event that nothing is required of, and says that no mapping matched."""
    (endpoint,) = [row for row in own.view("movable_ink.endpoints") if row["name"] == "open"]
    collect(client, {**SEGMENT, "event": "Signed Up"}, key=endpoint["key"])

    (event,) = own.view("movable_ink.events")
    assert (event["event"], event["signal"]) == ("custom", "no_requirement")
    assert "movable_ink.mapping.kept_unmapped" in [row["rule"] for row in event["signal_reasons"]]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ({"match": '.type = "x"', "events": ["A"]}, "a match criteria, or the events"),
        ({"match": ".type is text"}, "== or !="),
        ({"events": ["A"], "schema": "Product"}, "must have a path for ID"),
        ({"events": ["A"], "schema": "Search", "fields": {"Query": ".q", "Colour": ".c"}}, "no field Colour"),
        ({"events": ["A"], "fields": {"X": "import os"}}, "or, or the end"),
        ({"events": ["A"], "schema": "Product", "fields": {"ID": ".i", **{f"F{n}": ".x" for n in range(21)}}}, "20"),
    ],
)
def test_a_mapping_that_cannot_be_is_told(client, mapping, said):
    """Each mistake in a mapping is named where it stands, before anything is made."""
    endpoint = {"mappings": [{"name": "Mine", "schema": "Own", **mapping}]}
    answer = client.request(
        "POST",
        "/_sandbox/v1/workspaces",
        json={"name": "wrong", "vendors": {"movable_ink": {"endpoints": {"mine": endpoint}}}},
    )

    assert answer.status_code in {400, 422}
    assert said in answer.text


def test_repeats_may_count(client):
    """The hazard of a repeat can be shown: where the workspace chose so, it counts again."""
    setup = {"vendors": {"movable_ink": {"countRepeats": True}}, "clock": "frozen", "delivery": "manual"}
    workspace = client.create("twice", **setup)
    key = workspace.connection("movable-ink")["settings"]["apiKey"]
    for _ in range(2):
        collect(client, SEGMENT, key=key, credentials=(key, ""))

    assert len(workspace.view("movable_ink.events")) == 2
    assert workspace.view("movable_ink.repeats") == []


def event_of(client, change, **how):
    collect(client, {**SEGMENT, **change}, **how)
    found = client.workspace("default").view("movable_ink.events")
    return found[-1] if found else None


@pytest.mark.parametrize(
    ("change", "ident"),
    [
        ({"properties": {"product_id": "  ", "sku": "S-1"}}, "S-1"),
        ({"properties": {"product_id": {}, "sku": "S-1"}}, "S-1"),
        ({"properties": {"product_id": 12.0}}, "12"),
        ({"properties": {"product_id": 7}}, "7"),
    ],
)
def test_a_member_that_is_none_does_not_hide_the_next(client, change, ident):
    """Spaces, objects and the like count as absent; numbers are ids as text."""
    assert event_of(client, change)["normalised"]["product"]["id"] == ident


@pytest.mark.parametrize(
    "change", [{"userId": {}, "user_id": "u-1"}, {"userId": "  ", "user_id": "u-1"}, {"timestamp": "bad", "ts": MOMENT}]
)
def test_ids_and_times_have_a_next_place_too(client, change):
    """What is no id or no time is passed over for the next place where one may stand."""
    event = event_of(client, change)

    assert (event["owner"], event["occurred_at"]) == ({"user_id": "u-1"}, MOMENT)


def test_a_classic_sender_of_segments_shape_needs_segments_names(client):
    """Another sender's spelling in Segment's own form is a custom event that says which name it is like."""
    event = event_of(client, {"event": "product_viewed"}, credentials=(KEY, ""))

    assert (event["event"], event["signal"]) == ("custom", "no_requirement")
    assert "movable_ink.event.near_name" in [row["rule"] for row in event["signal_reasons"]]


@pytest.mark.parametrize("call", ["page", "identify"])
def test_the_type_decides_what_a_call_is(client, call):
    """A page or an identify that carries the name of an event is no event."""
    body = {**SEGMENT, "type": call}
    collect(client, body, credentials=(KEY, ""))

    assert client.workspace("default").view("movable_ink.events") == []


def test_what_tells_more_than_ids_is_no_identify(client):
    """A body without type or name that carries properties ties nobody to anybody."""
    collect(client, {"userId": "u-1", "anonymousId": "a-1", "timestamp": MOMENT, "properties": {}}, status=400)

    assert client.workspace("default").view("movable_ink.profiles") == []


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "FOO", "HEAD", "PUT"])
def test_every_method_has_its_key_looked_at(client, method):
    """An unknown key is a 404 of the vendor's form for any method, a known one a 405."""
    unknown = client.request(method, "/movable-ink/behavioral/nobody-has-this")
    known = client.request(method, PATH)

    assert (unknown.status_code, known.status_code) == (404, 405)
    assert unknown.headers["Content-Type"] == "application/json"
    assert (
        unknown.headers["x-request-id"]
        != client.request(method, "/movable-ink/behavioral/nobody-has-this").headers["x-request-id"]
    )


def test_a_repeat_is_known_however_it_is_written(client):
    """The same body alone, in a batch and with its members in another order is one event."""
    turned = dict(reversed(BRAZE.items()))
    for body in (BRAZE, {"events": [BRAZE]}, turned):
        collect(client, body)
    found = client.workspace("default")

    assert len(found.view("movable_ink.events")) == 1
    assert len(found.view("movable_ink.repeats")) == 2


def test_by_any_spelling_of_the_host(client):
    """A host's name is compared without case, with or without a port."""
    headers = {**basic(USER, SECRET), "Host": "Collector.MICPN.com:8443"}

    assert client.request("POST", f"/behavioral/{KEY}", json=SEGMENT, headers=headers).status_code == 200


HUGE = ["1e900000", "1e5000", "1e9999999", "9" * 400, 10**400, -5, 0, "1e400"]


@pytest.mark.parametrize("amount", HUGE, ids=str)
def test_amounts_beyond_all_commerce_harm_nobody(client, amount):
    """Views and content are made whatever number stands in a quantity or a total."""
    added = {**SEGMENT, "messageId": "m-a", "event": "Product Added"}
    added["properties"] = {**SEGMENT["properties"], "quantity": amount}
    collect(client, added)
    ordered = {**SEGMENT, "messageId": "m-o", "event": "Order Completed", "timestamp": "2026-11-20T09:00:00Z"}
    ordered["properties"] = {"total": amount, "products": [{"product_id": "P-9", "price": amount}]}
    collect(client, ordered)

    (shopper,) = client.workspace("default").view("movable_ink.shoppers")
    assert abs(shopper["total"]) < 100
    for app in ("recently-viewed", "abandoned-cart", "last-purchase"):
        answer = client.request("GET", f"/movable-ink/{KEY}/content/{app}", params={"mi_u": "u-1"})
        assert answer.status_code == 200


@pytest.mark.parametrize("name", ["\ud800 x", "a\u0000b", {"a": 1}, "x" * 5_000, "<script>"], ids=repr)
def test_names_of_every_kind_can_be_drawn(client, name):
    """HTML, picture and JSON are made of whatever came as a product's name and address."""
    body = {**SEGMENT, "properties": {"product_id": "P-1", "name": name, "url": name}}
    raw = json.dumps(body)
    headers = {**basic(USER, SECRET), "Content-Type": "application/json"}
    assert client.request("POST", PATH, data=raw, headers=headers).status_code == 200

    for kind in ("html", "png", "json"):
        path = f"/movable-ink/{KEY}/content/recently-viewed"
        assert client.request("GET", path, params={"mi_u": "u-1", "format": kind}).status_code == 200
