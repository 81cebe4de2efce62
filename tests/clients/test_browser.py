"""The browser library in headless Chromium, from settings to events; its pages are of another origin."""

import shutil
import subprocess
import threading
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import quote

import pytest
from tests.clients.conftest import missing
from tests.conftest import serving

from inkstand.simulator.snippets import snippets_for

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-default-browser-check", "--disable-dev-shm-usage"),
)
PLAY = """
  analytics.track("Product Viewed", { sku: "S-1", url: "https://shop.test/s-1" })
  analytics.identify("user-1", { email: "ana@example.com", template_id: "tmpl_demoNotice" })
  analytics.track("Order Completed", { total: 3, products: [{ sku: "S-1", price: 3 }] })
  analytics.page("Home")
  analytics.screen("Home")
  analytics.group("group-1", { plan: "gold" })
  analytics.alias("user-1")
  analytics.track("Signed Out")
"""
NPM = """<!doctype html><meta charset="utf-8"><script src="/index.js"></script><script>
const analytics = AnalyticsNext.AnalyticsBrowser.load(%s)
analytics.ready(() => {%s})
</script>"""
WAIT = "60s"


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that prints nothing."""

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture(scope="module")
def package(npm_package):
    """The library's npm package."""
    return npm_package("browser") / "node_modules" / "@segment" / "analytics-next"


@pytest.fixture(scope="module")
def served(package):
    """A sandbox that serves the library to pages."""
    with serving("--analytics-js", str(package)) as one:
        yield one


@pytest.fixture
def site(tmp_path, package):
    """A shop's pages, at an origin of their own: a folder and its address."""
    folder = tmp_path / "site"
    shutil.copytree(package / "dist" / "umd", folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield folder, f"http://localhost:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


def chromium():
    """The browser's program."""
    program = next(filter(shutil.which, CHROMIUM), None)
    if program is None:
        missing("there is no Chromium on this machine")
    return program


@contextmanager
def visiting(site, profile, html, query=""):
    """A browser on a page for as long as the block lasts; its profile is kept, as a visitor's is."""
    folder, address = site
    (folder / "page.html").write_text(html, "utf-8")
    command = [chromium(), *OPTIONS, f"--user-data-dir={profile}", f"{address}/page.html{query}"]
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, stdout=nowhere, stderr=nowhere)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def came(flow, number=8):
    """Wait until so many calls were accepted."""
    told = flow.workspace.wait("debugger", WAIT, where={"outcome": "accepted"}, atLeast=number)
    assert told["met"], [row["pretty"] for row in flow.workspace.view("debugger")]


def one_visitor(flow):
    """The calls of one anonymous visitor who became user-1."""
    accepted = flow.arrived()
    assert len({row["anonymousId"] for row in accepted}) == 1
    assert all(row["raw"]["context"]["ip"] == "127.0.0.1" for row in accepted)
    return accepted


@pytest.mark.fact("browser-single", "settings", "settings-cdn-only", "preflight", "letters", "context-ip")
def test_a_page_with_the_npm_package(flow, site, tmp_path):
    """It needs the write key and this address as cdnURL, nothing else."""
    settings = f"{{ writeKey: '{flow.key}', cdnURL: '{flow.url}' }}"
    with visiting(site, tmp_path / "profile", NPM % (settings, PLAY)):
        came(flow)

    assert all(row["raw"]["messageId"].startswith("ajs-next-") for row in one_visitor(flow))


@pytest.mark.fact("browser-batching", "b", "key-of-item")
def test_a_page_that_batches(flow, site, tmp_path):
    """Its batches come to /v1/b with a key in every call."""
    strategy = "{ strategy: 'batching', config: { size: 4, timeout: 200 } }"
    options = f"{{ integrations: {{ 'Segment.io': {{ deliveryStrategy: {strategy} }} }} }}"
    settings = f"{{ writeKey: '{flow.key}', cdnURL: '{flow.url}' }}, {options}"
    with visiting(site, tmp_path / "profile", NPM % (settings, PLAY)):
        came(flow)

    one_visitor(flow)


@pytest.mark.fact("browser-snippet", "bundle")
def test_a_page_with_the_library_from_here(flow, site, tmp_path):
    """One script tag, as status --snippets prints it; an address with a query makes it load a part of the library."""
    html = snippets_for(flow.url, flow.key)["HTML"]
    with visiting(site, tmp_path / "profile", f"<!doctype html>{html}"):
        came(flow, 2)
    assert {row["type"] for row in flow.workspace.view("messages")} == {"identify", "track"}
    query = f"?ajs_uid=user-2&ajs_event={quote('From a mail')}"
    with visiting(site, tmp_path / "another", html, query):
        assert flow.workspace.wait("messages", WAIT, where={"event": "From a mail", "userId": "user-2"})["met"]


@pytest.mark.fact("browser-snippet", "bundle")
def test_a_page_with_the_snippet_of_segment(flow, site, tmp_path):
    """The published snippet, with this address in the place of the CDN's."""
    snippet = """<!doctype html><meta charset="utf-8"><script>
!function(){var i="analytics",analytics=window[i]=window[i]||[];if(!analytics.initialize){analytics.invoked=!0;
analytics.methods=["track","identify","page","screen","group","alias","ready","on","once","off","reset","setAnonymousId"];
analytics.factory=function(e){return function(){if(window[i].initialized)return window[i][e].apply(window[i],arguments);
var n=Array.prototype.slice.call(arguments);n.unshift(e);analytics.push(n);return analytics}};
for(var n=0;n<analytics.methods.length;n++){var key=analytics.methods[n];analytics[key]=analytics.factory(key)}
analytics.load=function(key,n){var t=document.createElement("script");t.type="text/javascript";t.async=!0;
t.setAttribute("data-global-segment-analytics-key",i);t.src="CDN/analytics.js/v1/"+key+"/analytics.min.js";
var r=document.getElementsByTagName("script")[0];r.parentNode.insertBefore(t,r);analytics._loadOptions=n};
analytics._writeKey="KEY";analytics.SNIPPET_VERSION="5.2.1";analytics.load("KEY");analytics.ready(function(){PLAY})}}();
</script>"""
    html = snippet.replace("CDN", flow.url).replace("KEY", flow.key).replace("PLAY", PLAY)
    with visiting(site, tmp_path / "profile", html):
        came(flow)

    one_visitor(flow)


@pytest.mark.fact("survives-429", "resent-after-drop", "browser-single", "cors-on-errors", "expose-retry-after")
@pytest.mark.parametrize(
    "fault",
    [
        {"status": 429, "headers": {"Retry-After": "1"}, "next": 3},
        {"status": 500, "next": 3},
        {"drop": "after", "next": 2},
    ],
    ids=["429", "500", "dropped"],
)
def test_a_page_survives(flow, site, tmp_path, fault):
    """What was refused for now is sent again, what was taken and not answered counts once."""
    flow.workspace.fault("segment", **fault)
    settings = f"{{ writeKey: '{flow.key}', cdnURL: '{flow.url}' }}"
    with visiting(site, tmp_path / "profile", NPM % (settings, PLAY)):
        came(flow)

    one_visitor(flow)
    assert flow.workspace.view("faults")[0]["struck"] == fault["next"]


@pytest.mark.fact("settings-unknown-key")
def test_a_page_with_a_wrong_key_sends_nothing(flow, site, tmp_path):
    """Its settings are not there; the key can be found among the unknown ones."""
    settings = f"{{ writeKey: 'wrong-{flow.key}', cdnURL: '{flow.url}' }}"
    credential = f"wrong-{flow.key}"
    with visiting(site, tmp_path / "profile", NPM % (settings, PLAY)):
        rows = flow.served.client.follow("/unclaimed", 100)
        assert next(row for row in rows if row["credential"] == credential)["what"].endswith("/settings")

    assert flow.workspace.view("debugger") == []


@pytest.mark.fact("debugger", "debugger-discards")
def test_the_page_of_the_debugger(flow, tmp_path):
    """It shows the calls that came, as text whatever is in them, and what became of each."""
    flow.workspace.post("page", {"anonymousId": "a", "name": "<b>Home</b>"})
    flow.workspace.post("track", {"event": "Lost"})
    served = flow.served.client
    served.request("POST", "/v1/track", data=b"{", auth=("typo", ""))
    served.request("POST", "/v1/track", json={"userId": "u", "event": "E"}, auth=("typo", ""))
    address = f"{flow.url}/debugger?workspace={flow.workspace.name}"
    command = [chromium(), *OPTIONS, f"--user-data-dir={tmp_path}", "--dump-dom", address]
    page = subprocess.run(command, capture_output=True, text=True, timeout=60).stdout

    for shown in (
        'analytics.page("&lt;b&gt;Home&lt;/b&gt;")',
        "no_user_anon_id: The track call carries neither userId nor anonymousId.",
        '<td class="refused">refused</td>',
        'The segment key "typo" is not known here.',
    ):
        assert shown in page, shown
