"""How stories ended, as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from inkstand.simulator.scenarios.play.outcome import Failure, Outcome


def as_json(outcomes: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Each outcome, for programs."""
    return [
        {
            "name": outcome.scenario.name,
            "file": outcome.scenario.file,
            "seed": outcome.seed,
            "status": outcome.status,
            "reason": outcome.reason or None,
            "seconds": round(outcome.seconds, 3),
            "faults": outcome.faults,
            "failures": [_failure(failure) for failure in outcome.failures],
        }
        for outcome in outcomes
    ]


def _failure(failure: Failure) -> dict[str, Any]:
    mismatch = failure.mismatch
    return {
        "file": failure.file,
        "line": failure.line,
        "column": failure.column,
        "text": failure.text,
        "view": failure.view,
        "field": mismatch.field if mismatch else None,
        "wanted": mismatch.wanted if mismatch else None,
        "came": mismatch.came if mismatch else None,
        "hint": (mismatch.hint or None) if mismatch else None,
        "why": failure.why.cause,
        "rule": failure.why.rule,
        "mend": failure.why.mend,
        "journey": list(failure.why.journey),
    }
