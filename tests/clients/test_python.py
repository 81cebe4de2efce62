"""The Python clients: Segment's current one, its suite of tests, an old one that wants exactly 200, RudderStack's."""

import subprocess
import sys

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from segment.analytics.client import Client as Segment

from inkstand.simulator.snippets import snippets_for

PRODUCT = {"sku": "S-1", "url": "https://shop.test/s-1"}
ORDER = {"total": 3, "products": [{"sku": "S-1", "price": 3}]}
TRAITS = {"email": "ana@example.com", "template_id": "tmpl_demoNotice"}

FLOW = f"""
def play(sdk):
    visitor = {{"anonymous_id": "visitor-1"}}
    sdk.track(event="Product Viewed", properties={PRODUCT!r}, **visitor)
    sdk.identify("user-1", traits={TRAITS!r}, **visitor)
    sdk.track("user-1", "Order Completed", {ORDER!r})
    sdk.page("user-1", name="Home")
    sdk.screen("user-1", name="Home")
    sdk.group("user-1", "group-1", {{"plan": "gold"}})
    sdk.alias("visitor-1", "user-1")
    sdk.track("user-1", "Signed Out")
"""
CLIENTS = {
    "old": "from analytics import Client; sdk = Client(key, host=url, on_error=failed)",
    "rudder": "from rudderstack.analytics import Client; sdk = Client(key, host=url, on_error=failed)",
}
DOCUMENTS = {"old": 1, "rudder": 0}
"""RudderStack's says traits in the context, where neither Segment nor a template looks for them."""


def run(code, folder, *arguments):
    """Run code with a client's folder before everything else; its output."""
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, sys.argv[1])\n{code}", str(folder)]
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def play(sdk):
    exec(FLOW, found := {})
    found["play"](sdk)


@pytest.mark.fact("python-current", "gzip")
@pytest.mark.parametrize("gzip", [False, True])
@pytest.mark.parametrize("sync", [False, True])
def test_the_current_one(flow, gzip, sync):
    """All calls arrive in their order, plain and gzipped, in batches and one by one."""
    sdk = Segment(flow.key, host=flow.url, gzip=gzip, sync_mode=sync, on_error=pytest.fail)
    play(sdk)
    if not sync:
        sdk.shutdown()

    accepted = flow.arrived()
    assert accepted[0]["raw"]["userId"] is None
    assert accepted[0]["raw"]["context"]["library"]["name"] == "analytics-python"


@pytest.mark.fact("survives-429", "resent-after-drop", "python-current")
@pytest.mark.parametrize(
    ("fault", "duplicates"),
    [
        ({"status": 429, "headers": {"Retry-After": "0"}}, False),
        ({"status": 500}, False),
        ({"drop": "before"}, False),
        ({"drop": "after"}, True),
    ],
)
def test_the_current_one_survives(flow, fault, duplicates):
    """What fails once is sent again; what was taken and not answered comes twice and counts once."""
    flow.workspace.fault("segment", next=1, **fault)
    sdk = Segment(flow.key, host=flow.url, on_error=pytest.fail)
    play(sdk)
    sdk.shutdown()

    flow.arrived(duplicates=duplicates)


@pytest.mark.fact("error-body")
def test_a_400_is_told_and_not_sent_again(flow):
    """The client reads code and message of what is refused, and gives up."""
    told = []
    flow.workspace.fault("segment", status=400)
    sdk = Segment(flow.key, host=flow.url, on_error=lambda error, _: told.append(error))
    sdk.track("user-1", "Signed Up")
    sdk.shutdown()

    (error,) = told
    assert (error.status, error.code) == (400, "bad_request")
    assert error.message.startswith("arranged by fault-")
    assert flow.workspace.view("faults")[0]["struck"] == 1


@pytest.mark.fact("python-oauth", "oauth-date", "bearer", "token")
def test_the_current_one_with_oauth(flow):
    """It signs an assertion with a key of its own, gets a token, and sends it with each batch."""
    owner = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
    pem = owner.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()
    oauth = {"oauth_client_id": "app", "oauth_client_key": pem, "oauth_key_id": "key", "oauth_auth_server": flow.url}
    sdk = Segment(flow.key, host=flow.url, on_error=pytest.fail, **oauth)
    play(sdk)
    sdk.shutdown()

    flow.arrived()


@pytest.mark.fact("python-old", "rudder-python")
@pytest.mark.parametrize("name", CLIENTS)
def test_the_others(flow, python_package, name):
    """All calls arrive, from the one that takes nothing but a 200, and from the one that gzips by itself."""
    code = f"key, url = sys.argv[2:]\nfailed = lambda error, items: sys.exit(str(error))\n{CLIENTS[name]}\n{FLOW}"
    run(f"{code}\nplay(sdk)\nsdk.flush()\nsdk.join()", python_package(name), flow.key, flow.url)

    flow.arrived(documents=DOCUMENTS[name])


@pytest.mark.fact("survives-429", "python-old", "rudder-python")
@pytest.mark.parametrize("name", CLIENTS)
@pytest.mark.parametrize("status", [429, 500])
def test_the_others_survive(flow, python_package, name, status):
    """A 429 and a 500 are sent again."""
    flow.workspace.fault("segment", status=status, next=1)
    code = f"key, url = sys.argv[2:]\nfailed = lambda error, items: sys.exit(str(error))\n{CLIENTS[name]}\n{FLOW}"
    run(f"{code}\nplay(sdk)\nsdk.flush()\nsdk.join()", python_package(name), flow.key, flow.url)

    flow.arrived(duplicates=False, documents=DOCUMENTS[name])


@pytest.mark.fact("python-old", "error-body")
def test_the_old_one_understands_a_400(flow, python_package):
    """It reads code and message, and so does not take the answer for a broken network."""
    flow.workspace.fault("segment", status=400)
    code = (
        "key, url = sys.argv[2:]\nfrom analytics import Client\n"
        "sdk = Client(key, host=url, on_error=lambda error, items: print(type(error).__name__, error))\n"
        "sdk.track('user-1', 'E')\nsdk.flush()\nsdk.join()"
    )

    assert run(code, python_package("old"), flow.key, flow.url).startswith(
        "APIError [Segment] bad_request: arranged by fault-"
    )
    assert flow.workspace.view("faults")[0]["struck"] == 1


SUITE = """
import pathlib, unittest, segment.analytics.request as request, segment.analytics.test.test_request as suite
from requests.adapters import HTTPAdapter
class Here(HTTPAdapter):
    def send(self, asked, **options):
        asked.url = asked.url.replace("https://api.segment.io", sys.argv[2])
        return super().send(asked, **options)
request._session.mount("https://api.segment.io", Here())
suite.TestRequests.test_should_timeout = lambda _: None  # it wants a server farther away than a tenth of a millisecond
folder = pathlib.Path(suite.__file__).parent
found = unittest.defaultTestLoader.discover(str(folder), pattern="test_*.py", top_level_dir=str(folder.parents[2]))
done = unittest.TextTestRunner(stream=sys.stdout).run(found)
print(done.testsRun, "tests")
sys.exit(not done.wasSuccessful() or done.testsRun < 70)
"""


@pytest.mark.fact("python-suites")
def test_the_suite_inside_the_package(served):
    """Segment's own tests of its client pass with this server in the place of theirs."""
    import segment

    folder = next(iter(segment.__path__)).rpartition("/")[0]
    said = run(SUITE, folder, served.url)
    assert "OK" in said

    kept = served.client.control("GET", "/unclaimed")["items"]
    assert {row["credential"] for row in kept} >= {"testsecret"}


def test_the_worker_delivers_by_itself(served):
    """While serving nobody needs to settle."""
    workspace = served.client.create("auto")
    workspace.post("track", {"userId": "u", "event": "E"})

    while not workspace.view("movable_ink.events"):
        pass
    assert workspace.view("movable_ink.events")[0]["owner"] == {"user_id": "u"}


def test_the_snippet_runs(flow):
    """What status --snippets prints for Python does what it says."""
    code = snippets_for(flow.url, flow.key)["Python"]
    subprocess.run([sys.executable, "-c", code], check=True)

    assert [row["type"] for row in flow.workspace.view("messages")] == ["identify", "track"]
