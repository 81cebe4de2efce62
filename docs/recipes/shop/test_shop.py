"""The shop's contract as pytest holds it: each test has a workspace of its own, so it runs under `pytest -n 4`."""

import pytest
from shop import LAMP, Shop

pytestmark = pytest.mark.inkstand(sources={"website": {"trackingPlan": "destination-requirements"}})


@pytest.fixture
def shop(inkstand):
    return Shop(inkstand.write_key, inkstand.url)


def test_what_a_visitor_saw_becomes_the_users(shop, inkstand):
    shop.view("visitor-1", LAMP)
    shop.sign_in("visitor-1", "user-1", "ana@shop.test")

    event = inkstand.one("movable_ink.events", event="product", owner={"user_id": "user-1"})
    assert event["signal"] == "usable"


def test_an_order_is_one_conversion(shop, inkstand):
    shop.order("user-1", "order-1", [LAMP])

    inkstand.expect("movable_ink.events", [{"event": "conversion", "signal": "usable"}])
    inkstand.expect("violations", [])


def test_an_invoice_is_made(shop, inkstand):
    shop.send_invoice("user-1", "order-1", ("Ana", "Lima"), 30)

    invoice = inkstand.one("inkit.documents", template_id="tmpl_demoInvoice")
    assert "For Ana Lima" in invoice["html"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_order_arrives_although_movable_ink_is_away(shop, inkstand, status):
    inkstand.fault("movable_ink", status=status, next=2)
    shop.order("user-1", "order-1", [LAMP])
    inkstand.settle()
    inkstand.advance("5m")

    inkstand.expect("movable_ink.events", [{"event": "conversion"}])
    inkstand.expect("attempts", {"where": {"connection": "movable-ink"}, "count": 3})
