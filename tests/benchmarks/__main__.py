"""Prints a table of ratios; never judges: the machine is shared and noisy, the pairs are what can be compared."""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import requests
from werkzeug.test import Client

from inkstand.simulator.app import Inkstand
from inkstand.simulator.rooms import STREAMS, WAITS

from .letters import letters
from .load import EVENT, KEY, engine, folder, rate
from .stories import story_cost

Command = Callable[[int], list[str]]
INKSTAND = str(Path(sys.executable).with_name("inkstand"))
FLOORS = {
    "cold start, x bare": ("at most", 2.3, 1.7),
    "idle memory, x bare": ("at most", 2.0, 1.7),
    "single call, worker on, 1 connection": ("at least", 0.50, 0.65),
    "single call, worker on, 8 connections": ("at least", 0.50, 0.65),
    "single call, worker off, 8 connections": ("at least", 0.60, 0.75),
    "batch of 100, worker on, 1 connection": ("at least", 0.45, 0.55),
    "batch of 100, worker on, 8 connections": ("at least", 0.30, 0.36),
    "batch of 100, worker off, 1 connection": ("at least", 0.45, 0.55),
    "batch of 100, worker off, 8 connections": ("at least", 0.30, 0.36),
    "single call, 32 waits and 16 streams, x none": ("at least", 0.80, 0.95),
    "reset with events stored, x at 0": ("at most", 2.5, 1.9),
    "batch rate with events stored, x empty": ("at least", 0.75, 0.90),
    "memory with events stored, x idle": ("at most", 1.2, 1.1),
    "letters of one page, x the renderer alone": ("at least", 0.60, 0.80),
    "memory of the processes that make them, x its one": ("at most", 3.0, 2.5),
    "stories of ten steps, x their requests bare": ("at most", 1.5, 1.25),
}
"""What each row is held against: the goals that were set from measured peers."""


def bare(port: int) -> list[str]:
    return [sys.executable, str(folder() / "bare.py"), str(port)]


def inkstand(port: int) -> list[str]:
    return [INKSTAND, "serve", "--port", str(port)]


def without_worker(port: int) -> list[str]:
    """Inkstand with a default workspace that delivers only when told to."""
    return [*inkstand(port), "--config", str(folder() / "manual.yaml")]


@contextmanager
def running(command: Command) -> Iterator[tuple[int, float]]:
    """A server in a process of its own, on core 0 where there are two; its port and how long it took to answer."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    pinned = ["taskset", "-c", "0"] if shutil.which("taskset") and (os.cpu_count() or 1) > 1 else []
    begun = time.monotonic()
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen([*pinned, *command(port)], stdout=nowhere, stderr=nowhere)
    try:
        while not answers(port):
            pass
        yield port, time.monotonic() - begun
    finally:
        process.terminate()
        process.wait()


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5) as response:
            return response.status == 200
    except (urllib.error.URLError, OSError):
        return False


def pairs(measure: Callable[[Command], float], rounds: int, ours: Command = inkstand) -> float:
    """The median of the ratios to bare Flask, pair by pair, one server at a time."""
    ratios = []
    for _ in range(rounds):
        reference = measure(bare)
        ratios.append(measure(ours) / reference)
    return statistics.median(ratios)


def cold_start(command: Command) -> float:
    with running(command) as (_, seconds):
        return seconds


def idle_memory(command: Command) -> float:
    with running(command) as (port, _):
        return resident(port)


def resident(port: int) -> float:
    """How many KiB the process that listens on a port holds for itself (its proportional share where Linux says it)."""
    (pid,) = subprocess.check_output(["pgrep", "-f", f"(bare.py|--port) {port}"], text=True).split()
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    return float(re.search(r"^Pss:\s+(\d+)", rollup, re.MULTILINE)[1])


def accepting(path: str, batch: int, connections: int, seconds: float) -> Callable[[Command], float]:
    def measure(command: Command) -> float:
        with running(command) as (port, _):
            rate(port, path, batch, connections, 1)
            return rate(port, path, batch, connections, seconds)

    return measure


def fill(client: Client, count: int, mark: str) -> None:
    for start in range(0, count, 100):
        batch = [{**EVENT, "messageId": f"{mark}-{start + index}"} for index in range(min(100, count - start))]
        client.post("/v1/batch", data=json.dumps({"writeKey": KEY, "batch": batch}))


def whole_path(count: int, *, profile: bool) -> float:
    """Events a second accepted, planned, delivered in process, stored and attributed, in one thread."""
    with Inkstand() as sandbox:
        client, workspace = Client(sandbox.application), sandbox.sandbox.registry.get("default")
        fill(client, 100, "warm")
        sandbox.sandbox.settle(workspace)
        watch = cProfile.Profile()
        begun = time.perf_counter()
        if profile:
            watch.enable()
        fill(client, count, "path")
        sandbox.sandbox.settle(workspace)
        watch.disable()
        seconds = time.perf_counter() - begun
        if profile:
            pstats.Stats(watch).sort_stats("tottime").print_stats(25)
        return count / seconds


def reset_ratio(count: int) -> float:
    """A reset with so many events stored against one with none, in one process."""

    def once() -> float:
        begun = time.perf_counter()
        sandbox.sandbox.reset("default")
        return time.perf_counter() - begun

    with Inkstand() as sandbox:
        client = Client(sandbox.application)
        once()
        empty = statistics.median(once() for _ in range(5))
        full = []
        for number in range(3):
            fill(client, count, f"reset-{number}")
            full.append(once())
        return statistics.median(full) / empty


def held_open(seconds: float) -> float:
    """The rate of single calls with every wait and stream open in the same workspace, against that with none."""
    with running(inkstand) as (port, _):
        rate(port, "/v1/track", 1, 8, 1)
        alone = rate(port, "/v1/track", 1, 8, seconds)
        url = f"http://127.0.0.1:{port}/_sandbox/v1/workspaces/default"
        never = {"view": "messages", "where": {"event": "Never", "userId": "nobody"}, "timeout": "60s"}

        def wait() -> None:
            with suppress(requests.RequestException):  # the server ends before they do
                requests.post(f"{url}/wait", json=never, timeout=90)

        for _ in range(WAITS):
            threading.Thread(target=wait, daemon=True).start()
        follow = {"for": "60s"}
        streams = [
            requests.get(f"{url}/views/movable_ink.events/stream", params=follow, stream=True, timeout=90)
            for _ in range(STREAMS)
        ]
        ratio = rate(port, "/v1/track", 1, 8, seconds) / alone
        for stream in streams:
            stream.close()
        return ratio


def growth(count: int, seconds: float) -> tuple[float, float]:
    """With so many events stored: the rate of batches against the empty one, and the memory against the idle one."""
    with running(without_worker) as (port, _):
        idle = resident(port)
        rate(port, "/v1/batch", 100, 1, 1)
        empty = rate(port, "/v1/batch", 100, 1, seconds)
        stored = 0
        while stored < count:
            stored += int(rate(port, "/v1/batch", 100, 1, 1))
        return rate(port, "/v1/batch", 100, 1, seconds) / empty, resident(port) / idle


EMPTY_TEST = """
def test_it(i):
    pass
"""
BARE_TEST = """
def test_it(i):
    from flask import Flask
    app = Flask("bare")
    app.add_url_rule("/v1/track", "track", lambda: {"success": True}, methods=["POST"])
    assert app.test_client().post("/v1/track", json={"event": "E"}).status_code == 200
"""
OUR_TEST = """
import requests
def test_it(i, inkstand):
    key = (inkstand.write_key, "")
    assert requests.post(inkstand.url + "/v1/track", json={"userId": "u", "event": "E"}, auth=key).ok
"""
TIMED = """
import time, pytest
ended = []
def pytest_runtest_logfinish(): ended.append(time.perf_counter())
def pytest_sessionfinish(): open("took", "w").write(str((ended[-1] - ended[0]) / (len(ended) - 1)))
"""


def fixture_cost(tests: int) -> tuple[float, float]:
    """What a test with a workspace of its own and one call costs, against a test with a bare app and one call.

    Each less an empty test, from the end of the first test to the end of the last; and in milliseconds.
    """

    def each(text: str) -> float:
        with tempfile.TemporaryDirectory() as place:
            mark = f"import pytest\npytestmark = pytest.mark.parametrize('i', range({tests + 1}))\n"
            (Path(place) / "test_it.py").write_text(mark + text)
            (Path(place) / "conftest.py").write_text(TIMED)
            command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)
            return float((Path(place) / "took").read_text())

    empty = each(EMPTY_TEST)
    ours = each(OUR_TEST) - empty
    return ours / (each(BARE_TEST) - empty), ours * 1000


def rows(chosen: argparse.Namespace) -> Iterator[tuple[str, float]]:
    """Each row of the table as it is measured."""
    yield "cold start, x bare", pairs(cold_start, chosen.rounds)
    yield "idle memory, x bare", pairs(idle_memory, chosen.rounds)
    for kind, path, batch in (("single call", "/v1/track", 1), ("batch of 100", "/v1/batch", 100)):
        for worker, ours in (("on", inkstand), ("off", without_worker)):
            for connections in (1, 8):
                name = f"{kind}, worker {worker}, {connections} connection{'s' * (connections > 1)}"
                if name in FLOORS:
                    measure = accepting(path, batch, connections, chosen.seconds)
                    yield name, pairs(measure, chosen.rounds, ours)
    ratios = [held_open(chosen.seconds) for _ in range(chosen.rounds)]
    yield "single call, 32 waits and 16 streams, x none", statistics.median(ratios)
    yield "reset with events stored, x at 0", reset_ratio(chosen.stored)
    speed, memory = growth(chosen.stored, chosen.seconds)
    yield "batch rate with events stored, x empty", speed
    yield "memory with events stored, x idle", memory
    speed, memory = letters(chosen.letters)
    yield "letters of one page, x the renderer alone", speed
    yield "memory of the processes that make them, x its one", memory
    yield "stories of ten steps, x their requests bare", story_cost(chosen.stories, chosen.rounds)[0]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--stored", type=int, default=100_000, help="how many events are stored for reset and growth")
    parser.add_argument("--tests", type=int, default=60, help="how many tests the cost of a fixture is taken from")
    parser.add_argument("--stories", type=int, default=200, help="how many stories are played beside their requests")
    parser.add_argument("--letters", type=int, default=1_000, help="how many letters are drawn")
    parser.add_argument("--profile", action="store_true", help="show where the time of the whole path goes")
    chosen = parser.parse_args()
    print(f"load by {engine()}; {chosen.rounds} pairs each; ratios to bare Flask on the same server")
    for name, value in rows(chosen):
        kind, floor, aim = FLOORS[name]
        missed = value < floor if kind == "at least" else value > floor
        print(f"{name:<50} {value:6.2f}   {kind} {floor:.2f}, aim {aim:.2f}{'   missed' if missed else ''}", flush=True)
    ratio, milliseconds = fixture_cost(chosen.tests)
    name = "a test with a workspace, x a bare Flask app"
    print(f"{name:<50} {ratio:6.2f}   {milliseconds:.1f} ms over HTTP, less an empty test")
    print(f"{'whole path, in process, one thread':<50} {whole_path(2_000, profile=chosen.profile):6.0f} events/s")


if __name__ == "__main__":
    main()
