"""What is to become of a message at one connection. Pure.

Source: Segment's page on filtering data (the `integrations` object), each destination's catalogue entry (call types).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inkstand.fakes.kit.destination import Destination
from inkstand.fakes.kit.http import letters
from inkstand.fakes.kit.ledger import Reason
from inkstand.simulator.model import Connection

ALL = "All"
SEGMENT_ITSELF = "Segment.io"
"""What the browser library calls Segment in every message's integrations object; it is no destination, and switched
off there a message would not have come."""


@dataclass(frozen=True)
class Discarded:
    """The message does not go to this connection: Segment's code and why."""

    code: str
    reason: Reason


def plan(
    call_type: str, integrations: Mapping[str, Any], connection: Connection, destination: Destination
) -> Discarded | None:
    """Why a message is not delivered to a connection, or None when a delivery is planned.

    The order is Segment's: the integrations object, the calls a destination takes, its settings.
    """
    return (
        _by_integrations(integrations, destination)
        or _by_type(call_type, destination)
        or _by_settings(connection, destination)
    )


def oddities(integrations: Mapping[str, Any], known: frozenset[str]) -> list[Reason]:
    """What is worth telling of an integrations object: names that no destination has, values that are no switch."""
    unknown = [
        Reason("delivery.unknown_integration", {"name": name, **_same_letters(name, known)})
        for name, value in integrations.items()
        if name != ALL and name not in known and (name != SEGMENT_ITSELF or value is False)
    ]
    odd = [
        Reason("delivery.odd_switch", {"name": name, "came": str(value)[:80]})
        for name, value in integrations.items()
        if value and not isinstance(value, bool | dict)
    ]
    return unknown + odd


def _by_integrations(integrations: Mapping[str, Any], destination: Destination) -> Discarded | None:
    for name in (*sorted(destination.names), ALL):
        if name in integrations:
            if switched_on(integrations[name]):
                return None
            facts = {"destination": destination.name, "name": name}
            return Discarded("FILTERED_BY_INTEGRATIONS_OBJECT", Reason("delivery.filtered_by_integrations", facts))
    return None


def switched_on(value: object) -> bool:
    """Whether a value in the integrations object means on: false, null, 0 and empty text are off; options are on."""
    return isinstance(value, dict) or bool(value)


def _by_type(call_type: str, destination: Destination) -> Discarded | None:
    if call_type in destination.types:
        return None
    facts = {"destination": destination.name, "type": call_type, "takes": ", ".join(sorted(destination.types))}
    if call_type in {"page", "screen"} and "track" in destination.types:
        return Discarded("UNSUPPORTED_EVENT_TYPE", Reason("delivery.page_not_track", facts))
    return Discarded("UNSUPPORTED_EVENT_TYPE", Reason("delivery.unsupported_event_type", facts))


def _by_settings(connection: Connection, destination: Destination) -> Discarded | None:
    for setting in destination.settings:
        if setting.required and not connection.settings.get(setting.name):
            facts = {"destination": destination.name, "connection": connection.id, "setting": setting.name}
            return Discarded("INVALID_SETTINGS", Reason("delivery.invalid_settings", facts))
    return None


def _same_letters(name: str, known: frozenset[str]) -> dict[str, str]:
    near = next((other for other in sorted(known) if letters(other) == letters(name)), None)
    return {"near": near} if near else {}
