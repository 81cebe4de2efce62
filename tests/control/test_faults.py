import threading
from contextlib import suppress

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import example_call, serving

from inkstand.fakes.kit.faults import strikes
from inkstand.fakes.kit.vendor import discover
from inkstand.simulator.errors import CannotStartError, InkstandError

SERVICES = ["segment", *(vendor.service for vendor in discover())]
each_vendor = pytest.mark.parametrize("vendor", discover(), ids=lambda vendor: vendor.slug)


def post(workspace, vendor, message_id="m"):
    call_type, call = example_call(vendor)
    return workspace.post(call_type, {**call, "messageId": message_id})


def attempts_at(workspace, vendor):
    return workspace.view("attempts", connection=vendor.slug)


@given(st.integers(1, 50), st.integers(1, 100), st.floats(0, 0.999))
def test_which_calls_are_struck(limit, number, chance):
    """The next N, every Nth, a share, or all; what is not struck goes through."""
    assert strikes({"next": limit}, number, chance) is (number <= limit)
    assert strikes({"every": limit}, number, chance) is (number % limit == 0)
    assert strikes({"share": 0.5}, number, chance) is (chance < 0.5)
    assert strikes({}, number, chance)


@each_vendor
def test_a_status_is_retried_and_then_delivered(workspace, vendor):
    """A vendor that answers 503 twice is tried three times; the attempts and the journey name the fault."""
    workspace.fault(vendor.service, status=503, next=2, body="out of order", headers={"Retry-After": "120"})
    post(workspace, vendor)
    workspace.settle()
    first = workspace.view("deliveries", connection=vendor.slug)[0]
    workspace.advance("1h")

    assert (first["status"], first["nextAttemptAt"]) == ("retrying", "2026-01-01T00:02:00.000Z")
    rows = attempts_at(workspace, vendor)
    assert [row["response"]["status"] for row in rows][:2] == [503, 503]
    assert rows[0]["response"]["body"] == "out of order"
    assert len(rows) == 3
    assert any("met fault-1, which somebody arranged" in line for line in workspace.explain("m")["story"])
    assert workspace.view("faults")[0]["struck"] == 2


@each_vendor
def test_a_dropped_connection_before_and_after(workspace, vendor):
    """Dropped before: the vendor knows nothing. Dropped after: it does, and the retry has no second effect."""
    workspace.fault(vendor.service, drop="before", next=1)
    workspace.fault(vendor.service, drop="after", next=2)
    post(workspace, vendor)
    workspace.advance("1h")

    rows = attempts_at(workspace, vendor)
    assert [row["response"] for row in rows][:2] == [None, None]
    assert rows[0]["error"] == "the connection was dropped by fault-1"
    assert [row["error"] for row in rows] == [*(f"the connection was dropped by fault-{n}" for n in (1, 2)), None]
    assert {row["code"] for row in workspace.view("deliveries", connection=vendor.slug)} == {None}


@each_vendor
def test_a_late_answer_takes_no_real_time(workspace, vendor):
    """Three seconds late is delivered at the workspace's own time; twelve is a time-out, and tried again."""
    workspace.fault(vendor.service, delay="3s", next=1)
    post(workspace, vendor)
    workspace.settle()
    in_time = attempts_at(workspace, vendor)[0]
    workspace.fault(vendor.service, delay="12s", next=1)
    post(workspace, vendor, "m-2")
    workspace.settle()
    late = attempts_at(workspace, vendor)[-1]

    assert in_time["endedAt"] == "2026-01-01T00:00:03.000Z"
    assert in_time["error"] is None
    assert (late["endedAt"], late["error"]) == ("2026-01-01T00:00:10.000Z", "no answer within 10 s")


@each_vendor
def test_down_for_a_time(workspace, vendor):
    """Every connection is dropped until the time is over on the workspace's clock."""
    workspace.fault(vendor.service, down="30m")
    post(workspace, vendor)
    workspace.advance("2h")

    rows = attempts_at(workspace, vendor)
    assert rows[-1]["response"]["status"] == 200
    assert all(row["startedAt"] < "2026-01-01T00:30" for row in rows[:-1])
    assert rows[-1]["startedAt"] >= "2026-01-01T00:30"


@each_vendor
def test_a_share_is_the_same_for_the_same_seed(client, vendor):
    """Which calls a seeded share strikes follows from the seed and the message alone."""

    def struck(seed):
        workspace = client.create("share", seed=seed, clock="frozen", delivery="manual")
        workspace.fault(vendor.service, status=400, share=0.4)
        for number in range(20):
            post(workspace, vendor, f"m-{number}")
        workspace.settle()
        return [row["messageId"] for row in attempts_at(workspace, vendor) if row["response"]["status"] == 400]

    assert struck(1) == struck(1) != struck(2)
    assert 2 <= len(struck(1)) <= 18


def test_the_tracking_api_too(client, workspace):
    """Segment itself can fail, drop and come late; what was dropped after it was read is stored."""
    path, call = "/v1/track", {"userId": "u", "event": "E"}
    workspace.fault("segment", status=500, next=1)
    workspace.fault("segment", drop="before", next=2)
    workspace.fault("segment", drop="after", next=3)
    workspace.fault("segment", delay="5s", next=4)

    assert workspace.post("track", call).status_code == 500
    for _ in range(2):
        with pytest.raises(requests.ConnectionError, match="dropped by fault-"):
            client.session.post(client.base_url + path, json=call, auth=(workspace.write_key, ""))
    with pytest.raises(requests.ReadTimeout):
        client.session.post(client.base_url + path, json=call, auth=(workspace.write_key, ""), timeout=2)
    assert len(workspace.view("messages")) == 2


def test_faults_are_listed_and_ended(client, workspace):
    """A fault can be ended; a reset ends all."""
    made = workspace.fault("inkit", status=500)
    workspace.fault("segment", delay="1s")
    client.control("DELETE", f"/workspaces/test/faults/{made['id']}")

    assert [row["service"] for row in client.control("GET", "/workspaces/test/faults")] == ["segment"]
    workspace.reset()
    assert client.control("GET", "/workspaces/test/faults") == []
    assert post(workspace, discover()[0]).status_code == 200
    with pytest.raises(InkstandError, match="There is no fault 'fault-9'"):
        client.control("DELETE", "/workspaces/test/faults/fault-9")


@pytest.mark.parametrize(
    ("spec", "told"),
    [
        ({"service": "inkitt", "status": 500}, "Did you mean 'inkit'"),
        ({"service": "inkit"}, "Say what happens"),
        ({"service": "inkit", "status": 200}, "status"),
        ({"service": "inkit", "status": 500, "next": 1, "every": 2}, "Say which calls once"),
        ({"service": "inkit", "down": "5m", "status": 500}, "stands alone"),
        ({"service": "inkit", "drop": "sometimes"}, "drop"),
        ({"service": "inkit", "delay": "1d"}, "At most 600s"),
        ({"service": "inkit", "status": 500, "headers": {"X": "a\nb"}}, "printable ASCII"),
        ({"service": "inkit", "status": 500, "headers": {"Connection": "close"}}, "the server's own"),
        ({"service": "inkit", "status": 500, "body": "\ud800"}, "lone surrogate"),
    ],
)
def test_faults_that_cannot_be(workspace, spec, told):
    """Each is answered with what was wanted."""
    with pytest.raises(InkstandError, match=told):
        workspace.client.control("POST", "/workspaces/test/faults", json=spec)


@pytest.mark.slow
def test_over_a_socket():
    """An SDK far away waits for a slow answer while the event is visible already, and is hung up on."""
    with serving() as served:
        workspace = served.client.create("one", delivery="manual")
        workspace.fault("segment", delay="60s", next=1)

        def send():
            with suppress(CannotStartError):  # it is hung up on when the server ends
                workspace.post("track", {"userId": "u", "event": "E"})

        slow = threading.Thread(target=send, daemon=True)
        slow.start()
        assert workspace.wait("messages", "30s", where={"event": "E"})["met"]
        assert slow.is_alive()
        workspace.fault("segment", drop="after", next=2)
        with pytest.raises(requests.ConnectionError):
            requests.post(
                f"{served.url}/v1/track", json={"userId": "u", "event": "F"}, auth=(workspace.write_key, ""), timeout=20
            )
        assert len(workspace.view("messages")) == 2
        assert served.terminate() == 0
        slow.join()
