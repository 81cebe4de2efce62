"""The Python SDK that Segment publishes, against a served process."""

import pytest
from segment.analytics.client import Client as Segment

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("gzip", [False, True])
def test_the_documented_flow(served, gzip):
    """All six calls arrive once each, and the visitor's event becomes the user's."""
    workspace = served.client.create(f"sdk-{gzip}", delivery="manual")
    sdk = Segment(workspace.write_key, host=served.url, gzip=gzip, on_error=pytest.fail)
    product = {"sku": "S-1", "url": "https://shop.test/s-1"}
    sdk.track(anonymous_id="visitor-1", event="Product Viewed", properties=product)
    sdk.identify(
        "user-1", anonymous_id="visitor-1", traits={"email": "ana@example.com", "template_id": "tmpl_demoNotice"}
    )
    sdk.track("user-1", "Order Completed", {"total": 3, "products": [{"sku": "S-1", "price": 3}]})
    sdk.page("user-1", name="Home")
    sdk.screen("user-1", name="Home")
    sdk.group("user-1", "group-1")
    sdk.alias("visitor-1", "user-1")
    sdk.shutdown()
    workspace.settle()

    types = ["track", "identify", "track", "page", "screen", "group", "alias"]
    assert [row["type"] for row in workspace.view("messages")] == types
    assert [(row["event"], row["owner"], row["signal"]) for row in workspace.view("movable_ink.events")] == [
        ("product", {"user_id": "user-1"}, "usable"),
        ("conversion", {"user_id": "user-1"}, "usable"),
    ]
    assert len(workspace.view("inkit.documents")) == 1
    assert workspace.view("discards") == []


def test_the_worker_delivers_by_itself(served):
    """While serving nobody needs to settle."""
    workspace = served.client.create("auto")
    workspace.post("track", {"userId": "u", "event": "E"})

    while not workspace.view("movable_ink.events"):
        pass
    assert workspace.view("movable_ink.events")[0]["owner"] == {"user_id": "u"}


def test_the_python_snippet_runs(served):
    """What status --snippets prints for Python does what it says."""
    import subprocess
    import sys

    from inkstand.simulator.snippets import snippets_for

    workspace = served.client.create("snippet", delivery="manual")
    code = snippets_for(served.url, workspace.write_key)["Python"]
    subprocess.run([sys.executable, "-c", code], check=True)

    assert [row["type"] for row in workspace.view("messages")] == ["identify", "track"]


def test_the_curl_snippet_runs(served):
    """What status --snippets prints for curl does what it says."""
    import shutil
    import subprocess

    from inkstand.simulator.snippets import snippets_for

    if shutil.which("curl") is None:
        pytest.skip("there is no curl on this machine")
    workspace = served.client.create("curl", delivery="manual")
    subprocess.run(["sh", "-ec", snippets_for(served.url, workspace.write_key)["curl"]], check=True)

    assert [row["type"] for row in workspace.view("messages")] == ["identify", "track"]
