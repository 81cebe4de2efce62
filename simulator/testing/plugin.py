"""The pytest plugin: a sandbox for the session, a workspace for each test, and `*.scenario.yaml` as tests.

It is loaded in every project that has Inkstand installed, so it imports nothing of ours until something is used.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from inkstand.simulator.scenarios.client import Client
    from inkstand.simulator.scenarios.language.load import Scenario
    from inkstand.simulator.scenarios.play.runner import Options

    from .server import Server
    from .workspace import InkstandWorkspace

_stack = pytest.StashKey[ExitStack]()
_client = pytest.StashKey["Client"]()
_used = pytest.StashKey["InkstandWorkspace"]()
_failed = pytest.StashKey[bool]()
_server: pytest.StashKey[Server] = pytest.StashKey()
_KEPT = "inkstand_kept"
_MARK = (
    "inkstand(**choices): how the test's workspace is made: seed, clock ('real', 'frozen'), "
    "delivery ('auto', 'manual'), sources, connections, vendors"
)


class ScenarioFailedError(Exception):
    """A story failed; the text is its report."""


class ScenarioFile(pytest.File):
    """A file that holds a story."""

    def collect(self) -> Iterator[ScenarioItem]:
        """The one story in it."""
        from inkstand.simulator.errors import BrokenFileError  # noqa: PLC0415  # nothing of ours before a story is found
        from inkstand.simulator.scenarios.language.load import load  # noqa: PLC0415  # likewise

        try:
            here = self.config.invocation_params.dir
            scenario = load(self.path.relative_to(here) if self.path.is_relative_to(here) else self.path)
        except BrokenFileError as error:
            raise self.CollectError(str(error)) from error
        yield ScenarioItem.from_parent(self, name=scenario.name, scenario=scenario)


class ScenarioItem(pytest.Item):
    """One story as a test."""

    def __init__(self, *, scenario: Scenario, **arguments: Any) -> None:  # pytest's own
        super().__init__(**arguments)
        self.scenario = scenario

    def runtest(self) -> None:
        """Play it."""
        from inkstand.simulator.scenarios.play.runner import run  # noqa: PLC0415  # likewise
        from inkstand.simulator.scenarios.report.text import told  # noqa: PLC0415  # nothing of ours before a story is found

        outcome = run(_near_client(self.config), self.scenario, _options(self.config))
        if outcome.status == "skipped":
            pytest.skip(outcome.reason)
        if outcome.status != "passed":
            raise ScenarioFailedError("\n".join(told(outcome)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # pytest's own
        """The report of a failed story, without our own traceback."""
        if isinstance(excinfo.value, ScenarioFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file and the story's name."""
        return self.path, 0, f"scenario: {self.name}"


def pytest_addoption(parser: pytest.Parser) -> None:
    """The plugin's options."""
    group = parser.getgroup("inkstand")
    group.addoption(
        "--inkstand-url",
        default=os.environ.get("INKSTAND_URL"),
        help="The sandbox that the fixture `inkstand` uses (default: INKSTAND_URL, else one of the session's own).",
    )
    group.addoption("--inkstand-seed", type=int, help="The seed of scenarios (default: their own, else 1).")
    group.addoption(
        "--inkstand-fault-plan",
        metavar="SEED|FILE",
        help="Play scenarios under faults: drawn from a seed, or those of a YAML file.",
    )
    group.addoption(
        "--inkstand-keep", action="store_true", help="Keep the workspace of a failed test, and print where it is."
    )


def pytest_configure(config: pytest.Config) -> None:
    """The plugin's marker."""
    config.addinivalue_line("markers", _MARK)


@pytest.fixture(scope="session")
def inkstand_url(pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of the session's sandbox: the one of --inkstand-url, else one of its own on a free port."""
    given = pytestconfig.getoption("--inkstand-url")
    if given:
        yield str(given).rstrip("/")
        return
    from .server import Server  # noqa: PLC0415  # nothing of ours before it is used

    server = pytestconfig.stash[_server] = Server(pytestconfig.rootpath)
    try:
        yield server.url
    finally:
        server.stop()


@pytest.fixture
def inkstand(request: pytest.FixtureRequest, inkstand_url: str) -> Iterator[InkstandWorkspace]:
    """A workspace of this test's own: post to `inkstand.url` with `inkstand.write_key`, then look at its views.

    `@pytest.mark.inkstand(clock="frozen", delivery="manual")` makes it otherwise. It is deleted after the test.
    """
    from inkstand.simulator.errors import UnknownNameError  # noqa: PLC0415  # nothing of ours before it is used
    from inkstand.simulator.scenarios.client import Client  # noqa: PLC0415  # likewise
    from inkstand.simulator.scenarios.language.load import with_plans  # noqa: PLC0415  # likewise

    from .workspace import InkstandWorkspace  # noqa: PLC0415  # likewise

    item: pytest.Item = request.node
    marker = item.get_closest_marker("inkstand")
    client = Client(inkstand_url)
    choices = with_plans(marker.kwargs, item.path.parent) if marker else {}
    told = client.control("POST", "/workspaces", json={"name": _name(item), **choices})
    workspace = item.stash[_used] = InkstandWorkspace(client, told)
    try:
        yield workspace
    finally:
        if _is_kept(item):
            if _server in item.config.stash:
                item.config.stash[_server].kept = True
        else:
            with suppress(UnknownNameError):
                workspace.delete()
        client.session.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell with a failed test what arrived last in its workspace, and where it is kept."""
    report = yield
    workspace = item.stash.get(_used, None)
    if workspace is None or not report.failed:
        return report
    item.stash[_failed] = True
    if report.when == "call" and "Step by step:" not in report.longreprtext:
        report.sections.append((f"inkstand: the last call in {workspace.name}", "\n".join(_last(workspace))))
    if _is_kept(item):
        report.user_properties.append((_KEPT, _where(item, workspace)))
    return report


def pytest_terminal_summary(terminalreporter: Any) -> None:  # pytest's own
    """Print where the workspaces of failed tests are kept."""
    reports = (*terminalreporter.stats.get("failed", ()), *terminalreporter.stats.get("error", ()))
    properties = (pair for report in reports for pair in getattr(report, "user_properties", ()))
    told = (value for name, value in properties if name == _KEPT)
    kept = list(dict.fromkeys(told))
    if kept:
        terminalreporter.section("inkstand: kept workspaces")
        for line in kept:
            terminalreporter.write_line(line)


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> ScenarioFile | None:
    """Take files that are called like stories."""
    if file_path.name.endswith(".scenario.yaml"):
        return ScenarioFile.from_parent(parent, path=file_path)
    return None


def pytest_unconfigure(config: pytest.Config) -> None:
    """End the sandbox that the stories were played in."""
    stack = config.stash.get(_stack, None)
    if stack is not None:
        stack.close()


def _options(config: pytest.Config) -> Options:
    """How scenarios are played."""
    from inkstand.simulator.scenarios.play.faultplan import given  # noqa: PLC0415  # nothing of ours before a story is found
    from inkstand.simulator.scenarios.play.runner import Options  # noqa: PLC0415  # likewise

    return Options(config.getoption("--inkstand-seed"), given(config.getoption("--inkstand-fault-plan")))


def _near_client(config: pytest.Config) -> Client:
    if _client not in config.stash:
        from dataclasses import replace  # noqa: PLC0415  # nothing before a story is found

        from inkstand.simulator.app import NEAR, Inkstand  # noqa: PLC0415  # likewise
        from inkstand.simulator.scenarios.client import Client  # noqa: PLC0415  # likewise
        from inkstand.simulator.settings import FILE, resolve  # noqa: PLC0415  # likewise

        stack = config.stash[_stack] = ExitStack()
        here = config.rootpath / FILE
        settings = resolve(os.environ, file=str(here) if here.is_file() else None).settings
        sandbox = stack.enter_context(Inkstand(replace(settings, data_dir=None)))
        config.stash[_client] = Client(NEAR, sandbox.session())
    return config.stash[_client]


def _name(item: pytest.Item) -> str:
    """A workspace name that says which test it is of, and that no other test, process or run has."""
    import re  # noqa: PLC0415  # nothing before it is used

    from inkstand.fakes.kit.world import identifier, machine_now  # noqa: PLC0415  # likewise

    words = re.sub(r"[^A-Za-z0-9]+", "-", item.name).strip("-")[:50] or "test"
    return f"{words}-{identifier(0, item.nodeid, os.getpid(), machine_now())[:8]}"


def _is_kept(item: pytest.Item) -> bool:
    return bool(item.config.getoption("--inkstand-keep")) and item.stash.get(_failed, False)


def _where(item: pytest.Item, workspace: InkstandWorkspace) -> str:
    look = f"inkstand explain -w {workspace.name}"
    if _server in item.config.stash:
        folder = item.config.stash[_server].data_dir
        return f"{item.nodeid}: inkstand serve --data-dir {folder}, then: {look}"
    return f"{item.nodeid}: {look} --url {workspace.url}"


def _last(workspace: InkstandWorkspace) -> list[str]:
    from inkstand.simulator.errors import InkstandError  # noqa: PLC0415  # nothing before it is used

    try:
        return list(workspace.journey())
    except InkstandError as error:
        return [str(error)]
