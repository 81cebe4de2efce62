"""Tells how stories ended to a person: what broke and why come first, the whole journey last."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from inkstand.simulator.scenarios.play.outcome import Failure, Outcome

_MARK = {"passed": "PASS", "failed": "FAIL", "error": "ERROR", "skipped": "SKIP"}
_SHOWN = 5
_WHY, _MEND = _CAUSE = ("    why: ", "    mend: ")


def told(outcome: Outcome) -> Iterator[str]:
    """One outcome as lines: a single one when it passed, the whole reason when it did not."""
    reason = f": {outcome.reason}" if outcome.reason else ""
    file = f"  ({outcome.scenario.file})" if outcome.in_a_file else ""
    yield f"{_MARK[outcome.status]} {outcome.scenario.name}{file}{reason}"
    if outcome.failures:
        yield from _failures(outcome.failures)
        if outcome.faults:
            yield f"  the fault plan: {outcome.faults}"
            yield "  (what is tried again arrives later: under faults claim what vendors hold by anyOrder or contains)"
        if outcome.again:
            yield f"  again: {outcome.again}"


def _failures(failures: Sequence[Failure]) -> Iterator[str]:
    """What is wrong, the first with its cause and mend; then the journey of the message that it is about."""
    causes: set[str | None] = set()
    for failure in failures[:_SHOWN]:
        lines = list(failure_lines(failure))
        told = failure.why.cause in causes
        yield from (line for line in lines if not (told and line.startswith(_CAUSE)))
        causes.add(failure.why.cause)
    if len(failures) > _SHOWN:
        yield f"  … and {len(failures) - _SHOWN} more"
    journey = next((one.why.journey for one in failures if one.why.cause), failures[0].why.journey)
    if journey:
        yield "  the message concerned:"
        yield from (f"    {line}" for line in journey)


def failure_lines(failure: Failure) -> Iterator[str]:
    """One failure: its place, the claim and what came; what is nearest, the cause and the smallest mend."""
    place = f"{failure.file}:{failure.line}:{failure.column}: " if failure.line else ""
    yield f"  {place}{failure.text}"
    if failure.mismatch is not None and failure.mismatch.hint:
        yield f"    {failure.mismatch.hint}"
    if failure.why.cause:
        yield f"{_WHY}{failure.why.cause}  ({failure.why.rule})"
    if failure.why.mend:
        yield f"{_MEND}{failure.why.mend}"


def summary(outcomes: Sequence[Outcome]) -> str:
    """How many passed and failed, in one line."""
    count = {status: sum(outcome.status == status for outcome in outcomes) for status in _MARK}
    said = [f"{count['passed']} passed", f"{count['failed']} failed"]
    said += [f"{count['error']} in error"] if count["error"] else []
    said += [f"{count['skipped']} skipped"] if count["skipped"] else []
    return ", ".join(said)
