"""Real clients, installed once a session, and what each must show: every call once, one person, the whole flow.

Where something is missing a test says so and is skipped; in CI nothing may be missing.
"""

import os
import shutil
import subprocess
import sys
from collections import Counter

import pytest

TYPES = ["track", "identify", "track", "page", "screen", "group", "alias", "track"]
"""The calls of the flow, in their order."""

NODE_PACKAGES = {
    "current": "@segment/analytics-node@3",
    "two": "@segment/analytics-node@2",
    "one": "@segment/analytics-node@1",
    "legacy": "analytics-node@6.2.0",
    "rudder": "@rudderstack/rudder-sdk-node@3",
    "browser": "@segment/analytics-next@1.84",
}
PYTHON_PACKAGES = {"old": "analytics-python==1.4.post1", "rudder": "rudder-sdk-python==2.1.9"}
REGISTRY_SECONDS = 120


def pytest_collection_modifyitems(items):
    """Whatever drives a real client starts a process."""
    for item in items:
        if item.path.parent.name == "clients":
            item.add_marker(pytest.mark.slow)


def missing(what):
    """Skip, saying why; fail where everything must be there."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI nothing may be missing: {what}")
    pytest.skip(what)


def installed(command, folder, what):
    """Run a package manager; skip (in CI: fail) when it is not there or its registry is not."""
    if shutil.which(command[0]) is None:
        missing(f"there is no {command[0]} on this machine")
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=folder, timeout=REGISTRY_SECONDS)
    except subprocess.TimeoutExpired:
        missing(f"the registry of {what} did not answer within {REGISTRY_SECONDS} s")
    if done.returncode:
        missing(f"{command[0]} could not install {what}: {done.stderr.strip()[-300:]}")
    return folder


@pytest.fixture(scope="session")
def python_package(tmp_path_factory):
    """A folder with a Python client and what it needs, apart from ours; by the name of the client."""
    found = {}

    def of(name):
        if name not in found:
            folder = tmp_path_factory.mktemp(f"python-{name}")
            command = [sys.executable, "-m", "pip", "install", "-q", "--target", str(folder), PYTHON_PACKAGES[name]]
            found[name] = installed(command, folder, PYTHON_PACKAGES[name])
        return found[name]

    return of


@pytest.fixture(scope="session")
def npm_package(tmp_path_factory):
    """A folder with a client of the npm registry; by the name of the client."""
    found = {}
    options = ("--silent", "--no-audit", "--no-fund", "--fetch-retries=1", "--fetch-timeout=30000")

    def of(name):
        if shutil.which("node") is None:
            missing("there is no node on this machine")
        if name not in found:
            folder = tmp_path_factory.mktemp(f"node-{name}")
            command = ["npm", "install", *options, "--prefix", str(folder), NODE_PACKAGES[name]]
            found[name] = installed(command, folder, NODE_PACKAGES[name])
        return found[name]

    return of


@pytest.fixture
def flow(served, request):
    """A workspace for the whole flow, and what must be true of it afterwards."""
    return Flow(served, f"flow-{abs(hash(request.node.nodeid)) % 10**8}")


class Flow:
    """The documented flow, played by somebody else's client."""

    def __init__(self, served, name):
        self.served = served
        self.workspace = served.client.create(name, delivery="manual")
        self.url = served.url
        self.key = self.workspace.write_key

    def arrived(self, types=TYPES, *, duplicates=None, documents=1):
        """Every call is there once, nothing is discarded, nothing came for nobody, it is one person's story.

        The visitor's event is the user's after the identify, the order is the user's, and there is one document; none
        of a client that does not say a person's traits where Segment reads them.
        """
        self.workspace.settle()
        shown = self.workspace.view("debugger")
        told = [row["pretty"] for row in shown]
        accepted = [row for row in shown if row["outcome"] == "accepted"]
        assert Counter(row["type"] for row in accepted) == Counter(types), told
        others = [row["outcome"] for row in shown if row["outcome"] != "accepted"]
        assert set(others) <= {"duplicate"}, [row for row in shown if row["outcome"] == "discarded"]
        assert duplicates is None or (len(others) > 0) == duplicates, told
        assert {row["userId"] for row in accepted} <= {"user-1", None}
        assert len({row["anonymousId"] for row in accepted} - {None}) <= 1
        events = {row["event"]: row for row in self.workspace.view("movable_ink.events")}
        for name in {"product", "conversion"} & set(events):
            assert (events[name]["owner"], events[name]["signal"]) == ({"user_id": "user-1"}, "usable"), events[name]
        assert len(self.workspace.view("inkit.documents")) == documents
        return accepted
