import threading

import pytest

from inkstand.simulator.errors import InkstandError, UnknownNameError

VIEWS = ("messages", "deliveries", "attempts", "reasons", "movable_ink.events", "inkit.profiles")


def track(workspace, number, user="u"):
    return workspace.post("track", {"userId": user, "event": "E", "messageId": f"{workspace.name}-{number}"})


def test_create_list_delete(client):
    """A workspace can be made, is listed with credentials of its own, and is gone once deleted."""
    made = client.create("one")
    default = client.workspace("default")

    assert [told["name"] for told in client.workspaces()] == ["default", "one"]
    assert made.write_key != default.write_key
    made.delete()
    with pytest.raises(UnknownNameError):
        client.workspace("one")


@pytest.mark.parametrize("name", ["", "a/b", "..", "x" * 81, " a", "ä"])
def test_names_that_cannot_be(client, name):
    """A name that could not be a file or an address is refused with what one may be."""
    with pytest.raises(InkstandError, match="letters, digits"):
        client.control("POST", "/workspaces", json={"name": name})


def test_a_taken_name(client):
    """A second workspace of the same name is a conflict; the first is untouched."""
    client.create("one")
    response = client.request("POST", "/_sandbox/v1/workspaces", json={"name": "one"})

    assert response.status_code == 409
    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_misspelled_name(client):
    """An unknown name is answered with the nearest."""
    client.create("checkout")
    with pytest.raises(UnknownNameError, match="Did you mean 'checkout'"):
        client.workspace("chekout")


def test_the_default_stays(client):
    """The default workspace cannot be deleted, and says what to do instead."""
    with pytest.raises(InkstandError, match="reset"):
        client.workspace("default").delete()


def test_the_write_key_of_a_deleted_workspace_is_unclaimed(client):
    """Calls with its key are answered 200 and kept as unclaimed."""
    made = client.create("one")
    made.delete()

    assert track(made, 1).status_code == 200
    assert client.control("GET", "/unclaimed")["items"][0]["credential"] == made.write_key


def test_reset_puts_back_the_configuration(workspace):
    """A reset empties every view and brings back settings, templates and clock."""
    workspace.change_connection("inkit", {"enabled": False, "settings": {"apiKey": "x"}})
    workspace.post("identify", {"userId": "u", "traits": {"template_id": "tmpl_demoNotice"}})
    workspace.advance("1d")
    workspace.reset()

    told = workspace.client.workspace(workspace.name).told
    assert told == workspace.told
    assert [view for view in VIEWS if workspace.view(view)] == []
    assert len(workspace.view("inkit.templates")) == 10


def test_the_same_story_after_a_reset_is_byte_identical(workspace):
    """With the clock frozen the same calls after a reset give the same views, ids included."""

    def play():
        track(workspace, 1)
        workspace.post("identify", {"anonymousId": "a", "userId": "u", "traits": {"template_id": "tmpl_demoNotice"}})
        workspace.settle()
        return {view: workspace.view(view) for view in (*VIEWS, "inkit.documents", "movable_ink.ownership")}

    first = play()
    workspace.reset()

    assert play() == first


def test_two_workspaces_never_meet(client):
    """Hammered in parallel, each workspace shows its own rows and all of them."""
    rooms = [client.create(f"room-{number}", delivery="manual") for number in range(4)]
    failures = []

    def hammer(room):
        for number in range(40):
            if track(room, number, user=room.name).json() != {"success": True}:
                failures.append(room.name)
            if number % 8 == 7:
                room.settle()

    threads = [threading.Thread(target=hammer, args=(room,)) for room in rooms for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    for room in rooms:
        room.settle()
        assert {row["userId"] for row in room.view("messages")} == {room.name}
        assert len(room.view("messages")) == 40
        assert {tuple(row["owner"].values()) for row in room.view("movable_ink.events")} == {(room.name,)}
        assert len(room.view("movable_ink.events")) == 40


@pytest.mark.slow
def test_reset_and_delete_in_flight(inkstand, client):
    """Eight threads post while the worker delivers and resets fall in between: no row of an old life is in the new."""
    inkstand.start_worker()
    room = client.create("busy")
    stop = threading.Event()
    lives = [0]
    answers = set()

    def post():
        number = 0
        while not stop.is_set():
            number += 1
            life = lives[0]
            body = {"userId": f"life-{life}", "event": "E", "messageId": f"{threading.get_ident()}-{life}-{number}"}
            answers.add(room.post("track", body).status_code)

    threads = [threading.Thread(target=post) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(6):
        lives[0] += 1
        room.reset()
        opened = inkstand.sandbox.registry.get("busy")
        epoch = opened.door.epoch
        wait_for(lambda: room.view("movable_ink.events"))
        seen = {int(row["userId"].partition("-")[2]) for row in room.view("messages")}
        assert opened.door.epoch == epoch
        assert min(seen) >= lives[0] - 1, "a call posted after the reset may still carry the old name, an older one not"
        for view, name in (("attempts", "messageId"), ("movable_ink.events", "message_id")):
            rows = {row[name] for row in room.view(view)}
            assert rows <= {row["messageId"] for row in room.view("messages")}
    room.delete()
    stop.set()
    for thread in threads:
        thread.join()

    assert answers == {200}
    assert client.request("GET", "/readyz").status_code == 200


def wait_for(condition):
    """Ask until it is so; the test's own time-out ends it."""
    while not condition():
        pass


def test_more_workspaces_than_may_be_open(client, monkeypatch):
    """Beyond the number that may be open the longest unused rests, and works when it is needed again."""
    monkeypatch.setattr("inkstand.simulator.workspaces.registry.OPEN_AT_ONCE", 3)
    rooms = [client.create(f"room-{number}", clock="frozen", delivery="manual") for number in range(8)]
    for _ in range(2):
        for number, room in enumerate(rooms):
            track(room, number)
            room.settle()

    assert [len(room.view("movable_ink.events")) for room in rooms] == [1] * 8


@pytest.mark.parametrize("duration", ["99999999d", "-5m", "soon", ""])
def test_where_the_clock_cannot_go(workspace, duration):
    """Beyond the year 9999, backward or nowhere: an error, and the clock stands where it stood."""
    with pytest.raises(InkstandError):
        workspace.advance(duration)

    assert workspace.client.workspace(workspace.name).told["now"] == "2026-01-01T00:00:00.000Z"


@pytest.mark.slow
def test_settle_ends_while_calls_keep_coming(client):
    """It delivers what is due when it is asked, however much arrives meanwhile."""
    room = client.create("busy", delivery="manual")
    for number in range(20):
        track(room, number)
    stop = threading.Event()

    def post():
        number = 100
        while not stop.is_set():
            number += 1
            track(room, f"{threading.get_ident()}-{number}")

    threads = [threading.Thread(target=post) for _ in range(4)]
    for thread in threads:
        thread.start()
    room.settle()
    room.advance("1m")
    stop.set()
    for thread in threads:
        thread.join()

    assert len(room.view("movable_ink.events")) >= 20


def test_a_setting_that_a_connection_does_not_have(workspace):
    """A misspelt setting is refused with the one that was meant."""
    with pytest.raises(InkstandError, match="Did you mean 'apiKey'"):
        workspace.change_connection("inkit", {"settings": {"apikey": "x"}})


def test_settle_on_a_running_clock(client):
    """While the clock runs, what is planned during a settle is delivered by it."""
    room = client.create("running", delivery="manual")
    for number in range(200):
        track(room, number)
    room.settle()

    assert {row["status"] for row in room.view("deliveries") if row["connection"] == "movable-ink"} == {"delivered"}
