"""Which rules of the ledger, and which events of tracking plans, stories have touched. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_SHOWN = 12


@dataclass(frozen=True)
class Coverage:
    """How often each rule decided something, and how often each event of each plan came."""

    rules: Counter[str] = field(default_factory=Counter)
    plans: dict[str, Counter[str]] = field(default_factory=dict)


def read(told: Mapping[str, Any]) -> Coverage:
    """What the control API tells of a workspace."""
    plans: dict[str, Counter[str]] = {}
    for one in told["plans"]:
        counts = plans.setdefault(one["plan"], Counter())
        for event in one["events"]:
            counts[f"{event['type']} {event['event']}".strip()] += event["count"]
    return Coverage(Counter(told["rules"]), plans)


def together(parts: Iterable[Coverage | None]) -> Coverage:
    """What several stories have touched."""
    whole = Coverage()
    for part in parts:
        for plan, counts in (part.plans if part else {}).items():
            known = whole.plans.setdefault(plan, Counter())
            for event, count in counts.items():
                known[event] += count
        whole.rules.update(part.rules if part else {})
    return whole


def as_json(coverage: Coverage, rules: Sequence[str]) -> dict[str, Any]:
    """It, with every rule that there is."""
    return {
        "rules": {rule: coverage.rules[rule] for rule in rules},
        "plans": {plan: dict(counts) for plan, counts in coverage.plans.items()},
    }


def lines(coverage: Coverage, rules: Sequence[str]) -> Iterator[str]:
    """It, for a person: how many of each part's rules and of each plan's events, and which were not touched."""
    touched = [rule for rule in rules if coverage.rules[rule]]
    yield f"Rules touched: {len(touched)} of {len(rules)}"
    for part in dict.fromkeys(rule.partition(".")[0] for rule in rules):
        own = [rule for rule in rules if rule.startswith(f"{part}.")]
        yield from _part(part, own, [rule for rule in own if not coverage.rules[rule]])
    for plan, counts in coverage.plans.items():
        yield f"Tracking plan {plan}:"
        yield from _part("events", list(counts), [event for event, count in counts.items() if not count])


def _part(name: str, known: Sequence[str], untouched: Sequence[str]) -> Iterator[str]:
    shown = ", ".join(untouched[:_SHOWN]) + (f" and {len(untouched) - _SHOWN} more" if len(untouched) > _SHOWN else "")
    yield f"  {name:<12} {len(known) - len(untouched)} of {len(known)}" + (f"; not: {shown}" if untouched else "")
