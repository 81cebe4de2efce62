"""Segment's catalogue: every destination that the vendors bring, and where each lives in this process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from inkstand.fakes.kit.destination import Destination
from inkstand.fakes.kit.vendor import Vendor
from inkstand.simulator.model import IN_PROCESS


@dataclass(frozen=True)
class Entry:
    """One destination and the address of its fake."""

    destination: Destination
    base_url: str


class Catalogue:
    """Every destination by its slug."""

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self.entries = {
            destination.slug: Entry(destination, f"{IN_PROCESS}/{vendor.slug}")
            for vendor in vendors
            for destination in vendor.destinations
        }
        self.names = frozenset(name for entry in self.entries.values() for name in entry.destination.names)

    def get(self, slug: str) -> Entry | None:
        """The destination of that slug; None when its vendor is not here."""
        return self.entries.get(slug)
