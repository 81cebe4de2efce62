import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.fakes.kit.times import DAY
from inkstand.fakes.movable_ink.signals import judge

ORDER = {"total": 30, "products": [{"sku": "S", "price": 30}]}
PRODUCT = {"sku": "S", "url": "https://shop.test/s"}


def rules(name, properties, context=None, age=0):
    return [reason.rule.rpartition(".")[2] for reason in judge(name, properties, context or {}, age).reasons]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["complete"]),
        ({"sku": None, "product_id": "P"}, ["complete"]),
        ({"sku": 7}, ["complete"]),
        ({"sku": "  "}, ["product_id_missing"]),
        ({"sku": True}, ["product_id_missing"]),
        ({"url": ""}, ["url_missing"]),
        ({"url": "/s"}, ["url_not_web"]),
        ({"url": "app://shop/s"}, ["url_not_web"]),
        ({"url": "https://"}, ["url_not_web"]),
        ({"url": "https://a b/x"}, ["url_not_web"]),
        ({"url": 3}, ["url_not_web"]),
        ({"sku": None, "url": None}, ["product_id_missing", "url_missing"]),
    ],
)
@pytest.mark.parametrize("name", ["Product Viewed", "Product Added"])
def test_product_events(name, changes, found):
    """A product event needs an id and a web address; each thing wrong is named."""
    assert rules(name, {**PRODUCT, **changes}) == found


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, ["complete"]),
        ({"total": 0}, ["complete"]),
        ({"total": "30.50"}, ["complete", "number_as_text"]),
        ({"total": "$30"}, ["total_not_number"]),
        ({"total": True}, ["total_not_number"]),
        ({"total": None}, ["total_missing"]),
        ({"products": []}, ["products_missing"]),
        ({"products": "S"}, ["products_missing"]),
        ({"products": ["S"]}, ["product_not_object"]),
        ({"products": [{"sku": "S"}]}, ["price_missing"]),
        ({"products": [{"price": 1}]}, ["product_id_missing"]),
        ({"products": [{"sku": "S", "price": "1 EUR"}]}, ["price_not_number"]),
    ],
)
def test_orders(changes, found):
    """An order needs total and products, each with id and price."""
    assert rules("Order Completed", {**ORDER, **changes}) == found


def test_a_bad_product_is_named_by_its_place():
    """The reason says which of the products is wrong."""
    products = [{"sku": "S", "price": 1}, {"sku": "T"}]

    (reason,) = judge("Order Completed", {"total": 1, "products": products}, {}, 0).reasons

    assert reason.facts["member"] == "properties.products[1].price"


@pytest.mark.parametrize(
    ("name", "properties", "context", "near"),
    [
        ("Product Viewed", {"productId": "P", "url": "https://x.test"}, {}, "productId"),
        ("Product Viewed", {"sku": "S"}, {"page": {"url": "https://x.test/p"}}, "context.page.url https://x.test/p"),
        ("Order Completed", {"revenue": 3, "products": [{"sku": "S", "price": 3}]}, {}, "revenue"),
    ],
)
def test_near_misses(name, properties, context, near):
    """What was probably meant is named in the reason."""
    (reason,) = judge(name, properties, context, 0).reasons

    assert reason.facts["near"] == near


def test_age():
    """An event is usable until it is 30 days old, and not a moment longer."""
    assert rules("Product Viewed", PRODUCT, age=30 * DAY) == ["complete"]
    assert rules("Product Viewed", PRODUCT, age=30 * DAY + 1) == ["too_old"]


@given(st.text().filter(lambda name: name not in {"Product Viewed", "Product Added", "Order Completed"}))
def test_nothing_else_has_requirements(name):
    """Every other event name has no requirement, whatever it carries."""
    assert judge(name, {}, {}, 0).verdict == "no_requirement"


@given(
    st.dictionaries(
        st.sampled_from(["sku", "url", "total", "products", "price", "product_id"]),
        st.none()
        | st.integers()
        | st.text()
        | st.lists(st.none() | st.dictionaries(st.sampled_from(["sku", "price"]), st.integers())),
    )
)
def test_a_verdict_has_reasons(properties):
    """Whatever comes, there is a verdict with at least one reason."""
    for name in ("Product Viewed", "Product Added", "Order Completed", None):
        signal = judge(name, properties, {}, 0)
        assert signal.reasons
        assert signal.verdict in {"usable", "unusable", "no_requirement"}
