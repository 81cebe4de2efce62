"""Performs what is due: writes the attempt down, sends it, writes down how it ended."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, func, insert, select, update

from inkstand.fakes.kit.destination import HttpCall, Skip, WireMessage
from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Row, Statement, Tx, WorkspaceGoneError
from inkstand.simulator.messages import held
from inkstand.simulator.model import Connection
from inkstand.simulator.storage.tables import attempts, deliveries, messages
from inkstand.simulator.workspaces.workspace import Workspace

from .catalogue import Catalogue, Entry
from .process import DISCARDED, EVER
from .retry import Answer, Delivered, GivenUp, Retrying, Tried, judge

if TYPE_CHECKING:
    import requests

    from .transport import Transport

_log = logging.getLogger(__name__)
STARTED = "started"
RETRYING = "retrying"
DELIVERED = "delivered"
_LARGEST_KEPT_ANSWER = 64_000
_STATUS = {Delivered: DELIVERED, Retrying: RETRYING, GivenUp: DISCARDED}
Verdict = Delivered | Retrying | GivenUp


@dataclass(frozen=True)
class Ended:
    """How one attempt ended, as it is to be recorded."""

    attempt_seq: int
    answer: Answer
    body: bytes
    error: str | None


@dataclass(frozen=True)
class Horizon:
    """Up to when and where somebody looks: a time in milliseconds, and the newest message then."""

    now: int
    newest: int


@dataclass(frozen=True)
class Due:
    """A delivery whose time has come, and the workspace's life in which that was seen."""

    delivery: Row
    epoch: int


@dataclass(frozen=True)
class Job:
    """One delivery about to be attempted, with where it goes and the workspace's life it belongs to."""

    workspace: Workspace
    delivery: Row
    connection: Connection
    entry: Entry
    epoch: int


class Deliverer:
    """Performs deliveries; `incarnation` names this run of the process, whose claims die with it.

    The transport is made when first needed: it brings `requests` along, which is slow to import.
    """

    def __init__(self, catalogue: Catalogue, make_transport: Callable[[], Transport], incarnation: str) -> None:
        self.catalogue = catalogue
        self.incarnation = incarnation
        self._make_transport = make_transport

    @cached_property
    def transport(self) -> Transport:
        """What carries the requests."""
        return self._make_transport()

    def lanes(self, workspace: Workspace) -> list[str]:
        """The connections that have something due now."""
        now = workspace.world.now()
        return [lane for due_at, _, lane in _first_of_each(workspace) if due_at <= now]

    def next_due(self, workspace: Workspace, newest: int = EVER) -> int | None:
        """When something of messages up to `newest` will next be due, in milliseconds of the workspace's clock."""
        return min((due_at for due_at, _, _ in _first_of_each(workspace, newest=newest)), default=None)

    def next_of(self, workspace: Workspace, lane: str | None = None, horizon: Horizon | None = None) -> Due | None:
        """What is due now, or was at the horizon, and was planned first, of one connection or of all."""
        epoch = workspace.door.epoch
        seen = horizon or Horizon(workspace.world.now(), EVER)
        due_at, seq, _ = min(_first_of_each(workspace, lane, seen.newest), default=(None, None, None))
        if due_at is None or due_at > seen.now:
            return None
        rows = workspace.door.read(_PENDING, key=seq)
        return Due(rows[0], epoch) if rows else None

    def perform(self, workspace: Workspace, due: Due) -> None:
        """Make the next attempt of a delivery; what it brings back is dropped if the workspace was reset meanwhile."""
        with suppress(WorkspaceGoneError):
            self._perform(workspace, due)

    def free_claims(self, workspace: Workspace) -> None:
        """Make due again what an earlier run of the process had begun and not finished."""
        with workspace.door.write() as tx:
            tx.change(_FREE, old_status=STARTED, status=RETRYING)
            tx.change(_INTERRUPT, old_outcome=STARTED, outcome="interrupted", incarnation=self.incarnation)

    def _perform(self, workspace: Workspace, due: Due) -> None:
        delivery = due.delivery
        connection = next(one for one in workspace.configuration.connections if one.id == delivery["connection"])
        job = Job(workspace, delivery, connection, self.catalogue.entries[connection.destination], due.epoch)
        calls = _translated(job)
        if isinstance(calls, Skip):
            _discard(job, calls)
            return
        made_before = _calls_made(job) if len(calls) > 1 else 0
        for index, call in enumerate(calls[made_before:], start=1):
            if not self._attempt(job, call, delivery["attempts"] + index, last=made_before + index == len(calls)):
                return

    def _attempt(self, job: Job, call: HttpCall, number: int, *, last: bool) -> bool:
        workspace, delivery = job.workspace, job.delivery
        request = self.transport.prepare(call, job.connection.base_url or job.entry.base_url)
        now = workspace.world.now()
        first_at = delivery["first_at"] or now
        with workspace.door.write(job.epoch) as tx:
            claim = {"key": delivery["seq"], "status": STARTED, "attempts": number, "first_at": first_at, "lane": None}
            if tx.change(_CLAIM, **claim, attempts_before=number - 1) != 1:
                return False
            attempt_seq = tx.insert(
                _START,
                delivery_seq=delivery["seq"],
                message_id=delivery["message_id"],
                connection=job.connection.id,
                number=number,
                outcome=STARTED,
                started_at=now,
                request=_described(request),
                request_body=call.body,
                incarnation=self.incarnation,
            )
        cause = (delivery["message_id"], job.connection.id, number)
        life = (workspace.name, job.epoch)
        answer, body, error = self.transport.send(request, life, "\x1f".join(map(str, cause)))
        ended = Ended(attempt_seq, answer, body, error)
        tried = Tried(number, first_at, workspace.world.now() + answer.late)
        chance = workspace.world.chance("jitter", *cause)
        verdict = judge(answer, tried, chance, job.connection.id)
        with workspace.door.write(job.epoch) as tx:
            _record_attempt(tx, ended, verdict, tried.now)
            _record_fault(tx, job, answer)
            if last or not isinstance(verdict, Delivered):
                _record_fate(tx, delivery, verdict)
        return isinstance(verdict, Delivered)


def _translated(job: Job) -> tuple[HttpCall, ...] | Skip:
    """What the destination makes of the message; a mapping that breaks discards it, and its traceback is logged."""
    message = WireMessage(_held(job))
    try:
        return job.entry.destination.translate(message, job.connection.settings)
    except Exception as error:  # noqa: BLE001  # whatever a vendor's mapping raises, the rest goes on
        _log.exception("the mapping of %s failed with message %s", job.connection.id, job.delivery["message_id"])
        facts = {"destination": job.entry.destination.name, "error": f"{type(error).__name__}: {error}"[:200]}
        return Skip("INTERNAL", Reason("delivery.mapping_failed", facts))


def _held(job: Job) -> Mapping[str, Any]:
    """The message as it is delivered: as Segment holds it, less what the plan of its source omits."""
    if not job.workspace.omits:
        return held(job.delivery)
    from .screening import delivered  # noqa: PLC0415  # few workspaces omit anything

    return delivered(job.workspace, job.delivery)


def _discard(job: Job, skip: Skip) -> None:
    delivery = job.delivery
    with job.workspace.door.write(job.epoch) as tx:
        tx.change(_SETTLE, key=delivery["seq"], status=DISCARDED, code=skip.code, due_at=None, lane=None)
        tx.because(delivery["message_id"], f"deliver:{delivery['connection']}", [skip.reason])


def _calls_made(job: Job) -> int:
    made: int = job.workspace.door.read(_DONE, key=job.delivery["seq"], done=DELIVERED)[0]["done"]
    return made


def _described(request: requests.PreparedRequest) -> str:
    return dump_text({"method": request.method, "url": request.url, "headers": dict(request.headers)})


def _record_attempt(tx: Tx, ended: Ended, verdict: Verdict, now: int) -> None:
    tx.change(
        _END,
        key=ended.attempt_seq,
        outcome=_STATUS[type(verdict)],
        ended_at=now,
        status=ended.answer.status,
        response_headers=dump_text(dict(ended.answer.headers or {})),
        response_body=ended.body[:_LARGEST_KEPT_ANSWER],
        error=ended.error,
    )


def _record_fault(tx: Tx, job: Job, answer: Answer) -> None:
    if answer.fault is None:
        return
    facts = {"fault": answer.fault, **({"seconds": answer.late // 1000} if answer.late else {})}
    tx.because(job.delivery["message_id"], f"deliver:{job.connection.id}", [Reason("delivery.fault", facts)])


def _record_fate(tx: Tx, delivery: Row, verdict: Verdict) -> None:
    status = _STATUS[type(verdict)]
    if isinstance(verdict, Delivered):
        tx.change(_SETTLE, key=delivery["seq"], status=status, code=None, due_at=None, lane=None)
        return
    due_at, lane = (verdict.due_at, delivery["connection"]) if isinstance(verdict, Retrying) else (None, None)
    tx.change(_SETTLE, key=delivery["seq"], status=status, code=verdict.code, due_at=due_at, lane=lane)
    tx.because(delivery["message_id"], f"deliver:{delivery['connection']}", [verdict.reason])


def _first_of_each(workspace: Workspace, lane: str | None = None, newest: int = EVER) -> Iterator[tuple[int, int, str]]:
    for name in [lane] if lane else [connection.id for connection in workspace.configuration.connections]:
        for row in workspace.door.read(_FIRST_OF_LANE, lane=name, newest=newest):
            yield row["due_at"], row["seq"], name


_FIRST_OF_LANE = Statement(
    select(deliveries.c.due_at, deliveries.c.seq)
    .where(deliveries.c.lane == bindparam("lane"), deliveries.c.message_seq <= bindparam("newest"))
    .order_by(deliveries.c.due_at, deliveries.c.seq)
    .limit(1)
)
_columns = ("seq", "message_seq", "message_id", "connection", "attempts", "first_at")
_HELD_BY = ("type", "raw", "envelope", "received_at", "source")
_PENDING = Statement(
    select(*(deliveries.c[name] for name in _columns), *(messages.c[name] for name in _HELD_BY))
    .join(messages, messages.c.seq == deliveries.c.message_seq)
    .where(deliveries.c.seq == bindparam("key"), deliveries.c.lane.is_not(None))
)
_DONE = Statement(
    select(func.count().label("done")).where(
        attempts.c.delivery_seq == bindparam("key"), attempts.c.outcome == bindparam("done")
    )
)
_CLAIM = Statement(
    update(deliveries)
    .where(deliveries.c.seq == bindparam("key"), deliveries.c.attempts == bindparam("attempts_before"))
    .values({name: bindparam(name) for name in ("status", "attempts", "first_at", "lane")})
)
_START = Statement(
    insert(attempts),
    *("delivery_seq", "message_id", "connection", "number", "outcome", "started_at"),
    *("request", "request_body", "incarnation"),
)
_END = Statement(
    update(attempts)
    .where(attempts.c.seq == bindparam("key"))
    .values(
        {
            name: bindparam(name)
            for name in ("outcome", "ended_at", "status", "response_headers", "response_body", "error")
        }
    )
)
_SETTLE = Statement(
    update(deliveries)
    .where(deliveries.c.seq == bindparam("key"))
    .values({name: bindparam(name) for name in ("status", "code", "due_at", "lane")})
)
_FREE = Statement(
    update(deliveries)
    .where(deliveries.c.status == bindparam("old_status"))
    .values(status=bindparam("status"), lane=deliveries.c.connection)
)
_INTERRUPT = Statement(
    update(attempts)
    .where(attempts.c.outcome == bindparam("old_outcome"), attempts.c.incarnation != bindparam("incarnation"))
    .values(outcome=bindparam("outcome"))
)
