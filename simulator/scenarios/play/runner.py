"""Plays a story: one workspace of its own, one request a step, the first mismatch ends it."""

from __future__ import annotations

import hashlib
import re
import shlex
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath
from typing import Any

from inkstand.simulator.errors import InkstandError, nearest
from inkstand.simulator.scenarios.client import Client, Workspace
from inkstand.simulator.scenarios.compare.expect import Shape, slips
from inkstand.simulator.scenarios.language.load import SUFFIX, Scenario, Step
from inkstand.simulator.scenarios.language.people import cast_of
from inkstand.simulator.scenarios.language.schema import CALLS, VERBS, no_verb

from .coverage import read
from .faultplan import FaultPlan, arrange, settle_with_retries
from .outcome import Failure, Outcome
from .verbs import Scene, StoppedError, take

DEFAULT_SEED = 1
Path = tuple[str | int, ...]


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
    if reason:
        return Outcome(scenario, seed, "skipped", reason=reason)
    wrong = tuple(check(workspace.client, scenario, contract=True))
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
    try:
        workspace = client.make_another(workspace_name(scenario), **_setup(scenario, seed))
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
    told = None
    try:
        scene = Scene(workspace, scenario, seed, _cast(scenario, seed))
        if faults is not None:
            told = _arranged(workspace, faults, seed)
            scene = replace(scene, settle=settle_with_retries)
        for step in scenario.steps:
            take(scene, step)
    except StoppedError as stopped:
        return Outcome(scenario, seed, stopped.status, stopped.failures, faults=told)
    return Outcome(scenario, seed, "passed", faults=told)


def _cast(scenario: Scenario, seed: int) -> dict[str, Any]:
    try:
        return cast_of(seed, scenario.people, scenario.products)
    except InkstandError as error:
        place = scenario.places.get(("people",), (1, 1))
        raise StoppedError(Failure(scenario.file, *place, f"people: {error}"), status="error") from error


def _arranged(workspace: Workspace, faults: FaultPlan, seed: int) -> str:
    try:
        return arrange(workspace, faults, seed)
    except InkstandError as error:
        raise StoppedError(Failure(faults.given, 1, 1, f"fault plan: {error}"), status="error") from error


def lint(client: Client, scenario: Scenario, *, contract: bool = False) -> list[Failure]:
    """What is wrong with a story, as far as it can be told without playing it; its workspace is made and deleted."""
    if _lacking(client, scenario):
        return []
    wrong = list(check(client, scenario, contract=contract))
    if contract:
        return wrong
    try:
        workspace = client.make_another(workspace_name(scenario), **_setup(scenario, DEFAULT_SEED))
    except InkstandError as error:
        place = scenario.places.get(("workspace",), (1, 1))
        return [*wrong, Failure(scenario.file, *place, f"workspace: {error}")]
    try:
        for step in scenario.all_steps():
            known = [one["id"] for one in workspace.told.get(_KINDS.get(step.verb, ""), ())]
            ident = step.argument["id"] if step.verb in _KINDS else None
            if ident is not None and ident not in known:
                there = f"There is no {step.verb} {ident!r}.{nearest(ident, known)} There is {', '.join(known)}."
                text = f"{step.verb}: {there}"
                wrong.append(Failure(scenario.file, *step.place_of("id"), text))
    finally:
        workspace.delete()
    return wrong


_KINDS = {"connection": "connections", "source": "sources"}


def _setup(scenario: Scenario, seed: int) -> dict[str, Any]:
    return {"clock": "frozen", "delivery": "manual", **scenario.workspace, "seed": seed}


def check(client: Client, scenario: Scenario, *, contract: bool = False) -> Iterator[Failure]:
    """What a story asks of this sandbox that there is not: services, views and fields, verbs of vendors.

    A `contract` claims what was recorded: it makes no calls, and sets no workspace up.
    """
    for index, service in enumerate(scenario.needs):
        hint = _misspelt(client, service)
        if hint:
            place = scenario.places.get(("needs", index), (1, 1))
            yield Failure(scenario.file, *place, f"needs: There is no service {service!r}.{hint}")
    for member in _OF_A_STORY if contract else ():
        if (member,) in scenario.places:
            text = f"{member}: A contract is held against a workspace that is there, and changes nothing of it."
            yield Failure(scenario.file, *scenario.places[member,], text)
    for step in scenario.all_steps():
        if contract and step.verb in _CALLING:
            text = f"{step.verb}: A contract claims what was recorded; this step would add to it."
            yield Failure(scenario.file, step.line, step.column, text)
        for path, text in _wrong(client, step):
            yield Failure(scenario.file, *step.place_of(*path), f"{step.verb}: {text}")


_OF_A_STORY = ("workspace", "people", "products", "seed")
_CALLING = (*CALLS, "batch", "seed", "connection", "source", "fault")


def _wrong(client: Client, step: Step) -> Iterator[tuple[Path, str]]:
    if step.verb == "expect":
        for view, claim in step.argument.items():
            if view in client.shapes:
                yield from _slips(claim, client.shapes[view], view)
            else:
                known = sorted(client.shapes)
                yield (view,), f"There is no view {view!r}.{nearest(view, known)} The views are {', '.join(known)}."
    elif step.verb == "fault" and "service" in step.argument:
        service, known = step.argument["service"], ["segment", *client.services, *client.parts]
        if service not in known:
            yield (
                ("service",),
                f"There is no service {service!r}.{nearest(service, known)} There is {', '.join(known)}.",
            )
    elif step.verb not in VERBS:
        if step.verb not in client.verbs:
            yield (), no_verb(step.verb, [*VERBS, *client.verbs])
            return
        known = [*client.verbs[step.verb], "as"]
        for name in step.argument:
            if name not in known:
                yield (name,), f"no such member {name!r}.{nearest(name, known)} It is given {', '.join(known)}."


def _slips(claim: Any, shape: Shape, view: str) -> Iterator[tuple[Path, str]]:
    """Fields that no row of a view has and that are nearly one of them, and values likewise."""
    rows = enumerate(claim) if isinstance(claim, list) else ()
    parts: list[tuple[Path, Mapping[str, Any]]] = [((view, index), row) for index, row in rows]
    for word, given in claim.items() if isinstance(claim, Mapping) else ():
        if word in {"where", "all", "never"}:
            parts.append(((view, word), given))
        elif isinstance(given, list):
            parts += [((view, word, index), row) for index, row in enumerate(given)]
    for place, part in parts:
        for one in slips(part, (), shape, ()):
            yield (*place, *one.path), f"{view}: {one.text}"


def workspace_name(scenario: Scenario) -> str:
    """The workspace that a story is played in: the same one wherever the file lies, for credentials follow from it."""
    file = PurePath(scenario.file).name
    digest = hashlib.blake2b(f"{file}\n{scenario.name}".encode(), digest_size=4).hexdigest()
    words = re.sub(r"[^A-Za-z0-9]+", "-", file.removesuffix(SUFFIX)).strip("-")
    return f"scenario-{words[:50]}-{digest}"


def _lacking(client: Client, scenario: Scenario) -> str | None:
    """The services that a story needs and this sandbox does not have; a name that is nearly one's is a mistake."""
    lacking = [one for one in scenario.needs if one not in client.services and not _misspelt(client, one)]
    return f"needs {', '.join(lacking)}, which this sandbox does not have" if lacking else None


def _misspelt(client: Client, service: str) -> str:
    """A hint at the service that was probably meant; empty for one that is there, or is like none."""
    return "" if service in client.services else nearest(service, client.services, 0.75)
