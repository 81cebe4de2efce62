"""From a call as it was posted to the message that Segment holds. Pure.

The log keeps a call's bytes as they came and what its batch said beside it; the message is made of both when read.

Source: Segment's common fields page, timestamps above all: `timestamp = receivedAt - (sentAt - originalTimestamp)`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import msgspec

from inkstand.fakes.kit.http import dump_text, kind_of, parse_json
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.times import FIRST, LAST, is_iso, iso, parse_iso

Call = Mapping[str, Any]
_IDS = ("userId", "anonymousId", "groupId", "previousId")
_IGNORED = {"context": "tracking.context_not_object", "integrations": "tracking.integrations_not_object"}
_NOT_KEPT = ("writeKey", "sentAt", "timestamp", "originalTimestamp")


@dataclass(frozen=True)
class Envelope:
    """What is said once for all calls of a request: a batch's own members, a single call's `sentAt`.

    `ip` is where a client's request came from; `direct_ip` where a server's did, for the calls that ask for it.
    """

    sent_at: object = None
    context: object = None
    integrations: object = None
    ip: str | None = None
    direct_ip: str | None = None

    @property
    def text(self) -> str | None:
        """It as JSON text for the log; None when it says nothing."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        return dump_text(said) if said else None

    @property
    def unclear(self) -> tuple[Reason, ...]:
        """What is worth telling of a `sentAt` that could not be read, and of members that are no objects."""
        odd = (("context", self.context), ("integrations", self.integrations))
        wrong = [not_object(name, value) for name, value in odd if value is not None and not isinstance(value, dict)]
        return (*unread("sentAt", self.sent_at), *wrong)


class Times(msgspec.Struct, frozen=True):
    """The three times that are worked out for a message, in milliseconds."""

    timestamp: int
    sent_at: int
    original: int


class Logged(Protocol):
    """A row of the log: `type`, `message_id`, `received_at`, `raw`, `envelope`."""

    def __getitem__(self, name: str, /) -> Any:
        """One of its columns."""


def held(row: Logged) -> dict[str, Any]:
    """The message of a row of the log, as Segment holds it (camelCase)."""
    return normalize(row["type"], parse_json(row["raw"]), row["message_id"], _envelope(row), row["received_at"])


def integrations_of(row: Logged) -> Mapping[str, Any]:
    """The integrations object of a row's message, without making the rest of it."""
    return merged(_envelope(row).integrations, parse_json(row["raw"]).get("integrations"))


def _envelope(row: Logged) -> Envelope:
    return Envelope(**parse_json(row["envelope"].encode())) if row["envelope"] else Envelope()


def normalize(call_type: str, call: Call, message_id: str, envelope: Envelope, received_at: int) -> dict[str, Any]:
    """The message as Segment holds it; `message_id` is for a call that came without one."""
    sent_at = call.get("sentAt") if envelope.sent_at is None else envelope.sent_at
    times = correct_times(called_at(call), sent_at, received_at)
    message = {key: value for key, value in call.items() if key not in _NOT_KEPT}
    message["type"] = call_type
    message["messageId"] = given_message_id(call) or message_id
    for name in _IDS:
        value = message.get(name)
        if isinstance(value, int):
            message[name] = str(value)
    message["context"] = _with_address(merged(envelope.context, call.get("context")), envelope)
    message["integrations"] = merged(envelope.integrations, call.get("integrations"))
    message["originalTimestamp"] = _written(called_at(call), times.original)
    message["receivedAt"] = iso(received_at)
    message["sentAt"] = _written(sent_at, times.sent_at)
    message["timestamp"] = iso(times.timestamp)
    return message


def called_at(call: Call) -> object:
    """When a call says that it was made; some clients say so as `originalTimestamp` only."""
    value = call.get("timestamp")
    return call.get("originalTimestamp") if value is None else value


def _written(given: object, found: int) -> object:
    """A time as a message holds it; one that cannot be read as it came, for whoever looks."""
    return iso(found) if given is None or is_iso(given) else given


def not_object(member: str, value: object) -> Reason:
    """What is worth telling of a `context` or `integrations` that is no object, and so is ignored."""
    return Reason(_IGNORED[member], {"came": kind_of(value)})


def _with_address(context: dict[str, Any], envelope: Envelope) -> dict[str, Any]:
    """A context with the address that the request came from, where Segment fills it in."""
    address = envelope.ip or (envelope.direct_ip if context.get("direct") is True else None)
    return context if address is None or "ip" in context else {**context, "ip": address}


def given_message_id(call: Call) -> str | None:
    """The messageId that a call came with; None for none, and for what cannot be one."""
    value = call.get("messageId")
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None


def correct_times(original: object, sent_at: object, received_at: int) -> Times:
    """Segment's correction for a client whose clock is wrong.

    Without `sentAt` the given timestamp survives; without `timestamp` it is the time of receipt. What cannot be read
    counts as absent.
    """
    called, posted = parse_iso(original), parse_iso(sent_at)
    sent = received_at if posted is None else posted
    if called is None:
        return Times(received_at, sent, received_at)
    corrected = received_at - (sent - called)
    if not FIRST <= corrected <= LAST:
        corrected = called
    return Times(corrected, sent, called)


def unread(member: str, value: object) -> tuple[Reason, ...]:
    """What is worth telling of a time that could not be read."""
    if value is None or is_iso(value):
        return ()
    return (Reason("tracking.time_unreadable", {"member": member, "came": repr(value)[:80]}),)


def merged(outer: object, inner: object) -> dict[str, Any]:
    """Batch-level and call-level members as one, key by key; the call's own win."""
    if not isinstance(outer, dict):
        return inner if isinstance(inner, dict) else {}
    return {**outer, **inner} if isinstance(inner, dict) else dict(outer)
