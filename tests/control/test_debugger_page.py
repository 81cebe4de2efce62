"""The page of the Source Debugger, and following lists from where a browser was."""

from werkzeug.test import Client as Direct


def test_the_page_names_its_workspace(inkstand, client):
    """It is the default one's or that of the address; one that there is not is a 404 with the page of the default."""
    workspace = client.create("shop")
    browser = Direct(inkstand.application)

    for address, status, key in (
        ("/debugger", 200, "inkstand-demo-write-key"),
        ("/debugger?workspace=shop", 200, workspace.write_key),
        ("/debugger?workspace=nobody", 404, "inkstand-demo-write-key"),
    ):
        answer = browser.get(address, base_url="http://127.0.0.1:4650")
        assert (answer.status_code, key in answer.text) == (status, True)
    assert "/debugger?workspace=shop" in browser.get("/", base_url="http://127.0.0.1:4650").text
    assert browser.get("/debugger", base_url="http://evil.example").status_code == 403


def test_a_stream_goes_on_where_the_browser_was(client):
    """The place of the last event that a browser saw wins over the place that its address names."""
    workspace = client.create("shop", delivery="manual")
    for number in range(3):
        workspace.post("track", {"userId": "u", "event": "E", "messageId": f"m-{number}"})
    path = "/_sandbox/v1/workspaces/shop/views/debugger/stream"
    first = client.request("GET", path, params={"for": "1ms"}).text
    ids = [line.removeprefix("id: ") for line in first.splitlines() if line.startswith("id: ")]
    again = client.request("GET", path, params={"for": "1ms", "after": ids[0]}, headers={"Last-Event-ID": ids[1]}).text

    assert (len(ids), again.count("id: "), "m-2" in again) == (3, 1, True)
