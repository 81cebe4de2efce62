"""Stories of a missing event, as a developer gets it wrong: explain names the cause first, and its mend is true."""

import pytest

GOOD = {"sku": "S-1", "url": "https://shop.test/s-1"}


def track(event="Product Viewed", properties=GOOD, **who):
    return ("track", {**(who or {"userId": "ana"}), "event": event, "properties": properties, "messageId": "m"})


ORDER = {"total": 10, "products": [{"sku": "S-1", "price": 10}]}
STORIES = {
    "another case": (track("product viewed"), "event.near_name", "Product Viewed"),
    "the other way round": (track("Viewed Product"), "event.near_name", "Product Viewed"),
    "a slip": (track("Prodct Viewed"), "event.near_name", "Product Viewed"),
    "no url": (track(properties={"sku": "S-1"}), "signal.url_missing", None),
    "productId": (track(properties={"productId": "S-9", "url": GOOD["url"]}), "signal.product_id_missing", "S-9"),
    "revenue": (track("Order Completed", {**ORDER, "total": None, "revenue": 20}), "signal.total_missing", 20),
    "a currency": (track("Order Completed", {**ORDER, "total": "$10.50"}), "signal.total_not_number", 10.5),
    "one product": (
        track("Order Completed", {"total": 1, "products": {"sku": "S-1", "price": 1}}),
        "signal.products_missing",
        [{"sku": "S-1", "price": 1}],
    ),
    "a page": (("page", {"userId": "ana", "name": "Product Viewed", "messageId": "m"}), "page_not_track", None),
    "nobody identified": (track(anonymousId="a-1"), "owner.anonymous", None),
    "identify of nobody": (
        ("identify", {"anonymousId": "a-1", "traits": {"plan": "x"}, "messageId": "m"}),
        "identify.nobody",
        "user-1",
    ),
}


@pytest.mark.parametrize("story", STORIES)
def test_the_cause_is_named_first(workspace, story):
    """The first cause is the true one, and where the right value came it stands in the mend."""
    (verb, call), rule, value = STORIES[story]
    workspace.post(verb, call)
    workspace.settle()
    cause = workspace.explain("m")["cause"]

    assert cause["rule"].partition(".")[2] == rule
    assert cause["mend"]["say"]
    if value is not None:
        assert value in cause["mend"]["set"].values()


def test_the_url_of_the_page_is_offered(workspace):
    """An address that came in the context is the one that belongs into the properties."""
    page = {"page": {"url": "https://shop.test/seen"}}
    workspace.post("track", {**track(properties={"sku": "S-1"})[1], "context": page})
    workspace.settle()

    assert workspace.explain("m")["cause"]["mend"]["set"] == {"properties.url": "https://shop.test/seen"}


def test_a_connection_that_somebody_switched_off(workspace):
    """It is named before what another vendor does not take anyway."""
    workspace.change_connection("movable-ink", {"enabled": False})
    workspace.post(*track())
    workspace.settle()

    assert workspace.explain("m")["cause"]["rule"] == "delivery.connection_off"


def test_an_arranged_fault(workspace):
    """While it strikes it is named first; when it has ended and the call is delivered, no more."""
    workspace.fault("movable_ink", status=503, next=1)
    workspace.post(*track())
    workspace.settle()
    assert workspace.explain("m")["cause"]["rule"] == "delivery.fault"

    workspace.advance("1m")
    assert workspace.explain("m")["cause"] is None


def test_another_visitors_identify(workspace):
    """An identify that came with another anonymousId is named beside what is waited for."""
    workspace.post("identify", {"userId": "ana", "anonymousId": "a-2"})
    workspace.post(*track(anonymousId="a-1"))
    workspace.settle()
    told = workspace.explain("m")

    assert [cause["rule"].partition(".")[2] for cause in told["causes"]][:2] == [
        "owner.anonymous",
        "owner.identified_elsewhere",
    ]
    assert "a-2" in told["causes"][1]["say"]


def test_an_event_is_found_by_whom_it_is_booked_on(workspace):
    """What came as a visitor's and is the user's by an identify is found by the user."""
    workspace.post(*track(anonymousId="a-1"))
    workspace.post("identify", {"userId": "ana", "anonymousId": "a-1"})
    workspace.settle()

    assert workspace.explain_newest(event="Product Viewed", userId="ana")["messageId"] == "m"


@pytest.mark.parametrize("setting", [{"apiKey": "inkstand-a-wrong-key"}])
def test_wrong_credentials(workspace, setting):
    """The connection whose settings are wrong is named."""
    workspace.change_connection("movable-ink", {"settings": setting})
    workspace.post(*track())
    workspace.settle()
    cause = workspace.explain("m")["cause"]

    assert cause["rule"] == "delivery.credentials_refused"
    assert "movable-ink" in cause["say"]
