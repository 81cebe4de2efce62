"""What a web page needs: preflights, settings, the library, the pixel."""

import base64
import json

import pytest
from werkzeug.test import Client as Direct

from inkstand.simulator.app import NEAR, Inkstand
from inkstand.simulator.errors import CannotStartError
from inkstand.simulator.scenarios.client import Client
from inkstand.simulator.settings import Settings
from inkstand.simulator.tracking.pixel import GIF

KEY = "inkstand-demo-write-key"
ORIGIN = {"Origin": "https://shop.test"}
CALL = {"writeKey": KEY, "userId": "u", "event": "Email Opened", "properties": {"subject": "Ünïcode ÿ?>"}}
BARE = {name: value for name, value in CALL.items() if name != "writeKey"}


def packed(call):
    return base64.b64encode(json.dumps(call, ensure_ascii=False).encode()).decode()


@pytest.mark.fact("preflight", "origin-echoed")
@pytest.mark.parametrize(
    "path", ["/v1/t", "/v1/batch", "/v1/m", "/v1/projects/k/settings", "/v1/nothing", "/analytics.js/v1/k/x", "/token"]
)
def test_every_path_answers_a_preflight(client, path):
    """204, with the origin, the headers that were asked for, and how long it holds."""
    asked = {**ORIGIN, "Access-Control-Request-Headers": "authorization,x-retry-count,x-shop"}
    answer = client.request("OPTIONS", path, headers=asked)

    assert (answer.status_code, answer.content) == (204, b"")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert answer.headers["Access-Control-Allow-Credentials"] == "true"
    assert answer.headers["Access-Control-Allow-Headers"] == asked["Access-Control-Request-Headers"]
    assert answer.headers["Access-Control-Allow-Methods"] == "GET, POST, OPTIONS"
    assert int(answer.headers["Access-Control-Max-Age"]) > 0


@pytest.mark.fact("cors-on-errors", "expose-retry-after", "rate-limit", "error-body", "faults")
@pytest.mark.parametrize("status", [400, 408, 410, 429, 500, 503])
def test_a_page_may_read_every_error(client, status):
    """What is armed is answered in the form that clients read, and a page may read it, its Retry-After too."""
    workspace = client.create("page")
    workspace.fault("segment", status=status, next=1, headers={"Retry-After": "7"})
    answer = client.request("POST", "/v1/t", json={**CALL, "writeKey": workspace.write_key}, headers=ORIGIN)

    assert answer.status_code == status
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    assert "Retry-After" in answer.headers["Access-Control-Expose-Headers"]
    assert answer.headers["Retry-After"] == "7"
    assert "Email Opened" in client.control("GET", "/refused")["items"][0]["body"]
    assert "This may be it: A request was refused" in workspace.explain_newest(event="Email Opened")["hints"][0]
    assert answer.json()["success"] is False
    assert {"code", "message", "error"} <= set(answer.json())
    assert workspace.count("messages") == 0


@pytest.mark.fact("rate-limit")
@pytest.mark.parametrize(
    ("given", "told"), [({}, ("1", "1")), ({"retry-after": "5"}, ("5", "5")), ({"X-RateLimit-Reset": "9"}, ("9", "9"))]
)
def test_a_429_says_when_to_come_again(client, given, told):
    """In both of Segment's headers, whatever of them was armed; a body that was armed is told as it is."""
    workspace = client.create("limited")
    workspace.fault("segment", status=429, next=1, headers=given, body='{"slow": "down"}')
    answer = workspace.post("track", BARE)

    assert (answer.headers["Retry-After"], answer.headers["X-RateLimit-Reset"]) == told
    assert answer.json() == {"slow": "down"}


def test_what_is_armed_is_answered(client):
    """A content type that was armed is that of the answer; a date in Retry-After is not taken for seconds."""
    workspace = client.create("armed")
    date = "Wed, 21 Oct 2026 07:28:00 GMT"
    workspace.fault("segment", status=429, headers={"content-type": "text/html", "Retry-After": date}, body="<h1>")
    answer = workspace.post("track", BARE)

    assert (answer.headers["Content-Type"], answer.text) == ("text/html", "<h1>")
    assert (answer.headers["Retry-After"], answer.headers["X-RateLimit-Reset"]) == (date, "1")


def test_headers_for_pages_only(client):
    """A caller that is no page gets none of them."""
    answer = client.request("POST", "/v1/t", json=CALL)

    assert not [name for name in answer.headers if name.startswith("Access-Control")]


@pytest.mark.fact("settings", "settings-cdn-only")
def test_settings_with_which_a_page_needs_only_an_address(inkstand):
    """ApiHost has no scheme, protocol stands beside it; both are those that the page asked."""
    for base, host in (("http://localhost:4650", "localhost:4650/v1"), ("https://ink.test", "ink.test/v1")):
        answer = Direct(inkstand.application).get(f"/v1/projects/{KEY}/settings/", base_url=base)
        segment = {"apiKey": KEY, "apiHost": host, "protocol": base.partition(":")[0]}
        assert answer.json == {"integrations": {"Segment.io": segment}}


def test_settings_behind_a_public_address():
    """A public address wins over the one that was asked."""
    with Inkstand(Settings(public_url="https://ci.test/segment/")) as one:
        told = Client(NEAR, one.session()).request("GET", f"/v1/projects/{KEY}/settings").json()

    assert told["integrations"]["Segment.io"]["apiHost"] == "ci.test/segment/v1"


@pytest.mark.fact("settings-unknown-key")
def test_an_unknown_key_has_no_settings(client):
    """404, and it can be found where unknown keys are."""
    answer = client.request("GET", "/v1/projects/nobody/settings", headers=ORIGIN)

    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_write_key")
    assert answer.headers["Access-Control-Allow-Origin"] == ORIGIN["Origin"]
    (row,) = client.control("GET", "/unclaimed")["items"]
    assert (row["credential"], row["calls"]) == ("nobody", 0)


@pytest.fixture
def package(tmp_path):
    """An npm package that looks like the browser library's."""
    folder = tmp_path / "analytics-next" / "dist" / "umd"
    folder.mkdir(parents=True)
    (folder / "standalone.js").write_text('window.analyticsWriteKey="__WRITE_KEY__"')
    (folder / "queryString.bundle.1.js").write_text("part()")
    (tmp_path / "analytics-next" / "package.json").write_text("secret")
    return tmp_path / "analytics-next"


@pytest.mark.fact("bundle", "bundle-parts")
@pytest.mark.parametrize("inner", [".", "dist", "dist/umd", "dist/umd/standalone.js"])
def test_the_library_from_its_package(package, inner):
    """The bundle holds the source's key and finds its parts where it came from; nothing else is served."""
    with Inkstand(Settings(analytics_js=str(package / inner))) as one:
        browser = Client(NEAR, one.session())
        bundle = browser.request("GET", f"/analytics.js/v1/{KEY}/analytics.min.js")
        part = browser.request("GET", "/analytics-next/bundles/queryString.bundle.1.js")
        (package / "dist" / "umd" / "secret.js").write_text("no part of it")
        others = [
            "/analytics-next/bundles/secret.js",
            "/analytics-next/bundles/none.js",
            "/analytics-next/bundles/../../package.json",
            "/next-integrations/x",
        ]

        assert bundle.headers["Content-Type"].startswith("text/javascript")
        assert bundle.text.endswith(f'window.analyticsWriteKey="{KEY}"')
        assert NEAR in bundle.text.splitlines()[0]
        assert part.text == "part()"
        assert [browser.request("GET", path).status_code for path in others] == [404] * 4
        assert browser.request("GET", "/analytics.js/v1/nobody/analytics.min.js").status_code == 404


@pytest.mark.fact("bundle", "bundle-parts")
@pytest.mark.parametrize("path", [f"/analytics.js/v1/{KEY}/analytics.min.js", "/analytics-next/bundles/x.js"])
def test_without_the_package_it_says_how_to_get_it(client, path):
    """The answer names the package and the setting."""
    answer = client.request("GET", path)

    assert answer.status_code == 404
    assert "npm install @segment/analytics-next" in answer.json()["message"]
    assert "INKSTAND_ANALYTICS_JS" in answer.json()["message"]
    assert client.request("GET", answer.headers["X-Inkstand-Explain"]).json()["items"][0]["code"] == "no_analytics_js"


def test_a_folder_that_is_not_the_package_does_not_start(tmp_path):
    """A wrong folder is told at once, not when a page asks."""
    with pytest.raises(CannotStartError, match=r"there is no dist/umd/standalone\.js in it"):
        Inkstand(Settings(analytics_js=str(tmp_path)))


@pytest.mark.fact("pixel", "pixel-always-200")
@pytest.mark.parametrize(
    "data",
    [
        packed(CALL),
        packed(CALL).rstrip("="),
        packed(CALL).replace("+", "-").replace("/", "_"),
        packed(CALL).replace("+", " "),
        json.dumps(CALL),
    ],
    ids=["base64", "no padding", "url-safe", "plus as space", "plain"],
)
def test_the_pixel_with_data(client, data):
    """base64 in each of its spellings, or JSON as it is."""
    answer = client.request("GET", "/v1/pixel/track", params={"data": data})

    assert (answer.status_code, answer.headers["Content-Type"], answer.content) == (200, "image/gif", GIF)
    (message,) = client.workspace("default").view("messages")
    assert (message["event"], message["properties"]) == (CALL["event"], CALL["properties"])
    assert client.request("GET", answer.headers["X-Inkstand-Explain"]).json()["found"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert client.request("HEAD", "/v1/pixel/track", params={"data": data}).status_code == 200
    assert client.workspace("default").count("messages") == 1


@pytest.mark.fact("pixel", "trailing-slash")
def test_the_pixel_with_members(client):
    """Members stand in the query, with dots for nesting; data says more than they do."""
    query = {
        "writeKey": KEY,
        "userId": "u",
        "event": "E",
        "properties.subject": "The news",
        "properties.list.id": "7",
        "traits": "text",
        "traits.email": "a@b.test",
    }
    client.request("GET", "/v1/pixel/track/", params=query)
    client.request("GET", "/v1/pixel/track", params={**query, "data": packed({"event": "F", "properties": {"a": 1}})})

    first, second = client.workspace("default").view("messages")
    assert first["properties"] == {"subject": "The news", "list": {"id": "7"}}
    assert first["traits"] == {"email": "a@b.test"}
    assert (second["event"], second["properties"], second["userId"]) == ("F", {"a": 1}, "u")


@pytest.mark.fact("pixel")
@pytest.mark.parametrize("kind", ["identify", "group", "alias", "page", "screen", "track"])
def test_every_call_by_pixel(client, kind):
    """Each of the six has its pixel."""
    query = {"writeKey": KEY, "userId": "u", "event": "E", "groupId": "g", "previousId": "p"}
    client.request("GET", f"/v1/pixel/{kind}", params=query)

    assert [row["type"] for row in client.workspace("default").view("messages")] == [kind]


@pytest.mark.fact("pixel-always-200")
@pytest.mark.parametrize(
    ("path", "query", "code"),
    [
        ("track", {}, "no_write_key"),
        ("track", {"data": "!!!"}, "invalid_data"),
        ("track", {"data": "ÿÿÿ"}, "invalid_data"),
        ("track", {"data": "YQ"}, "invalid_json"),
        ("track", {"data": packed([1])}, "invalid_json"),
        ("track", {"data": "{"}, "invalid_json"),
        ("track", {"writeKey": KEY, "userId": "u" * 40_000}, "payload_too_large"),
        ("track", {"writeKey": KEY, ".".join("a" * 60): "x"}, "invalid_query"),
        ("track", {"writeKey": KEY, "event": "E"}, None),
        ("nonsense", {"writeKey": KEY, "userId": "u"}, None),
        ("track", {"writeKey": "nobody"}, None),
    ],
)
def test_the_pixel_always_answers_the_image(client, path, query, code):
    """Whatever is wrong, the image comes, and what was wrong is kept where such things are."""
    answer = client.request("GET", f"/v1/pixel/{path}", params=query, headers=ORIGIN)

    assert (answer.status_code, answer.content) == (200, GIF)
    kept = client.control("GET", "/refused")["items"]
    assert [row["code"] for row in kept] == ([code] if code else [])
    if code is None:
        assert client.control("GET", "/unclaimed")["items"] or client.workspace("default").view("discards")


@pytest.mark.fact("pixel-always-200", "faults")
def test_the_pixel_under_a_fault(client):
    """A server that fails answers the image too; the call is not taken."""
    workspace = client.create("pixel")
    workspace.fault("segment", status=500, next=1)
    query = {"writeKey": workspace.write_key, "userId": "u", "event": "E"}
    answer = client.request("GET", "/v1/pixel/track", params=query)

    assert (answer.status_code, answer.content) == (200, GIF)
    assert answer.headers["X-Inkstand-Fault"]
    assert client.control("GET", "/refused")["items"][0]["fault"] == answer.headers["X-Inkstand-Fault"]
    assert workspace.count("messages") == 0


def test_answers_without_our_header(client):
    """Where explanations in headers are switched off, no answer has one, of ours or of a vendor."""
    workspace = client.create("plain", explainHeaders=False, delivery="manual")
    answers = [workspace.post("track", BARE), workspace.post("batch", {"batch": [{**BARE, "type": "track"}]})]
    workspace.settle()

    assert [answer for answer in answers if "X-Inkstand-Explain" in answer.headers] == []
    attempts = workspace.view("attempts")
    assert attempts
    assert [row for row in attempts if "X-Inkstand-Explain" in str(row["response"])] == []
    workspace.change({"explainHeaders": True})
    assert "X-Inkstand-Explain" in workspace.post("track", BARE).headers
