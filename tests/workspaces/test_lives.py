"""A reset begins another life: whatever was under way in the old one is dropped, at every place where it can be met."""

import os
import threading

import pytest
from werkzeug import Response

from inkstand.fakes.inkit.documents import drawing
from inkstand.simulator.delivery.process import process


def track(workspace, name):
    workspace.post("track", {"userId": name, "event": "E", "messageId": name})


def owners(workspace):
    return [row["owner"]["user_id"] for row in workspace.view("movable_ink.events")]


def test_a_delivery_seen_before_a_reset(inkstand, workspace):
    """It is not performed after it, and does not touch the delivery that has its place now."""
    sandbox, opened = inkstand.sandbox, inkstand.sandbox.registry.get(workspace.name)
    track(workspace, "old")
    process(opened, sandbox.catalogue)
    due = sandbox.deliverer.next_of(opened)

    workspace.reset()
    track(workspace, "new")
    process(opened, sandbox.catalogue)
    sandbox.deliverer.perform(opened, due)
    assert owners(workspace) == []
    workspace.settle()
    assert owners(workspace) == ["new"]


def test_a_delivery_is_tried_by_one(inkstand, workspace):
    """Two who saw the same delivery make one attempt of it."""
    sandbox, opened = inkstand.sandbox, inkstand.sandbox.registry.get(workspace.name)
    track(workspace, "one")
    process(opened, sandbox.catalogue)
    due = sandbox.deliverer.next_of(opened)
    for _ in range(2):
        sandbox.deliverer.perform(opened, due)

    assert len(workspace.view("attempts")) == 1
    assert workspace.view("movable_ink.repeats") == []


def test_a_request_from_a_deleted_workspace(inkstand, client, workspace):
    """One of the same name that was made since does not get it, though its credentials are the same."""
    transport = inkstand.sandbox.deliverer.transport
    track(workspace, "old")
    workspace.settle()
    (attempt,) = workspace.view("attempts")
    epoch = inkstand.sandbox.registry.get(workspace.name).door.epoch
    again = client.create(workspace.name, clock="frozen", delivery="manual")
    import requests

    headers = attempt["request"]["headers"]
    request = requests.Request("POST", attempt["request"]["url"], headers, data=attempt["request"]["body"]).prepare()
    answer, _, _ = transport.send(request, (workspace.name, epoch), "a cause")

    assert answer.status == 503
    assert owners(again) == []


def test_an_advance_that_a_reset_overtakes(inkstand, workspace, httpserver):
    """It moves the clock of the old life only."""
    arrived, may_answer = threading.Event(), threading.Event()

    def slow(_):
        arrived.set()
        assert may_answer.wait(20)
        return Response(status=200)

    key = workspace.connection("movable-ink")["settings"]["apiKey"]
    httpserver.expect_request(f"/far/behavioral/{key}").respond_with_handler(slow)
    workspace.change_connection("movable-ink", {"baseUrl": httpserver.url_for("/far")})
    track(workspace, "old")
    opened = inkstand.sandbox.registry.get(workspace.name)
    ended = []

    def advance():
        try:
            inkstand.sandbox.advance(opened, 6 * 3_600_000)
        except Exception as error:  # noqa: BLE001  # whatever it is, the test looks at it
            ended.append(type(error).__name__)

    advancing = threading.Thread(target=advance)
    advancing.start()
    assert arrived.wait(20)
    workspace.reset()
    may_answer.set()
    advancing.join()

    assert ended == ["WorkspaceGoneError"]
    assert workspace.client.workspace(workspace.name).told["now"] == "2026-01-01T00:00:00.000Z"


def test_a_page_that_is_drawn_while_a_reset_comes(client, workspace, monkeypatch):
    """The document does not appear in the new life, though its call came over a socket."""
    draw = drawing.page_of

    def reset_and_draw(*arguments):
        workspace.reset()
        return draw(*arguments)

    monkeypatch.setattr(drawing, "page_of", reset_and_draw)
    body = {"type": "identify", "userId": "u", "messageId": "m", "traits": {"template_id": "tmpl_demoNotice"}}
    key = workspace.connection("inkit")["settings"]["apiKey"]
    response = client.request("POST", "/inkit/integrations/segment", json=body, auth=(key, ""))

    assert response.status_code == 503
    assert workspace.view("inkit.documents") == workspace.view("inkit.profiles") == []


def test_changes_of_connections_do_not_lose_each_other(workspace):
    """Two connections changed at the same time are both changed."""
    for number in range(20):
        changes = [
            threading.Thread(target=workspace.change_connection, args=(name, {"settings": {"apiKey": f"k-{number}"}}))
            for name in ("inkit", "movable-ink")
        ]
        for change in changes:
            change.start()
        for change in changes:
            change.join()
        told = workspace.client.workspace(workspace.name).told["connections"]
        assert [one["settings"]["apiKey"] for one in told if one["enabled"]] == [f"k-{number}"] * 2


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="this machine does not show open files")  # noqa: PTH112
@pytest.mark.slow
def test_open_files_stay_bounded(client):
    """Two hundred workspaces, each used twice, hold no more open files than sixty-four may."""
    before = len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # counting, not walking
    rooms = [client.create(f"room-{number}", clock="frozen", delivery="manual") for number in range(200)]
    for _ in range(2):
        for room in rooms:
            track(room, room.name)
            room.settle()

    assert len(os.listdir("/proc/self/fd")) - before <= 64 * 6  # noqa: PTH208  # likewise
