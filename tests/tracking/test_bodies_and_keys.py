"""What a body may look like, and where its write key may stand."""

import base64
import gzip
import io
import json

import pytest

from inkstand.simulator.errors import CannotStartError
from inkstand.simulator.tracking.limits import CALL_BYTES, RefusedError, read_body, unzipped

KEY = "inkstand-demo-write-key"
CALL = {"userId": "u", "event": "E", "writeKey": KEY}
SUCCESS = {"success": True}


def taken(client, data, path="/v1/track", **headers):
    answer = client.request("POST", path, data=data, headers=headers)
    assert (answer.status_code, answer.json()) == (200, SUCCESS), answer.text
    return client.workspace("default").view("messages")


@pytest.mark.fact("any-content-type", "beacon")
@pytest.mark.parametrize(
    "kind",
    [
        "application/json",
        "application/json; charset=utf-8",
        "text/plain",
        "text/plain;charset=UTF-8",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "nonsense",
        "",
    ],
)
def test_any_content_type(client, kind):
    """JSON is read whatever the content type says of it."""
    (message,) = taken(client, json.dumps(CALL), **{"Content-Type": kind})

    assert (message["type"], message["event"]) == ("track", "E")


@pytest.mark.fact("gzip")
@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_gzip_by_any_of_its_names(client, encoding):
    """Names of encodings are read whatever their case."""
    assert len(taken(client, gzip.compress(json.dumps(CALL).encode()), **{"Content-Encoding": encoding})) == 1


@pytest.mark.fact("gzip")
def test_gzip_of_several_parts(client):
    """A gzip body may be put together from several."""
    text = json.dumps(CALL).encode()
    body = b"".join(map(gzip.compress, (text[:9], b"", text[9:])))

    assert len(taken(client, body, **{"Content-Encoding": "gzip"})) == 1


def test_gzip_of_very_many_parts_is_refused():
    """Thousands of empty parts are work for nothing."""
    with pytest.raises(RefusedError, match="more than 64 parts"):
        unzipped(gzip.compress(b"") * 1_000, 1_000)


@pytest.mark.fact("gzip-broken")
@pytest.mark.parametrize(
    ("headers", "body", "said"),
    [
        ({"Content-Encoding": "br"}, b"{}", "Content-Encoding br is not read: send gzip, or none."),
        ({}, gzip.compress(b"{}", mtime=0), "It looks like gzip: say so with Content-Encoding: gzip."),
        ({}, b"", "It was empty."),
        ({"Content-Encoding": "gzip"}, b"x", "The body says it is gzip and is not."),
        ({"Authorization": "Bearer"}, b"{}", "Bearer token is not one of POST /token"),
        ({}, b"userId=u&event=E", "The body is not JSON"),
    ],
)
def test_what_cannot_be_read_says_what_to_do(client, headers, body, said):
    """A body of another encoding, or none, is refused with what it looks like."""
    auth = None if "Authorization" in headers else (KEY, "")
    answer = client.request("POST", "/v1/track", data=body, headers=headers, auth=auth)

    assert answer.status_code == (401 if auth is None else 400)
    assert said in answer.json()["message"]


@pytest.mark.fact("call-size", "gzip-bounded")
@pytest.mark.parametrize("told", [None, "no number", "-1"])
def test_a_length_that_is_none(told):
    """A server that tells no length, or a wrong one, makes no call fail but that one."""
    environ = {"wsgi.input": io.BytesIO(b"x" * 100_000), "wsgi.input_terminated": True}
    with pytest.raises(RefusedError, match="Exceed payload limit" if told is None else "Content-Length"):
        read_body({**environ, **({"CONTENT_LENGTH": told} if told else {})}, CALL_BYTES)

    assert read_body({"wsgi.input": io.BytesIO(b"x")}, CALL_BYTES) == b""


def test_a_body_that_says_it_is_too_long_is_not_read():
    """What its length rules out costs no reading."""
    stream = io.BytesIO(b"x" * 9)
    with pytest.raises(RefusedError, match="900000 came"):
        read_body({"wsgi.input": stream, "CONTENT_LENGTH": "900000"}, CALL_BYTES)

    assert stream.tell() == 0


@pytest.mark.fact("key-of-item")
def test_calls_of_a_batch_with_keys_of_their_own(client):
    """Each goes to the workspace of its own key, in its order; one that has none goes where the batch's goes."""
    one, two = (client.create(name, clock="frozen", delivery="manual") for name in ("one", "two"))
    keys = [two.write_key, None, one.write_key, "nobody's", two.write_key]
    calls = [{"type": "track", "userId": "u", "event": str(at), "messageId": str(at)} for at in range(5)]
    batch = [{**call, **({"writeKey": key} if key else {})} for call, key in zip(calls, keys, strict=True)]
    answer = client.request("POST", "/v1/batch", json={"batch": batch, "writeKey": one.write_key, "sentAt": "x"})

    assert answer.json() == SUCCESS
    assert [row["event"] for row in one.view("messages")] == ["1", "2"]
    assert [row["event"] for row in two.view("messages")] == ["0", "4"]
    (kept,) = client.control("GET", "/unclaimed")["items"]
    assert (kept["credential"], kept["calls"], json.loads(kept["body"])["batch"][0]["event"]) == ("nobody's", 1, "3")


@pytest.mark.fact("key-of-item", "no-key")
def test_a_batch_whose_calls_alone_have_keys(client):
    """It needs no other; a call without one is nobody's then, and without any it is a 400."""
    calls = [{**CALL, "type": "track", "messageId": "a"}, {"type": "track", "userId": "u", "event": "F"}]

    assert [row["messageId"] for row in taken(client, json.dumps({"batch": calls}), "/v1/batch")] == ["a"]
    (kept,) = client.control("GET", "/unclaimed")["items"]
    assert (kept["credential"], kept["calls"]) == ("", 1)
    assert client.request("POST", "/v1/batch", json={"batch": calls[1:]}).status_code == 400


@pytest.mark.fact("key-of-item", "batch-count")
def test_the_limit_of_a_batch_counts_its_calls_whosever_they_are(client):
    """The 2,501st call of a batch is one too many, though it is the first of its key."""
    one, two = (client.create(name, clock="frozen", delivery="manual") for name in ("one", "two"))
    call = {"type": "track", "userId": "u", "event": "E"}
    batch = [call] * 2_500 + [{**call, "writeKey": two.write_key}]
    client.request("POST", "/v1/batch", json={"batch": batch, "writeKey": one.write_key})

    assert (one.count("messages"), two.count("messages")) == (2_500, 0)
    assert [row["code"] for row in two.view("discards")] == ["payload_too_large"]


def test_faults_of_several_strike_once_each(client):
    """A workspace's fault counts a batch once, whatever keys are in it; breaking off outweighs being late."""
    one = client.create("one", delivery="manual", sources={"web": {}, "app": {}})
    two = client.create("two", delivery="manual")
    web, app = (source["writeKey"] for source in one.told["sources"])
    call = {"type": "track", "userId": "u", "event": "E"}
    batch = {"batch": [{**call, "writeKey": key} for key in (web, app, two.write_key)]}
    one.fault("segment", status=503, every=2)
    assert [client.request("POST", "/v1/batch", json=batch).status_code for _ in range(4)] == [200, 503, 200, 503]
    one.end_fault()
    one.fault("segment", drop="after", next=1)
    two.fault("segment", delay="10ms", next=1)
    with pytest.raises(CannotStartError):
        client.request("POST", "/v1/batch", json=batch)
    assert [each.view("faults")[0]["struck"] for each in (one, two)] == [1, 1]


def test_a_fault_of_one_strikes_the_whole_batch(client):
    """A batch for two workspaces is taken whole or not at all."""
    one, two = (client.create(name, clock="frozen", delivery="manual") for name in ("one", "two"))
    two.fault("segment", status=500, next=1)
    call = {"type": "track", "userId": "u", "event": "E"}
    batch = [{**call, "writeKey": one.write_key}, {**call, "writeKey": two.write_key}]
    statuses = [client.request("POST", "/v1/batch", json={"batch": batch}).status_code for _ in range(2)]

    assert statuses == [500, 200]
    assert [each.count("messages") for each in (one, two)] == [1, 1]


@pytest.mark.fact("key-in-basic")
@pytest.mark.parametrize(
    "header", ["Basic !!!", "Basic", "Digest x", "Basic " + base64.b64encode(b":secret").decode(), "Basic /w=="]
)
def test_a_header_that_names_no_key(client, header):
    """It does no harm where the body has one, and is none where it has not."""
    assert len(taken(client, json.dumps(CALL), Authorization=header)) == 1
    bare = {name: value for name, value in CALL.items() if name != "writeKey"}
    assert client.request("POST", "/v1/track", json=bare, headers={"Authorization": header}).status_code == 400


@pytest.mark.fact("no-key")
@pytest.mark.parametrize("key", ["", None, 7, [7], {}])
def test_a_key_that_is_none(client, key):
    """An empty key, or one that is no text, is none; what came is told, and where refusals can be read."""
    answer = client.request("POST", "/v1/track", json={**CALL, "writeKey": key}, headers={"Authorization": "Basic #"})

    assert (answer.status_code, answer.json()["code"]) == (400, "no_write_key")
    assert "the Authorization header that came holds no key" in answer.json()["message"]
    assert ("writeKey came as" in answer.json()["message"]) == bool(key)
    assert client.request("GET", answer.headers["X-Inkstand-Explain"]).json()["items"]


@pytest.mark.fact("one-origin")
@pytest.mark.parametrize("path", ["//v1/track", "///v1/track/"])
def test_a_host_with_a_slash_at_its_end(client, path):
    """A client that puts its path behind it is understood, and not sent elsewhere."""
    assert len(taken(client, json.dumps(CALL), path)) == 1


def test_a_deletion_under_way(client, inkstand, monkeypatch):
    """A call that a deletion overtakes is nobody's, one that a reset overtakes went with the rest; the pixel too."""
    workspace = client.create("doomed", delivery="manual")
    found = inkstand.sandbox.registry.get("doomed")
    call = {"userId": "u", "event": "E", "writeKey": workspace.write_key}
    fresh = found.new_message_ids

    def overtaken():
        monkeypatch.undo()
        if end == "delete":
            inkstand.sandbox.delete("doomed")
        else:
            inkstand.sandbox.reset("doomed")
        yield from fresh()

    for end, method, path in (
        ("reset", "POST", "/v1/track"),
        ("reset", "POST", "/v1/batch"),
        ("delete", "GET", "/v1/pixel/track"),
    ):
        monkeypatch.setattr(found, "new_message_ids", overtaken)
        body = {"batch": [{"type": "track", **call}]} if path == "/v1/batch" else call
        options = {"params": body} if method == "GET" else {"json": body}
        assert client.request(method, path, **options).status_code == 200
        if end == "reset":
            assert workspace.count("messages") == 0
    assert client.control("GET", "/unclaimed")["items"][0]["credential"] == workspace.write_key


@pytest.mark.fact("unknown-key")
@pytest.mark.parametrize("key", ["abc123", "yolo", "k" * 5_000, "schlüssel", "'; drop table messages; --"])
def test_every_other_unknown_key(client, key):
    """It is answered 200, however short or odd, and kept."""
    answer = client.request("POST", "/v1/track", json={**CALL, "writeKey": key})

    assert (answer.status_code, answer.json()) == (200, SUCCESS)
    assert client.control("GET", "/unclaimed")["items"][0]["credential"] == key[:200]


@pytest.mark.fact("wrong-method")
def test_a_call_posted_astray_is_noted(client):
    """A path that there is not is refused, and can be found by whoever misses the call."""
    for path in ("/v1/trakc", "/track", "/v1//track"):
        assert client.request("POST", path, json=CALL, auth=(KEY, "")).status_code == 404
    assert client.request("POST", "/", json=CALL).json()["code"] == "not_found"
    put = client.request("PUT", "/v1/track", json=CALL)
    assert (put.status_code, put.json()["message"]) == (405, "PUT /v1/track: this address is asked with POST.")

    told = client.control("GET", "/refused")["items"]
    assert (told[0]["what"], told[0]["code"], told[0]["credential"]) == ("POST /v1/trakc", "not_found", KEY)
    assert json.loads(told[0]["body"]) == CALL
    assert "X-Inkstand-Explain" not in client.request("GET", "/v1/track").headers
    assert told[0]["message"].endswith("is not an address of the Tracking API. Did you mean '/v1/track'?")
    assert len(told) == 5
    assert any("PUT /v1/track" in hint for hint in client.workspace("default").explain_newest(event="E")["hints"])


@pytest.mark.fact("debugger-discards")
def test_a_refused_request_is_kept_with_what_came(client):
    """Its body, its key and the reason, and the newest can be asked for."""
    for body in ("{", "[1]"):
        client.request("POST", "/v1/track", data=body, auth=(KEY, ""))

    (row,) = client.control("GET", "/refused", params={"newest": 1})["items"]
    assert (row["body"], row["credential"], row["code"]) == ("[1]", KEY, "invalid_json")
    assert client.control("GET", "/refused", params={"body": "{"})["items"][0]["body"] == "{"
