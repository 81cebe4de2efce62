import pytest
from tests.conftest import Client

from inkstand.simulator.errors import InkstandError, UnknownNameError

VIEWS = ("messages", "deliveries", "attempts", "reasons", "movable_ink.events", "inkit.documents", "faults")


def track(workspace, event):
    workspace.post("track", {"userId": "u", "event": event, "properties": {"url": "https://shop.test/1"}})


def all_of(workspace):
    return {view: workspace.view(view) for view in VIEWS}


def test_a_snapshot_is_the_whole_workspace(workspace):
    """Put back to a snapshot, a workspace is what it was: rows, clock, connections, faults, and what is due."""
    track(workspace, "One")
    workspace.fault("movable_ink", status=503)
    workspace.change_connection("inkit", {"enabled": False})
    workspace.settle()
    workspace.advance("5m")
    before, now = all_of(workspace), workspace.client.workspace("test").told
    workspace.snapshot("before")
    track(workspace, "Two")
    workspace.advance("1d")
    workspace.reset()
    workspace.restore("before")

    assert all_of(workspace) == before
    assert workspace.client.workspace("test").told == now
    workspace.client.control("DELETE", "/workspaces/test/faults")
    workspace.advance("1h")
    assert [row["status"] for row in workspace.view("deliveries")] == ["delivered"]


def test_what_follows_a_snapshot_is_the_same_each_time(workspace):
    """From one snapshot the same calls give the same ids and times."""
    track(workspace, "One")
    workspace.snapshot("base")

    def go_on():
        track(workspace, "Two")
        workspace.settle()
        return all_of(workspace)

    first = go_on()
    workspace.restore("base")
    assert go_on() == first


def test_another_workspace_has_its_own_credentials(client, workspace):
    """A snapshot of another workspace brings its rows and settings, never its keys."""
    track(workspace, "One")
    workspace.change_connection("movable-ink", {"enabled": False})
    workspace.snapshot("base")
    other = client.create("other", clock="frozen", delivery="manual")
    other.restore("base", of="test")
    track(other, "Two")
    other.settle()

    told = client.workspace("other").told
    assert told["sources"] == other.told["sources"]
    assert told["connections"][0]["settings"] == other.told["connections"][0]["settings"]
    assert {one["id"]: one["enabled"] for one in told["connections"]}["movable-ink"] is False
    assert [row["event"] for row in other.view("messages")] == ["One", "Two"]
    assert len(workspace.view("messages")) == 1


def test_sources_that_one_does_not_have_get_keys_of_their_own(client):
    """A snapshot with other sources brings no key of the workspace it is of, and what it shows is heard."""
    mine = client.create("mine", sources={"web": {}})
    other = client.create("other", sources={"ios": {}})
    other.snapshot("s")
    mine.restore("s", of="other")
    now = client.workspace("mine")
    track(now, "Mine")

    assert now.write_key not in {mine.write_key, other.write_key}
    assert [row["event"] for row in now.view("messages")] == ["Mine"]
    assert other.view("messages") == []
    track(mine, "Old key")
    assert len(now.view("messages")) == 2


def test_snapshots_are_listed_replaced_and_deleted(client, workspace):
    """They are known by name; the same name again is the newer one; deleting the workspace deletes them."""
    workspace.snapshot("a")
    workspace.snapshot("b")
    track(workspace, "One")
    workspace.snapshot("a")
    client.control("DELETE", "/workspaces/test/snapshots/b")
    workspace.restore("a")

    assert [one["name"] for one in workspace.snapshots()] == ["a"]
    assert len(workspace.view("messages")) == 1
    again = client.create("test")
    assert again.snapshots() == []


@pytest.mark.parametrize(("name", "told"), [("bse", "Did you mean 'base'"), ("../x", "named with")])
def test_snapshots_that_there_are_not(workspace, name, told):
    """An unknown name is answered with the nearest; one that cannot be a name says what may."""
    workspace.snapshot("base")
    with pytest.raises((UnknownNameError, InkstandError), match=told):
        workspace.restore(name)


def test_a_clock_is_frozen_and_runs_on(client: Client):
    """Frozen it stands where it stood; following it runs on from there, moved as far as it was moved."""
    workspace = client.create("one")
    workspace.freeze()
    stood = client.control("GET", "/workspaces/one/clock")
    assert stood == client.control("GET", "/workspaces/one/clock")
    assert stood["clock"] == "frozen"
    workspace.advance("1d")
    moved = client.control("GET", "/workspaces/one/clock")["now"]
    workspace.follow()
    runs = client.control("GET", "/workspaces/one/clock")

    assert runs["clock"] == "real"
    assert runs["now"] >= moved > stood["now"]
    workspace.reset()
    assert client.control("GET", "/workspaces/one/clock")["now"] < moved
