import pytest
from tests.conftest import basic

KEY = "inkstand-demo-movable-ink-key"
PATH = f"/movable-ink/behavioral/{KEY}"
EVENT = {"type": "track", "event": "Product Viewed", "userId": "u", "messageId": "m", "properties": {}}


def test_an_event_is_answered_with_its_request_id(client):
    """Success is 200 with the request id, in body and header alike."""
    response = client.request("POST", PATH, json=EVENT, headers=basic(KEY))

    assert response.status_code == 200
    assert response.json() == {"request_id": response.headers["x-request-id"]}


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_unknown_key_hides_everything_else(client, method):
    """With an unknown key it is 404 for every method, before credentials and body are looked at."""
    response = client.request(method, "/movable-ink/behavioral/other", data=b"{")

    assert response.status_code == 404
    assert response.json()["message"] == "Behavioral endpoint key not found"
    assert response.json()["request_id"] == response.headers["x-request-id"]


@pytest.mark.parametrize("path", ["/movable-ink/", "/movable-ink/behavioral", "/movable-ink/x/y"])
def test_other_paths_are_plain_text(client, path):
    """Any other path answers 404 as plain text."""
    response = client.request("POST", path)

    assert (response.status_code, response.text) == (404, "404 page not found")


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [
        ({}, b"{}", 401),
        (basic("wrong"), b"{}", 401),
        (basic(KEY, "secret"), b"{}", 401),
        (basic(KEY), b"{", 400),
        (basic(KEY), b"[1", 400),
        (basic(KEY), b"3", 400),
        (basic(KEY), b'{"events": []}', 400),
        (basic(KEY), b'{"events": 3}', 400),
        (basic(KEY), b"[]", 400),
        (basic(KEY), b"[" + b",".join([b"{}"] * 1_001) + b"]", 413),
        (basic("inkstand-demo-movable-ink-user", "wrong"), b"{}", 401),
        (basic(KEY), b'"' + b"x" * 2_000_000 + b'"', 413),
    ],
)
def test_order_of_checks(client, headers, body, status):
    """Credentials come before size, size before JSON; each refusal has the vendor's error form and is kept."""
    response = client.request("POST", PATH, data=body, headers=headers)

    assert response.status_code == status
    assert set(response.json()) == {"message", "request_id"}
    (kept,) = client.workspace("default").view("movable_ink.refusals")
    assert (kept["status"], kept["request_id"]) == (status, response.headers["x-request-id"])


def test_other_methods(client):
    """A known key wants POST."""
    assert client.request("GET", PATH).status_code == 405


def test_by_host_name(client):
    """Under its real host name the collector needs no prefix."""
    headers = {**basic(KEY), "Host": "collector.movableink-dmz.com:443"}

    assert client.request("POST", f"/behavioral/{KEY}", json=EVENT, headers=headers).status_code == 200


def test_a_repeat_counts_nowhere(client):
    """A message id that came before is stored as a repeat and has no owner, no signal, no effect."""
    for _ in range(2):
        client.request("POST", PATH, json=EVENT, headers=basic(KEY))
    found = client.workspace("default")

    assert len(found.view("movable_ink.events")) == 1
    assert len(found.view("movable_ink.repeats")) == 1
    assert len(found.view("movable_ink.ownership")) == 1


def test_old_events_stay_where_they_are(workspace):
    """An identify leaves what is older than 30 days with the visitor."""
    for day in ("2025-12-02T00:00:01Z", "2025-12-01T00:00:00Z"):
        workspace.post("track", {"anonymousId": "a", "event": "Opened", "timestamp": day})
    workspace.post("identify", {"anonymousId": "a", "userId": "u"})
    workspace.settle()

    owners = [row["owner"] for row in workspace.view("movable_ink.events")]
    assert owners == [{"user_id": "u"}, {"anonymous_id": "a"}]


def test_an_email_that_was_joined_is_the_users(workspace):
    """After its profile was joined into a user, an identify with the e-mail alone is about that user."""
    workspace.post("identify", {"anonymousId": "a1", "traits": {"email": "E@x.test "}})
    workspace.post("identify", {"userId": "u", "traits": {"email": "e@x.test"}})
    workspace.post("track", {"anonymousId": "a2", "event": "Opened"})
    workspace.post("identify", {"anonymousId": "a2", "traits": {"email": "e@x.test"}})
    workspace.settle()

    (event,) = workspace.view("movable_ink.events")
    assert event["owner"] == {"user_id": "u"}


def test_traits_last_write_wins(workspace):
    """Each identify's traits replace those of the same name, whole."""
    workspace.post("identify", {"userId": "u", "traits": {"plan": "gold", "address": {"city": "A", "zip": 1}}})
    workspace.post("identify", {"userId": "u", "traits": {"address": {"city": "B"}}})
    workspace.settle()

    (profile,) = workspace.view("movable_ink.profiles")
    assert profile["traits"] == {"plan": "gold", "address": {"city": "B"}}


@pytest.mark.parametrize(
    ("written", "read", "rule"),
    [
        (1_700_000_000_000, "2023-11-14T22:13:20.000Z", None),
        (1_700_000_000, "2023-11-14T22:13:20.000Z", None),
        ("1700000000", "2023-11-14T22:13:20.000Z", None),
        ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20.000Z", None),
        ("soon", None, "movable_ink.time.receipt"),
        (None, None, "movable_ink.time.receipt"),
        (-1, None, "movable_ink.time.receipt"),
        ("2999-01-01T00:00:00Z", "2999-01-01T00:00:00.000Z", "movable_ink.time.future"),
    ],
)
def test_spellings_of_time(client, written, read, rule):
    """Seconds, milliseconds, text and ISO 8601 are read; what cannot be read counts from receipt, and says so."""
    client.request("POST", PATH, json={**EVENT, "timestamp": written}, headers=basic(KEY))
    found = client.workspace("default")

    (event,) = found.view("movable_ink.events")
    assert event["occurred_at"] == (read or event["received_at"])
    told = {row["rule"] for row in found.view("reasons") if row["stage"] == "time"}
    assert told == ({rule} if rule else set())
