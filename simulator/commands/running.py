"""The command that plays scenarios and reports: run."""

from __future__ import annotations

import os
import shlex
import signal
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import click

from inkstand.simulator.errors import InkstandError
from inkstand.simulator.scenarios.client import Workspace
from inkstand.simulator.scenarios.language.load import CONTRACT_SUFFIX, SUFFIX, Scenario
from inkstand.simulator.scenarios.play.collecting import Collected, collect, play_all
from inkstand.simulator.scenarios.play.coverage import Coverage, read, together
from inkstand.simulator.scenarios.play.coverage import as_json as coverage_as_json
from inkstand.simulator.scenarios.play.coverage import lines as coverage_lines
from inkstand.simulator.scenarios.play.faultplan import given
from inkstand.simulator.scenarios.play.outcome import Outcome
from inkstand.simulator.scenarios.play.runner import Options, contract
from inkstand.simulator.scenarios.report import github as github_report
from inkstand.simulator.scenarios.report import junit as junit_report
from inkstand.simulator.scenarios.report.data import as_json as as_data
from inkstand.simulator.scenarios.report.text import summary, told

from .common import (
    BY_SIGNAL,
    FAILED,
    NOTHING,
    PASSED,
    WRONG_USE,
    as_json_option,
    fault_plan_option,
    near_option,
    near_or_far,
    print_json,
    say,
    workspace_of,
)

_STORIES_A_JOB = 25
"""So many stories are worth starting a further process for."""

_PROGRESS_AFTER = 2.0
_PROGRESS_EVERY = 0.5


@dataclass(frozen=True)
class Reports:
    """Where outcomes are reported beside the screen: a JUnit file, and GitHub."""

    junit: Path | None
    github: bool

    def check(self) -> None:
        """Raises InkstandError, before anything is played, where the JUnit report could not be written."""
        if self.junit is None:
            return
        try:
            self.junit.parent.mkdir(parents=True, exist_ok=True)
            self.junit.touch()
        except OSError as error:
            message = f"--junit {self.junit} cannot be written: {error.strerror}."
            raise InkstandError(message) from error


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--seed", type=int, help="The seed of people and ids (default: the scenario's own, else 1).")
@click.option(
    "--in",
    "place",
    metavar="WORKSPACE",
    help="Hold them as contracts against what this workspace of a served sandbox has recorded.",
)
@click.option("--jobs", "-j", default="auto", show_default=True, metavar="N|auto", help="How many are played at once.")
@click.option("--quiet", "-q", is_flag=True, help="Tell only what did not pass, and the summary.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit XML report there.")
@click.option(
    "--github/--no-github",
    default=None,
    help="Annotate failing lines and write the job's summary (default: where GITHUB_ACTIONS is true).",
)
@click.option("--coverage", is_flag=True, help="Tell which rules, and which events of tracking plans, were touched.")
@fault_plan_option
@near_option
@as_json_option
def run(
    files: tuple[Path, ...],
    seed: int | None,
    place: str | None,
    jobs: str,
    junit: Path | None,
    fault_plan: str | None,
    url: str | None,
    *,
    quiet: bool,
    github: bool | None,
    coverage: bool,
    as_json: bool,
) -> None:
    """Play scenarios (files, or folders of *.scenario.yaml); 1 if one fails, 5 if there is none."""
    end_on_sigterm()
    collected = _collected(files, place)
    options = Options(seed, given(fault_plan), coverage)
    reports = Reports(junit, in_github(github))
    reports.check()
    stories = len(collected.scenarios)
    begun = time.monotonic()
    if place is not None:
        played = _held_in(workspace_of(url, place), collected.scenarios, options)
    else:
        played = play_all(collected.scenarios, partial(near_or_far, url), options, _jobs(jobs, stories), far=bool(url))
    told_of = chain(collected.broken, played)
    outcomes = list(_counted(told_of, stories) if as_json else _told(told_of, stories, quiet=quiet))
    touched = _Touched(together(outcome.coverage for outcome in outcomes), _rules(url)) if coverage else None
    more = [{"status": "coverage", **coverage_as_json(touched.coverage, touched.rules)}] if touched else []
    report(outcomes, reports, more, as_json=as_json)
    if not as_json:
        click.echo(f"{summary(outcomes)} in {time.monotonic() - begun:.1f} s{_seeds(outcomes)}")
        _tell_more(outcomes, fault_plan, touched)
    sys.exit(exit_code(outcomes))


@dataclass(frozen=True)
class _Touched:
    """What a run has touched, of all the rules that there are."""

    coverage: Coverage
    rules: list[str]


def _collected(files: Iterable[Path], place: str | None) -> Collected:
    """The stories that are asked for, or the contracts; where there is nothing it ends."""
    suffix = SUFFIX if place is None else CONTRACT_SUFFIX
    contracts = [str(file) for file in files if file.name.endswith(CONTRACT_SUFFIX)]
    if place is None and contracts:
        message = (
            f"{contracts[0]} is a contract, held against what was recorded already: "
            f"inkstand exec --contract {contracts[0]} -- COMMAND, or inkstand run --in WORKSPACE {contracts[0]}."
        )
        raise InkstandError(message)
    collected = collect(files, suffix)
    if not collected.scenarios and not collected.broken:
        say(f"no *{suffix} was found there; inkstand scenario new FILE writes one")
        sys.exit(NOTHING)
    return collected


def _held_in(workspace: Workspace, scenarios: Iterable[Scenario], options: Options) -> Iterator[Outcome]:
    """Hold contracts against what a workspace has recorded, one after the other."""
    workspace.settle()
    touched = read(workspace.coverage()) if options.coverage else None
    for scenario in scenarios:
        again = shlex.join(["inkstand", "run", scenario.file, "--in", workspace.name, "--url", workspace.url])
        yield replace(contract(workspace, scenario), again=again, coverage=touched)
        touched = None


def _rules(url: str | None) -> list[str]:
    with near_or_far(url) as client:
        return client.rules


def _tell_more(outcomes: list[Outcome], fault_plan: str | None, touched: _Touched | None) -> None:
    """Tell under which faults it was played, and what was touched."""
    for plan in dict.fromkeys(outcome.faults for outcome in outcomes if outcome.faults):
        click.echo(f"fault plan {fault_plan}: {plan}")
    for line in coverage_lines(touched.coverage, touched.rules) if touched is not None else ():
        click.echo(line)


def report(outcomes: list[Outcome], reports: Reports, more: Iterable[Mapping[str, Any]] = (), *, as_json: bool) -> None:
    """Report outcomes wherever they are wanted; `more` is what else is told in JSON."""
    if as_json:
        print_json([*as_data(outcomes), *more])
    if reports.junit is not None:
        junit_report.write(outcomes, reports.junit)
    if reports.github:
        root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
        for line in github_report.annotated(outcomes, root):
            click.echo(line, err=as_json)
        target = os.environ.get("GITHUB_STEP_SUMMARY")
        if target:
            with Path(target).open("a", encoding="utf-8") as file:
                file.write(github_report.job_summary(outcomes))


def in_github(asked: bool | None) -> bool:  # noqa: FBT001  # a flag that may not be given
    """Whether GitHub is told: as asked, else where its own variable says so."""
    return asked if asked is not None else os.environ.get("GITHUB_ACTIONS") == "true"


def exit_code(outcomes: Iterable[Outcome]) -> int:
    """How a run ended, as decision 25 has it."""
    statuses = {outcome.status for outcome in outcomes}
    return FAILED if "failed" in statuses else WRONG_USE if "error" in statuses else PASSED


def end_on_sigterm() -> None:
    """Let SIGTERM end this process as an error does: what was opened is closed, and workers end with it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(BY_SIGNAL + signal.SIGTERM))


def _seeds(outcomes: list[Outcome]) -> str:
    """With which seed they were played, if it was the same for all."""
    seeds = {outcome.seed for outcome in outcomes if outcome.scenario.steps}
    return f", seed {seeds.pop()}" if len(seeds) == 1 else ", each with its own seed" if seeds else ""


def _told(played: Iterable[Outcome], number: int, *, quiet: bool) -> Iterator[Outcome]:
    """Tell each outcome as it comes."""
    for outcome in _counted(played, number) if quiet else played:
        if not (quiet and outcome.status in {"passed", "skipped"}):
            for line in told(outcome):
                click.echo(line)
        yield outcome


def _counted(played: Iterable[Outcome], number: int) -> Iterator[Outcome]:
    """Say on a terminal how far it is, when it takes long and nothing else tells."""
    begun = last = time.monotonic()
    failed = 0
    shown = False
    for done, outcome in enumerate(played, start=1):
        failed += bool(outcome.failures)
        now = time.monotonic()
        if sys.stderr.isatty() and now - begun > _PROGRESS_AFTER and now - last > _PROGRESS_EVERY:
            click.echo(f"\r{done} of {number}, {failed} failed", err=True, nl=False)
            last, shown = now, True
        yield outcome
    if shown:
        click.echo("\r\x1b[K", err=True, nl=False)


def _jobs(asked: str, stories: int) -> int:
    if asked == "auto":
        return max(1, min(os.cpu_count() or 1, stories // _STORIES_A_JOB))
    if not asked.isdecimal() or int(asked) < 1:
        message = f"--jobs is a number from 1, or auto; {asked!r} came."
        raise click.UsageError(message)
    return int(asked)
