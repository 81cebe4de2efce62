"""From a call as it was posted to the message that Segment keeps. Pure.

Source: Segment's common fields page, timestamps above all: `timestamp = receivedAt - (sentAt - originalTimestamp)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.times import FIRST, LAST, iso, parse_iso

Call = Mapping[str, Any]
_IDS = ("userId", "anonymousId", "groupId", "previousId")
_NOT_KEPT = ("writeKey", "sentAt", "timestamp", "originalTimestamp")


@dataclass(frozen=True)
class Envelope:
    """What a batch says once for all its calls; for a single call only `received_at` and the call's own `sentAt`."""

    received_at: int
    sent_at: object = None
    context: object = None
    integrations: object = None


class Times(msgspec.Struct, frozen=True):
    """The four times of a message, in milliseconds, and what could not be understood on the way."""

    timestamp: int
    sent_at: int
    original: int
    unclear: tuple[Reason, ...]


def normalize(
    call_type: str, call: Call, message_id: str, envelope: Envelope
) -> tuple[dict[str, Any], tuple[Reason, ...]]:
    """The message as Segment holds it (camelCase), and what is worth telling about its times."""
    times = correct_times(call.get("timestamp"), envelope.sent_at, envelope.received_at)
    message = {key: value for key, value in call.items() if key not in _NOT_KEPT}
    message["type"] = call_type
    message["messageId"] = message_id
    for name in _IDS:
        value = message.get(name)
        if isinstance(value, int):
            message[name] = str(value)
    message["context"] = merged(envelope.context, call.get("context"))
    message["integrations"] = merged(envelope.integrations, call.get("integrations"))
    message["originalTimestamp"] = iso(times.original)
    message["receivedAt"] = iso(envelope.received_at)
    message["sentAt"] = iso(times.sent_at)
    message["timestamp"] = iso(times.timestamp)
    return message, times.unclear


def correct_times(original: object, sent_at: object, received_at: int) -> Times:
    """Segment's correction for a client whose clock is wrong.

    Without `sentAt` the given timestamp survives; without `timestamp` it is the time of receipt. What cannot be read
    counts as absent.
    """
    called, posted = parse_iso(original), parse_iso(sent_at)
    unclear = (*_unread("timestamp", original, called), *_unread("sentAt", sent_at, posted))
    sent = received_at if posted is None else posted
    if called is None:
        return Times(received_at, sent, received_at, unclear)
    corrected = received_at - (sent - called)
    if not FIRST <= corrected <= LAST:
        corrected = called
    return Times(corrected, sent, called, unclear)


def _unread(member: str, value: object, read: int | None) -> tuple[Reason, ...]:
    if value is None or read is not None:
        return ()
    return (Reason("tracking.time_unreadable", {"member": member, "came": repr(value)[:80]}),)


def merged(outer: object, inner: object) -> object:
    """Batch-level and call-level members as one, key by key; the call's own win."""
    if not isinstance(outer, dict):
        return inner if isinstance(inner, dict) else {}
    return {**outer, **inner} if isinstance(inner, dict) else dict(outer)
