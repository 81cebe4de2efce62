"""How a story ended: what failed, where in its file, and why."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from inkstand.simulator.scenarios.compare.matching import Mismatch
from inkstand.simulator.scenarios.language.load import Scenario

from .coverage import Coverage

Status = Literal["passed", "failed", "error", "skipped"]


@dataclass(frozen=True)
class Why:
    """Why a claim does not hold: the cause in its message's fate, the smallest mend, and the journey, as lines."""

    cause: str | None = None
    mend: str | None = None
    journey: tuple[str, ...] = ()
    rule: str | None = None


@dataclass(frozen=True)
class Failure:
    """Where in a file a story failed, what was claimed, what came, and why."""

    file: str
    line: int
    column: int
    text: str
    mismatch: Mismatch | None = None
    view: str | None = None
    why: Why = field(default_factory=Why)


@dataclass(frozen=True)
class Outcome:
    """How a story ended.

    `failed` is a claim that does not hold, `error` a step that cannot be taken, `skipped` one that was not played
    (`reason` says why). `seconds` is how long it took; `faults` is the fault plan that it was played under, `again` the
    line to paste that repeats it.
    """

    scenario: Scenario
    seed: int
    status: Status
    failures: tuple[Failure, ...] = ()
    reason: str = ""
    seconds: float = 0.0
    faults: str | None = None
    again: str = ""
    coverage: Coverage | None = None

    @property
    def in_a_file(self) -> bool:
        """Whether it is about a file; what is held of every run is about none."""
        return all(failure.line for failure in self.failures)
