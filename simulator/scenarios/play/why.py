"""Finds, for a claim that does not hold, the message concerned, the cause that decided, and its mend."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inkstand.simulator.scenarios.client import Workspace
from inkstand.simulator.scenarios.compare.matching import Mismatch

from .outcome import Why

_LOOKED_AT = 5
_NAMES_ITS_MESSAGE = ("message_id", "messageId")
_SEGMENTS_OWN = ("tracking", "delivery", "protocols")
_AT_THE_DOOR = ("tracking", "protocols")
_BEFORE_DELIVERY = ("messages", "discards", "violations")
_CAUSES = ("stops", "unusable")


def why(workspace: Workspace, view: str, mismatch: Mismatch) -> Why:
    """Why a claim about a view does not hold, as far as the sandbox can tell."""
    for message_id in _concerned(workspace, view, mismatch):
        told = workspace.explain(message_id)
        cause = next((one for one in told["causes"] if _concerns(one, view, mismatch.row or {})), None)
        if cause is not None or _named(mismatch) == message_id:
            return _told(cause, told)
    told = workspace.explain_newest()
    return _told(None, told) if told["found"] else Why(journey=(told["headline"], *told["hints"]))


def _told(cause: Mapping[str, Any] | None, told: Mapping[str, Any]) -> Why:
    """A cause in words, and the journey without its own causes: they may be about something else."""
    if cause is None:
        return Why(journey=journey(told))
    return Why(cause["say"], (cause["mend"] or {}).get("say"), journey(told), cause["rule"])


def journey(told: Mapping[str, Any]) -> tuple[str, ...]:
    """What explain tells of a message, without its causes, as lines."""
    steps = (f"  {step['stage']:<20} {step['say']}" for step in told["steps"])
    return (told["headline"], f"  messageId {told['messageId']}", *steps)


def _concerned(workspace: Workspace, view: str, mismatch: Mismatch) -> Iterator[str]:
    """The ids of messages that the mismatch may be about, the likeliest first."""
    named = _named(mismatch)
    if named:
        yield named
    if mismatch.row is None:
        ids = [row["messageId"] for row in workspace.view("reasons") if _decides(row["rule"], view)]
        yield from list(dict.fromkeys(reversed(ids)))[:_LOOKED_AT]


def _named(mismatch: Mismatch) -> str | None:
    row: Mapping[str, Any] = mismatch.row or {}
    return next((str(row[name]) for name in _NAMES_ITS_MESSAGE if row.get(name)), None)


def _concerns(cause: Mapping[str, Any], view: str, row: Mapping[str, Any]) -> bool:
    return cause["verdict"] in _CAUSES and _decides(cause["rule"], view) and _at_the_same(cause["facts"], row)


def _at_the_same(facts: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    """Whether a cause that names a destination names the one that the row is about."""
    named, about = facts.get("destination"), row.get("connection")
    if named is None or about is None:
        return True
    return named == row.get("destination") or str(about).startswith(str(named).lower().replace(" ", "-"))


def _decides(rule: str, view: str) -> bool:
    """Whether a rule of this name can decide what stands in a view."""
    service, is_vendors, _ = view.partition(".")
    room = rule.partition(".")[0]
    if is_vendors:
        return room in {service, *_SEGMENTS_OWN}
    return view not in _BEFORE_DELIVERY or room in _AT_THE_DOOR
