"""What Segment's side shows: messages, discards, deliveries, attempts, reasons."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from inkstand.fakes.kit.storage import View, loads, reasons, view
from inkstand.fakes.kit.times import iso
from inkstand.simulator.messages import held

from .tables import attempts, deliveries, discards, messages


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


def _reason(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "messageId": row["message_id"],
        "stage": row["stage"],
        "rule": row["rule"],
        "facts": loads(row["facts"]),
        "cause": row["cause"],
    }


def _when(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso(milliseconds)


def _text(body: bytes | None) -> str | None:
    return None if body is None else body.decode("utf-8", "replace")


VIEWS: tuple[View, ...] = (
    view(
        "messages",
        "calls that were accepted, as Segment holds them",
        select(messages).order_by(messages.c.seq),
        held,
    ),
    view(
        "discards",
        "calls that were answered with 200 and went no further, with Segment's code",
        select(discards).order_by(discards.c.seq),
        _discard,
    ),
    view(
        "deliveries",
        "each message at each connection, and its fate",
        select(deliveries).order_by(deliveries.c.seq),
        _delivery,
    ),
    view(
        "attempts",
        "each request of a delivery, and the answer",
        select(attempts).order_by(attempts.c.delivery_seq, attempts.c.seq),
        _attempt,
    ),
    view(
        "reasons", "each rule that decided something, and about what", select(reasons).order_by(reasons.c.seq), _reason
    ),
)
