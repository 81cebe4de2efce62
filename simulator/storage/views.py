"""What Segment's side shows: messages, discards, deliveries, attempts, reasons."""

from __future__ import annotations

from typing import Any

from sqlalchemy import case, func, select

from inkstand.fakes.kit.faults import FAULTS
from inkstand.fakes.kit.storage import loads
from inkstand.fakes.kit.tables import reasons
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.views import Listed
from inkstand.simulator.messages import held
from inkstand.simulator.model import CALL_TYPES, DELIVERY_CODES, DISCARD_CODES

from .tables import attempts, deliveries, discards, messages, refused, unclaimed, violations


def _discard(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": row["message_id"],
        "type": row["type"],
        "event": row["event"],
        "userId": row["user_id"],
        "anonymousId": row["anonymous_id"],
        "code": row["code"],
        "receivedAt": iso(row["received_at"]),
        "raw": row["raw"].decode("utf-8", "replace"),
    }


def _delivery(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": row["message_id"],
        "type": row["type"],
        "connection": row["connection"],
        "destination": row["destination"],
        "status": row["status"],
        "code": row["code"],
        "attempts": row["attempts"],
        "nextAttemptAt": _when(row["due_at"]),
    }


def _attempt(row: dict[str, Any]) -> dict[str, Any]:
    answered = row["status"] is not None
    return {
        "messageId": row["message_id"],
        "connection": row["connection"],
        "number": row["number"],
        "outcome": row["outcome"],
        "startedAt": iso(row["started_at"]),
        "endedAt": _when(row["ended_at"]),
        "request": {**loads(row["request"]), "body": _text(row["request_body"])},
        "response": {
            "status": row["status"],
            "headers": loads(row["response_headers"]),
            "body": _text(row["response_body"]),
        }
        if answered
        else None,
        "error": row["error"],
    }


def _violation(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": row["message_id"],
        "source": row["source"],
        "plan": row["plan"],
        "type": row["type"],
        "event": row["event"],
        "kind": row["kind"],
        "field": row["field"],
        "description": row["description"],
        "outcome": row["outcome"],
        "receivedAt": iso(row["received_at"]),
    }


def _reason(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": row["message_id"],
        "stage": row["stage"],
        "rule": row["rule"],
        "facts": loads(row["facts"]),
        "cause": row["cause"],
    }


def _stranger(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "service": row["service"],
        "credential": row["credential"],
        "what": row["what"],
        "at": iso(row["at"]),
        "calls": row["calls"],
        "body": _text(row["body"]),
    }


def _refusal(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "what": row["what"],
        "code": row["code"],
        "message": row["message"],
        "credential": row["credential"],
        "at": iso(row["at"]),
        "body": _text(row["body"]),
        "fault": row["fault"],
    }


def _when(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso(milliseconds)


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode("utf-8", "replace")


_SAME_NAME = (
    *("type", "connection", "destination", "status", "code", "outcome", "stage", "rule", "cause"),
    *("source", "plan", "event", "kind", "field", "description"),
)
_IDS = {"messageId": "message_id", "userId": "user_id", "anonymousId": "anonymous_id"}
_MEMBERS = (
    *("messageId", "type", "event", "name", "category", "userId", "anonymousId", "groupId", "previousId"),
    *("properties", "traits", "context", "integrations", "channel", "version"),
    *("timestamp", "originalTimestamp", "sentAt", "receivedAt"),
)
"""Segment's common members of a message; a call may carry others, which pass through."""


def _columns(*fields: str) -> dict[str, str | None]:
    return {name: name if name in _SAME_NAME else _IDS.get(name) for name in fields}


_RECEIVED = (
    select(func.max(messages.c.received_at))
    .where(messages.c.message_id == reasons.c.message_id)
    .scalar_subquery()
    .label("received_at")
)
_STATUSES = ("planned", "started", "retrying", "delivered", "discarded")
VIEWS: tuple[Listed, ...] = (
    Listed(
        "messages",
        "calls that were accepted, as Segment holds them",
        select(messages, case((messages.c.type == "track", messages.c.event)).label("track_event")),
        held,
        {**_columns(*_MEMBERS), "event": "track_event?"},
        "received_at",
        ("type", "event", "name", "userId", "anonymousId"),
        values={"type": sorted(CALL_TYPES)},
    ),
    Listed(
        "discards",
        "calls that were answered with 200 and went no further, with Segment's code",
        select(discards),
        _discard,
        _columns("messageId", "type", "event", "userId", "anonymousId", "code", "receivedAt", "raw"),
        "received_at",
        ("type", "event", "code"),
        {"code": DISCARD_CODES},
    ),
    Listed(
        "violations",
        "what violates the tracking plan of its source, and its fate: allowed, blocked or omitted",
        select(violations, messages.c.received_at).join(messages, messages.c.seq == violations.c.message_seq),
        _violation,
        _columns(
            *("messageId", "source", "plan", "type", "event", "kind", "field", "description", "outcome", "receivedAt"),
        ),
        "received_at",
        ("event", "kind", "field", "description", "type", "outcome"),
        {
            "kind": ("Required", "Invalid Type", "Invalid Value", "Unplanned Event", "Unplanned Property"),
            "outcome": ("allowed", "blocked", "omitted"),
        },
    ),
    Listed(
        "deliveries",
        "each message at each connection, and its fate",
        select(deliveries, messages.c.received_at).join(messages, messages.c.seq == deliveries.c.message_seq),
        _delivery,
        _columns(
            *("messageId", "type", "connection", "destination", "status", "code", "attempts", "nextAttemptAt"),
        ),
        "received_at",
        ("connection", "type", "status", "code"),
        {"type": sorted(CALL_TYPES), "status": _STATUSES, "code": DELIVERY_CODES},
    ),
    Listed(
        "attempts",
        "each request of a delivery, and the answer",
        select(attempts),
        _attempt,
        _columns(
            *("messageId", "connection", "number", "outcome", "startedAt", "endedAt", "request", "response", "error"),
        ),
        "started_at",
        values={"outcome": (*_STATUSES[1:], "interrupted")},
    ),
    Listed(
        "reasons",
        "each rule that decided something, and about what",
        select(reasons, _RECEIVED),
        _reason,
        _columns("messageId", "stage", "rule", "facts", "cause"),
        "received_at",
    ),
    FAULTS,
)

UNCLAIMED = Listed(
    "unclaimed",
    "requests with a key that no workspace has, the newest 500",
    select(unclaimed),
    _stranger,
    {"service": "service", "credential": "credential", "what": "what", "at": None, "calls": None, "body": None},
    "at",
)
"""A view of the registry: what came for nobody."""

REFUSED = Listed(
    "refused",
    "requests that the Tracking API refused, the newest 500",
    select(refused),
    _refusal,
    {name: name for name in ("what", "code", "message", "credential", "fault")} | {"at": None, "body": None},
    "at",
)
"""A view of the registry: what could not be taken."""
