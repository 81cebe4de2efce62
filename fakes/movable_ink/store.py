"""Keeps what is posted: events, their repeats, and what is refused of a batch."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from sqlalchemy import Column, bindparam, select

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Row, Statement, Tx, adding, loads, reasons_text
from inkstand.fakes.kit.times import DAY
from inkstand.fakes.kit.world import World

from .endpoints import Endpoint
from .ownership import Arrived, attribute, identify
from .reading import Event
from .signals import Signal, verdict
from .tables import choices, events, rejected


def keep(tx: Tx, world: World, endpoint: Endpoint, event: Event, raw: bytes) -> str:
    """Store one posted event and its consequences; its event id.

    One that came before is stored as a repeat and has no consequences (decision 10), unless the workspace chose so.
    """
    now = world.now()
    digest = None if event.message_id else _digest(raw)
    first = _first_seen(tx, event, endpoint, digest)
    repeat = first is not None and not _chosen(tx, "count_repeats")
    signal = verdict(event, 0 if event.occurred_at is None else now - event.occurred_at)
    event_id = _new_id(tx, world, endpoint, event, again=first is not None)
    occurred_at = now if event.occurred_at is None else event.occurred_at
    seq = tx.insert(
        _ADD_EVENT,
        **_row(event, signal),
        event_id=event_id,
        endpoint=endpoint.key,
        digest=digest,
        repeat=int(repeat),
        occurred_at=occurred_at,
        received_at=now,
        raw=raw,
    )
    arrived = Arrived(event, seq, event.message_id or event_id, now, occurred_at)
    if event.mapping and event.generation == "current":
        tx.because(arrived.subject, "mapping", [Reason("movable_ink.mapping.matched", {"mapping": event.mapping})])
    if repeat and first is not None:
        tx.because(arrived.subject, "attribution", [Reason("movable_ink.event.repeat", {"event": first["event_id"]})])
    else:
        _carry_out(tx, arrived, signal)
    tx.because(arrived.subject, "time", _about_time(event, now))
    return event_id


def _row(event: Event, signal: Signal) -> dict[str, object]:
    """What an event itself says, as columns."""
    return {
        "message_id": event.message_id,
        "call": event.call,
        "name": event.name,
        "kind": event.kind,
        "generation": event.generation,
        "mapping": event.mapping,
        "user_id": event.heard.user_id,
        "anonymous_id": event.heard.anonymous_id,
        "email": event.heard.email,
        "timezone": event.timezone,
        "normalised": dump_text(event.normalised),
        "signal": signal.verdict,
        "signal_reasons": reasons_text(signal.reasons),
    }


def _carry_out(tx: Tx, arrived: Arrived, signal: Signal) -> None:
    call = arrived.event.call
    if call == "identify":
        identify(tx, arrived)
    elif call == "track":
        attribute(tx, arrived, signal)
    else:
        tx.because(arrived.subject, "attribution", [Reason("movable_ink.event.other_call", {"type": call})])


@dataclass(frozen=True)
class Refused:
    """An event that is refused (None for what is none): of which request, at which place in it, why, its bytes."""

    request_id: str
    place: int
    event: Event | None
    reasons: Sequence[Reason]
    raw: bytes


def reject(tx: Tx, world: World, endpoint: Endpoint, refused: Refused) -> None:
    """Keep an event that is refused: alone, or as one of a batch of which others are taken."""
    event = refused.event
    tx.insert(
        _REJECT,
        request_id=refused.request_id,
        endpoint=endpoint.key,
        place=refused.place,
        message_id=event.message_id if event else None,
        name=event.name if event else None,
        reasons=reasons_text(refused.reasons),
        received_at=world.now(),
        raw=refused.raw,
    )
    if event and event.message_id:
        tx.because(event.message_id, "mapping", refused.reasons)


def _digest(raw: bytes) -> str:
    """What two bodies share that say the same, however they are written."""
    return blake2b(json.dumps(loads(raw), sort_keys=True).encode(), digest_size=16).hexdigest()


def _about_time(event: Event, now: int) -> list[Reason]:
    if event.occurred_at is None:
        return [Reason("movable_ink.time.receipt", {"came": event.time_came})]
    ahead = event.occurred_at - now
    return [Reason("movable_ink.time.future", {"days": ahead // DAY})] if ahead > DAY else []


def _new_id(tx: Tx, world: World, endpoint: Endpoint, event: Event, *, again: bool) -> str:
    if event.message_id is not None and not again:
        return world.id("evt_", endpoint.key, event.message_id)
    return world.id("evt_", endpoint.key, tx.number("movable_ink.event"))


def _first_seen(tx: Tx, event: Event, endpoint: Endpoint, digest: str | None) -> Row | None:
    if event.message_id is None:
        return tx.one(_SAME_BODY, digest=digest, endpoint=endpoint.key)
    return tx.one(_SAME_MESSAGE, message_id=event.message_id, endpoint=endpoint.key)


def _chosen(tx: Tx, name: str) -> bool:
    row = tx.one(_CHOICE, name=name)
    return bool(row and loads(row["value"]))


_ADD_EVENT = adding(events)
_REJECT = adding(rejected)


def _first_by(column: Column[Any]) -> Statement:
    """The first event at an endpoint with a value in a column."""
    same = (column == bindparam(column.name), events.c.endpoint == bindparam("endpoint"))
    return Statement(select(events.c.event_id).where(*same).order_by(events.c.seq).limit(1))


_SAME_MESSAGE, _SAME_BODY = _first_by(events.c.message_id), _first_by(events.c.digest)
_CHOICE = Statement(select(choices.c.value).where(choices.c.name == bindparam("name")))
