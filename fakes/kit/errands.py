"""What a vendor has to do at a moment of the workspace's clock, whatever came in meanwhile: its errands.

A vendor plans one in the transaction that makes it necessary; the simulator asks for it when its moment has come, by
the same clock as deliveries: a worker while serving, `settle` and `advance` in scenarios and tests. A vendor that plans
some has a module `errands` with `perform(tenant, epoch, errand, send)`, which ends the errand (`done`) or puts it off
(`again`) in a transaction of its own. An errand may be performed again when a process ends in the midst of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy import Column, Index, Integer, Table, Text, bindparam, delete, select, update

from .destination import HttpCall
from .storage import Door, Statement, Tx, adding
from .tables import KIT

errands = Table(
    "errands",
    KIT,
    Column("seq", Integer, primary_key=True),
    Column("service", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("due_at", Integer, nullable=False),
    Index("errands_due", "due_at", "seq"),
)


@dataclass(frozen=True)
class Errand:
    """Something to be done for a service at `due_at` (milliseconds); `about` is the vendor's own word for what."""

    seq: int
    service: str
    kind: str
    about: str
    due_at: int


@dataclass(frozen=True)
class Sent:
    """How a request ended: the status that was answered, or in words why there was none; and how late it was."""

    status: int | None = None
    error: str | None = None
    late: int = 0


Send = Callable[[HttpCall, float], Sent]
"""Sends a request to an address outside, and waits for its answer at most so many seconds, wall-clock."""


def plan(tx: Tx, service: str, kind: str, about: str, due_at: int) -> None:
    """Have something done at a moment."""
    tx.planned = True
    tx.insert(_ADD, service=service, kind=kind, about=about, due_at=due_at)


def done(tx: Tx, errand: Errand) -> bool:
    """It is done with; False where it was meanwhile, by another."""
    return tx.change(_DONE, key=errand.seq) == 1


def again(tx: Tx, errand: Errand, due_at: int) -> bool:
    """It is to be done again at a later moment; False where it was done with meanwhile, by another."""
    return tx.change(_AGAIN, key=errand.seq, due_at=due_at) == 1


def first(door: Door, service: str | None = None) -> Errand | None:
    """The errand that is due first, of one service or of all."""
    rows = door.read(_FIRST_OF, service=service) if service else door.read(_FIRST)
    return Errand(**dict(rows[0])) if rows else None


_ADD = adding(errands)
_DONE = Statement(delete(errands).where(errands.c.seq == bindparam("key")))
_AGAIN = Statement(update(errands).where(errands.c.seq == bindparam("key")).values(due_at=bindparam("due_at")))
_in_order = select(errands).order_by(errands.c.due_at, errands.c.seq).limit(1)
_FIRST = Statement(_in_order)
_FIRST_OF = Statement(_in_order.where(errands.c.service == bindparam("service")))
