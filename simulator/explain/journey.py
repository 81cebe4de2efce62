"""One message's journey: what became of it, the cause first, the smallest mend, then every step. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Mend, Reason, Rule
from inkstand.simulator.model import IN_PROCESS

from .ledgers import Rules

Row = Mapping[str, Any]
_AT_THE_DOOR = "accept"
"""The stage of a call that was discarded; where there is a message, that was another call with the same id."""

_LABEL = {
    "stops": "Why (stopped)",
    "unusable": "Why (kept, but not usable)",
    "waits": "Why (waiting)",
    "expected": "Why (as it should be)",
}
_RANK = {"stops": 0, "unusable": 1, "waits": 2, "expected": 3}


@dataclass(frozen=True)
class Recorded:
    """What a workspace recorded about one message id: rows of the views, oldest first."""

    message: Row | None = None
    discards: Sequence[Row] = ()
    deliveries: Sequence[Row] = ()
    attempts: Sequence[Row] = ()
    reasons: Sequence[Row] = ()


@dataclass(frozen=True)
class Cause:
    """The rule that decided, in words, with its source and what would turn it."""

    rule: str
    say: str
    verdict: str
    source: str
    confidence: str
    facts: Mapping[str, Any]
    mend: Mapping[str, Any] | None


@dataclass(frozen=True)
class Journey:
    """Everything that happened to one message."""

    message_id: str
    headline: str
    cause: Cause | None
    causes: Sequence[Cause]
    steps: Sequence[Mapping[str, Any]]
    story: Sequence[str] = field(default_factory=tuple)


def journey(message_id: str, recorded: Recorded, rules: Rules) -> Journey:
    """Tell a message's journey from what was recorded."""
    steps = list(_steps(recorded, rules))
    causes = _causes(recorded, rules)
    headline = _headline(recorded)
    story = _story(message_id, headline, causes, steps)
    return Journey(message_id, headline, causes[0] if causes else None, causes, steps, story)


def _causes(recorded: Recorded, rules: Rules) -> list[Cause]:
    found = []
    delivered = {delivery["connection"] for delivery in recorded.deliveries if delivery["status"] == "delivered"}
    for place, row in enumerate(recorded.reasons):
        reason = Reason(row["rule"], row["facts"], row["cause"])
        rule = rules.rule(reason)
        of_another_call = recorded.message is not None and row["stage"] == _AT_THE_DOOR
        if rule is None or rule.verdict not in _RANK or of_another_call:
            continue
        taken_back = any(later["rule"] in rule.until for later in recorded.reasons[place + 1 :])
        overcome = rule.verdict == "waits" and row["stage"].removeprefix("deliver:") in delivered
        if not taken_back and not overcome:
            found.append(_cause(rule, reason, rules))
    counted = [cause for cause in found if cause.verdict != "expected" or not delivered]
    unique = {(cause.rule, cause.say): cause for cause in counted}
    return sorted(unique.values(), key=lambda cause: _place(cause, rules))


def _place(cause: Cause, rules: Rules) -> tuple[int, bool, bool]:
    """Where a cause is named: by its verdict; what can be mended before what cannot, the general after the special."""
    rule = rules.by_id[cause.rule]
    return _RANK[cause.verdict], rule.last, cause.mend is None


def _cause(rule: Rule, reason: Reason, rules: Rules) -> Cause:
    mend = _mend(rule.mend.applied_to(reason.facts)) if rule.mend else None
    return Cause(rule.id, rules.say(reason), rule.verdict, rule.source, rule.confidence, reason.facts, mend)


def _mend(mend: Mend) -> dict[str, Any]:
    return {name: value for name, value in asdict(mend).items() if value}


def _headline(recorded: Recorded) -> str:
    what = recorded.message or (recorded.discards[0] if recorded.discards else {})
    name = _name(what)
    if recorded.message is None and not recorded.discards:
        return "It did not come through Segment: a vendor was told of it directly."
    if recorded.message is None:
        codes = ", ".join(discard["code"] for discard in recorded.discards)
        return f"{name} was answered with 200 and discarded: {codes}."
    if not recorded.deliveries:
        return f"{name} was accepted; nothing has been planned for it yet (settle, or wait for the worker)."
    delivered_first = sorted(recorded.deliveries, key=lambda delivery: delivery["status"] != "delivered")
    fates = "; ".join(_fate(delivery) for delivery in delivered_first)
    return f"{name}: {fates}."


def _name(what: Row) -> str:
    who = what.get("userId") or what.get("anonymousId") or "nobody"
    event = what.get("event") or what.get("name")
    call = what.get("type") or "A call"
    return f"{call} {event!r} of {who}" if event else f"{call} of {who}"


def _fate(delivery: Row) -> str:
    code = f" ({delivery['code']})" if delivery["code"] else ""
    return f"{delivery['status']}{code} at {delivery['destination']}"


def _steps(recorded: Recorded, rules: Rules) -> Iterable[dict[str, Any]]:
    if recorded.message:
        yield {"stage": "accepted", "at": recorded.message["receivedAt"], "say": "Segment took the call."}
    which = "Another call with this messageId" if recorded.message else "A call"
    for discard in recorded.discards:
        yield {"stage": "discarded", "at": discard["receivedAt"], "say": f"{which} was discarded: {discard['code']}."}
    for row in recorded.reasons:
        reason = Reason(row["rule"], row["facts"], row["cause"])
        yield {
            "stage": row["stage"],
            "say": rules.say(reason),
            "rule": row["rule"],
            "facts": row["facts"],
            "cause": row["cause"],
        }
    for attempt in recorded.attempts:
        yield {"stage": f"attempt:{attempt['connection']}", "at": attempt["startedAt"], "say": _attempt(attempt)}


def _attempt(attempt: Row) -> str:
    response = attempt["response"]
    if response is None:
        answer = attempt["error"] or "no answer was recorded (the process ended meanwhile)"
    else:
        answer = f"{response['status']} {(response['body'] or '')[:200]}".strip()
    address = attempt["request"]["url"].replace(IN_PROCESS, "(in this process) ")
    return f"{attempt['request']['method']} {address} -> {answer}"


def _mends(causes: Sequence[Cause]) -> Iterable[str]:
    """What to change: everything that is wrong in the same way as the first cause, for one change alone may not do."""
    mends = [cause.mend for cause in causes if cause.mend and cause.verdict == causes[0].verdict]
    for say in dict.fromkeys(mend["say"] for mend in mends):
        yield f"To mend it: {say}"
    known = {path for cause in causes if cause.mend and "value" in cause.facts for path in cause.mend.get("set", {})}
    changes = {path: value for mend in mends for path, value in mend.get("set", {}).items()}
    samples = [path for path in changes if path not in known]
    yield from (f"  set {path} = {dump_text(changes[path])}" for path in changes if path in known)
    if samples:
        yield "  for example:"
    yield from (f"  set {path} = {dump_text(changes[path])}" for path in samples)


def _story(message_id: str, headline: str, causes: Sequence[Cause], steps: Iterable[Row]) -> tuple[str, ...]:
    lines = [headline, f"  messageId {message_id}"]
    if causes:
        cause = causes[0]
        lines += [f"{_LABEL[cause.verdict]}: {cause.say}", f"  rule {cause.rule} ({cause.confidence}: {cause.source})"]
        lines += [f"Also: {other.say}" for other in causes[1:]]
        lines += _mends(causes)
    lines.append("Step by step:")
    lines += [f"  {step['stage']:<20} {step['say']}" for step in steps]
    return tuple(lines)
