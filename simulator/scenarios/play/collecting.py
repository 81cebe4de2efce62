"""Finds stories in files and folders, and plays many of them at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path

from inkstand.simulator.errors import BrokenFileError
from inkstand.simulator.scenarios.client import Client
from inkstand.simulator.scenarios.language.load import SUFFIX, Scenario, load

from .outcome import Failure, Outcome
from .runner import Options, run

_PLACE = re.compile(r"(.*?):(\d+):(\d+): (.*)")


@dataclass(frozen=True)
class Collected:
    """The stories that were found; the files that hold none, as outcomes in error; what was given and holds nothing."""

    scenarios: tuple[Scenario, ...]
    broken: tuple[Outcome, ...]
    empty: tuple[Path, ...] = ()


def collect(given: Iterable[Path], *suffixes: str) -> Collected:
    """The stories in files and folders (there those whose names end with a suffix, else `SUFFIX`), each once.

    Raises BrokenFileError for a file or folder that is not there.
    """
    given = list(given)
    found = {path: list(_files(path, suffixes or (SUFFIX,))) for path in given}
    scenarios, broken = [], []
    for path in dict.fromkeys(file for files in found.values() for file in files):
        try:
            scenarios.append(load(path))
        except BrokenFileError as error:
            broken.append(_broken(path, str(error)))
    return Collected(tuple(scenarios), tuple(broken), tuple(path for path in given if not found[path]))


def _broken(path: Path, text: str) -> Outcome:
    """A file that holds no story, as an outcome: each complaint with its place."""
    failures = []
    for line in text.splitlines():
        place = _PLACE.fullmatch(line)
        file, row, column, said = place.groups() if place else (str(path), "1", "1", line)
        failures.append(Failure(file, int(row), int(column), said))
    return Outcome(Scenario(str(path), "", str(path), None, {}, [], ()), 0, "error", tuple(failures))


def _files(path: Path, suffixes: Sequence[str]) -> Iterator[Path]:
    if path.is_dir():
        yield from sorted(found for one in suffixes for found in path.rglob(f"*{one}"))
    elif path.exists():
        yield path
    else:
        message = f"{path}: there is no such file or folder."
        raise BrokenFileError(message)


Opened = Callable[[], AbstractContextManager[Client]]
"""How a process opens the sandbox that it plays in: one of its own, or one that is served."""


def play_all(
    scenarios: Sequence[Scenario], open_sandbox: Opened, options: Options, jobs: int, *, far: bool
) -> Iterator[Outcome]:
    """Play stories, so many at once, and give each outcome when it is there, in the order of the stories.

    Near, each job is a process with a sandbox of its own; `far`, a thread: `open_sandbox` is called in each.
    """
    jobs = max(1, min(jobs, len(scenarios)))
    if jobs == 1:
        with open_sandbox() as client:
            for scenario in scenarios:
                yield run(client, scenario, options)
    elif far:
        with ThreadPoolExecutor(jobs) as pool, open_sandbox() as client:
            yield from _in_order([pool.submit(run, client, scenario, options) for scenario in scenarios])
    else:
        with ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (open_sandbox, options)) as processes:
            yield from _in_order([processes.submit(_play, scenario) for scenario in scenarios])


def _in_order(futures: Sequence[Future[Outcome]]) -> Iterator[Outcome]:
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


_stage: list[tuple[Client, Options]] = []
"""The sandbox of this worker process, and how it plays; a worker has nothing else to hold it by."""


def _begin(open_sandbox: Opened, options: Options) -> None:
    opened = open_sandbox()
    _stage.append((opened.__enter__(), options))
    Finalize(None, opened.__exit__, (None, None, None), exitpriority=10)


def _play(scenario: Scenario) -> Outcome:
    ((client, options),) = _stage
    return run(client, scenario, options)
