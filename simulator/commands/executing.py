"""The command that runs another one beside a sandbox, then holds a contract: exec."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import TextIO

import click

from inkstand.simulator.errors import InkstandError
from inkstand.simulator.scenarios.client import Client, Workspace
from inkstand.simulator.scenarios.language.load import CONTRACT_SUFFIX, Scenario
from inkstand.simulator.scenarios.play.collecting import Collected, collect
from inkstand.simulator.scenarios.play.coverage import as_json as coverage_as_json
from inkstand.simulator.scenarios.play.coverage import lines, read
from inkstand.simulator.scenarios.play.faultplan import FaultPlan, arrange, given, settle_with_retries
from inkstand.simulator.scenarios.play.held import HeldPlan, nothing_lost
from inkstand.simulator.scenarios.play.outcome import Outcome
from inkstand.simulator.scenarios.play.runner import contract
from inkstand.simulator.scenarios.report.text import told as told_of
from inkstand.simulator.settings import resolve
from inkstand.simulator.testing.server import Server

from .common import BY_SIGNAL, FAILED, NOTHING, PASSED, WRONG_USE, as_json_option, fault_plan_option, say
from .environment import variables
from .running import Reports, exit_code, in_github, report


@click.command("exec", context_settings={"allow_interspersed_args": False})
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.option(
    "--contract",
    "-c",
    "contracts",
    multiple=True,
    type=click.Path(path_type=Path),
    help="A file of claims that must hold afterwards, or a folder of *.contract.yaml; repeatable.",
)
@click.option(
    "--plan",
    "plans",
    multiple=True,
    help="A tracking plan that must not be violated: ecommerce-v2, destination-requirements, or a file.",
)
@click.option("--coverage", is_flag=True, help="Tell which rules, and which events of the plan, were touched.")
@click.option(
    "--env",
    "-e",
    "wanted",
    multiple=True,
    metavar="NAME=VALUE",
    help="A further variable of the command; {url}, {write_key}, {inkit.url}, {inkit.apiKey}, … are filled in.",
)
@click.option("--keep", is_flag=True, help="Keep what was recorded, and say where.")
@click.option("--junit", type=click.Path(dir_okay=False, path_type=Path), help="Write a JUnit XML report there.")
@click.option(
    "--github/--no-github", default=None, help="Annotate failing lines (default: where GITHUB_ACTIONS is true)."
)
@click.option("--config", type=click.Path(dir_okay=False), help="The configuration file.  [default: inkstand.yaml]")
@fault_plan_option
@as_json_option
def execute(
    command: tuple[str, ...],
    contracts: tuple[Path, ...],
    plans: tuple[str, ...],
    wanted: tuple[str, ...],
    junit: Path | None,
    config: str | None,
    fault_plan: str | None,
    *,
    keep: bool,
    github: bool | None,
    coverage: bool,
    as_json: bool,
) -> None:
    """Run a command beside a sandbox of its own, then check that contracts hold.

    The sandbox serves on a free port; its address and keys stand in the command's environment (INKSTAND_URL,
    INKSTAND_WRITE_KEY, INKSTAND_INKIT_API_KEY, …; --env names them as your program wants them). Afterwards
    everything due is delivered, and the claims of the contract files are checked. Exit code: the command's if it is
    not 0, else 1 if a contract does not hold, else 0.

    \b
    inkstand exec --contract shop.contract.yaml --env SEGMENT_HOST={url} -- npm test
    """  # noqa: D301  # \b is click's
    if len(plans) > 1:
        message = f"A source has one tracking plan; --plan came {len(plans)} times."
        raise click.UsageError(message)
    resolve(os.environ, file=config)
    collected, faults = collect(contracts, CONTRACT_SUFFIX), given(fault_plan)
    reports = Reports(junit, in_github(github))
    reports.check()
    _refuse_broken(collected)
    server = Server(Path.cwd(), *(("--config", config) if config else ()))
    try:
        workspace = Client(server.url).workspace("default")
        plan = next((HeldPlan(workspace, name) for name in plans), None)
        told = _arranged(workspace, faults)
        environ = {**os.environ, **variables(workspace, wanted)}
        code = _run(command, environ, sys.stderr if as_json else None)
        outcomes = list(_checked(workspace, collected.scenarios, plan, told))
        _tell(outcomes, reports, workspace if coverage else None, as_json=as_json)
        _say_how_it_ended(workspace, code, outcomes)
        if keep:
            server.kept = True
            say(f"kept; look at it with: inkstand serve --data-dir {shlex.quote(str(server.data_dir))}")
    finally:
        server.stop()
    sys.exit(code or exit_code(outcomes))


def _refuse_broken(collected: Collected) -> None:
    """A contract that cannot be read is told before the command is run."""
    for failure in (found for outcome in collected.broken for found in outcome.failures):
        say(f"{failure.file}:{failure.line}:{failure.column}: {failure.text}")
    if collected.broken:
        sys.exit(WRONG_USE)
    for folder in collected.empty:
        say(f"no *{CONTRACT_SUFFIX} was found in {folder}, where --contract points")
    if collected.empty:
        sys.exit(NOTHING)


def _arranged(workspace: Workspace, plan: FaultPlan | None) -> str | None:

    if plan is None:
        return None
    told = arrange(workspace, plan, workspace.told["seed"])
    say(f"fault plan: {told}")
    return told


def _run(command: tuple[str, ...], environ: Mapping[str, str], stdout: TextIO | None) -> int:
    """Run a command to its end; its exit code, 128 and the number of the signal that ended it."""
    try:
        process = subprocess.Popen(command, env=dict(environ), stdout=stdout)  # noqa: S603  # it is what was asked for
    except OSError as error:
        message = f"{command[0]} cannot be run: {error.strerror}."
        raise InkstandError(message) from error
    with _signals_go_to(process):
        code = process.wait()
    return code if code >= 0 else BY_SIGNAL - code


@contextmanager
def _signals_go_to(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Let the command have the signals; a terminal's Control-C reaches it by itself."""

    def hand_on(number: int, _: FrameType | None) -> None:
        if number != signal.SIGINT or not sys.stdin.isatty():
            process.send_signal(number)

    handed = [signal.SIGINT, signal.SIGTERM, *([signal.SIGHUP] if hasattr(signal, "SIGHUP") else [])]
    before = {number: signal.signal(number, hand_on) for number in handed}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _tell(outcomes: list[Outcome], reports: Reports, touched: Workspace | None, *, as_json: bool) -> None:
    """Tell outcomes, and what was touched in a workspace, if that is asked for."""
    for outcome in outcomes if not as_json else ():
        for line in told_of(outcome):
            click.echo(line)
    if touched is None:
        report(outcomes, reports, as_json=as_json)
        return
    coverage, rules = read(touched.coverage()), touched.client.rules
    report(outcomes, reports, [{"status": "coverage", **coverage_as_json(coverage, rules)}], as_json=as_json)
    for line in lines(coverage, rules) if not as_json else ():
        click.echo(line)


def _checked(
    workspace: Workspace, contracts: Sequence[Scenario], plan: HeldPlan | None, told: str | None
) -> Iterator[Outcome]:
    """Deliver everything due, then check plan and contracts; `told` is the fault plan, if there was one.

    Where something is held, a call that reached no workspace is a failure too.
    """
    if told is None:
        workspace.settle()
    else:
        settle_with_retries(workspace)
    lost = nothing_lost(workspace) if plan or contracts else None
    held = [lost] if lost else []
    held += [plan.outcome(workspace)] if plan else []
    held += [contract(workspace, scenario) for scenario in contracts]
    for outcome in held:
        yield replace(outcome, faults=told, again=shlex.join(["inkstand", *sys.argv[1:]]))


def _say_how_it_ended(workspace: Workspace, code: int, outcomes: list[Outcome]) -> None:
    counts = {view: workspace.count(view) for view in ("messages", "discards")}
    came = f"{counts['messages']} messages, {counts['discards']} discards"
    if not any(counts.values()):
        hints = workspace.explain_newest().get("hints", ())
        came = f"no call arrived in workspace {workspace.name}" + "".join(f"; {hint.rstrip('.')}" for hint in hints[:1])
    ended = f"the command ended with {code}" if code else "the command ended well"
    held = {PASSED: "the contract holds", FAILED: "the contract does NOT hold"}
    verdict = held.get(exit_code(outcomes), "the contract cannot be checked")
    if all(outcome.status == "skipped" for outcome in outcomes):
        verdict = "every contract was skipped" if outcomes else "there was no contract"
    say(f"{came}; {ended}; {verdict}: exit code {code or exit_code(outcomes)}")
