"""Prints a table of ratios; never judges: the machine is shared and noisy, the pairs are what can be compared."""

from __future__ import annotations

import argparse
import cProfile
import json
import os
import pstats
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from werkzeug.test import Client

from inkstand.simulator.app import Inkstand

from .load import EVENT, KEY, engine, folder, rate

INKSTAND = str(Path(sys.executable).with_name("inkstand"))
FLOORS = {
    "cold start": ("at most", 2.3, 1.7),
    "accept, worker on, 1 connection": ("at least", 0.50, 0.65),
    "accept, worker on, 8 connections": ("at least", 0.50, 0.65),
    "batch of 100, 1 connection": ("at least", 0.45, 0.55),
    "batch of 100, 8 connections": ("at least", 0.30, 0.36),
    "reset with events stored, x at 0": ("at most", 2.5, 1.9),
}


def bare(port: int) -> list[str]:
    return [sys.executable, str(folder() / "bare.py"), str(port)]


def inkstand(port: int) -> list[str]:
    return [INKSTAND, "serve", "--port", str(port)]


@contextmanager
def running(command: Callable[[int], list[str]]) -> Iterator[tuple[int, float]]:
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


def pairs(measure: Callable[[Callable[[int], list[str]]], float], rounds: int) -> float:
    """The median of the ratios to bare Flask, pair by pair, one server at a time."""
    ratios = []
    for _ in range(rounds):
        reference = measure(bare)
        ratios.append(measure(inkstand) / reference)
    return statistics.median(ratios)


def cold_start(command: Callable[[int], list[str]]) -> float:
    with running(command) as (_, seconds):
        return seconds


def accepting(path: str, batch: int, connections: int, seconds: float) -> Callable[[Callable[[int], list[str]]], float]:
    def measure(command: Callable[[int], list[str]]) -> float:
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--stored", type=int, default=100_000, help="how many events are stored when reset is measured")
    parser.add_argument("--profile", action="store_true", help="show where the time of the whole path goes")
    chosen = parser.parse_args()
    print(f"load by {engine()}; {chosen.rounds} pairs each; ratios to bare Flask on the same server")
    rows = {
        "cold start": pairs(cold_start, chosen.rounds),
        **{
            f"accept, worker on, {n} connection{'s' * (n > 1)}": pairs(
                accepting("/v1/track", 1, n, chosen.seconds), chosen.rounds
            )
            for n in (1, 8)
        },
        **{
            f"batch of 100, {n} connection{'s' * (n > 1)}": pairs(
                accepting("/v1/batch", 100, n, chosen.seconds), chosen.rounds
            )
            for n in (1, 8)
        },
        "reset with events stored, x at 0": reset_ratio(chosen.stored),
    }
    for name, value in rows.items():
        kind, floor, aim = FLOORS[name]
        print(f"{name:<36} {value:6.2f}   floor {kind} {floor}, aim {aim}")
    print(f"whole path, in process, one thread   {whole_path(2_000, profile=chosen.profile):6.0f} events/s")


if __name__ == "__main__":
    main()
