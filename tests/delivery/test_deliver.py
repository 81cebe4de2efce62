"""Deliveries over a real socket, to a server that misbehaves on order."""

import sys
import threading
from dataclasses import replace

import pytest
import requests
from sqlalchemy import update
from werkzeug import Response

from inkstand.fakes.kit.storage import Statement
from inkstand.simulator.delivery.transport import InProcessAdapter
from inkstand.simulator.storage.tables import deliveries

IDENTIFY = {"userId": "u", "messageId": "m", "traits": {"plan": "gold"}}


@pytest.fixture
def away(workspace, httpserver):
    """A workspace whose Inkit is the test's own server."""
    workspace.change_connection("inkit", {"baseUrl": httpserver.url_for("/far")})
    workspace.change_connection("movable-ink", {"enabled": False})
    return workspace


def fate(workspace):
    (delivery,) = workspace.view("deliveries")
    return delivery["status"], delivery["code"], delivery["attempts"]


def test_the_request_is_segments(away, httpserver):
    """Over a socket it is the partner's webhook: method, path, key as user, the message as Segment holds it."""
    httpserver.expect_request("/far/integrations/segment", method="POST").respond_with_json({})
    away.post("identify", IDENTIFY)
    away.settle()

    ((request, _),) = httpserver.log
    assert request.authorization.username == away.connection("inkit")["settings"]["apiKey"]
    assert request.authorization.password == ""
    assert request.headers["User-Agent"] == "Segment.io/1.0"
    assert request.json == away.view("messages")[0]
    assert fate(away) == ("delivered", None, 1)


def test_retries_on_the_clock(away, httpserver):
    """503 twice, then 200: three attempts at growing distances of the workspace's clock, none by itself."""
    for status in (503, 503, 200):
        httpserver.expect_ordered_request("/far/integrations/segment").respond_with_data(status=status)
    away.post("identify", IDENTIFY)
    away.settle()
    assert fate(away) == ("retrying", "503", 1)

    away.settle()
    assert fate(away) == ("retrying", "503", 1)

    away.advance("1m")
    assert fate(away) == ("delivered", None, 3)
    attempts = away.view("attempts")
    assert [row["outcome"] for row in attempts] == ["retrying", "retrying", "delivered"]
    assert [row["startedAt"] for row in attempts] == sorted(row["startedAt"] for row in attempts)


def test_giving_up_after_four_hours(away, httpserver):
    """A destination that stays away is given up under its last answer, with the reason recorded."""
    httpserver.expect_request("/far/integrations/segment").respond_with_data(status=429)
    away.post("identify", IDENTIFY)
    away.advance("6h")

    status, code, attempts = fate(away)
    assert (status, code) == ("discarded", "429")
    assert 10 <= attempts <= 14
    assert "delivery.retries_exhausted" in {row["rule"] for row in away.view("reasons")}


def test_redirects_are_not_followed(away, httpserver):
    """A redirect is an answer like any other and ends the delivery."""
    away_location = Response(status=302, headers={"Location": httpserver.url_for("/elsewhere")})
    httpserver.expect_request("/far/integrations/segment").respond_with_response(away_location)
    away.post("identify", IDENTIFY)
    away.settle()

    assert fate(away) == ("discarded", "302", 1)


def test_environment_proxies_are_not_read(away, httpserver, monkeypatch):
    """A proxy named in the environment does not see a delivery."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    httpserver.expect_request("/far/integrations/segment").respond_with_json({})
    away.post("identify", IDENTIFY)
    away.settle()

    assert fate(away) == ("delivered", None, 1)


def test_request_and_answer_are_kept(away, httpserver):
    """An attempt holds what was sent and what was answered, word for word."""
    httpserver.expect_request("/far/integrations/segment").respond_with_data("no such template", status=400)
    away.post("identify", IDENTIFY)
    away.settle()

    (attempt,) = away.view("attempts")
    assert attempt["request"]["url"] == httpserver.url_for("/far/integrations/segment")
    assert attempt["request"]["headers"]["Authorization"].startswith("Basic ")
    assert (attempt["response"]["status"], attempt["response"]["body"]) == (400, "no such template")
    assert fate(away) == ("discarded", "BAD_REQUEST", 1)


def test_a_claim_dies_with_its_process(inkstand, away, httpserver):
    """What an earlier run had begun is due again, and its attempt shows as interrupted."""
    httpserver.expect_request("/far/integrations/segment").respond_with_data(status=503)
    away.post("identify", IDENTIFY)
    away.settle()
    opened = inkstand.sandbox.registry.get(away.name)
    with opened.door.write() as tx:
        tx.change(Statement(update(deliveries).values(status="started", lane=None)))

    away.advance("1h")
    assert fate(away) == ("started", "503", 1)

    inkstand.sandbox.deliverer.free_claims(opened)
    away.advance("1m")
    assert fate(away)[2] > 1


def test_a_reset_drops_what_is_on_its_way(inkstand, away, httpserver):
    """An answer that comes after a reset belongs to no one."""
    arrived, may_answer = threading.Event(), threading.Event()

    def slow(_):
        arrived.set()
        assert may_answer.wait(20)
        return Response(status=200)

    httpserver.expect_request("/far/integrations/segment").respond_with_handler(slow)
    away.post("identify", IDENTIFY)
    opened = inkstand.sandbox.registry.get(away.name)
    settling = threading.Thread(target=inkstand.sandbox.settle, args=(opened,))
    settling.start()
    assert arrived.wait(20)

    away.reset()
    may_answer.set()
    settling.join()

    for view in ("messages", "deliveries", "attempts", "reasons"):
        assert away.view(view) == []


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nnonsense\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
        b"nonsense\r\n\r\n",
        b"",
    ],
    ids=["short", "chunks", "gzip", "nonsense", "nothing"],
)
def test_an_answer_that_breaks_off(workspace, answer):
    """Whatever comes back, the delivery is tried again and the others are not held up."""
    import socket

    listening = socket.create_server(("127.0.0.1", 0))

    def answer_one():
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)

    thread = threading.Thread(target=answer_one)
    thread.start()
    workspace.change_connection("inkit", {"baseUrl": f"http://127.0.0.1:{listening.getsockname()[1]}"})
    workspace.post("identify", IDENTIFY)
    workspace.settle()
    thread.join()
    listening.close()

    fates = {row["connection"]: (row["status"], row["code"]) for row in workspace.view("deliveries")}
    assert fates == {"inkit": ("retrying", "ECONNRESET"), "movable-ink": ("delivered", None)}


def test_a_fault_of_a_fake_is_tried_again(workspace, monkeypatch):
    """When the fake itself fails it answers 500, and the message is not lost."""
    from inkstand.fakes.movable_ink import api

    with monkeypatch.context() as broken:
        broken.setattr(api, "keep", None)
        workspace.post("track", {"userId": "u", "event": "E"})
        workspace.settle()
    assert [row["code"] for row in workspace.view("deliveries") if row["connection"] == "movable-ink"] == ["500"]

    workspace.advance("1m")
    assert len(workspace.view("movable_ink.events")) == 1


def test_a_mapping_that_breaks_discards_the_message(inkstand, workspace, caplog):
    """A mistake in a destination's translate is told once, with its error, and holds up nobody else."""

    def broken(*_):
        raise TypeError("bytes are no mapping")

    entry = inkstand.sandbox.catalogue.entries["movable-ink"]
    inkstand.sandbox.catalogue.entries["movable-ink"] = replace(
        entry, destination=replace(entry.destination, translate=broken)
    )
    workspace.post("identify", {"userId": "u", "messageId": "m", "traits": {"template_id": "tmpl_demoNotice"}})
    workspace.settle()
    workspace.settle()

    assert {row["connection"]: row["code"] for row in workspace.view("deliveries")} == {
        "movable-ink": "INTERNAL",
        "inkit": None,
    }
    assert "The mapping of Movable Ink failed: TypeError: bytes are no mapping." in " ".join(
        workspace.explain("m")["story"]
    )
    assert len(caplog.records) == 1


def test_what_a_fake_logs_is_seen():
    """What a vendor's application writes to its log goes to stderr, also when it is called in process."""
    seen = []

    def application(environ, start_response):
        seen.append(environ["wsgi.errors"])
        start_response("204 No Content", [])
        return []

    session = requests.Session()
    session.mount("http://here.invalid", InProcessAdapter(application))
    session.get("http://here.invalid/")

    assert seen == [sys.stderr]
