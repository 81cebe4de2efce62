import json
import socket
import threading
import time
from contextlib import suppress

import pytest
from tests.conftest import serving

from inkstand.simulator.errors import CannotStartError, InkstandError, SandboxFailedError
from inkstand.simulator.rooms import STREAMS, WAITS

STREAM = "/_sandbox/v1/workspaces/{}/views/messages/stream"


def later(act):
    thread = threading.Thread(target=act)
    thread.start()
    return thread


def test_a_wait_that_is_met_at_once(workspace):
    """What is there already is answered at once, with the rows."""
    workspace.post("track", {"userId": "u", "event": "E"})
    told = workspace.wait("messages", where={"event": "E"})

    assert told["met"]
    assert [row["userId"] for row in told["rows"]] == ["u"]
    assert told["waited"] < 4_000


def test_a_wait_that_is_met_later(inkstand, client):
    """A wait ends when the worker has delivered what it waits for."""
    workspace = client.create("one")
    inkstand.start_worker()
    call = later(lambda: workspace.post("track", {"userId": "u", "event": "Product Viewed"}))
    told = workspace.wait("movable_ink.events", "60s", where={"event": "product"}, all={"owner": {"user_id": "u"}})
    call.join()

    assert told["met"], told


@pytest.mark.parametrize(
    ("condition", "met"),
    [
        ({"count": 2}, True),
        ({"count": 3}, False),
        ({"atLeast": 1}, True),
        ({"atLeast": 3}, False),
        ({"where": {"event": "A"}, "count": 1}, True),
        ({"where": {"properties": {"n": 2}}}, True),
        ({"where": {"properties.n": 2, "event": "B"}}, True),
        ({"where": {"properties.n": 2, "event": "A"}}, False),
        ({"where": {"event": "C"}, "count": 0}, True),
        ({"where": {"userId": "u"}, "all": {"event": "A"}}, False),
        ({"rows": [{"event": "A"}, {"event": "B"}]}, True),
        ({"rows": [{"event": "B"}, {"event": "A"}]}, False),
    ],
)
def test_conditions(workspace, condition, met):
    """Counts, least counts, what all must have, and rows in order, as in a scenario's claims."""
    workspace.post("track", {"userId": "u", "event": "A", "properties": {"n": 1}})
    workspace.post("track", {"userId": "u", "event": "B", "properties": {"n": 2}})

    told = workspace.wait("messages", "1ms", **condition)
    assert told["met"] is met
    assert bool(told["mismatches"]) is not met


def test_when_the_time_is_over_the_nearest_is_told(workspace):
    """The row that differs least is named with its differences, and what might be missing."""
    workspace.post("track", {"userId": "u-1", "event": "Product Viewed", "properties": {"sku": "S"}})
    workspace.post("track", {"userId": "u-2", "event": "Other"})
    told = workspace.wait("messages", "1ms", where={"event": "Product Added", "userId": "u-1"})

    assert not told["met"]
    assert told["nearest"]["row"]["event"] == "Product Viewed"
    assert told["nearest"]["differs"] == [{"field": "event", "wanted": "Product Added", "came": "Product Viewed"}]
    assert "settle" in told["hints"][0]


@pytest.mark.parametrize(
    ("condition", "told"),
    [
        ({"where": {"evnt": "E"}}, "Did you mean 'event'"),
        ({"rows": [{}], "count": 1}, "stands alone"),
        ({"count": 1, "atLeast": 1}, "not both"),
        ({"timeout": "5h"}, "At most 60s"),
        ({"timeout": "soon"}, "A duration is written like"),
        ({"count": -1}, "greater than or equal to 0"),
    ],
)
def test_conditions_that_cannot_be(workspace, condition, told):
    """Each is answered with what was wanted."""
    with pytest.raises(InkstandError, match=told):
        workspace.wait("messages", **condition)


def test_a_reset_ends_a_wait(inkstand, client, workspace):
    """Who waits while the workspace is reset is told so, not left waiting."""
    rooms = inkstand.sandbox.rooms
    answers = []
    thread = later(
        lambda: answers.append(
            client.request(
                "POST",
                "/_sandbox/v1/workspaces/test/wait",
                json={"view": "messages", "where": {"event": "E"}, "timeout": "60s"},
            )
        )
    )
    while not (rooms.waits.taken and inkstand.sandbox.registry.get("test").door._watched):
        pass
    workspace.reset()
    thread.join(20)

    assert answers[0].status_code == 409


def test_a_stream_tells_rows_with_their_places(client, workspace):
    """Each row is an event whose id is the cursor to go on from."""
    for number in range(3):
        workspace.post("track", {"userId": "u", "event": f"E{number}"})
    lines = list(client.lines("/workspaces/test/views/messages/stream", {"for": "1ms"}))
    rows = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    places = [line.removeprefix("id: ") for line in lines if line.startswith("id: ")]

    assert [row["event"] for row in rows] == ["E0", "E1", "E2"]
    for name, value in (("params", {"after": places[1]}), ("headers", {"Last-Event-ID": places[1]})):
        options = {"params": {"for": "1ms"}, **({} if name == "params" else {name: value})}
        options["params"] |= value if name == "params" else {}
        answer = client.request("GET", STREAM.format("test"), **options)
        assert answer.text.count("data: ") == 1
        assert "E2" in answer.text


@pytest.mark.slow
def test_whoever_waits_is_let_go_when_the_server_ends():
    """SIGTERM ends a server at once, with waits, streams and slow answers open, and each of them is answered."""
    with serving() as served:
        workspace = served.client.create("one")
        told = []
        thread = later(lambda: told.append(workspace.wait("messages", "60s", where={"event": "Never"})))
        stream = served.client.request("GET", STREAM.format("one"), params={"for": "60s"}, stream=True)
        lines = stream.iter_lines(chunk_size=1, decode_unicode=True)
        assert next(lines).startswith("retry")
        slow = served.client.create("slow")
        slow.fault("segment", delay="60s")
        late = later(lambda: told.append(slow.post("track", {"userId": "u", "event": "E"}).status_code))
        assert slow.wait("messages", "30s")["met"]
        begun = time.monotonic()

        assert served.terminate() == 0
        assert time.monotonic() - begun < 4
        thread.join(10)
        late.join(10)
        assert 200 in told
        assert [one["met"] for one in told if one != 200] == [False]


@pytest.mark.slow
def test_orders_that_wait_hold_up_nobody():
    """While nine settles wait for a vendor that does not answer, calls are taken."""
    with socket.create_server(("127.0.0.1", 0)) as silent, serving() as served:
        slow = served.client.create("slow")
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        slow.change_connection("movable-ink", {"baseUrl": address})
        slow.post("track", {"userId": "u", "event": "E"})

        def settle():
            with suppress(CannotStartError, SandboxFailedError):  # the server ends before the vendor answers
                served.client.workspace("slow").settle()

        settling = [later(settle) for _ in range(9)]
        assert slow.wait("attempts", "20s", where={"outcome": "started"})["met"]
        begun = time.monotonic()
        default = served.client.workspace("default")
        assert all(default.post("track", {"userId": "u", "event": "E"}).ok for _ in range(20))
        assert time.monotonic() - begun < 5
        served.kill()
        for thread in settling:
            thread.join(20)


@pytest.mark.slow
def test_open_waits_and_streams_are_bounded_and_starve_nobody():
    """All seats taken, calls are taken as before; the next wait and stream get 503 with Retry-After; leaving frees."""
    with serving() as served:
        client = served.client
        workspace = client.create("one")
        condition = {"view": "messages", "where": {"event": "Last"}, "timeout": "60s"}
        done = []

        def wait():
            done.append(served.client.control("POST", "/workspaces/one/wait", json=condition)["met"])

        waits = [later(wait) for _ in range(WAITS)]
        streams = [
            served.client.request("GET", STREAM.format("one"), params={"for": "60s"}, stream=True)
            for _ in range(STREAMS)
        ]
        full = {"timeout": "1ms", "view": "messages", "where": {"event": "Never"}}
        end = time.monotonic() + 30
        while client.request("POST", "/_sandbox/v1/workspaces/one/wait", json=full).status_code != 503:
            assert time.monotonic() < end
        refused = client.request("POST", "/_sandbox/v1/workspaces/one/wait", json=full)
        stream = client.request("GET", STREAM.format("one"), params={"for": "1s"})

        assert (refused.headers["Retry-After"], stream.status_code) == ("1", 503)
        assert "open waits are taken" in refused.json()["detail"]
        for number in range(50):
            assert workspace.post("track", {"userId": "u", "event": f"E{number}"}).status_code == 200
        workspace.post("track", {"userId": "u", "event": "Last"})
        for thread in waits:
            thread.join(30)
        assert done == [True] * WAITS
        for one in streams:
            assert any("Last" in line for line in one.iter_lines(chunk_size=1, decode_unicode=True))
            one.close()
        assert client.request("POST", "/_sandbox/v1/workspaces/one/wait", json=full).status_code == 200
        assert served.terminate() == 0
