"""What a source's settings make of a message that violates its plan: allowed, blocked, or a part omitted. Pure.

Settings are named as Segment's Public API names them (`GET /sources/{id}/settings`). Standard controls come first; what
they let through is held to the common JSON schema (segment-docs protocols/enforce/schema-configuration.md).
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from inkstand.fakes.kit.ledger import Reason

from .check import Message, Violation, field_name, rules_for, unplanned_event, unplanned_members, violations
from .plan import Place, Plan

Settings = Mapping[str, Any]
Fate = Literal["allowed", "blocked", "omitted"]
UNPLANNED, SCHEMA, COMMON = "unplanned", "schema_violation", "common_schema_violation"
BOTH = "unplanned_and_schema_violation"
_TRAITS = ("identify", "group")


@dataclass(frozen=True)
class Controls:
    """The settings of one kind of call; what is not set is allowed."""

    unplanned_events: bool = True
    unplanned_members: bool = True
    event_on_violations: bool = True
    members_on_violations: bool = True
    common: str = "ALLOW"

    @classmethod
    def of(cls, call_type: str, settings: Settings) -> Controls:
        """The settings of a source that count for a call; pages and screens have none."""
        given = settings.get(call_type) or {}
        traits = call_type in _TRAITS
        return cls(
            given.get("allowUnplannedEvents", True),
            given.get("allowUnplannedTraits" if traits else "allowUnplannedEventProperties", True),
            given.get("allowEventOnViolations", True),
            given.get("allowTraitsOnViolations" if traits else "allowPropertiesOnViolations", True),
            given.get("commonEventOnViolations", "ALLOW"),
        )


@dataclass(frozen=True)
class Screened:
    """What became of a message: what violated the plan and the fate of each, what was omitted, the code if blocked.

    `failed` is why it could not be held to its plan at all; it goes on as it came then.
    """

    found: tuple[tuple[Violation, Fate], ...] = ()
    code: str | None = None
    omitted: tuple[Place, ...] = ()
    omitted_on_violation: tuple[Place, ...] = ()
    failed: str = ""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The rules that decided, for the message's journey."""
        if self.failed:
            return (Reason("protocols.check_failed", {"error": self.failed}),)
        return tuple(_reason(violation, fate) for violation, fate in self.found)


@dataclass
class _Screening:
    """A message on its way through the controls."""

    message: Message
    found: list[tuple[Violation, Fate]] = field(default_factory=list)
    omitted: list[Place] = field(default_factory=list)
    on_violation: list[Place] = field(default_factory=list)

    def left(self) -> Message:
        """The message without what has been omitted so far."""
        return without(self.message, (*self.omitted, *self.on_violation))

    def omit(self, found: Sequence[Violation], places: list[Place]) -> None:
        """Omit what violates, where it stands under a name of its own."""
        for one in found:
            place = omittable(one.path)
            self.found.append((one, "omitted" if place else "allowed"))
            if place and place not in places:
                places.append(place)

    def note(self, found: Sequence[Violation], fate: Fate) -> None:
        """Keep what violates, with its fate."""
        self.found.extend((one, fate) for one in found)


def screen(plan: Plan, settings: Settings, message: Message) -> Screened:
    """Hold a message (as Segment holds it) to a plan under a source's settings."""
    controls = Controls.of(message["type"], settings)
    on_its_way = _Screening(message)
    code = _standard(plan, controls, on_its_way)
    common = violations(plan.common, on_its_way.left())
    if common and controls.common == "BLOCK" and code in {None, UNPLANNED}:
        on_its_way.note(common, "blocked")
        code = BOTH if code == UNPLANNED else COMMON
    elif common and code is None and controls.common != "ALLOW":
        on_its_way.omit(common, on_its_way.on_violation)
    else:
        on_its_way.note(common, "allowed")
    omitted = () if code else tuple(on_its_way.omitted)
    on_violation = () if code else tuple(on_its_way.on_violation)
    return Screened(tuple(on_its_way.found), code, omitted, on_violation)


def _standard(plan: Plan, controls: Controls, screening: _Screening) -> str | None:
    """The standard controls; the code if they block."""
    message = screening.message
    rules = rules_for(plan, message)
    unplanned = unplanned_event(plan, rules, message)
    if unplanned is not None:
        screening.note([unplanned], "allowed" if controls.unplanned_events else "blocked")
        return None if controls.unplanned_events else UNPLANNED
    found = violations(rules, message)
    if found and not controls.event_on_violations:
        screening.note(found, "blocked")
        return SCHEMA
    if not controls.unplanned_members:
        screening.omit(unplanned_members(rules, message), screening.omitted)
    if controls.members_on_violations:
        screening.note(found, "allowed")
    else:
        screening.omit(found, screening.on_violation)
    return None


def omittable(path: Place) -> Place | None:
    """What is omitted of a message for a violation there: the named member itself, or the one around it.

    None where nothing can be: what is missing cannot be left out, and a message without its own members is none.
    """
    while path and isinstance(path[-1], int):
        path = path[:-1]
    return path if len(path) > 1 and path[0] in {"properties", "traits"} else None


def without(message: Message, places: Sequence[Place]) -> dict[str, Any]:
    """A message without these members of it."""
    if not places:
        return dict(message)
    left = copy.deepcopy(dict(message))
    for *way, last in places:
        holder: Any = left
        for step in way:
            known = isinstance(holder, Mapping) and step in holder
            listed = isinstance(holder, list) and isinstance(step, int) and step < len(holder)
            holder = holder[step] if known or listed else {}
        if isinstance(holder, dict):
            holder.pop(last, None)
    return left


def as_delivered(
    message: Message, source: str, omitted: Sequence[Place], on_violation: Sequence[Place]
) -> dict[str, Any]:
    """A message as it is delivered when parts of it are omitted; their names stand in `context.protocols`."""
    left = without(message, (*omitted, *on_violation))
    told: dict[str, Any] = {"sourceId": source}
    for name, places in (("omitted", omitted), ("omittedOnViolation", on_violation)):
        if places:
            told[name] = [field_name(tuple(place[1:])) for place in places]
    context = left.get("context")
    return {**left, "context": {**(context if isinstance(context, Mapping) else {}), "protocols": told}}


def _reason(violation: Violation, fate: Fate) -> Reason:
    facts = {"kind": violation.kind, "field": violation.field, "description": violation.description}
    return Reason(_RULES[fate], facts)


_RULES: Mapping[Fate, str] = {
    "allowed": "protocols.violation_allowed",
    "blocked": "protocols.violation_blocked",
    "omitted": "protocols.violation_omitted",
}
