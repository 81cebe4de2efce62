"""The message log of a workspace: what it takes is appended in one transaction, and seen once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, bindparam, func, insert, or_, select

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Bulk, Door, Row, Statement, Tx
from inkstand.simulator.model import Dropped, Receipt, Taken
from inkstand.simulator.storage.tables import AFTER_SHIFT, discards, messages, state

PROGRESS = "processed"
"""The name of the place in the log up to which messages have been worked through, among a workspace's values."""


def append(door: Door, receipt: Receipt, calls: list[Taken | Dropped]) -> None:
    """Append calls to the log in one transaction: messages, and what was discarded at the door.

    A messageId that was seen within the window is discarded as a duplicate (decision 7). Raises WorkspaceGoneError when
    that life of the workspace is over.
    """
    if not (len(calls) == 1 and _appended(door, receipt, calls[0])):
        _append_all(door, receipt, calls)


def newest(door: Door) -> int:
    """The place of the newest message in the log."""
    return door.read(_NEWEST_MESSAGE)[0]["seq"] or 0


def processed(place: Tx | Door) -> int:
    """The place in the log up to which messages have been worked through."""
    found = place.read(_READ_PROGRESS, name=PROGRESS)
    return int(found[0]["value"]) if found else 0


def counts(door: Door) -> dict[str, int]:
    """How many messages and discards there are, and how many of the discards are duplicates."""
    return {name: door.read(query)[0]["count"] for name, query in _COUNTS.items()}


def _append_all(door: Door, receipt: Receipt, calls: list[Taken | Dropped]) -> None:
    with door.write(receipt.epoch) as tx:
        fresh, dropped = _sorted_out(tx, calls, receipt)
        tx.bulk(_ADD_MESSAGES, [_message_values(call, receipt) for call in fresh])
        if dropped:
            after = tx.run(_NEWEST_MESSAGE)[0]["seq"] or 0
            place = max(tx.run(_NEWEST_DISCARD)[0]["seq"] or 0, after << AFTER_SHIFT)
            rows = [_discard_row(call, receipt, after) for call in dropped]
            tx.many(_ADD_DISCARD, [{"seq": place + number, **row} for number, row in enumerate(rows, 1)])
        notes = [(call.message_id, note) for call in fresh for note in call.notes]
        tx.because_of_all("accept", [*notes, *((discard.message_id, discard.reason) for discard in dropped)])


def _appended(door: Door, receipt: Receipt, call: Taken | Dropped) -> bool:
    """Take the usual single call in one statement; False, and nothing written, when there is more to say about it."""
    if isinstance(call, Dropped) or call.notes:
        return False
    values = dict(zip(_LOG, _message_values(call, receipt), strict=True)) | _known_again(receipt)
    return door.change(_APPEND, values, receipt.epoch) == 1


def _known_again(receipt: Receipt) -> dict[str, object]:
    """Among which messages a messageId is looked for."""
    scope = receipt.source if receipt.dedupe.scope == "source" else None
    return {"since": receipt.at - receipt.dedupe.window, "scope": scope}


def _sorted_out(tx: Tx, calls: list[Taken | Dropped], receipt: Receipt) -> tuple[list[Taken], list[Dropped]]:
    """What becomes a message and what does not; a message id seen within the window makes a duplicate."""
    seen = _seen(tx, [call.message_id for call in calls if isinstance(call, Taken)], receipt)
    fresh: list[Taken] = []
    dropped: list[Dropped] = []
    for call in calls:
        if isinstance(call, Dropped):
            dropped.append(call)
        elif call.message_id in seen:
            reason = Reason("tracking.duplicate_message", {"messageId": call.message_id})
            found = (call.message_id, call.type, call.event, call.user_id, call.anonymous_id)
            dropped.append(Dropped(*found, "duplicate_message", reason, call.raw))
        else:
            seen.add(call.message_id)
            fresh.append(call)
    return fresh, dropped


def _seen(tx: Tx, message_ids: list[str], receipt: Receipt) -> set[str]:
    among = _known_again(receipt)
    if len(message_ids) == 1:
        found: list[Row] = tx.run(_SAME_ID, message_id=message_ids[0], **among)
    elif message_ids:
        found = tx.run(_SAME_IDS, message_ids=dump_text(message_ids), **among)
    else:
        found = []
    return {row["message_id"] for row in found}


def _message_values(call: Taken, receipt: Receipt) -> tuple[object, ...]:
    """A message as a row, in the order of the log's columns."""
    named = (call.message_id, receipt.source, call.type, call.event, call.user_id, call.anonymous_id)
    return (*named, receipt.at, call.envelope, call.raw)


def _discard_row(call: Dropped, receipt: Receipt, after: int) -> dict[str, object]:
    return {
        "message_id": call.message_id,
        "source": receipt.source,
        "type": call.type,
        "event": call.event,
        "user_id": call.user_id,
        "anonymous_id": call.anonymous_id,
        "received_at": receipt.at,
        "code": call.code,
        "rule": call.reason.rule,
        "facts": dump_text(call.reason.facts),
        "after": after,
        "raw": call.raw,
    }


_LOG = tuple(column.name for column in messages.c if not column.primary_key)
_READ_PROGRESS = Statement(select(state.c.value).where(state.c.name == bindparam("name")))
_NEWEST_MESSAGE = Statement(select(func.max(messages.c.seq).label("seq")))
_ADD_MESSAGES = Bulk(messages)
_NEWEST_DISCARD = Statement(select(func.max(discards.c.seq).label("seq")))
_ADD_DISCARD = Statement(insert(discards), *(column.name for column in discards.c))
_known = (
    messages.c.received_at > bindparam("since"),
    or_(bindparam("scope").is_(None), messages.c.source == bindparam("scope")),
)
_row: list[BindParameter[Any]] = [bindparam(name) for name in _LOG]
_APPEND = Statement(
    insert(messages).from_select(
        list(_LOG),
        select(*_row).where(
            ~select(messages.c.seq).where(messages.c.message_id == bindparam("message_id"), *_known).exists()
        ),
    )
)
_SAME_ID = Statement(select(messages.c.message_id).where(messages.c.message_id == bindparam("message_id"), *_known))
_listed = func.json_each(bindparam("message_ids")).table_valued("value")
_SAME_IDS = Statement(select(messages.c.message_id).where(messages.c.message_id.in_(select(_listed.c.value)), *_known))
_COUNTS = {
    "messages": Statement(select(func.count().label("count")).select_from(messages)),
    "discards": Statement(select(func.count().label("count")).select_from(discards)),
    "duplicates": Statement(
        select(func.count().label("count")).select_from(discards).where(discards.c.code == "duplicate_message")
    ),
}
