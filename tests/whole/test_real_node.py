"""The Node SDK that Segment publishes, against a served process; skipped where npm or the registry is missing."""

import shutil
import subprocess

import pytest

from inkstand.simulator.snippets import snippets_for

pytestmark = pytest.mark.slow
FLOW = """
const { Analytics } = require('@segment/analytics-node')
const analytics = new Analytics({ writeKey: process.argv[2], host: process.argv[3] })
const product = { sku: 'S-1', url: 'https://shop.test/s-1' }
const anonymousId = 'visitor-1', userId = 'user-1'
analytics.track({ anonymousId, event: 'Product Viewed', properties: product })
analytics.identify({ anonymousId, userId, traits: { email: 'ana@example.com', template_id: 'tmpl_demoNotice' } })
analytics.track({ userId, event: 'Order Completed', properties: { total: 3, products: [{ sku: 'S-1', price: 3 }] } })
analytics.page({ userId, name: 'Home' })
analytics.screen({ userId, name: 'Home' })
analytics.group({ userId, groupId: 'group-1' })
analytics.alias({ userId, previousId: anonymousId })
analytics.on('error', (error) => { console.error(error); process.exitCode = 1 })
analytics.closeAndFlush()
"""


@pytest.fixture(scope="module")
def node(tmp_path_factory):
    """A folder in which the current SDK is installed."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        pytest.skip("there is no node and npm on this machine")
    folder = tmp_path_factory.mktemp("node")
    options = (
        "--silent",
        "--no-audit",
        "--no-fund",
        "--fetch-retries=0",
        "--fetch-timeout=20000",
        "--prefix",
        str(folder),
    )
    command = ["npm", "install", *options, "@segment/analytics-node"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=60)
    except subprocess.TimeoutExpired:
        pytest.skip("the npm registry did not answer within a minute")
    if done.returncode:
        pytest.skip(f"npm could not install the SDK: {done.stderr.strip()[-200:]}")
    return folder


def play(node, code, *arguments):
    (node / "play.js").write_text(code)
    done = subprocess.run(["node", "play.js", *arguments], capture_output=True, text=True, cwd=node, timeout=60)
    assert done.returncode == 0, done.stderr


def test_the_documented_flow(served, node):
    """All six calls arrive once each, and the visitor's event becomes the user's."""
    workspace = served.client.create("node", delivery="manual")
    play(node, FLOW, workspace.write_key, served.url)
    workspace.settle()

    types = ["track", "identify", "track", "page", "screen", "group", "alias"]
    assert sorted(row["type"] for row in workspace.view("messages")) == sorted(types)
    assert workspace.view("discards") == []
    assert [(row["event"], row["owner"], row["signal"]) for row in workspace.view("movable_ink.events")] == [
        ("product", {"user_id": "user-1"}, "usable"),
        ("conversion", {"user_id": "user-1"}, "usable"),
    ]
    assert len(workspace.view("inkit.documents")) == 1


def test_the_snippet_runs(served, node):
    """What status --snippets prints for Node does what it says."""
    workspace = served.client.create("node-snippet", delivery="manual")
    play(node, snippets_for(served.url, workspace.write_key)["Node"])

    assert [row["type"] for row in workspace.view("messages")] == ["identify", "track"]
