"""Whatever is posted, the collector answers as the vendor does, keeps each event once, and can show it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.conftest import browsed

ANY = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=60)
SCALAR = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.sampled_from(["2026-01-01T00:00:00Z", "1700000000", "u-1", "a-1", "Product Viewed", "https://shop.test/p"]),
)
JSON = st.recursive(
    SCALAR, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4)
)
NAMES = ["Product Viewed", "Product Added", "Product Removed", "Order Completed", "Category Viewed", "search", "X"]
MEMBERS = {
    "type": st.sampled_from(["track", "identify", "page"]),
    "event": st.sampled_from(NAMES),
    "event_name": st.sampled_from(NAMES),
    "userId": st.sampled_from(["u-1", "u-2"]),
    "user_id": st.sampled_from(["u-1", "u-2"]),
    "anonymousId": st.sampled_from(["a-1", "a-2"]),
    "timestamp": st.sampled_from(["2026-01-01T00:00:00Z", 1_767_225_600_000, "1767225600"]),
    "properties": st.fixed_dictionaries(
        {},
        optional={
            "product_id": JSON,
            "price": JSON,
            "quantity": JSON,
            "total": JSON,
            "url": JSON,
            "query": JSON,
            "products": st.lists(
                st.fixed_dictionaries({}, optional={"product_id": SCALAR, "price": SCALAR, "name": SCALAR}), max_size=3
            ),
        },
    ),
    "traits": st.fixed_dictionaries({}, optional={"email": JSON, "first_name": JSON}),
    "context": JSON,
}
EVENT = st.fixed_dictionaries({}, optional={name: st.one_of(likely, JSON) for name, likely in MEMBERS.items()})
BODY = st.one_of(
    EVENT,
    st.lists(st.one_of(EVENT, JSON), max_size=4),
    st.fixed_dictionaries({"events": st.one_of(st.lists(EVENT, max_size=4), JSON)}),
    JSON,
)


@pytest.fixture(scope="module")
def house():
    """A sandbox with one workspace, its classic key and its key of the current generation."""
    with browsed("f") as (_, browser, told):
        settings_ = {one["id"]: one["settings"] for one in told["connections"]}
        actions = settings_["movable-ink-actions"]
        current = actions["movable_ink_url"].rpartition("/")[2]
        yield (
            browser,
            {
                "classic": (settings_["movable-ink"]["apiKey"], settings_["movable-ink"]["apiKey"], ""),
                "current": (current, actions["username"], actions["password"]),
            },
        )


def kept(browser):
    counts = browser.get("/_sandbox/v1/workspaces/f/counts").json["counts"]
    names = ("events", "identifies", "repeats", "rejected")
    return sum(counts[f"movable_ink.{name}"] for name in names)


def look(browser):
    for view in ("events", "profiles", "shoppers", "rejected", "ownership"):
        assert browser.get(f"/_sandbox/v1/workspaces/f/views/movable_ink.{view}?newest=50").status_code == 200


@ANY
@given(BODY, st.sampled_from(["classic", "current"]))
def test_any_body(house, body, generation):
    """It is 200, 400 or 413, with a request id; a track or identify that is taken stands somewhere, once."""
    browser, keys = house
    key, user, password = keys[generation]
    before = kept(browser)
    answer = browser.post(f"/movable-ink/behavioral/{key}", json=body, auth=(user, password))

    assert answer.status_code in {200, 400, 413}
    assert answer.json["request_id"] == answer.headers["x-request-id"]
    events = body.get("events", body) if isinstance(body, dict) else body
    most = len(events) if isinstance(events, list) else 1
    assert 0 <= kept(browser) - before <= most
    if answer.status_code == 400 and not isinstance(events, list) and isinstance(body, dict):
        assert kept(browser) - before <= 1
    look(browser)


@ANY
@given(st.binary(max_size=60), st.sampled_from(["classic", "current"]))
def test_any_bytes(house, raw, generation):
    """Bytes that are no JSON are a 400 and nothing is kept."""
    browser, keys = house
    key, user, password = keys[generation]
    answer = browser.post(f"/movable-ink/behavioral/{key}", data=raw, auth=(user, password))

    assert answer.status_code in {200, 400}


@ANY
@given(
    st.text(max_size=20),
    st.sampled_from(["recently-viewed", "abandoned-cart", "last-purchase.png", "nothing"]),
    st.sampled_from(["", "html", "json", "x"]),
)
def test_any_open(house, mi_u, app, kind):
    """Whoever is asked for: content, or a 404 for an app that there is not; never a failure."""
    browser, keys = house
    answer = browser.get(
        f"/movable-ink/{keys['classic'][0]}/content/{app}", query_string={"mi_u": mi_u, "format": kind}
    )

    assert answer.status_code == (404 if app == "nothing" else 200)
    assert browser.get("/_sandbox/v1/workspaces/f/views/movable_ink.opens?newest=5").status_code == 200


@pytest.mark.slow
@ANY
@given(st.lists(EVENT, min_size=1, max_size=6))
def test_what_was_posted_can_be_opened(house, events):
    """After any events every app can be made for everybody."""
    browser, keys = house
    key, user, password = keys["classic"]
    browser.post("/_sandbox/v1/workspaces/f/reset")
    browser.post(f"/movable-ink/behavioral/{key}", json={"events": events}, auth=(user, password))

    for app in ("recently-viewed", "abandoned-cart", "last-purchase"):
        for mi_u in ("u-1", "u-2"):
            path = f"/movable-ink/{key}/content/{app}"
            for kind in ("html", "json"):
                answer = browser.get(path, query_string={"mi_u": mi_u, "format": kind})
                assert answer.status_code == 200, answer.text
    look(browser)
