"""The process is killed at twenty seeded moments; every message has one effect at each vendor, and none is missing."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests
from tests.conftest import serving

from inkstand.fakes.kit.world import chance
from inkstand.simulator.errors import CannotStartError

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
SEED = 2026
ROUNDS = 20
PER_ROUND = 5


class Way(ThreadingHTTPServer):
    """Carries deliveries to the receiver, and kills the sender at a chosen one, before or after the receiver has it."""

    daemon_threads = True

    def __init__(self, receiver):
        super().__init__(("127.0.0.1", 0), Carrier)
        self.receiver = receiver
        self.sender = None
        self.kill_at = None
        self.when = None
        self.passed = 0
        self.lock = threading.Lock()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}"

    def plan(self, sender, kill_at, when):
        with self.lock:
            self.sender, self.kill_at, self.when, self.passed = sender, kill_at, when, 0

    def number(self):
        with self.lock:
            self.passed += 1
            return self.passed

    def kill_if(self, when, number):
        """Kill the sender if this is the moment; whether it was."""
        with self.lock:
            if (self.when, self.kill_at) != (when, number):
                return False
        self.sender.kill()
        return True


class Carrier(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        way = self.server
        number = way.number()
        if way.kill_if("before", number):
            return
        answer = requests.post(way.receiver + self.path, data=body, headers=dict(self.headers), timeout=20)
        if way.kill_if("after", number):
            return
        self.send_response(answer.status_code)
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_):
        pass


@pytest.fixture
def receiver(tmp_path):
    with serving("--data-dir", str(tmp_path / "receiver")) as served:
        yield served


@pytest.fixture
def way(receiver):
    with Way(receiver.url) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def identify(served, message_id):
    """Post one call as an SDK does; whether it was acknowledged."""
    body = {"userId": message_id, "messageId": message_id, "traits": {"template_id": "tmpl_demoNotice"}}
    try:
        return served.client.workspace("default").post("identify", body).status_code == 200
    except (CannotStartError, requests.RequestException):
        return False


def test_effects_are_exactly_once(tmp_path, receiver, way):
    """Requests repeat, effects do not: a kill between the receiver's commit and our note of it is among the twenty."""
    kept = ("--data-dir", str(tmp_path / "sender"))
    waiting = [f"m-{number}" for number in range(ROUNDS * PER_ROUND)]
    moments = [
        ("after" if chance(SEED, "when", n) < 0.5 else "before", 1 + int(6 * chance(SEED, "at", n)))
        for n in range(ROUNDS)
    ]
    moments[0] = ("after", 2)
    for number, (when, kill_at) in enumerate(moments):
        with serving(*kept) as sender:
            way.plan(sender, kill_at, when)
            if number == 0:
                for connection in ("inkit", "movable-ink"):
                    base = f"{way.url}/{connection}"
                    sender.client.workspace("default").change_connection(connection, {"baseUrl": base})
            batch, waiting = waiting[:PER_ROUND], waiting[PER_ROUND:]
            waiting = [ident for ident in batch if not identify(sender, ident)] + waiting
            sender.process.wait()

    with serving(*kept) as sender:
        way.plan(sender, None, None)
        assert all(identify(sender, ident) for ident in waiting)
        workspace = sender.client.workspace("default")
        workspace.settle()
        deliveries, attempts = workspace.view("deliveries"), workspace.view("attempts")
    everyone = sorted(f"m-{number}" for number in range(ROUNDS * PER_ROUND))
    there = receiver.client.workspace("default")

    assert {row["status"] for row in deliveries} == {"delivered"}
    assert sorted(row["messageId"] for row in deliveries if row["connection"] == "inkit") == everyone
    assert sorted(row["message_id"] for row in there.view("movable_ink.identifies")) == everyone
    assert sorted(row["message_id"] for row in there.view("inkit.documents")) == everyone
    assert len(there.view("movable_ink.repeats")) + len(attempts) > len(deliveries)
    assert [row["outcome"] for row in attempts].count("interrupted") >= ROUNDS / 2
