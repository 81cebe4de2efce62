"""Fault plans: misbehaviour drawn from a seed, or written in a file, under which stories are played.

Every fault of a drawn plan is one that Segment recovers from by trying again, so that a contract must hold under it
once the retries are through; the plan is printed, and the same seed draws the same plan. Drawn faults count calls: what
hangs on ids (a share of the calls) could not be repeated with a program that makes its own.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import ValidationError, fields

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.world import chance
from inkstand.simulator.errors import BrokenFileError
from inkstand.simulator.scenarios.client import Workspace
from inkstand.simulator.scenarios.language.schema import FaultSchema
from inkstand.simulator.yamlfile import complaints, parse, read_text, with_nearest

_STATUSES = (408, 429, 500, 502, 503, 504)
_MOST_AT_ONCE = 3
_NUMBER = re.compile(r"-?[0-9]{1,15}")
_OVER_AFTER = "2h"
_RETRIES_LAST = "4h"
"""Segment tries again for four hours (decision 8)."""

Fault = Mapping[str, Any]


@dataclass(frozen=True)
class FaultPlan:
    """Faults to arrange in each story's workspace, of a file or drawn from a seed; `given` is how it was said."""

    given: str
    seed: int | None = None
    faults: tuple[Fault, ...] = ()


def draw(seed: int, services: list[str]) -> tuple[Fault, ...]:
    """A plan for these services: for each of them one to three faults. Pure."""
    return tuple(
        _one(seed, service, number)
        for service in services
        for number in range(1 + int(chance(seed, "faults", service) * _MOST_AT_ONCE))
    )


def read(path: Path) -> FaultPlan:
    """The plan in a YAML file, a list of faults as the verb `fault` takes them.

    Raises BrokenFileError with file, line and column.
    """
    data, places = parse(read_text(path), str(path), "a fault plan is a list of faults.")
    field = fields.List(fields.Nested(FaultSchema))
    try:
        faults = field.deserialize(data)
    except ValidationError as error:
        messages = with_nearest(error.messages, FaultSchema())
        told = complaints(messages, places, str(path), lambda where: ".".join(map(str, where)))
        raise BrokenFileError("\n".join(told)) from error
    return FaultPlan(str(path), faults=tuple(faults))


def given(text: str | None) -> FaultPlan | None:
    """The plan that was asked for, if one was: drawn from a seed, or in a file. Raises BrokenFileError."""
    if text is None:
        return None
    return FaultPlan(text, int(text)) if _NUMBER.fullmatch(text) else read(Path(text))


def arrange(workspace: Workspace, plan: FaultPlan, story_seed: int) -> str:
    """Arrange a plan's faults in a workspace; the plan as one line of YAML.

    Drawn faults follow from the plan's seed and the story's.
    """
    faults = plan.faults
    if plan.seed is not None:
        faults = draw(plan.seed * 1_000_003 + story_seed, workspace.client.services)
    for fault in faults:
        workspace.fault(**fault)
    return dump_text(list(faults))


def settle_with_retries(workspace: Workspace) -> None:
    """Deliver everything due, then let the clock run for as long as something is still tried again."""
    workspace.settle()
    if any(row["nextAttemptAt"] for row in workspace.view("deliveries", status="retrying")):
        workspace.advance(_RETRIES_LAST)


def _one(seed: int, service: str, number: int) -> Fault:
    def pick(what: str, choices: tuple[Any, ...]) -> Any:
        return choices[int(chance(seed, what, service, number) * len(choices))]

    effect = pick(
        "effect", ({"status": pick("status", _STATUSES)}, {"drop": "before"}, {"drop": "after"}, {"delay": "30s"})
    )
    when = pick("when", ({"next": pick("next", (1, 2, 3))}, {"every": pick("every", (2, 3, 5)), "for": _OVER_AFTER}))
    return {"service": service, **effect, **when}
