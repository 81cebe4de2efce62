"""curl, and the wire forms of clients that cannot be installed here: Go, Ruby, PHP, Java, Kotlin; and raw sockets."""

import base64
import gzip
import json
import shutil
import socket
import subprocess
from urllib.parse import urlsplit

import pytest
from tests.clients.conftest import missing

from inkstand.simulator.snippets import snippets_for

PRODUCT = {"sku": "S-1", "url": "https://shop.test/s-1"}
AT = "2026-01-01T00:00:00"
CALLS = [
    {"type": "track", "anonymousId": "visitor-1", "event": "Product Viewed", "properties": PRODUCT},
    {
        "type": "identify",
        "anonymousId": "visitor-1",
        "userId": "user-1",
        "traits": {"email": "ana@example.com", "template_id": "tmpl_demoNotice"},
    },
    {
        "type": "track",
        "userId": "user-1",
        "event": "Order Completed",
        "properties": {"total": 3, "products": [{"sku": "S-1", "price": 3}]},
    },
    {"type": "page", "userId": "user-1", "name": "Home"},
    {"type": "screen", "userId": "user-1", "name": "Home"},
    {"type": "group", "userId": "user-1", "groupId": "group-1"},
    {"type": "alias", "userId": "user-1", "previousId": "visitor-1"},
    {"type": "track", "userId": "user-1", "event": "Signed Out"},
]


def batch(at, **around):
    calls = [{**call, "messageId": f"m-{number}", "timestamp": at} for number, call in enumerate(CALLS)]
    return {"batch": calls, "sentAt": at, **around}


def ask(url, data):
    """What a server answers to bytes, until it closes the connection: head and body."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=20) as wire:
        wire.sendall(data)
        answer = b""
        while piece := wire.recv(65_536):
            answer += piece
    head, _, body = answer.partition(b"\r\n\r\n")
    return head.decode("latin-1"), body


def request(path, headers, body=b""):
    lines = [f"POST {path} HTTP/1.1", "Host: x", "Connection: close", *(f"{k}: {v}" for k, v in headers.items())]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def chunked(body, size=300):
    pieces = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])


SHAPES = {
    "go": (
        "/v1/batch",
        "basic",
        batch(f"{AT}.123456789Z", messageId="of-the-batch", context={"library": {"name": "go"}}),
    ),
    "ruby": ("/v1/import", "basic", batch(f"{AT}.000Z")),
    "php": ("/v1/batch", "basic", batch(f"{AT}+00:00", sentAt="2026-01-01T05:30:00+05:30")),
    "java": ("/v1/import/", "basic", batch(f"{AT}.000Z", context={"library": {"name": "java"}})),
    "kotlin": ("/v1/b", "body", batch(f"{AT}.000Z")),
}


@pytest.mark.fact("go-shape", "ruby-shape", "php-shape", "java-shape", "kotlin-shape", "gzip-chunked", "skew")
@pytest.mark.parametrize("name", SHAPES)
def test_clients_that_are_not_here(flow, name):
    """Each one's request as it was measured: eight calls, one person, the answer a JSON object with success."""
    path, auth, body = SHAPES[name]
    if auth == "body":
        text = gzip.compress(json.dumps({**body, "writeKey": flow.key}).encode())
        headers = {"Content-Type": "text/plain", "Content-Encoding": "gzip", "Transfer-Encoding": "chunked"}
        data = request(path, headers, chunked(text))
    else:
        text = json.dumps(body).encode()
        key = base64.b64encode(f"{flow.key}:".encode()).decode()
        headers = {"Authorization": f"Basic {key}", "Content-Type": "application/json", "Content-Length": len(text)}
        data = request(path, headers, text)
    head, answer = ask(flow.url, data)

    assert head.startswith("HTTP/1.1 200 OK\r\n")
    assert json.loads(answer) == {"success": True}
    for row in flow.arrived():
        assert row["raw"]["timestamp"] == row["raw"]["receivedAt"]
        assert row["messageId"].startswith("m-")


@pytest.mark.fact("server-errors-json", "cors-on-errors", "error-body")
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({"Transfer-Encoding": "br"}, "bad_request"),
        ({"Content-Length": "many"}, "bad_request"),
        ({"Content-Length": "99999999999"}, "payload_too_large"),
        ({"Bad Header": "x"}, "bad_request"),
    ],
)
def test_what_the_server_itself_refuses(served, headers, code):
    """It is a 400 like any other: JSON that every client reads, readable by pages, and kept."""
    head, body = ask(served.url, request("/v1/track", {"Origin": "http://shop.test", **headers}))
    told = json.loads(body)

    assert head.partition(" ")[2].startswith("400 ")
    assert (told["success"], told["code"]) == (False, code)
    assert {"message", "error"} <= set(told)
    assert "Bad Header" in headers or "Access-Control-Allow-Origin: http://shop.test" in head
    assert served.client.control("GET", "/refused", params={"newest": 1})["items"][0]["code"] == code


@pytest.mark.parametrize("path", ["/inkit/v1/template", "/movable-ink/events/x", "/_sandbox/v1/workspaces"])
def test_what_the_server_refuses_beside_segment(served, path):
    """A body beyond all limits is a 413 there, in words that each vendor's readers find."""
    before = len(served.client.control("GET", "/refused")["items"])
    head, body = ask(served.url, request(path, {"Content-Length": "104857600"}))

    assert head.partition(" ")[2].startswith("413 ")
    assert "exceeds" in json.loads(body)["message"]
    assert len(served.client.control("GET", "/refused")["items"]) == before


@pytest.mark.fact("gzip-bounded", "batch-size")
def test_a_large_body_is_refused_and_the_next_request_is_served(served):
    """On one connection: a body over the limit, and behind it a call that is taken."""
    workspace = served.client.create("behind")
    large = b"x" * 3_000_000
    call = json.dumps({"writeKey": workspace.write_key, "userId": "u", "event": "E"}).encode()
    first = request("/v1/batch", {"Content-Length": len(large)}, large).replace(b"Connection: close\r\n", b"")
    _, body = ask(served.url, first + request("/v1/track", {"Content-Length": len(call)}, call))

    assert b"Exceed payload limit: at most 512000 bytes, 3000000 came." in body
    assert body.endswith(b'{"success": true}')
    assert workspace.count("messages") == 1


@pytest.fixture(scope="module")
def curl():
    """Whether curl is here."""
    if shutil.which("curl") is None:
        missing("there is no curl on this machine")


@pytest.mark.fact("curl")
@pytest.mark.usefixtures("curl")
def test_curl(flow):
    """Eight calls, with a key as user, with and without a content type, gzipped and not."""
    for number, call in enumerate(CALLS):
        text = json.dumps({name: value for name, value in call.items() if name != "type"}).encode()
        zipped = number % 2
        options = ["-H", "Content-Encoding: gzip"] if zipped else []
        command = ["curl", "-sS", "--fail", f"{flow.url}/v1/{call['type']}", "-u", f"{flow.key}:", *options]
        body = gzip.compress(text) if zipped else text
        done = subprocess.run([*command, "--data-binary", "@-"], input=body, capture_output=True, check=True)
        assert done.stdout == b'{"success": true}'

    flow.arrived()


@pytest.mark.fact("survives-429", "curl")
@pytest.mark.usefixtures("curl")
def test_curl_tries_again(flow):
    """With --retry it waits as long as Retry-After says."""
    flow.workspace.fault("segment", status=429, next=1, headers={"Retry-After": "1"})
    command = ["curl", "-sS", "--fail", "--retry", "2", f"{flow.url}/v1/track", "-u", f"{flow.key}:"]
    subprocess.run([*command, "-d", '{"userId":"u","event":"E"}'], check=True, capture_output=True)

    assert flow.workspace.count("messages") == 1


@pytest.mark.usefixtures("curl")
def test_the_curl_snippet_runs(flow):
    """What status --snippets prints for curl does what it says."""
    subprocess.run(["sh", "-ec", snippets_for(flow.url, flow.key)["curl"]], check=True)

    assert [row["type"] for row in flow.workspace.view("messages")] == ["identify", "track"]
