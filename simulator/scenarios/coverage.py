"""Which events and which rules stories have touched. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

EventName = tuple[str, str]
"""The call's type, and the event or the name of the page; empty where the call has none."""


@dataclass(frozen=True)
class Coverage:
    """How often each rule decided something, and how often each event came."""

    rules: Counter[str] = field(default_factory=Counter)
    events: Counter[EventName] = field(default_factory=Counter)


def together(parts: Iterable[Coverage | None]) -> Coverage:
    """What several stories have touched."""
    whole = Coverage()
    for part in parts:
        if part is not None:
            whole.rules.update(part.rules)
            whole.events.update(part.events)
    return whole
