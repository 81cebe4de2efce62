"""From a request's body to the calls in it, each taken or discarded. Pure but for the ids it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec

from inkstand.fakes.kit.http import dump_json, kind_of, storable
from inkstand.fakes.kit.ledger import Reason
from inkstand.simulator.messages import Envelope, called_at, given_message_id, unread
from inkstand.simulator.model import CALL_TYPES, Dropped, Refusal, Taken

from . import rules
from .limits import BATCH_CALLS, CALL_BYTES


class _Batch(msgspec.Struct):
    batch: list[msgspec.Raw]


Placed = tuple[int, Any, bytes]
"""A call of a batch: its place there, counted from 0, what it is, its own bytes as they came."""

_NAMED_BY = dict.fromkeys(CALL_TYPES, "name") | {"track": "event"}
_SHUT: Mapping[Refusal, str] = {
    "source_disabled": "tracking.source_disabled",
    "locked_workspace": "tracking.locked_workspace",
}
_SPLIT = msgspec.json.Decoder(_Batch).decode
NewId = Callable[[], str]


class Around(msgspec.Struct, frozen=True):
    """What is said once for all calls of a request, read once."""

    context: object
    text: str | None
    unclear: tuple[Reason, ...]
    consents: bool
    """Whether any of its calls may hold what Segment looks at in a context."""

    plain: bool
    """Whether its texts can stand in a column as they are: nothing but ASCII, nothing written with an escape."""


def around(envelope: Envelope, raw: bytes) -> Around:
    """What an envelope says, read; `raw` are the bytes of the whole request."""
    return _around(envelope.context, envelope.text, envelope.unclear, raw)


def alone(sent_at: object, address: Mapping[str, str], raw: bytes) -> Around:
    """What is said beside a single call: when it was sent, and from where if a message may be told."""
    if address or sent_at is not None:
        return around(Envelope(sent_at, **address), raw)
    return _around(None, None, (), raw)


def _around(context: object, text: str | None, unclear: tuple[Reason, ...], raw: bytes) -> Around:
    escaped = _is_escaped(raw)
    consents = context is not None or escaped or _may_consent(raw)
    return Around(context, text, unclear, consents, not escaped and raw.isascii())


def read_call(call_type: str, call: Mapping[str, Any], raw: bytes, said: Around, new_id: NewId) -> Taken | Dropped:
    """One call, checked; `raw` are its bytes as they came, `said` is what its request says of all."""
    message_id = given_message_id(call) or new_id()
    dropped = rules.check(call_type, call)
    if dropped is None and said.consents:
        dropped = rules.check_context(call, said.context)
    if dropped is not None:
        return _dropped(message_id, call_type, call, raw, dropped)
    event, user_id, anonymous_id = call.get(_NAMED_BY[call_type]), call.get("userId"), call.get("anonymousId")
    if not (said.plain and _are_texts(message_id, event, user_id, anonymous_id)):
        message_id = storable(message_id)
        event, user_id, anonymous_id = _column(event), _column(user_id), _column(anonymous_id)
    notes = (*rules.warn(call), *unread("timestamp", called_at(call)), *said.unclear)
    return Taken(message_id, call_type, event, user_id, anonymous_id, raw, said.text, notes)


def _may_consent(raw: bytes) -> bool:
    """Whether bytes without escapes hold what Segment looks at in a context; one search costs less than many looks."""
    return b"onsent" in raw or b"advertisingId" in raw


def _is_escaped(raw: bytes) -> bool:
    r"""Whether something is written as `\u…`; looking for the one byte first is sixty times as fast."""
    return b"\\" in raw and b"\\u" in raw


def _are_texts(*values: object) -> bool:
    for value in values:  # noqa: SIM110  # a generator costs twice as much, for every call
        if value is not None and type(value) is not str:
            return False
    return True


def split(body: Mapping[str, Any], raw: bytes) -> list[Placed]:
    """The calls of a batch, each with its own bytes as they came; none where `batch` is not a list."""
    calls = body.get("batch")
    if not isinstance(calls, list):
        return []
    try:
        parts = zip(calls, _SPLIT(raw).batch, strict=True)
        return [(place, call, bytes(part)) for place, (call, part) in enumerate(parts)]
    except (msgspec.DecodeError, RecursionError, ValueError):
        return [(place, call, dump_json(call)) for place, call in enumerate(calls)]


def read_batch(batch: list[Placed], said: Around, new_id: NewId) -> Iterator[Taken | Dropped]:
    """The calls of a batch; what is wrong with one of them leaves the others alone."""
    if not batch:
        yield _dropped(new_id(), None, {}, b"[]", rules.Discarded("empty_batch", Reason("tracking.empty_batch")))
    for index, call, raw in batch:
        too_much = None if index < BATCH_CALLS and len(raw) <= CALL_BYTES else _too_much(index, raw)
        if not isinstance(call, dict):
            yield _dropped(new_id(), None, {}, raw, too_much or _no_object(call))
        elif too_much is not None:
            yield _dropped(given_message_id(call) or new_id(), call.get("type"), call, raw, too_much)
        else:
            call_type = call.get("type")
            yield read_call(call_type if isinstance(call_type, str) else "", call, raw, said, new_id)


def shut_out(one: Taken | Dropped, code: Refusal, source: str) -> Dropped:
    """A call of a source that takes nothing at all."""
    found = (one.message_id, one.type, one.event, one.user_id, one.anonymous_id)
    return Dropped(*found, code, Reason(_SHUT[code], {"source": source}), one.raw)


def _too_much(index: int, raw: bytes) -> rules.Discarded:
    """Why a call over one of the two limits is dropped."""
    if index >= BATCH_CALLS:
        facts = {"limit": BATCH_CALLS, "position": index + 1}
        return rules.Discarded("payload_too_large", Reason("tracking.too_many_calls", facts))
    facts = {"limit": CALL_BYTES, "bytes": len(raw)}
    return rules.Discarded("payload_too_large", Reason("tracking.call_too_large", facts))


def _no_object(call: object) -> rules.Discarded:
    return rules.Discarded("multi_user_error", Reason("tracking.call_not_object", {"came": kind_of(call)}))


def _dropped(message_id: str, call_type: object, call: Mapping[str, Any], raw: bytes, why: rules.Discarded) -> Dropped:
    return Dropped(
        message_id=storable(message_id),
        type=_column(call_type) or None,
        event=_column(call.get(_NAMED_BY.get(_column(call_type) or "", "event"))),
        user_id=_column(call.get("userId")),
        anonymous_id=_column(call.get("anonymousId")),
        code=why.code,
        reason=why.reason,
        raw=raw,
    )


def _column(value: object) -> str | None:
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return None
