"""Batches: many documents of one template; what cannot be made is kept beside what was.

Source: Inkit's pages on batches. How many documents one may have, and how long making them may take, is our choice.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from typing import Any

from sqlalchemy import bindparam, select

from inkstand.fakes.inkit.kinds.pieces import KINDS, STORAGE
from inkstand.fakes.inkit.tables import batches
from inkstand.fakes.kit.http import dump_text, kind_of, storable
from inkstand.fakes.kit.storage import Door, Row, Statement, adding
from inkstand.fakes.kit.turns import GUEST, BusyError

from . import making, renders
from .filing import Press
from .making import BadOrderError, field_error
from .renders import Order

LARGEST = 1_000
"""How many documents one batch may have."""

SECONDS = 60.0
"""How long making them may take, wall-clock; those that are left then are failures."""


_MOST_TOLD, _LONGEST_TOLD = 20, 2_000
_TOO_LATE = f"the documents of a batch may take {SECONDS:.0f} s to make, and these took longer: send fewer at once"


def make(door: Door, press: Press, body: Mapping[str, Any], created_by: str) -> str:
    """Make the documents of a batch; its id. What cannot be made is kept as a failure, with what it was meant for.

    Raises BadOrderError for a batch that is none.
    """
    template, wanted = making.template(door, body), body.get("renders")
    name = making.text(body, "name") or template["name"]
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= LARGEST:
        came = f"{len(wanted)} came" if isinstance(wanted, list) else f"{kind_of(wanted)} came"
        raise BadOrderError([field_error("renders", f"a list of 1 to {LARGEST:,} renders was wanted; {came}")])
    with press.write() as tx:
        batch_id = press.world.id("rb_", "batch", tx.number("inkit.batches"))
    orders: dict[int, Order] = {}
    failures: list[dict[str, Any]] = []
    for number, one in enumerate(wanted):
        try:
            given = one if isinstance(one, dict) else {}
            orders[number] = making.order_of(door, template, given, created_by, batch_id)
        except BadOrderError as error:
            failures.append(_failure(number, one, error))
    with GUEST.get().seat():
        failures += _make_all(press, orders, wanted)
    with press.write() as tx:
        tx.insert(
            _ADD,
            batch_id=batch_id,
            name=storable(name),
            template_id=template["template_id"],
            total=len(wanted),
            failures=dump_text(sorted(failures, key=lambda failure: int(failure["number"]))),
            created_by=storable(created_by),
            created_at=press.world.now(),
        )
    return batch_id


def find(door: Door, batch_id: str) -> Row | None:
    """A batch by its id."""
    rows = door.read(_BY_ID, batch_id=storable(batch_id))
    return rows[0] if rows else None


def every(door: Door) -> list[Row]:
    """Every batch, oldest first."""
    return door.read(_EVERY)


def documents(door: Door, batch: Row) -> list[Row]:
    """The renders of a batch, those too that were deleted or have expired since."""
    return renders.every(door, batch["batch_id"])


def _make_all(press: Press, orders: Mapping[int, Order], wanted: list[Any]) -> list[dict[str, Any]]:
    """Make what can be made in time; the failures."""
    failures: list[dict[str, Any]] = []
    end = time.monotonic() + SECONDS
    with closing(press.draw_all(orders.values())) as drawings:
        for number, draw in zip(orders, drawings, strict=True):
            try:
                making.keep(press, orders[number], draw)
            except BadOrderError as error:
                failures.append(_failure(number, wanted[number], error))
            except BusyError as error:
                busy = BadOrderError([field_error("renders", str(error))])
                failures.append(_failure(number, wanted[number], busy))
            if time.monotonic() > end:
                too_late = BadOrderError([field_error("renders", _TOO_LATE)])
                return failures + [_failure(left, wanted[left], too_late) for left in orders if left > number]
    return failures


def _failure(number: int, given: object, error: BadOrderError) -> dict[str, Any]:
    meant = given.get("destinations") if isinstance(given, dict) else None
    names = [one for one in meant if one in KINDS] if isinstance(meant, dict) else []
    told = [{**one, "message": one["message"][:_LONGEST_TOLD]} for one in error.errors[:_MOST_TOLD]]
    return {"number": number, "destinations": names or [STORAGE], "message": str(error)[:_LONGEST_TOLD], "errors": told}


_ADD = adding(batches)
_BY_ID = Statement(select(batches).where(batches.c.batch_id == bindparam("batch_id")))
_EVERY = Statement(select(batches).order_by(batches.c.seq))
