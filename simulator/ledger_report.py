"""The ledger for people and programs: every rule with its source, and how much of it is documented."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from inkstand.fakes.kit.ledger import Rule
from inkstand.fakes.kit.vendor import Vendor

from .errors import UnknownNameError, nearest
from .explain.ledgers import ledgers


@dataclass(frozen=True)
class Report:
    """The same twice: lines to read, data to work with."""

    lines: list[str]
    data: Any


def listed(vendors: Sequence[Vendor], only: str | None = None) -> Report:
    """Every rule, by part, or `only` those of one part; and the counts."""
    lines: list[str] = []
    parts = []
    counts: Counter[str] = Counter()
    for part in ledgers(vendors):
        if only not in {None, part.part}:
            continue
        lines.append(part.part)
        for rule in part.rules.values():
            counts[rule.confidence] += 1
            lines += [f"  {rule.id}  [{rule.confidence}]", f"      {rule.statement}"]
        lines += [f"  not faked: {route.method} {route.path}  ({route.what})" for route in part.not_faked]
        lines.append("")
        not_faked = [{"method": route.method, "path": route.path, "what": route.what} for route in part.not_faked]
        parts.append({"part": part.part, "rules": [_data(rule) for rule in part.rules.values()], "notFaked": not_faked})
    lines.append(", ".join(f"{count} {confidence}" for confidence, count in counts.most_common()))
    return Report(lines, {"parts": parts, "counts": dict(counts)})


def asked(vendors: Sequence[Vendor], ident: str) -> Report:
    """One rule in full, or the rules of a part (`tracking`, `inkit`); raises UnknownNameError, naming the nearest."""
    if ident in {part.part for part in ledgers(vendors)}:
        return listed(vendors, ident)
    rules = {rule.id: rule for part in ledgers(vendors) for rule in part.rules.values()}
    if ident not in rules:
        message = f"There is no rule {ident!r}.{nearest(ident, list(rules))}"
        raise UnknownNameError(message)
    rule = rules[ident]
    lines = [rule.id, f"  {rule.statement}", f"  confidence: {rule.confidence}", f"  source: {rule.source}"]
    if rule.mend:
        lines.append(f"  mend: {rule.mend.say}")
    return Report(lines, _data(rule))


def _data(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "statement": rule.statement,
        "source": rule.source,
        "confidence": rule.confidence,
        "verdict": rule.verdict,
        "mend": rule.mend.say if rule.mend else None,
    }
