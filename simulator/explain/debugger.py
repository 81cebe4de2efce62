"""The Source Debugger: every call that reached a workspace, in the order in which they came, and what became of it.

Source: Segment's page on the Source Debugger (a pretty view: the call as a library would write it; a raw view: the
stored JSON). Segment samples and shows 500; here is every call, and beside each why it went no further.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter
from types import MappingProxyType
from typing import Any

from sqlalchemy import Text, case, func, literal, select

from inkstand.fakes.kit.http import BadJsonError, kind_of, parse_json
from inkstand.fakes.kit.ledger import Reason, load
from inkstand.fakes.kit.storage import Door, Statement, loads
from inkstand.fakes.kit.tables import reasons
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.views import History, Listed, Page, Row, View, Wanted
from inkstand.simulator.messages import held
from inkstand.simulator.model import CALL_TYPES, DISCARD_CODES
from inkstand.simulator.storage.tables import AFTER_SHIFT, discards, messages

_TRACKING = "inkstand.simulator.tracking"
_DUPLICATE = "duplicate_message"
_FIELDS = (
    *("receivedAt", "source", "messageId", "type", "event", "userId", "anonymousId"),
    *("outcome", "code", "reason", "notes", "pretty", "raw"),
)
_COLUMNS = {
    **dict.fromkeys(_FIELDS),
    "source": "source",
    "messageId": "message_id",
    "type": "type",
    "event": "event",
    "userId": "user_id",
    "anonymousId": "anonymous_id",
    "outcome": "outcome",
    "code": "code",
}
_ARGUMENTS = {
    "identify": ("userId", "traits"),
    "track": ("event", "properties"),
    "page": ("category", "name", "properties"),
    "screen": ("category", "name", "properties"),
    "group": ("groupId", "traits"),
    "alias": ("userId", "previousId"),
}
"""What a library's method is given, in its order."""


def pretty(call_type: str | None, call: Mapping[str, Any]) -> str:
    """A call as a library would write it: `analytics.track("Signed Up", {…})`."""
    names = _ARGUMENTS.get(call_type or "", ())
    given = [call[name] for name in names if call.get(name) is not None]
    if call_type == "identify" and "userId" not in call:
        given = given or [{}]
    return f"analytics.{call_type or '?'}({', '.join(json.dumps(value, ensure_ascii=False) for value in given)})"


def _accepted(row: Row) -> Row:
    message = held(row)
    notes = [Reason(rule, loads(facts)) for rule, facts in loads(row["notes"]) if _is_note(rule)]
    return {
        **_common(row),
        "outcome": "accepted",
        "code": None,
        "reason": None,
        "notes": [_said(note) for note in notes],
        "pretty": pretty(row["type"], message),
        "raw": message,
    }


def _dropped(row: Row) -> Row:
    raw = _read(row["raw"])
    return {
        **_common(row),
        "outcome": row["outcome"],
        "code": row["code"],
        "reason": _said(Reason(row["rule"], loads(row["facts"]))),
        "notes": [],
        "pretty": pretty(row["type"], raw) if isinstance(raw, dict) else f"({kind_of(raw)}, no call)",
        "raw": raw,
    }


def _common(row: Row) -> Row:
    return {
        "receivedAt": iso(row["received_at"]),
        "source": row["source"],
        "messageId": row["message_id"],
        "type": row["type"],
        "event": row["event"],
        "userId": row["user_id"],
        "anonymousId": row["anonymous_id"],
    }


def _read(raw: bytes) -> Any:  # whatever JSON came
    try:
        return parse_json(raw)
    except BadJsonError:
        return raw.decode("utf-8", "replace")


def _is_note(rule: str) -> bool:
    """Whether a rule is one by which a call is taken: another call with the same id may have been dropped before."""
    return load(_TRACKING).rules[rule].verdict == "notes"


def _said(reason: Reason) -> str:
    return load(_TRACKING).explain(reason)


_notes = (
    select(func.json_group_array(func.json_array(reasons.c.rule, reasons.c.facts)))
    .where(reasons.c.message_id == messages.c.message_id, reasons.c.stage == "accept")
    .scalar_subquery()
    .label("notes")
)
_ACCEPTED = Listed(
    "accepted",
    "",
    select(messages, _notes, literal("accepted").label("outcome"), literal(None, Text).label("code")),
    _accepted,
    {**_COLUMNS, "code": None},
    "received_at",
)
_outcome = case((discards.c.code == _DUPLICATE, "duplicate"), else_="discarded").label("outcome")
_DROPPED = Listed("dropped", "", select(discards, _outcome), _dropped, _COLUMNS, "received_at")
_NEWEST = Statement(
    select(
        func.max(messages.c.seq).label("message"), select(func.max(discards.c.seq)).scalar_subquery().label("discard")
    )
)


class Debugger:
    """Messages and discards as one view.

    The place of a message is its own, shifted by `AFTER_SHIFT`; a discard's is between those of the message that it
    came behind and the next. So each half is read on by its own key, whatever stands in the other.
    """

    name = "debugger"
    about = "every call that came, as the Source Debugger shows it: accepted, discarded or duplicate, and why"
    fields: Sequence[str] = _FIELDS
    timed = True
    gist: Sequence[str] = ()
    history: History | None = None
    values: Mapping[str, Sequence[str]] = MappingProxyType(
        {"type": sorted(CALL_TYPES), "outcome": ("accepted", "discarded", "duplicate"), "code": DISCARD_CODES}
    )

    def read(self, door: Door, wanted: Wanted) -> Page:
        """The rows that are wanted; what comes while they are read is not among them."""
        (newest,) = door.read(_NEWEST)
        last = max((newest["message"] or 0) << AFTER_SHIFT, newest["discard"] or 0)
        upto, after = (last >> AFTER_SHIFT) + 1, wanted.after >> AFTER_SHIFT
        taken = _ACCEPTED.read(door, replace(wanted, after=after, before=upto))
        dropped = _DROPPED.read(door, replace(wanted, before=last + 1))
        found = [(place << AFTER_SHIFT, row) for place, row in zip(taken.places, taken.rows, strict=True)]
        found += zip(dropped.places, dropped.rows, strict=True)
        found.sort(key=itemgetter(0))
        limit = len(found) if wanted.limit is None else wanted.limit
        chosen = found[max(0, len(found) - limit) :] if wanted.newest else found[:limit]
        places = [place for place, _ in chosen]
        more = not wanted.newest and (taken.more or dropped.more or len(found) > limit)
        return Page([row for _, row in chosen], places, places[-1] if places else wanted.after, more)

    def count(self, door: Door, wanted: Wanted) -> int:
        """How many rows there are of those that are wanted, whatever the limit."""
        taken = _ACCEPTED.count(door, replace(wanted, after=wanted.after >> AFTER_SHIFT))
        return taken + _DROPPED.count(door, wanted)

    def rows(self, door: Door) -> list[Row]:
        """Every row."""
        return list(self.read(door, Wanted()).rows)


DEBUGGER: View = Debugger()
