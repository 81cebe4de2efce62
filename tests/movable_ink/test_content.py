"""Content at the moment of open: what an app shows, to whom, as what, and why not more."""

import pytest

from inkstand.fakes.movable_ink.apps import AppError, check, render


def product(number, **more):
    return {
        "product_id": f"P-{number}",
        "name": f"Lamp {number}",
        "price": number,
        "url": f"https://shop.test/p-{number}",
        **more,
    }


@pytest.fixture
def shop(workspace):
    """A workspace; what somebody does in it."""

    def track(event, user="u-1", **properties):
        who = {"anonymousId": user} if user.startswith("a-") else {"userId": user}
        workspace.post("track", {**who, "event": event, "properties": properties})
        workspace.settle()
        workspace.advance("1m")

    workspace.track = track
    return workspace


def fetched(shop, app, mi_u="u-1", **options):
    key = shop.connection("movable-ink")["settings"]["apiKey"]
    path = f"/movable-ink/{key}/content/{app}"
    return shop.client.request("GET", path, params={"mi_u": mi_u, **options.pop("params", {})}, **options)


def told(shop, app, mi_u="u-1"):
    return fetched(shop, app, mi_u, params={"format": "json"}).json()


def test_the_newest_events_are_shown(shop):
    """Distinct products, the newest first; what is looked at after one open is there at the next."""
    for number in (1, 2, 1):
        shop.track("Product Viewed", **product(number))
    assert told(shop, "recently-viewed")["shown"] == ["P-1", "P-2"]

    shop.track("Product Viewed", **product(3))
    assert told(shop, "recently-viewed")["shown"] == ["P-3", "P-1", "P-2"]
    assert [row["shown"] for row in shop.view("movable_ink.opens")] == [["P-1", "P-2"], ["P-3", "P-1", "P-2"]]


def test_a_cart_is_what_is_left(shop):
    """Added less removed, cleared by an order that holds the product; why a product is gone is told."""
    for number in (1, 2, 3):
        shop.track("Product Added", **product(number, quantity=2))
    shop.track("Product Removed", **product(1, quantity=1))
    shop.track("Product Removed", **product(2, quantity=2))
    shop.track("Order Completed", order_id="O-1", total=6, products=[{"product_id": "P-3", "price": 3}])
    (shopper,) = shop.view("movable_ink.shoppers")

    assert [(line["id"], line["quantity"]) for line in shopper["cart"]] == [("P-1", 1)]
    assert shopper["conversions"][0]["products"][0]["title"] == "Lamp 3"
    assert shopper["total"] == 6
    assert shopper["signals"] == {
        "viewed": 0,
        "in_cart": 1,
        "bought": 1,
        "searched": False,
        "browsed": False,
        "total": 6.0,
    }
    gone = {one["facts"]["product"]: one["facts"]["by"] for one in told(shop, "abandoned-cart")["why"][1:]}
    assert gone == {"P-2": "removed", "P-3": "bought"}


def test_search_and_category(shop):
    """The last search and the last category are told."""
    shop.track("Products Searched", query="lamp")
    shop.track("Products Searched", query="desk")
    shop.track("Product List Viewed", list_id="L-1", category="Desks")
    (shopper,) = shop.view("movable_ink.shoppers")

    assert (shopper["search"], shopper["category"]) == ("desk", {"id": "L-1", "title": "Desks"})


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"headers": {"Accept": "text/html,image/webp,*/*"}}, "text/html; charset=utf-8"),
        ({"headers": {"Accept": "image/avif,image/webp,image/png,*/*;q=0.8"}}, "image/png"),
        ({"params": {"format": "png"}}, "image/png"),
        ({"params": {"format": "json"}}, "application/json"),
        ({}, "text/html; charset=utf-8"),
    ],
)
def test_html_or_a_picture_by_what_is_asked(shop, asked, kind):
    """A browser gets a page, an e-mail client's image a picture; nothing is kept by caches."""
    shop.track("Product Viewed", **product(1))
    answer = fetched(shop, "recently-viewed", **asked)

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, kind)
    assert answer.headers["Cache-Control"] == "no-store"
    if kind == "image/png":
        assert answer.content.startswith(b"\x89PNG")


def test_every_behavioral_app_has_a_fallback(shop):
    """For somebody nobody knows each shows something, and says that it is the fallback."""
    for app in ("recently-viewed", "abandoned-cart", "last-purchase"):
        answer = told(shop, app, "u-none")
        assert (answer["profile"], answer["shown"]) == (None, [])
        assert answer["why"][0]["rule"] == "movable_ink.content.unknown"
        assert "<h1>" in fetched(shop, app, "u-none").text
        assert fetched(shop, f"{app}.png", "u-none").content.startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("mi_u", "rule", "said"),
    [
        ("ana@shop.test", "near_id", "the e-mail of u-1"),
        ("U-1", "near_id", "spelled otherwise than u-1"),
        ("a-1", "near_id", "an anonymousId of u-1"),
        ("a-9", "near_id", "the anonymousId of a visitor"),
    ],
)
def test_an_id_that_is_nearly_right_is_named(shop, mi_u, rule, said):
    """Where mi_u is another of her ids, or is spelled otherwise, it is said whose."""
    shop.post("identify", {"userId": "u-1", "anonymousId": "a-1", "traits": {"email": "Ana@shop.test"}})
    shop.track("Product Viewed", user="a-9", **product(9))
    answer = told(shop, "recently-viewed", mi_u)

    assert answer["shown"] == []
    assert any(one["rule"] == f"movable_ink.content.{rule}" and said in one["say"] for one in answer["why"])


def test_why_a_product_is_not_shown(shop):
    """Waiting for an identify, somebody else's, unusable, too old: each event is named with its cause."""
    shop.track("Product Viewed", user="a-1", **product(1))
    shop.track("Product Viewed", user="u-2", **product(2))
    shop.track("Product Viewed", product_id="P-3")
    old = {"userId": "u-1", "event": "Product Viewed", "properties": product(4), "timestamp": "2025-12-10T00:00:00Z"}
    shop.post("track", old)
    shop.settle()
    shop.advance("15d")
    found = {
        one["facts"].get("product"): one["rule"].rpartition(".")[2] for one in told(shop, "recently-viewed")["why"]
    }

    assert found == {None: "nothing", "P-1": "waiting", "P-2": "of_another", "P-3": "unusable", "P-4": "too_old"}
    shop.post("identify", {"userId": "u-1", "anonymousId": "a-1"})
    shop.settle()
    assert told(shop, "recently-viewed")["shown"] == ["P-1"]


def test_a_scenario_can_open_a_message(shop):
    """The verb tells what was shown and why not more."""
    shop.track("Product Viewed", **product(1))
    seen = shop.act("movable_ink.open", {"app": "recently-viewed", "mi_u": "u-1"})

    assert (seen["profile"], seen["shown"], seen["fallback"]) == ({"user_id": "u-1"}, ["P-1"], False)


CUSTOM = "{% if signals.in_cart > 0 %}Cart of {{ cart.size }}{% elsif known %}Hello {{ name }}{% else %}Hi{% endif %}"


def test_a_custom_app_branches_on_the_profiles_signals(client):
    """One's own template is filled with what the profile did; it can ask for any of it."""
    apps = {"banner": {"html": f"<p>{CUSTOM}</p>", "width": 300}}
    workspace = client.create("apps", clock="frozen", delivery="manual", vendors={"movable_ink": {"apps": apps}})
    assert fetched(workspace, "banner").text == "<p>Hi</p>"
    workspace.post("identify", {"userId": "u-1", "traits": {"first_name": "<Ana>"}})
    workspace.settle()
    assert fetched(workspace, "banner").text == "<p>Hello &lt;Ana&gt;</p>"
    workspace.post("track", {"userId": "u-1", "event": "Product Added", "properties": product(1)})
    workspace.settle()
    assert fetched(workspace, "banner").text == "<p>Cart of 1</p>"
    missing = fetched(workspace, "baner")
    assert missing.status_code == 404
    assert "banner" in missing.json()["message"]


@pytest.mark.parametrize(
    "template",
    [
        "{{ a",
        "{% include '/etc/passwd' %}",
        "{% render 'x' %}",
        "{% for i in (1..100000000) %}{% endfor %}",
        "{{ (1..1000000000) | size }}",
        "{{ 'a' | replace: 'a', 'aaaaaaaa' }}",
        "{% assign x = 'aaaaaaaaaa' %}" + "{% assign x = x | append: x %}" * 40,
        "{{ 'a' | safe }}",
    ],
)
def test_a_template_cannot_do_harm(template):
    """What reads files, never ends or grows without end is refused, with a sentence."""
    with pytest.raises(AppError) as told_:
        check(template)
    assert str(told_.value)


def test_a_template_sees_no_python():
    """Attributes of what it is given are not there."""
    assert render("{{ viewed.__class__ }}{{ signals.__init__.__globals__ }}", {"viewed": [], "signals": {}}) == ""
    with pytest.raises(AppError):
        render("{% for a in b %}" * 5 + "{% endfor %}" * 5, {"b": list(range(50))})


def test_an_unknown_key_has_no_content(client):
    """Content of an endpoint that there is not is a 404 in the vendor's form."""
    answer = client.request("GET", "/movable-ink/nobody/content/recently-viewed", params={"mi_u": "u"})

    assert answer.status_code == 404
    assert set(answer.json()) == {"message", "request_id"}
