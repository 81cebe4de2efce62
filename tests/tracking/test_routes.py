import gzip
import json

import pytest

KEY = "inkstand-demo-write-key"
CALLS = {
    "identify": {"traits": {"plan": "gold"}},
    "track": {"event": "Signed Up"},
    "page": {"name": "Home"},
    "screen": {"name": "Home"},
    "group": {"groupId": "g"},
    "alias": {"previousId": "p"},
}
SUCCESS = (200, {"success": True})


def post(client, path, body, **options):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = client.request("POST", path, data=data, **{"auth": (KEY, ""), **options})
    return response.status_code, response.json()


@pytest.mark.fact("six-calls", "letters", "trailing-slash", "path-decides", "success-body", "one-origin")
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("path", ["/v1/{name}", "/v1/{name}/", "/v1/{letter}"])
def test_the_six_calls(client, name, path):
    """Each call is taken at its path, with a trailing slash, and at the browser's letter; the path names its type."""
    address = path.format(name=name, letter=name[0])

    assert post(client, address, {"userId": "u", "type": "other", **CALLS[name]}) == SUCCESS
    (message,) = client.workspace("default").view("messages")
    assert message["type"] == name


@pytest.mark.fact("batch", "import", "b", "envelope", "batch-alias")
@pytest.mark.parametrize("path", ["/v1/batch", "/v1/import", "/v1/import/", "/v1/b"])
def test_batches(client, path):
    """A batch is taken at each of its paths; its context and integrations reach every call."""
    calls = [{"type": name, "userId": "u", **members} for name, members in CALLS.items()]
    body = {"batch": calls, "context": {"library": {"name": "x"}}, "integrations": {"Inkit": False}}

    assert post(client, path, body) == SUCCESS
    messages = client.workspace("default").view("messages")
    assert [message["type"] for message in messages] == list(CALLS)
    assert all(message["context"]["library"] == {"name": "x"} for message in messages)
    assert all(message["integrations"] == {"Inkit": False} for message in messages)


@pytest.mark.fact("key-in-body", "key-in-basic", "key-body-wins")
@pytest.mark.parametrize(
    "options",
    [
        {"auth": (KEY, "")},
        {"auth": None, "headers": {"Authorization": "Basic aW5rc3RhbmQtZGVtby13cml0ZS1rZXk="}},
        {"auth": None, "body": {"writeKey": KEY}},
        {"auth": ("inkstand-other", ""), "body": {"writeKey": KEY}},
    ],
)
def test_write_keys(client, options):
    """The key may stand in Basic, with or without its colon, or in the body, which wins."""
    body = {"userId": "u", "event": "E", **options.pop("body", {})}

    assert post(client, "/v1/track", body, **options) == SUCCESS
    (message,) = client.workspace("default").view("messages")
    assert "writeKey" not in message


@pytest.mark.fact("no-key", "error-body")
@pytest.mark.parametrize("auth", [None, ("", "")])
def test_no_write_key(client, auth):
    """No key and an empty one are a 400 that says where it goes."""
    status, answer = post(client, "/v1/track", {"userId": "u", "event": "E"}, auth=auth)

    assert status == 400
    assert answer["success"] is False
    assert "writeKey" in answer["message"]
    assert {"code", "error"} <= set(answer)


@pytest.mark.fact("unknown-key")
def test_an_unknown_write_key_is_kept(client):
    """It is answered 200, and kept as unclaimed with what it carried."""
    assert post(client, "/v1/track", {"userId": "u", "event": "E"}, auth=("inkstand-unknown", "")) == SUCCESS

    (kept,) = client.control("GET", "/unclaimed")["items"]
    assert kept["credential"] == "inkstand-unknown"
    assert json.loads(kept["body"]) == {"userId": "u", "event": "E"}


@pytest.mark.fact("gzip", "any-content-type")
def test_gzip(client):
    """A gzipped body is read, whatever content type it claims."""
    body = gzip.compress(json.dumps({"userId": "u", "event": "E"}).encode())

    assert (
        post(client, "/v1/track", body, headers={"Content-Encoding": "gzip", "Content-Type": "text/plain"}) == SUCCESS
    )


@pytest.mark.fact("gzip-broken")
@pytest.mark.parametrize("body", [b"not gzip", gzip.compress(b"{}" * 50, mtime=0)[:-9]], ids=["other", "cut"])
def test_broken_gzip(client, body):
    """What is not gzip, or ends early, is a 400."""
    status, answer = post(client, "/v1/track", body, headers={"Content-Encoding": "gzip"})

    assert (status, answer["code"]) == (400, "invalid_gzip")


@pytest.mark.fact("gzip-bounded", "limits-after-gunzip")
def test_a_gzip_bomb_costs_nothing(client):
    """A body that would unpack to 100 MB is refused after the limit."""
    bomb = gzip.compress(b" " * 100_000_000)

    assert post(client, "/v1/batch", bomb, headers={"Content-Encoding": "gzip"})[0] == 400


@pytest.mark.fact("call-size", "batch-size", "kb")
@pytest.mark.parametrize(("path", "limit"), [("/v1/track", 32_768), ("/v1/batch", 512_000)])
def test_sizes(client, path, limit):
    """A call may be 32 KB and a batch 500 KB, to the byte; one more is a 400 with Segment's words."""
    body = {"userId": "u", "event": "E", "batch": [], "pad": ""}
    body["pad"] = "x" * (limit - len(json.dumps(body)))

    assert post(client, path, body) == SUCCESS
    status, answer = post(client, path, {**body, "pad": body["pad"] + "x"})
    assert (status, "Exceed payload limit" in answer["message"]) == (400, True)


@pytest.mark.fact("not-an-object", "invalid-json")
@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"7", b'"x"', b"\xff", b"NaN"])
def test_not_a_call(client, body):
    """What is no JSON object is a 400, and kept among the refused."""
    status, answer = post(client, "/v1/track", body)

    assert (status, answer["code"]) == (400, "invalid_json")
    assert client.control("GET", "/refused")["items"][-1]["what"] == "POST /v1/track"


@pytest.mark.fact("wrong-method")
def test_wrong_method_and_path(client):
    """A wrong method is 405 and an unknown path 404, both as JSON."""
    for method, path, status in (("GET", "/v1/track", 405), ("POST", "/v1/nothing", 404), ("POST", "/nothing", 404)):
        response = client.request(method, path)
        assert (response.status_code, response.json()["success"]) == (status, False)


@pytest.mark.fact("batch-count")
def test_a_batch_of_too_many(client):
    """Of more than 2,500 calls the first 2,500 are kept and the rest are listed."""
    calls = [{"type": "track", "userId": "u", "event": "E"}] * 2_502

    assert post(client, "/v1/batch", {"batch": calls}) == SUCCESS
    found = client.workspace("default")
    assert len(found.view("messages")) == 2_500
    assert [row["code"] for row in found.view("discards")] == ["payload_too_large"] * 2


@pytest.mark.fact("dedupe-200")
def test_duplicates_within_and_between_batches(client):
    """A messageId counts once, in one batch, in two, and across sources of the workspace."""
    call = {"type": "track", "userId": "u", "event": "E", "messageId": "m"}
    for batch in ([call, call], [call]):
        post(client, "/v1/batch", {"batch": batch})

    found = client.workspace("default")
    assert len(found.view("messages")) == 1
    assert [row["code"] for row in found.view("discards")] == ["duplicate_message"] * 2


@pytest.mark.fact("preflight", "origin-echoed", "expose-retry-after", "cors-on-errors")
def test_browsers_may_call(client):
    """A preflight is allowed with the headers it asks for, and answers, errors included, name the origin."""
    headers = {"Origin": "http://shop.test", "Access-Control-Request-Headers": "authorization,x-retry-count"}
    preflight = client.request("OPTIONS", "/v1/t", headers=headers)
    refused = client.request("POST", "/v1/t", data=b"{", headers=headers)

    assert preflight.headers["Access-Control-Allow-Headers"] == "authorization,x-retry-count"
    assert "Retry-After" in refused.headers["Access-Control-Expose-Headers"]
    for response, status in ((preflight, 204), (refused, 400)):
        assert response.status_code == status
        assert response.headers["Access-Control-Allow-Origin"] == "http://shop.test"


@pytest.mark.fact("settings", "settings-unknown-key", "settings-no-metrics")
def test_browser_settings(client):
    """A known key has settings with which the browser library starts; an unknown one has none."""
    settings_ = client.request("GET", f"/v1/projects/{KEY}/settings").json()

    assert settings_["integrations"]["Segment.io"]["apiKey"] == KEY
    assert client.request("GET", "/v1/projects/nobody/settings").status_code == 404


def test_the_answer_says_where_it_is_explained(client):
    """The header of a single call leads to its journey."""
    response = client.request("POST", "/v1/track", json={"userId": "u", "event": "E"}, auth=(KEY, ""))

    explained = client.request("GET", response.headers["X-Inkstand-Explain"]).json()
    assert explained["found"]


@pytest.mark.parametrize(
    "call",
    [
        {"timestamp": "0001-01-01T00:00:00+14:00"},
        {"timestamp": "0001-01-01T00:00:00Z", "sentAt": "9999-12-31T23:59:59-14:00"},
        {"timestamp": "9999-12-31T23:59:59Z", "sentAt": "0001-01-01T00:00:00Z"},
        {"userId": "u\ud800x", "messageId": "m\x00/?#", "event": "\x00"},
        {"properties": {"deep": [[[[[[]]]]]], "big": 10**400}},
    ],
)
def test_hostile_but_legal(client, call):
    """Times at the edge, NUL, lone surrogates and huge integers are taken, delivered and explained."""
    workspace = client.create("hostile", clock="frozen", delivery="manual")
    body = json.dumps({"userId": "u", "event": "E", **call}).encode()
    response = client.request("POST", "/v1/track", data=body, auth=(workspace.write_key, ""))
    workspace.settle()

    assert response.status_code == 200
    assert client.request("GET", response.headers["X-Inkstand-Explain"]).json()["found"]
    assert [row["status"] for row in workspace.view("deliveries") if row["connection"] == "movable-ink"] == [
        "delivered"
    ]
    assert len(workspace.view("movable_ink.events")) == 1


@pytest.mark.fact("m", "metrics-simple")
def test_metrics_are_no_events(client):
    """The browser library's metrics are answered and leave nothing."""
    assert post(client, "/v1/m", {"series": [{"type": "Counter"}]}, auth=None) == SUCCESS
    assert client.workspace("default").view("messages") == []


def test_what_is_not_faked_says_so(client):
    """Addresses of Segment that we do not have yet answer 501 with their name."""
    response = client.request("GET", "/v1/spaces/spa_1/collections/users/profiles/user_id:u/traits")

    assert response.status_code == 501
    assert response.json()["message"].startswith("not faked yet: ")


@pytest.mark.parametrize("depth", [100, 199, 201, 900, 5_000, 200_000])
def test_depth(client, depth):
    """What is nested within the limit goes all the way; what is deeper is refused at the door."""
    workspace = client.create("deep", clock="frozen", delivery="manual")
    body = b'{"userId":"u","event":"E","properties":{"a":' + b"[" * (depth - 2) + b"]" * (depth - 2) + b"}}"
    response = client.request("POST", "/v1/track", data=body, auth=(workspace.write_key, ""))
    workspace.settle()

    assert response.status_code == (200 if depth <= 200 else 400)
    assert len(workspace.view("messages")) == len(workspace.view("movable_ink.events")) == (depth <= 200)


def test_strangers_do_not_pile_up(client, inkstand):
    """Of calls that belong to nobody the newest five hundred are kept."""
    for number in range(520):
        inkstand.sandbox.registry.unclaimed("segment", f"key-{number}", "POST /v1/track", b"{}")
        inkstand.sandbox.registry.refused("POST /v1/track", "invalid_json", str(number), None, b"")

    for address, field, last in (("/unclaimed", "credential", "key-519"), ("/refused", "message", "519")):
        items = client.control("GET", address)["items"]
        assert (len(items), items[-1][field]) == (500, last)
