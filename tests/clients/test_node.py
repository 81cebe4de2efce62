"""The Node clients: Segment's current one, its versions before, the old one, RudderStack's."""

import subprocess

import pytest

from inkstand.simulator.snippets import snippets_for

PLAY = """
function play(analytics) {
  const anonymousId = 'visitor-1', userId = 'user-1'
  const traits = { email: 'ana@example.com', template_id: 'tmpl_demoNotice' }
  const properties = { total: 3, products: [{ sku: 'S-1', price: 3 }] }
  const product = { sku: 'S-1', url: 'https://shop.test/s-1' }
  analytics.track({ anonymousId, event: 'Product Viewed', properties: product })
  analytics.identify({ anonymousId, userId, traits })
  analytics.track({ userId, event: 'Order Completed', properties })
  analytics.page({ userId, name: 'Home' })
  analytics.screen({ userId, name: 'Home' })
  analytics.group({ userId, groupId: 'group-1', traits: { plan: 'gold' } })
  analytics.alias({ userId, previousId: anonymousId })
  analytics.track({ userId, event: 'Signed Out' })
}
const [key, host] = process.argv.slice(2)
function failed(error) { console.error(error); process.exitCode = 1 }
"""
CURRENT = """
const { Analytics } = require('@segment/analytics-node')
const analytics = new Analytics({ writeKey: key, host })
analytics.on('error', failed)
play(analytics)
analytics.closeAndFlush()
"""
LEGACY = """
const Analytics = require('analytics-node')
const analytics = new Analytics(key, { host, errorHandler: failed })
play(analytics)
analytics.flush((error) => { if (error) failed(error) })
"""
RUDDER = """
const Analytics = require('@rudderstack/rudder-sdk-node')
const analytics = new Analytics(key, { dataPlaneUrl: host, errorHandler: failed })
play(analytics)
analytics.flush((error) => { if (error) failed(error) })
"""
CLIENTS = {"current": CURRENT, "two": CURRENT, "one": CURRENT, "legacy": LEGACY, "rudder": RUDDER}


def run(folder, code, *arguments):
    """Run code in a folder with a client; it must end well."""
    (folder / "play.js").write_text(code)
    done = subprocess.run(["node", "play.js", *arguments], capture_output=True, text=True, cwd=folder, timeout=100)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.fact("node-current", "node-2", "node-legacy", "rudder-node", "any-content-type", "order")
@pytest.mark.parametrize("name", CLIENTS)
def test_the_flow(flow, npm_package, name):
    """Every call of every version arrives once, whatever its requests look like."""
    run(npm_package(name), PLAY + CLIENTS[name], flow.key, flow.url)

    flow.arrived(duplicates=False)


@pytest.mark.fact("survives-429", "resent-after-drop", "node-current", "node-legacy", "rudder-node")
@pytest.mark.parametrize("name", ["current", "legacy", "rudder"])
@pytest.mark.parametrize(
    ("fault", "duplicates"),
    [
        ({"status": 429, "headers": {"Retry-After": "1"}}, False),
        ({"status": 500}, False),
        ({"drop": "after"}, True),
    ],
)
def test_the_flow_under_faults(flow, npm_package, name, fault, duplicates):
    """What fails once is sent again; what was taken and not answered comes twice and counts once."""
    flow.workspace.fault("segment", next=1, **fault)
    run(npm_package(name), PLAY + CLIENTS[name], flow.key, flow.url)

    flow.arrived(duplicates=duplicates)


def test_the_snippet_runs(flow, npm_package):
    """What status --snippets prints for Node does what it says."""
    run(npm_package("current"), snippets_for(flow.url, flow.key)["Node"])

    assert [row["type"] for row in flow.workspace.view("messages")] == ["identify", "track"]
