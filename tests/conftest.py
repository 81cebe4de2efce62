"""What tests stand on: a sandbox in this process, a workspace in it, and a served one in a process of its own."""

from __future__ import annotations

import base64
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from werkzeug.test import Client as Direct

from inkstand import fakes
from inkstand.simulator.app import NEAR, Inkstand
from inkstand.simulator.scenarios.client import Client, Workspace
from inkstand.simulator.scenarios.language.people import cast_of
from inkstand.simulator.scenarios.language.values import filled

MORE_FAKES = os.environ.get("TEST_WITH_FAKES")
"""A folder with further vendors; the tests of every vendor are run again with it."""

if MORE_FAKES:
    fakes.__path__.append(MORE_FAKES)

INKSTAND = str(Path(sys.executable).with_name("inkstand"))
CLEAN = {name: value for name, value in os.environ.items() if not name.startswith("INKSTAND_")}


@pytest.fixture
def inkstand() -> Iterator[Inkstand]:
    """A sandbox of this test's own, without a worker."""
    with Inkstand() as sandbox:
        yield sandbox


@pytest.fixture
def client(inkstand) -> Client:
    """The sandbox as a client sees it."""
    return Client(NEAR, inkstand.session())


@pytest.fixture
def workspace(client) -> Workspace:
    """A workspace whose clock stands still and which delivers only when told to."""
    return client.create("test", clock="frozen", delivery="manual")


@contextmanager
def browsed(name: str) -> Iterator[tuple[Inkstand, Direct, dict]]:
    """A sandbox with a workspace that stands still, for as long as a file or a test needs it.

    With it what asks it without a socket, and what it told of the workspace.
    """
    with Inkstand() as sandbox:
        browser = Direct(sandbox.application)
        setup = {"name": name, "clock": "frozen", "delivery": "manual"}
        yield sandbox, browser, browser.post("/_sandbox/v1/workspaces", json=setup).json


def basic(user: str, password: str = "") -> dict[str, str]:
    """The header by which a sender says who it is."""
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def holds(*rules: str) -> pytest.MarkDecorator:
    """Which general rules a test holds; it is given them as `rules`."""
    return pytest.mark.parametrize("rules", [rules], ids=[" ".join(rules)])


def example_call(vendor) -> tuple[str, dict]:
    """A call that a vendor takes, by type: the first of its own chapter of the demo."""
    told = vendor.examples
    saved = cast_of(1, dict.fromkeys(told.get("people", ()), "en_US"), told.get("products", []))
    ((call_type, call),) = told["beats"][0]["do"].items()
    return call_type, filled(call, saved)


@dataclass
class Served:
    """A sandbox in a process of its own."""

    process: subprocess.Popen[str]
    url: str

    @property
    def client(self) -> Client:
        """A client of it, over a socket."""
        return Client(self.url)

    def kill(self) -> None:
        """End it as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def terminate(self) -> int:
        """Ask it to stop; its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=20)


def start(*arguments: str) -> Served:
    """Start `inkstand serve` and wait for its READY line."""
    command = [INKSTAND, "serve", "--port", "0", *arguments]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=CLEAN)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line.startswith("READY http://127.0.0.1:"), line
    return Served(process, line.split()[1])


@contextmanager
def serving(*arguments: str) -> Iterator[Served]:
    """A served sandbox that is ended whatever happens."""
    served = start(*arguments)
    try:
        yield served
    finally:
        if served.process.poll() is None:
            served.kill()
        served.process.stdout.close()


@pytest.fixture(scope="module")
def served() -> Iterator[Served]:
    """A served sandbox shared by a file's tests; each makes a workspace of its own."""
    with serving() as one:
        yield one


def run_inkstand(*arguments: str, cwd: Path | None = None, env: dict[str, str] | None = None):
    """Run the command line; the finished process."""
    command = [INKSTAND, *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env={**CLEAN, **(env or {})}, timeout=90)
