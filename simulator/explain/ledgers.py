"""Every rule of every part, in one place to look them up."""

from __future__ import annotations

from collections.abc import Sequence

from inkstand.fakes.kit.ledger import Ledger, Reason, Rule, load
from inkstand.fakes.kit.vendor import Vendor

PARTS = (
    "inkstand.simulator.tracking",
    "inkstand.simulator.protocols",
    "inkstand.simulator.profiles",
    "inkstand.simulator.delivery",
)
"""The parts of the simulator that decide by rules."""


def ledgers(vendors: Sequence[Vendor]) -> tuple[Ledger, ...]:
    """The ledgers of the simulator's parts and of each vendor."""
    return (*(load(part) for part in PARTS), *(vendor.ledger for vendor in vendors))


class Rules:
    """Rules by id."""

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self.vendors = vendors
        self.by_id: dict[str, Rule] = {id_: rule for ledger in ledgers(vendors) for id_, rule in ledger.rules.items()}
        self._ledgers = {ledger.part: ledger for ledger in ledgers(vendors)}

    def rule(self, reason: Reason) -> Rule | None:
        """The rule that a reason names; None when its vendor is not here any more."""
        return self.by_id.get(reason.rule)

    def say(self, reason: Reason) -> str:
        """A reason as one sentence."""
        ledger = self._ledgers.get(reason.rule.partition(".")[0])
        if ledger is None or reason.rule not in ledger.rules:
            return f"{reason.rule} {dict(reason.facts)}"
        return ledger.explain(reason)
