"""The Source Debugger: every call that came, in order, pretty and raw, and what became of it."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inkstand.fakes.kit.views import Wanted
from inkstand.simulator.commands.following import pretty as line
from inkstand.simulator.explain.debugger import DEBUGGER, pretty

GOOD, BAD = {"type": "track", "userId": "u", "event": "E"}, {"type": "track", "event": "E"}


@pytest.mark.fact("debugger")
@pytest.mark.parametrize(
    ("kind", "call", "written"),
    [
        ("track", {"userId": "u", "event": "Signed Up"}, 'analytics.track("Signed Up")'),
        ("track", {"event": "E", "properties": {"näme": [1, None]}}, 'analytics.track("E", {"näme": [1, null]})'),
        ("identify", {"userId": "u", "traits": {"plan": "gold"}}, 'analytics.identify("u", {"plan": "gold"})'),
        ("identify", {"anonymousId": "a", "traits": {"a": 1}}, 'analytics.identify({"a": 1})'),
        ("identify", {"anonymousId": "a"}, "analytics.identify({})"),
        ("page", {"category": "Docs", "name": "Home", "properties": {}}, 'analytics.page("Docs", "Home", {})'),
        ("screen", {"name": "Home"}, 'analytics.screen("Home")'),
        ("group", {"groupId": "g", "traits": {"seats": 3}}, 'analytics.group("g", {"seats": 3})'),
        ("alias", {"userId": "new", "previousId": "old"}, 'analytics.alias("new", "old")'),
        (None, {"event": "E"}, "analytics.?()"),
    ],
)
def test_a_call_as_a_library_would_write_it(kind, call, written):
    """The pretty view is a line of code."""
    assert pretty(kind, call) == written


def test_a_line_is_a_line(workspace):
    """Whatever somebody sends, a terminal acts on none of it."""
    workspace.post("track", {**GOOD, "userId": "a\nforged \x1b[2J", "properties": {"long": "x" * 999}})
    (row,) = workspace.view("debugger")

    assert line("debugger", row).isprintable()
    assert "a\\u000aforged" in line("debugger", row)


@pytest.mark.fact("debugger", "debugger-discards")
def test_what_became_of_each(workspace):
    """Accepted with its notes and the stored JSON, discarded and duplicate with code, reason and what came."""
    workspace.post("track", {**GOOD, "userId": 7, "messageId": "m"})
    workspace.post("track", {**GOOD, "messageId": "m"})
    workspace.post("batch", {"batch": [BAD, "nonsense"]})

    first, second, third, fourth = workspace.view("debugger")
    assert (first["outcome"], first["code"], first["reason"], first["source"]) == ("accepted", None, None, "website")
    assert first["notes"] == ["userId came as the number 7 and was taken as text."]
    assert first["raw"] == workspace.view("messages")[0]
    assert (second["outcome"], second["code"]) == ("duplicate", "duplicate_message")
    assert second["reason"] == "A message with the id m was accepted before."
    assert (third["code"], third["raw"], third["pretty"]) == ("no_user_anon_id", BAD, 'analytics.track("E")')
    assert (fourth["code"], fourth["raw"], fourth["pretty"]) == ("multi_user_error", "nonsense", "(text, no call)")
    assert fourth["reason"].endswith("must be an object; text came.")


def test_notes_are_those_of_the_call_itself(workspace):
    """A call that was mended and sent again under its id does not carry what was wrong with it before."""
    workspace.post("track", {"userId": 7, "messageId": "m"})
    workspace.post("track", {"userId": "u", "event": "E", "messageId": "m"})

    assert [(row["outcome"], row["notes"]) for row in workspace.view("debugger")] == [
        ("discarded", []),
        ("accepted", []),
    ]


def test_calls_that_come_while_it_is_read(inkstand, workspace):
    """The newest are those there were when it was asked, and their cursor leads to what came meanwhile."""
    door = inkstand.sandbox.registry.get(workspace.name).door
    for at in range(3):
        workspace.post("track", {**GOOD, "messageId": f"m-{at}"})
    read, calls = door.read, iter(range(3, 9))

    def busy(statement, **params):
        rows = read(statement, **params)
        workspace.post("track", {**(GOOD if (at := next(calls, 9)) % 2 else BAD), "messageId": f"m-{at}"})
        return rows

    door.read = busy
    newest = DEBUGGER.read(door, Wanted(limit=2, newest=True))
    del door.read
    rest = DEBUGGER.read(door, Wanted(after=newest.last))

    assert [row["messageId"] for row in newest.rows] == ["m-1", "m-2"]
    assert [row["messageId"] for row in rest.rows][:3] == ["m-3", "m-4", "m-5"]


def test_it_can_be_narrowed_counted_and_read_from_anywhere(client, workspace):
    """By outcome, code, event; since a time; the newest; and on from each cursor."""
    for at in range(6):
        workspace.post("track", {**(GOOD if at % 2 else BAD), "messageId": f"m-{at}"})
        workspace.advance("1m")
    path = f"/workspaces/{workspace.name}/views/debugger"

    def ids(**asked):
        return [row["messageId"] for row in client.control("GET", path, params=asked)["items"]]

    assert ids() == [f"m-{at}" for at in range(6)]
    assert ids(outcome="discarded") == ["m-0", "m-2", "m-4"]
    assert ids(outcome="accepted", newest=2) == ["m-3", "m-5"]
    assert ids(code="no_user_anon_id", limit=1) == ["m-0"]
    assert ids(since="150s") == ["m-4", "m-5"]
    assert ids(newest=3) == ["m-3", "m-4", "m-5"]
    assert workspace.count("debugger") == 6
    assert client.control("GET", f"{path}/count", params={"outcome": "duplicate"}) == {"count": 0}


@pytest.mark.fact("debugger", "order")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30, deadline=None)
@given(st.lists(st.lists(st.booleans(), min_size=1, max_size=3), max_size=6), st.integers(1, 4))
def test_pages_and_streams_miss_nothing(client, batches, limit):
    """However good and bad calls alternate: page by page each comes once, a batch's good ones before its bad ones."""
    workspace = client.create("pages", clock="frozen", delivery="manual")
    wanted = []
    for number, batch in enumerate(batches):
        calls = [{**(GOOD if good else BAD), "messageId": f"{number}-{at}"} for at, good in enumerate(batch)]
        workspace.post("batch", {"batch": calls})
        wanted += [call["messageId"] for call in sorted(calls, key=lambda call: "userId" not in call)]
    path = f"/workspaces/{workspace.name}/views/debugger"

    pages = [row["messageId"] for row in client.pages(path, limit=limit)]
    assert pages == wanted
    first = client.control("GET", path, params={"limit": limit})
    rest = client.control("GET", path, params={"after": first["cursor"], "limit": 100})
    assert [row["messageId"] for row in rest["items"]] == wanted[limit:]
    events = client.request("GET", f"/_sandbox/v1{path}/stream", params={"for": "1ms"}).text
    assert events.count("id: ") == len(wanted)


@pytest.mark.fact("accounted", "debugger-discards")
def test_what_was_sent_is_what_is_counted(client, workspace):
    """Accepted, discarded, duplicates, those of nobody and the refused are everything."""
    before = client.control("GET", f"/workspaces/{workspace.name}/received")
    workspace.post("batch", {"batch": [{**GOOD, "messageId": "m"}, {**GOOD, "messageId": "m"}, BAD, BAD, GOOD]})
    client.request("POST", "/v1/batch", json={"batch": [GOOD, BAD]}, auth=("nobody", ""))
    client.request("POST", "/v1/track", data=b"{", auth=(workspace.write_key, ""))

    assert before == dict.fromkeys(("accepted", "discarded", "duplicates", "unclaimed", "refused"), 0)
    assert client.control("GET", f"/workspaces/{workspace.name}/received") == {
        "accepted": 2,
        "discarded": 2,
        "duplicates": 1,
        "unclaimed": 2,
        "refused": 1,
    }


@pytest.mark.fact("debugger-discards")
@pytest.mark.parametrize(("path", "field"), [("/unclaimed", "credential"), ("/refused", "message")])
def test_what_came_for_nobody_can_be_followed(client, path, field):
    """Unclaimed and refused requests are streams of their own, read on from any place."""
    for body, key in ((b"{}", "one"), (b"{", "two"), (b"{}", "three"), (b"[", "four")):
        client.request("POST", "/v1/track", data=body, auth=(key, ""))
    first = client.control("GET", path, params={"limit": 1})
    events = client.request("GET", f"/_sandbox/v1{path}/stream", params={"after": first["cursor"], "for": "1ms"}).text

    assert first["more"]
    assert events.count("id: ") == 1
    assert f'"{field}"' in events
