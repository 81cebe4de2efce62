"""Whatever is sent: no answer is a server error, and everything that was sent is found again, with a reason."""

import gzip
import json
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.conftest import browsed

from inkstand.simulator.tracking.limits import BATCH_CALLS

KEYS = ["inkstand-demo-write-key", "inkstand-fuzz", "", None, "KEY"]
"""Good, unknown, empty, none; the last stands for the workspace's own."""

SINGLES = ["track", "identify", "page", "screen", "group", "alias", "t", "i", "p", "s", "g", "a", "track/"]
BATCHES = ["batch", "import", "b", "import/"]
TEXT = st.text(st.characters(codec=None), max_size=6)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=6,
)
LIKELY = st.sampled_from(
    ["track", "identify", "alias", "u", "E", "2026-01-01T00:00:00Z", "0001-01-01", 7, 2**60, {}, []]
)
MEMBERS = [
    *("type", "userId", "anonymousId", "event", "properties", "traits", "messageId", "timestamp", "sentAt", "context"),
    *("integrations", "name", "category", "groupId", "previousId", "originalTimestamp", "writeKey", "channel"),
]
CALL = st.dictionaries(st.sampled_from(MEMBERS), LIKELY | JSON, max_size=8)
GOOD = CALL.map(lambda call: {**call, "type": "track", "userId": "u", "event": "E", "properties": {}})
HEADERS = st.dictionaries(
    st.sampled_from(["Content-Type", "Origin", "X-Retry-Count", "Accept", "User-Agent", "Cookie", "Expect", "X-Odd"]),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    max_size=3,
)
ANY = settings(suppress_health_check=list(HealthCheck), deadline=None, max_examples=80)


@pytest.fixture(scope="module")
def house():
    """A sandbox, and a workspace in it that delivers when it is told to."""
    with browsed("fuzz") as (_, browser, told):
        key = told["sources"][0]["writeKey"]
        browser.post("/v1/track", json={"userId": "u-1", "event": "Ordinary"}, auth=(key, ""))
        yield browser, key


def tally(browser, workspace):
    return browser.get(f"/_sandbox/v1/workspaces/{workspace}/received").json


def total(browser):
    """Everything that was ever received: of both workspaces, of nobody, and what was refused."""
    mine, other = (tally(browser, name) for name in ("fuzz", "default"))
    calls = sum(one[name] for one in (mine, other) for name in ("accepted", "discarded", "duplicates"))
    return calls, mine["unclaimed"], mine["refused"]


def send(house, path, body, key, headers, **options):
    """Post; how many calls, calls of nobody and refused requests there are more than before, and the answer."""
    browser, own = house
    before = total(browser)
    key = own if key == "KEY" else key
    auth = None if key is None else (key, "")
    answer = browser.post(f"/v1/{path}", data=body, auth=auth, headers=headers, **options)
    assert answer.status_code in {200, 400}, (answer.status_code, answer.text)
    assert answer.json["success"] is (answer.status_code == 200)
    return [now - then for now, then in zip(total(browser), before, strict=True)], answer


def every_discard_has_a_reason(browser):
    rows = browser.get("/_sandbox/v1/workspaces/fuzz/views/debugger?newest=20").json["items"]
    assert all((row["outcome"] == "accepted") == (row["reason"] is None) for row in rows)
    assert all(row["pretty"].startswith(("analytics.", "(")) for row in rows)
    assert all(row["raw"]["messageId"] == row["messageId"] for row in rows if row["outcome"] == "accepted")


@pytest.mark.fact("accounted")
@ANY
@given(st.sampled_from(SINGLES), CALL | GOOD, st.sampled_from(KEYS), HEADERS, st.booleans())
def test_any_call(house, path, call, key, headers, zipped):
    """One call is one of: accepted, discarded, a duplicate, nobody's, refused."""
    body = json.dumps(call).encode()
    if zipped:
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    more, answer = send(house, path, body, key, headers)

    assert sorted(more) == [0, 0, 1]
    assert (answer.status_code == 400) == (more[2] == 1)
    every_discard_has_a_reason(house[0])


@pytest.mark.fact("accounted")
@ANY
@given(
    st.sampled_from(BATCHES),
    st.lists(CALL | GOOD | JSON, max_size=6),
    st.sampled_from(KEYS),
    HEADERS,
    CALL,
    st.booleans(),
)
@example("batch", [{"writeKey": "a"}, {"writeKey": "b"}, {}], None, {}, {}, False)
@example("batch", [{"type": "track"}] * (BATCH_CALLS + 1), "KEY", {}, {}, False)
def test_any_batch(house, path, calls, key, headers, around, zipped):
    """The calls of a batch are accounted for one by one; an empty one counts as one, a refused one too."""
    body = json.dumps({**around, "batch": calls}).encode()
    if zipped:
        body, headers = gzip.compress(body), {**headers, "Content-Encoding": "gzip"}
    (kept, nobodys, refused), answer = send(house, path, body, key, headers)

    if answer.status_code == 400:
        assert (kept, nobodys, refused) == (0, 0, 1)
    else:
        assert refused == 0
        assert kept + nobodys == max(1, len(calls))
    every_discard_has_a_reason(house[0])


@pytest.mark.fact("accounted", "not-an-object")
@ANY
@given(
    st.sampled_from(SINGLES + BATCHES), st.binary(max_size=60) | JSON.map(lambda one: json.dumps(one).encode()), HEADERS
)
@example("track", b'{"userId":"u","event":"E","event":"F"}', {})
@example("batch", b'{"batch":[1],"batch":[{"type":"track"},2]}', {})
@example("batch", b'{"batch":' + b"[" * 50_000, {})
@example("track", b"[" * 16_000 + b"]" * 16_000, {})
@example("track", b'{"userId":1e999,"event":"E"}', {})
@example("track", b'{"userId":' + b"9" * 5_000 + b"}", {})
@example("track", b"\xef\xbb\xbf{}", {})
@example("t", b'{"userId":"\xff"}', {})
def test_any_bytes(house, path, body, headers):
    """Bytes of any kind are taken, discarded or refused, never lost."""
    for encoding in (None, "gzip", "br"):
        more, _ = send(house, path, body, "KEY", {**headers, **({"Content-Encoding": encoding} if encoding else {})})
        assert more[1] == 0
        assert (more[0] == 0) == (more[2] == 1)


@pytest.mark.fact("accounted", "pixel-always-200")
@ANY
@given(
    st.sampled_from(["track", "identify", "x"]),
    st.dictionaries(st.sampled_from([*MEMBERS, "data", "properties.a.b", "..", "a.", "batch"]), st.text(max_size=20)),
    st.booleans(),
)
def test_any_pixel(house, kind, query, mine):
    """An image is answered, and the call is one of the same."""
    browser, own = house
    before = total(browser)
    given_ = {**query, **({"writeKey": own} if mine else {})}
    answer = browser.get(f"/v1/pixel/{kind}?{urlencode(given_)}")

    assert (answer.status_code, answer.content_type) == (200, "image/gif")
    assert sum(total(browser)) - sum(before) == 1


def test_what_was_fuzzed_is_delivered_and_shown(house):
    """All of it settles, and every view of it can be read."""
    browser, _ = house
    assert browser.post("/_sandbox/v1/workspaces/fuzz/settle").status_code == 200
    counts = browser.get("/_sandbox/v1/workspaces/fuzz/counts").json["counts"]

    assert counts["messages"] > 0
    assert counts["debugger"] == counts["messages"] + counts["discards"]
    assert counts["deliveries"] == 2 * counts["messages"]
    for view in counts:
        assert browser.get(f"/_sandbox/v1/workspaces/fuzz/views/{view}?newest=1000").status_code == 200
