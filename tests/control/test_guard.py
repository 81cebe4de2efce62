import pytest

from inkstand.simulator.app import Inkstand
from inkstand.simulator.guard import stranger
from inkstand.simulator.settings import Settings

RESET = "/_sandbox/v1/workspaces/default/reset"


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:4650",
        "localhost:4650",
        "[::1]:4650",
        "192.168.1.5",
        "inkstand:4650",
        "a.localhost",
        "host.docker.internal",
    ],
)
def test_names_that_are_ours(host):
    """Numbers, names without a dot and names that cannot be had in public."""
    assert stranger({"HTTP_HOST": host}) is None
    assert stranger({"HTTP_HOST": host, "HTTP_ORIGIN": f"http://{host}"}) is None


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:4650", "127.0.0.1.evil.example", "localhost.evil.example", "["]
)
def test_names_that_may_have_been_pointed_here(client, host):
    """A name with a dot that nobody allowed is refused with what to do, also for reading."""
    for method in ("GET", "POST"):
        answer = client.request(method, RESET if method == "POST" else "/", headers={"Host": host})
        assert answer.status_code == 403
        assert "--allow-host" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["/inkit/?key=inkstand-demo-inkit-key", "/inkit/v1/template", "/movable-ink/"])
def test_vendors_are_no_pages_of_a_stranger(client, path):
    """Nor are theirs: the demo's keys are known to everybody. By a name of ours and by the vendor's own they answer."""
    told = client.request("GET", path, headers={"Host": "evil.example"})
    assert (told.status_code, "--allow-host" in told.json()["detail"]) == (403, True)
    for host in ("127.0.0.1:4650", "inkstand", "localhost"):
        assert client.request("GET", path, headers={"Host": host}).status_code != 403
    headers = {"Host": "api.inkit.com", "X-Inkit-API-Token": "inkstand-demo-inkit-key"}
    assert client.request("GET", "/v1/template", headers=headers).ok


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9999", "null", "http://localhost", "http://["]
)
def test_a_page_of_somebody_else_changes_nothing(client, origin):
    """A request with a foreign Origin is refused before anything happens."""
    workspace = client.workspace("default")
    workspace.post("track", {"userId": "u", "event": "E"})
    answer = client.request("POST", RESET, headers={"Host": "127.0.0.1:4650", "Origin": origin})

    assert answer.status_code == 403
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert len(workspace.view("messages")) == 1


def test_sdks_in_browsers_are_not_held_up(client):
    """The Tracking API and health are asked from anywhere."""
    headers = {"Host": "cdn.shop.example", "Origin": "https://shop.example"}
    key = client.workspace("default").write_key

    assert client.request("POST", "/v1/track", json={"userId": "u", "event": "E"}, auth=(key, ""), headers=headers).ok
    assert client.request("GET", "/readyz", headers=headers).ok


def test_names_can_be_allowed():
    """A name from the settings, or that of the public address, is as good as ours."""
    with Inkstand(Settings(allowed_hosts=("sandbox.shop.example",), public_url="https://ink.shop.example/x")) as one:
        session = one.session()
        for host in ("sandbox.shop.example", "ink.shop.example", "SANDBOX.shop.example"):
            answer = session.get("http://inkstand.invalid/_sandbox/v1/views", headers={"Host": host})
            assert answer.status_code == 200, host


def test_nothing_is_changed_by_looking(client):
    """No address of the control API changes anything by GET, and every POST refuses GET."""
    document = client.control("GET", "/openapi.json")
    for path, item in document["paths"].items():
        if "get" not in item and "{" not in path.replace("{name}", ""):
            answer = client.request("GET", path.replace("{name}", "default"))
            assert answer.status_code == 405, path
            assert "GET" not in answer.headers["Allow"]
