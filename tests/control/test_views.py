import re
from pathlib import Path

import pytest

from inkstand.fakes.kit.views import Wanted
from inkstand.simulator.control.schemas import RESERVED
from inkstand.simulator.errors import InkstandError
from inkstand.simulator.model import DISCARD_CODES
from inkstand.simulator.storage.views import _MEMBERS

ROOT = Path(__file__).parents[2]
URL = "/workspaces/test/views/"

SELDOM = {"movable_ink.repeats", "movable_ink.endpoints", "movable_ink.opens"}
SELDOM |= {
    "inkit.mailbox",
    "inkit.magic_links",
    "inkit.signatures",
    "inkit.mail_pieces",
    "inkit.webhooks",
    "inkit.webhook_events",
}
"""Views whose rows have tests of their own."""


def story(workspace):
    """Messages, discards, deliveries, attempts, reasons, events, a document and a refusal."""
    workspace.fault("movable_ink", status=503, next=1)
    workspace.change_source("website", {"trackingPlan": {"track": {"E0": {"required": ["sku"]}}}})
    for number in range(5):
        event = {"userId": f"u-{number % 2}", "event": f"E{number}", "messageId": f"m-{number}"}
        workspace.post("track", event)
        workspace.advance("1m")
    workspace.post("identify", {"userId": "u-1", "traits": {"template_id": "tmpl_demoNotice"}, "messageId": "m-i"})
    workspace.post("identify", {"userId": "u-1", "traits": {"template_id": "tmpl_none"}, "messageId": "m-r"})
    workspace.post("track", {"userId": "u-0", "messageId": "m-d"})
    workspace.settle()


def test_every_row_has_the_fields_that_its_view_declares(inkstand, workspace):
    """A view tells the fields of its rows; messages may lack some and carry others."""
    story(workspace)
    workspace.change_connection("movable-ink-actions", {"enabled": True})
    workspace.post("track", {"userId": "u-1", "event": "Signed Up"})
    workspace.settle()
    token = {"X-Inkit-API-Token": workspace.connection("inkit")["settings"]["apiKey"]}
    body = {"template_id": "tmpl_demoNotice", "renders": [{}]}
    workspace.client.request("POST", "/inkit/v1/batch", json=body, headers=token)
    door = inkstand.sandbox.registry.get("test").door

    for view in inkstand.sandbox.views.values():
        rows = view.rows(door)
        assert rows or view.name in SELDOM, view.name
        for row in rows:
            extra = set(row) - set(view.fields) if view.name == "messages" else set(row) ^ set(view.fields)
            assert not extra, view.name
        assert not RESERVED & set(view.fields)
    assert {"messageId", "event"} <= set(_MEMBERS)


def test_pages_give_each_row_once(client, workspace):
    """Pages joined by their cursors are the whole view, in order, whatever their size."""
    story(workspace)

    for view in ("messages", "attempts", "reasons", "movable_ink.events", "movable_ink.profiles"):
        whole = client.control("GET", URL + view)
        assert not whole["more"]
        for size in (1, 2, 3):
            assert list(client.pages(URL + view, limit=size)) == whole["items"], view


def test_a_cursor_finds_what_came_since(client, workspace):
    """The cursor of the last page is where the next rows will stand."""
    story(workspace)
    place = client.control("GET", URL + "messages")["cursor"]
    workspace.post("track", {"userId": "u", "event": "Later"})

    (later,) = client.control("GET", URL + "messages", params={"after": place})["items"]
    assert later["event"] == "Later"


def test_a_cursor_dies_with_its_life(client, workspace):
    """After a reset an old cursor is answered with 410 and what to do."""
    story(workspace)
    place = client.control("GET", URL + "messages")["cursor"]
    workspace.reset()

    gone = client.request("GET", f"/_sandbox/v1{URL}messages", params={"after": place})
    assert gone.status_code == 410
    assert "begin again" in gone.json()["detail"]


def test_the_newest(client, workspace):
    """`newest` gives the last rows, oldest of them first."""
    story(workspace)

    items = client.control("GET", URL + "messages", params={"newest": 2})["items"]
    assert [row["messageId"] for row in items] == ["m-i", "m-r"]


def test_since_ever(client, workspace):
    """A time before all time is as good as none."""
    story(workspace)

    assert len(client.control("GET", URL + "messages", params={"since": "999999999999d"})["items"]) == 7


@pytest.mark.parametrize("since", ["2026-01-01T00:03:00Z", "2m"])
def test_since(client, workspace, since):
    """`since` is a moment of the workspace's clock, or how long ago."""
    story(workspace)

    items = client.control("GET", URL + "messages", params={"since": since})["items"]
    assert [row["messageId"] for row in items] == ["m-3", "m-4", "m-i", "m-r"]


@pytest.mark.parametrize(
    ("view", "where", "wanted"),
    [
        ("messages", {"userId": "u-0"}, 3),
        ("messages", {"event": "E3", "userId": "u-1"}, 1),
        ("messages", {"properties": "null"}, 0),
        ("deliveries", {"destination": "Inkit", "type": "track"}, 5),
        ("deliveries", {"attempts": "1", "destination": "Movable Ink"}, 6),
        ("attempts", {"response.status": "503"}, 1),
        ("movable_ink.events", {"owner.user_id": "u-1"}, 2),
        ("movable_ink.events", {"owner": '{"user_id":"u-0"}'}, 3),
        ("movable_ink.profiles", {"profile.user_id": "u-1"}, 1),
        ("inkit.documents", {"template_id": "tmpl_demoNotice"}, 1),
    ],
)
def test_fields_equal_a_value(client, workspace, view, where, wanted):
    """A field, or a dot path below one, must equal its text; counting agrees with listing."""
    story(workspace)

    assert len(client.control("GET", URL + view, params=where)["items"]) == wanted
    assert client.control("GET", f"{URL}{view}/count", params=where) == {"count": wanted}


def test_a_page_that_carries_an_event_is_found_by_it(client, workspace):
    """What the database cannot tell by a column is looked at row by row."""
    workspace.post("page", {"userId": "u", "name": "Home", "event": "Odd"})
    workspace.post("track", {"userId": "u", "event": "Odd"})
    workspace.post("track", {"userId": "u", "event": "Even"})

    assert len(client.control("GET", URL + "messages", params={"event": "Odd"})["items"]) == 2
    assert client.control("GET", URL + "messages/count", params={"event": "Odd"}) == {"count": 2}


def test_an_unknown_field_names_the_nearest(workspace):
    """Also of a view that is empty: a slip of the pen is not an empty answer."""
    with pytest.raises(InkstandError, match=r"no field 'usrId'\. Did you mean 'userId'"):
        workspace.client.control("GET", URL + "messages", params={"usrId": "u"})
    with pytest.raises(InkstandError, match=r"no field 'signl'\. Did you mean 'signal'"):
        workspace.client.control("GET", URL + "movable_ink.events/count", params={"signl": "usable"})


@pytest.mark.parametrize(
    ("view", "asked", "told"),
    [
        ("messages", {"after": "x"}, "A cursor comes from an earlier answer"),
        ("messages", {"after": f"1.{'9' * 30}"}, "A cursor comes from an earlier answer"),
        ("messages", {"since": "soon"}, "since is a time"),
        ("movable_ink.profiles", {"since": "5m"}, "no time of their own"),
        ("messages", {"limit": "0"}, "greater than or equal to 1"),
        ("mesages", {}, "Did you mean 'messages'"),
    ],
)
def test_what_cannot_be_asked(workspace, view, asked, told):
    """Each wrong question is answered with what was wanted."""
    with pytest.raises(InkstandError, match=told):
        workspace.client.control("GET", URL + view, params=asked)


def test_hostile_values_are_found_by_field(client, workspace):
    """An id with NUL or a lone surrogate is found by itself, in messages and in deliveries."""
    workspace.post("track", {"userId": "a\x00b", "event": "E", "messageId": "m\x00"})
    workspace.settle()

    assert client.control("GET", f"{URL}messages/count", params={"userId": "a\x00b"}) == {"count": 1}
    assert client.control("GET", URL + "deliveries", params={"messageId": "m\x00"})["items"]


def test_counts_of_every_view(client, workspace):
    """One answer tells how many rows each view has."""
    story(workspace)
    counts = client.control("GET", "/workspaces/test/counts")["counts"]

    assert (counts["messages"], counts["discards"], counts["inkit.templates"]) == (7, 1, 10)
    assert set(counts) == {view["name"] for view in client.control("GET", "/views")}


def test_newest_looks_no_further_than_it_must(inkstand, workspace):
    """Looking for the newest rows reads from the end, also when they are far apart."""
    for start in range(0, 1500, 500):
        calls = [{"type": "track", "userId": "u", "event": "E", "messageId": f"{start + n}"} for n in range(500)]
        workspace.post("batch", {"batch": calls})
    view, door = inkstand.sandbox.view("messages"), inkstand.sandbox.registry.get("test").door

    assert [row["messageId"] for row in view.read(door, Wanted({"event": "E"}, limit=2, newest=True)).rows] == [
        "1498",
        "1499",
    ]
    assert view.read(door, Wanted({"messageId": "3"}, limit=1)).places == [4]


def test_the_values_that_views_declare_are_those_that_there_are(inkstand, workspace):
    """What a row holds in a field with declared values is one of them, or an answer's status."""
    story(workspace)
    door = inkstand.sandbox.registry.get("test").door

    for view in inkstand.sandbox.views.values():
        assert set(view.values) <= set(view.fields), view.name
        for row in view.rows(door):
            for name, values in view.values.items():
                assert row[name] is None or row[name] in values or row[name].isdecimal(), (view.name, row[name])


def test_every_code_of_a_discard_is_declared():
    """The codes that calls are dropped under are those of the closed list."""
    texts = "".join(path.read_text("utf-8") for path in (ROOT / "simulator" / "tracking").glob("*.py"))
    used = set(re.findall(r'iscard(?:ed)?\(\s*"([a-z_]+)"', texts)) | {"duplicate_message"}

    assert used <= set(DISCARD_CODES)
