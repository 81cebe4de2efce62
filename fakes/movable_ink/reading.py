"""What the collector understands of a posted event, whoever sends it: forgiving about all but its outermost shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from inkstand.fakes.kit.http import column_text, dump_text
from inkstand.fakes.kit.ledger import Reason

from .attribution import Heard
from .mapping import EventMapping, Mapped, apply, common_of, event_name, find
from .normalise import kind_of, normalise, text_of
from .times import parse_time

Body = Mapping[str, Any]
Generation = Literal["classic", "current"]


@dataclass(frozen=True)
class Event:
    """One posted event, read. `occurred_at` is None when the time is absent or not understood.

    `mapping` names the event mapping that matched; none is needed by the classic generation for Segment's own names.
    `faults` are what a mapping found wrong: where they are refused, the event is not kept.
    """

    call: str
    name: str | None
    kind: str
    message_id: str | None
    heard: Heard
    occurred_at: int | None
    time_came: str
    timezone: str | None
    properties: Mapping[str, Any]
    context: Mapping[str, Any]
    traits: Mapping[str, Any]
    normalised: Mapping[str, Any]
    generation: Generation = "classic"
    mapping: str | None = None
    faults: tuple[Reason, ...] = ()


def read(body: Body, generation: Generation = "classic", own: Sequence[EventMapping] = ()) -> Event:
    """An event as any public sender writes it; `own` are the mappings of the endpoint, tried before the built-in ones.

    The classic generation normalises Segment's own events itself, as Segment's page says; for what else is sent there,
    flat or in other casing, a mapping decides, as in the current one.
    """
    call = _call(body)
    segments_own = generation == "classic" and not own and call == "track" and not _FLAT & body.keys()
    mapping = None if segments_own else find(body, own)
    if mapping is None:
        return _plain(body, call, generation, None, *_unmapped(body, call, generation))
    return _mapped(body, generation, apply(mapping, body))


def _plain(body: Body, call: str, generation: Generation, mapping: str | None, *faults: Reason) -> Event:
    """A call that no mapping makes anything of; Segment's own events are normalised as the classic destination does."""
    name = event_name(body)
    kind = kind_of(call, name)
    normalised = normalise(kind, name, _object(body.get("properties")))
    return _event(body, call, kind, normalised, common_of(body), generation, mapping, *faults)


def _mapped(body: Body, generation: Generation, found: Mapped) -> Event:
    kind, name = found.mapping.shape.kind, found.mapping.name
    if kind == "raw":
        return _plain(body, _call(body), generation, name)
    call = "identify" if kind == "identify" else "track"
    faults = [
        Reason("movable_ink.mapping.field_missing", {"mapping": name, "field": field, "path": way})
        for field, way in found.missing
    ]
    return _event(body, call, kind, found.normalised, found.common, generation, name, *faults)


def _event(  # noqa: PLR0913, PLR0917  # an event is made of all of these
    body: Body,
    call: str,
    kind: str,
    normalised: Mapping[str, Any],
    common: Mapping[str, Any],
    generation: Generation,
    mapping: str | None,
    *faults: Reason,
) -> Event:
    traits = _traits(body)
    time = common["Timestamp"]
    heard = Heard(
        column_text(text_of(common["UserID"])),
        column_text(text_of(common["AnonymousID"])),
        _email(traits) if call == "identify" else None,
    )
    lacking = _lacking(call, heard, time) if generation == "current" and kind != "raw" else ()
    return Event(
        call=call,
        name=column_text(event_name(body)),
        kind=kind,
        message_id=next((found for name in _MESSAGE_ID if (found := column_text(body.get(name)))), None),
        heard=heard,
        occurred_at=parse_time(time),
        time_came=dump_text(time)[:80],
        timezone=column_text(common["Timezone"]),
        properties=_object(body.get("properties")),
        context=_object(body.get("context")),
        traits=traits,
        normalised=normalised,
        generation=generation,
        mapping=mapping,
        faults=(*faults, *lacking),
    )


def _lacking(call: str, heard: Heard, time: object) -> tuple[Reason, ...]:
    """What the current generation asks of every event: an id and a time."""
    if call not in {"track", "identify"}:
        return ()
    found = []
    if not (heard.user_id or heard.anonymous_id or heard.email):
        found.append(Reason("movable_ink.mapping.no_id"))
    if parse_time(time) is None:
        came = "nothing" if time is None else dump_text(time)[:80]
        found.append(Reason("movable_ink.mapping.no_time", {"came": came}))
    return tuple(found)


def _unmapped(body: Body, call: str, generation: Generation) -> tuple[Reason, ...]:
    name = event_name(body)
    if call == "track" and name is None:
        return (Reason("movable_ink.mapping.no_name"),)
    if generation == "classic" or call == "identify":
        return ()
    facts = {"type": call, **({"event": name} if name else {})}
    return (Reason("movable_ink.mapping.none_matches", facts),)


def _call(body: Body) -> str:
    """Which call a body is; without a `type` it is a track if it names an event, an identify if it only tells ids."""
    given = column_text(body.get("type"))
    if given:
        return given
    if event_name(body):
        return "track"
    return "identify" if any(body.get(name) for name in _IDS) and body.keys() <= _OF_AN_IDENTIFY else "unknown"


def _traits(body: Body) -> Mapping[str, Any]:
    """The traits of a call; RudderStack's senders put them into the context."""
    return _object(body.get("traits")) or _object(_object(body.get("context")).get("traits"))


def _email(traits: Mapping[str, Any]) -> str | None:
    found = column_text(traits.get("email"))
    return found.strip().lower() or None if found else None


def _object(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


_MESSAGE_ID = ("messageId", "message_id", "event_id")
_FLAT = {"event_name", "user_id", "anonymous_id"}
"""Members by which senders are told that do not write events as Segment does."""

_OF_AN_IDENTIFY = {
    *("userId", "user_id", "anonymousId", "anonymous_id", "messageId", "message_id"),
    *("timestamp", "originalTimestamp", "timezone", "traits", "context"),
}
"""All that a flat identify has: what carries more is something else without a name."""

_IDS = ("userId", "user_id", "anonymousId", "anonymous_id")
