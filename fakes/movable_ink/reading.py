"""What the collector understands of a posted event: forgiving about everything but its outermost shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inkstand.fakes.kit.http import column_text, dump_text
from inkstand.fakes.kit.times import LAST, parse_iso

from .attribution import Heard
from .normalise import kind_of, normalise

_FIRST_IN_MILLISECONDS = 100_000_000_000


@dataclass(frozen=True)
class Event:
    """One posted event, read. `occurred_at` is None when the time is absent or not understood."""

    call: str
    name: str | None
    kind: str
    message_id: str | None
    heard: Heard
    occurred_at: int | None
    time_came: str
    properties: Mapping[str, Any]
    context: Mapping[str, Any]
    traits: Mapping[str, Any]
    normalised: Mapping[str, Any]


def read(body: Mapping[str, Any]) -> Event:
    """An event as Segment's classic destination posts it: the message as Segment holds it."""
    call = column_text(body.get("type")) or "unknown"
    name = column_text(body.get("event"))
    properties, traits, context = (_object(body.get(key)) for key in ("properties", "traits", "context"))
    kind = kind_of(call, name)
    email = column_text(traits.get("email")) if call == "identify" else None
    return Event(
        call=call,
        name=name,
        kind=kind,
        message_id=column_text(body.get("messageId")),
        heard=Heard(
            column_text(body.get("userId")),
            column_text(body.get("anonymousId")),
            email.strip().lower() if email else None,
        ),
        occurred_at=parse_time(body.get("timestamp")),
        time_came=dump_text(body.get("timestamp"))[:80],
        properties=properties,
        context=context,
        traits=traits,
        normalised=normalise(kind, name, properties),
    )


def parse_time(value: object) -> int | None:
    """A time as senders write it, in milliseconds: ISO 8601 text; seconds or milliseconds as a number or as text."""
    if isinstance(value, str) and value.strip().isdecimal():
        value = int(value[:20])
    if isinstance(value, int) and not isinstance(value, bool):
        moment = value * 1000 if 0 <= value < _FIRST_IN_MILLISECONDS else value
        return moment if 0 <= moment <= LAST else None
    return parse_iso(value)


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
