"""What is told to another source: a violation, as a track call of its own, and a blocked event, as it came. Pure.

Sources: segment-docs protocols/validate/forward-violations.md (the example event), enforce/forward-blocked-events.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inkstand.fakes.kit.ledger import Reason

from .check import Message, Violation, key_of
from .plan import Plan

EVENT = "Violation Generated"
USER = "schema-violations"
MARK = "forwardedFromProject"
"""The member by which a forwarded message names the source that it comes from; such a one is not forwarded again."""

_MADE_HERE = ("receivedAt", "originalTimestamp", "sentAt", "timestamp", "messageId")


def violation_event(message: Message, violation: Violation, plan: Plan, source: str, message_id: str) -> dict[str, Any]:
    """The track call that tells a violation."""
    context = message.get("context")
    app = context.get("app") if isinstance(context, Mapping) else None
    properties = {
        "appVersion": str(app.get("version", "")) if isinstance(app, Mapping) else "",
        "eventMessageID": message["messageId"],
        "eventName": key_of(message) or message["type"],
        "eventSentAt": message["sentAt"],
        "eventTimestamp": message["timestamp"],
        "eventType": message["type"],
        "sourceID": source,
        "sourceName": source,
        "sourceSlug": source,
        "trackingPlanID": plan.id,
        "trackingPlanName": plan.name,
        "violationDescription": violation.description,
        "violationField": violation.field,
        "violationType": violation.kind,
    }
    call = {"type": "track", "event": EVENT, "userId": USER, "messageId": message_id}
    return {**call, MARK: source, "integrations": {}, "properties": properties}


def blocked_event(message: Message, code: str, source: str, message_id: str) -> dict[str, Any]:
    """A blocked event as a call to another source; the time at which it happened stays."""
    call = {name: value for name, value in message.items() if name not in _MADE_HERE}
    context = message.get("context")
    told = {**(context if isinstance(context, Mapping) else {}), "protocols": {"sourceId": source, "blocked": code}}
    return {**call, "messageId": message_id, "timestamp": message["timestamp"], MARK: source, "context": told}


def forwarded(source: str, message_id: str) -> Reason:
    """What is remembered of a message that was forwarded to a source."""
    return Reason("protocols.forwarded", {"source": source, "message": message_id})
