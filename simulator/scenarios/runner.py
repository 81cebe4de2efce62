"""Plays a story: one workspace of its own, one request a step, the first mismatch ends it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from inkstand.simulator.errors import InkstandError

from .client import Client, Workspace
from .expect import Mismatch, compare
from .load import Scenario, Step
from .people import cast_of
from .schema import CALLS
from .values import UnknownValueError, filled

DEFAULT_SEED = 1


@dataclass(frozen=True)
class Failure:
    """Why a story failed: where in the file, what was claimed, what came, and the journey of the message concerned."""

    file: str
    line: int
    text: str
    mismatch: Mismatch | None = None
    view: str | None = None
    journey: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How a story ended: `failed` is a claim that does not hold, `error` a step that cannot be taken."""

    scenario: Scenario
    seed: int
    status: Literal["passed", "failed", "error"]
    failures: tuple[Failure, ...] = ()


class _Stopped(Exception):  # noqa: N818  # it ends a story and is not an error of the program
    def __init__(self, *failures: Failure, status: Literal["failed", "error"] = "failed") -> None:
        super().__init__()
        self.failures = failures
        self.status = status


def run(client: Client, scenario: Scenario, seed: int | None = None) -> Outcome:
    """Play a story in a fresh workspace, which is deleted afterwards.

    Its clock stands at 2026-01-01T00:00:00Z and nothing is delivered but by settle, advance and expect. The seed is
    the one given, else the story's own, else 1.
    """
    chosen = next(found for found in (seed, scenario.seed, DEFAULT_SEED) if found is not None)
    workspace = client.create(workspace_name(scenario), seed=chosen, clock="frozen", delivery="manual")
    try:
        return play(workspace, scenario, chosen)
    finally:
        workspace.delete()


def play(workspace: Workspace, scenario: Scenario, seed: int) -> Outcome:
    """Play a story in a given workspace and leave it as it ends."""
    saved = cast_of(seed, scenario.people, scenario.products)
    try:
        for step in scenario.steps:
            _take(workspace, scenario, step, saved)
    except _Stopped as stopped:
        return Outcome(scenario, seed, stopped.status, stopped.failures)
    return Outcome(scenario, seed, "passed")


def workspace_name(scenario: Scenario) -> str:
    """The workspace that a story is played in: always the same one for the same file and name."""
    digest = hashlib.blake2b(f"{Path(scenario.file).resolve()}\n{scenario.name}".encode(), digest_size=4).hexdigest()
    words = re.sub(r"[^A-Za-z0-9]+", "-", Path(scenario.file).name.removesuffix(".scenario.yaml")).strip("-")
    return f"scenario-{words[:50]}-{digest}"


def _take(workspace: Workspace, scenario: Scenario, step: Step, saved: Mapping[str, Any]) -> None:
    try:
        argument = filled(step.argument, saved)
        _VERBS[step.verb](workspace, scenario, step, argument)
    except (UnknownValueError, InkstandError) as error:
        raise _Stopped(Failure(scenario.file, step.line, f"{step.verb}: {error}"), status="error") from error


def _call(workspace: Workspace, scenario: Scenario, step: Step, argument: Any) -> None:  # a verb's argument
    body = {"batch": argument} if step.verb == "batch" else argument
    response = workspace.post(step.verb, body)
    if response.status_code != 200:  # noqa: PLR2004  # Segment's only success
        raise _Stopped(
            Failure(scenario.file, step.line, f"{step.verb}: answered {response.status_code}: {response.text}")
        )


def _settle(workspace: Workspace, *_: object) -> None:
    workspace.settle()


def _advance(workspace: Workspace, _: Scenario, __: Step, argument: str) -> None:
    workspace.advance(argument)


def _connection(workspace: Workspace, _: Scenario, __: Step, argument: Mapping[str, Any]) -> None:
    names = {"base_url": "baseUrl"}
    change = {names.get(name, name): value for name, value in argument.items() if name != "id"}
    workspace.change_connection(argument["id"], change)


def _fault(workspace: Workspace, _: Scenario, __: Step, argument: Mapping[str, Any]) -> None:
    workspace.fault(**argument)


def _expect(workspace: Workspace, scenario: Scenario, step: Step, argument: Mapping[str, Any]) -> None:
    workspace.settle()
    failures: list[Failure] = []
    for view, claim in argument.items():
        for mismatch in compare(claim, workspace.view(view), workspace.client.fields.get(view, ())):
            text = f"{view}: {mismatch.field}: wanted {mismatch.wanted!r}, came {mismatch.came!r}"
            journey = _journey(workspace, mismatch.row) if not failures else ()
            line = step.line_of(view, *mismatch.path)
            failures.append(Failure(scenario.file, line, text, mismatch, view, journey))
    if failures:
        raise _Stopped(*failures)


def _journey(workspace: Workspace, row: Mapping[str, Any] | None) -> tuple[str, ...]:
    message_id = (row or {}).get("message_id") or (row or {}).get("messageId")
    explained = workspace.explain(str(message_id)) if message_id else workspace.explain_newest()
    return tuple(explained.get("story") or (explained["headline"], *explained.get("hints", ())))


_VERBS: Mapping[str, Callable[[Workspace, Scenario, Step, Any], None]] = {
    **dict.fromkeys((*CALLS, "batch"), _call),
    "settle": _settle,
    "advance": _advance,
    "connection": _connection,
    "fault": _fault,
    "expect": _expect,
}
