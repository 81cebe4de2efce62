"""What the collector understands of a posted event: forgiving about everything but its outermost shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inkstand.fakes.kit.http import storable
from inkstand.fakes.kit.times import parse_iso

from .attribution import Heard
from .normalise import kind_of, normalise


@dataclass(frozen=True)
class Event:
    """One posted event, read. `occurred_at` is None when the time is absent or not understood."""

    call: str
    name: str | None
    kind: str
    message_id: str | None
    heard: Heard
    occurred_at: int | None
    properties: Mapping[str, Any]
    context: Mapping[str, Any]
    traits: Mapping[str, Any]
    normalised: Mapping[str, Any]


def read(body: Mapping[str, Any]) -> Event:
    """An event as Segment's classic destination posts it: the message as Segment holds it."""
    call = _text(body.get("type")) or "unknown"
    name = _text(body.get("event"))
    properties, traits, context = (_object(body.get(key)) for key in ("properties", "traits", "context"))
    kind = kind_of(call, name)
    email = _text(traits.get("email")) if call == "identify" else None
    return Event(
        call=call,
        name=name,
        kind=kind,
        message_id=_text(body.get("messageId")),
        heard=Heard(
            _text(body.get("userId")),
            _text(body.get("anonymousId")),
            email.strip().lower() if email else None,
        ),
        occurred_at=parse_iso(body.get("timestamp")),
        properties=properties,
        context=context,
        traits=traits,
        normalised=normalise(kind, name, properties),
    )


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return storable(str(value)) or None
