"""Plays a story: one workspace of its own, one request a step, the first mismatch ends it."""

from __future__ import annotations

import hashlib
import re
import shlex
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePath

from inkstand.simulator.errors import InkstandError, nearest

from .client import Client, Workspace
from .coverage import read
from .faultplan import FaultPlan, arrange, settle_with_retries
from .load import SUFFIX, Scenario, Step
from .outcome import Failure, Outcome
from .people import cast_of
from .schema import VERBS, no_verb
from .verbs import Scene, StoppedError, take

DEFAULT_SEED = 1


@dataclass(frozen=True)
class Options:
    """How stories are played: with which seed, under which faults, and whether what they touch is counted."""

    seed: int | None = None
    faults: FaultPlan | None = None
    coverage: bool = False


def run(client: Client, scenario: Scenario, options: Options | None = None) -> Outcome:
    """Play a story in a fresh workspace, which is deleted afterwards.

    Its clock stands at 2026-01-01T00:00:00Z and nothing is delivered but by settle, advance and expect, unless the
    story says otherwise. The seed is the one given, else the story's own, else 1.
    """
    options = options or Options()
    begun = time.perf_counter()
    outcome = _run(client, scenario, options)
    return replace(outcome, seconds=time.perf_counter() - begun, again=_again(outcome, options))


def contract(workspace: Workspace, scenario: Scenario, faults: str | None = None) -> Outcome:
    """Hold a contract against what a workspace has recorded already: its steps are taken there.

    `faults` is the fault plan under which that was recorded.
    """
    begun, seed = time.perf_counter(), workspace.told["seed"]
    reason = scenario.skip or _lacking(workspace.client, scenario)
    wrong = tuple(check(workspace.client, scenario))
    if reason:
        return Outcome(scenario, seed, "skipped", reason=reason)
    outcome = Outcome(scenario, seed, "error", wrong) if wrong else play(workspace, scenario, seed)
    return replace(outcome, seconds=time.perf_counter() - begun, faults=faults)


def _again(outcome: Outcome, options: Options) -> str:
    plan = f" --fault-plan {shlex.quote(options.faults.given)}" if options.faults else ""
    return f"inkstand run {shlex.quote(outcome.scenario.file)} --seed {outcome.seed}{plan}"


def _run(client: Client, scenario: Scenario, options: Options) -> Outcome:
    seed = next(found for found in (options.seed, scenario.seed, DEFAULT_SEED) if found is not None)
    reason = scenario.skip or _lacking(client, scenario)
    if reason:
        return Outcome(scenario, seed, "skipped", reason=reason)
    wrong = tuple(check(client, scenario))
    if wrong:
        return Outcome(scenario, seed, "error", wrong)
    setup = {"clock": "frozen", "delivery": "manual", **scenario.workspace, "seed": seed}
    try:
        workspace = client.make_another(workspace_name(scenario), **setup)
    except InkstandError as error:
        place = scenario.places.get(("workspace",), (1, 1))
        return Outcome(scenario, seed, "error", (Failure(scenario.file, *place, f"workspace: {error}"),))
    try:
        outcome = play(workspace, scenario, seed, options.faults)
        return replace(outcome, coverage=read(workspace.coverage())) if options.coverage else outcome
    finally:
        workspace.delete()


def play(workspace: Workspace, scenario: Scenario, seed: int, faults: FaultPlan | None = None) -> Outcome:
    """Play a story in a given workspace and leave it as it ends."""
    saved = cast_of(seed, scenario.people, scenario.products)
    scene = Scene(workspace, scenario, seed, saved)
    told = None
    if faults is not None:
        told = arrange(workspace, faults, seed)
        scene = replace(scene, settle=settle_with_retries)
    try:
        for step in scenario.steps:
            take(scene, step)
    except StoppedError as stopped:
        return Outcome(scenario, seed, stopped.status, stopped.failures, faults=told)
    return Outcome(scenario, seed, "passed", faults=told)


def check(client: Client, scenario: Scenario) -> Iterator[Failure]:
    """What a story asks of this sandbox that there is not: verbs of vendors, their members, views."""
    for step in scenario.all_steps():
        for path, text in _wrong(client, step):
            yield Failure(scenario.file, *step.place_of(*path), f"{step.verb}: {text}")


def _wrong(client: Client, step: Step) -> Iterator[tuple[tuple[str, ...], str]]:
    if step.verb == "expect":
        for view in step.argument:
            if view not in client.fields:
                known = sorted(client.fields)
                yield (view,), f"There is no view {view!r}.{nearest(view, known)} The views are {', '.join(known)}."
    elif step.verb not in VERBS:
        if step.verb not in client.verbs:
            yield (), no_verb(step.verb, [*VERBS, *client.verbs])
            return
        known = [*client.verbs[step.verb], "as"]
        for name in step.argument:
            if name not in known:
                yield (name,), f"no such member {name!r}.{nearest(name, known)} It is given {', '.join(known)}."


def workspace_name(scenario: Scenario) -> str:
    """The workspace that a story is played in: the same one wherever the file lies, for credentials follow from it."""
    file = PurePath(scenario.file).name
    digest = hashlib.blake2b(f"{file}\n{scenario.name}".encode(), digest_size=4).hexdigest()
    words = re.sub(r"[^A-Za-z0-9]+", "-", file.removesuffix(SUFFIX)).strip("-")
    return f"scenario-{words[:50]}-{digest}"


def _lacking(client: Client, scenario: Scenario) -> str | None:
    lacking = [service for service in scenario.needs if service not in client.services]
    return f"needs {', '.join(lacking)}, which this sandbox does not have" if lacking else None
