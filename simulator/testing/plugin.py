"""The pytest plugin: collects `*.scenario.yaml` and plays each in a workspace of its own, without a socket.

It is loaded in every project that has Inkstand installed, so it imports nothing of ours until a story is found.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from inkstand.simulator.scenarios.client import Client
    from inkstand.simulator.scenarios.load import Scenario

_stack = pytest.StashKey[ExitStack]()
_client = pytest.StashKey["Client"]()


class ScenarioFailedError(Exception):
    """A story failed; the text is its report."""


class ScenarioFile(pytest.File):
    """A file that holds a story."""

    def collect(self) -> Iterator[ScenarioItem]:
        """The one story in it."""
        from inkstand.simulator.errors import BrokenFileError  # noqa: PLC0415  # nothing of ours before a story is found
        from inkstand.simulator.scenarios.load import load  # noqa: PLC0415  # likewise

        try:
            scenario = load(self.path)
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
        from inkstand.simulator.scenarios import report  # noqa: PLC0415  # nothing of ours before a story is found
        from inkstand.simulator.scenarios.runner import run  # noqa: PLC0415  # likewise

        outcome = run(_near_client(self.config), self.scenario)
        if outcome.status != "passed":
            raise ScenarioFailedError("\n".join(report.told(outcome)))

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:  # pytest's own
        """The report of a failed story, without our own traceback."""
        if isinstance(excinfo.value, ScenarioFailedError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """The file and the story's name."""
        return self.path, 0, f"scenario: {self.name}"


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


def _near_client(config: pytest.Config) -> Client:
    if _client not in config.stash:
        from inkstand.simulator.app import NEAR, Inkstand  # noqa: PLC0415  # nothing of ours before a story is found
        from inkstand.simulator.scenarios.client import Client  # noqa: PLC0415  # likewise

        stack = config.stash[_stack] = ExitStack()
        sandbox = stack.enter_context(Inkstand())
        config.stash[_client] = Client(NEAR, sandbox.session())
    return config.stash[_client]
