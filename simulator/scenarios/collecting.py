"""Finds stories in files and folders, and plays many of them at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.util import Finalize
from pathlib import Path

from inkstand.simulator.errors import BrokenFileError

from .client import Client
from .load import SUFFIX, Scenario, load
from .outcome import Outcome
from .runner import Options, run


@dataclass(frozen=True)
class Collected:
    """The stories that were found, and what is wrong with files that hold none."""

    scenarios: tuple[Scenario, ...]
    broken: tuple[str, ...]


def collect(given: Iterable[Path], suffix: str = SUFFIX) -> Collected:
    """The stories in files and folders (there those whose names end with the suffix), each once.

    Raises BrokenFileError for a file or folder that is not there.
    """
    scenarios, broken = [], []
    for path in dict.fromkeys(_files(given, suffix)):
        try:
            scenarios.append(load(path))
        except BrokenFileError as error:
            broken.append(str(error))
    return Collected(tuple(scenarios), tuple(broken))


def _files(given: Iterable[Path], suffix: str) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from sorted(path.rglob(f"*{suffix}"))
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
        with ProcessPoolExecutor(jobs, get_context(_METHOD), _begin, (open_sandbox, options)) as processes:
            yield from _in_order([processes.submit(_play, scenario) for scenario in scenarios])


def _in_order(futures: Sequence[Future[Outcome]]) -> Iterator[Outcome]:
    try:
        for future in futures:
            yield future.result()
    finally:
        for future in futures:
            future.cancel()


_METHOD = "forkserver" if hasattr(os, "fork") else "spawn"
_stage: list[tuple[Client, Options]] = []
"""The sandbox of this worker process, and how it plays; a worker has nothing else to hold it by."""


def _begin(open_sandbox: Opened, options: Options) -> None:
    opened = open_sandbox()
    _stage.append((opened.__enter__(), options))
    Finalize(None, opened.__exit__, (None, None, None), exitpriority=10)


def _play(scenario: Scenario) -> Outcome:
    ((client, options),) = _stage
    return run(client, scenario, options)
