"""Tells how stories ended, for people and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from .runner import Failure, Outcome


def told(outcome: Outcome) -> Iterator[str]:
    """One outcome as lines: a single one when it passed, the whole reason when it did not."""
    mark = {"passed": "PASS", "failed": "FAIL", "error": "ERROR"}[outcome.status]
    yield f"{mark} {outcome.scenario.name}  ({outcome.scenario.file})"
    for failure in outcome.failures:
        yield from failure_lines(failure)
    if outcome.failures:
        yield f"  again: inkstand run {outcome.scenario.file} --seed {outcome.seed}"


def failure_lines(failure: Failure) -> Iterator[str]:
    """One failure: its place, the claim and what came, the message's journey."""
    yield f"  {failure.file}:{failure.line}: {failure.text}"
    for line in failure.journey:
        yield f"    {line}"


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many passed and failed, in one line."""
    counts = [f"{sum(outcome.status == status for outcome in outcomes)} {status}" for status in ("passed", "failed")]
    errors = sum(outcome.status == "error" for outcome in outcomes)
    return ", ".join([*counts, f"{errors} in error"] if errors else counts)


def as_json(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [
        {
            "name": outcome.scenario.name,
            "file": outcome.scenario.file,
            "seed": outcome.seed,
            "status": outcome.status,
            "failures": [
                {
                    "file": failure.file,
                    "line": failure.line,
                    "text": failure.text,
                    "view": failure.view,
                    "field": failure.mismatch.field if failure.mismatch else None,
                    "wanted": failure.mismatch.wanted if failure.mismatch else None,
                    "came": failure.mismatch.came if failure.mismatch else None,
                    "journey": list(failure.journey),
                }
                for failure in outcome.failures
            ],
        }
        for outcome in outcomes
    ]
