"""Compares a claim with the rows of a view: what is listed must match, the rest is free. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inkstand.simulator.errors import nearest

Row = Mapping[str, Any]
Where = tuple[str | int, ...]


@dataclass(frozen=True)
class Mismatch:
    """Where a claim is wrong.

    `path` is the place in the claim, `field` the place in the row as people write it, `row` the row concerned if there
    is one.
    """

    path: Where
    field: str
    wanted: object
    came: object
    row: Row | None = None


def compare(claim: object, rows: Sequence[Row], fields: Sequence[str] = ()) -> Iterator[Mismatch]:
    """The mismatches between a claim and the rows of a view; `fields` are those that a row may have."""
    if isinstance(claim, list):
        yield from _in_order(claim, rows)
    elif isinstance(claim, Mapping):
        chosen = [row for row in rows if fits(claim.get("where", {}), row)]
        if "count" in claim and claim["count"] != len(chosen):
            came = f"{len(chosen)} of {len(rows)} rows"
            yield Mismatch(("count",), "count", claim["count"], came, chosen[-1] if chosen else None)
        for row in chosen if "all" in claim else ():
            yield from _differences(claim["all"], row, ("all",), "", row)
        if "all" in claim and not chosen and "count" not in claim:
            yield Mismatch(("where",), "where", claim.get("where", {}), f"no such row among {len(rows)}", _last(rows))
        yield from _slips(claim.get("where", {}), rows, fields)


def _slips(where: Row, rows: Sequence[Row], fields: Sequence[str] = (), path: Where = ("where",)) -> Iterator[Mismatch]:
    """Fields in `where` that no row has and that are nearly the name of one: absence would be claimed by accident."""
    known = list(dict.fromkeys((*fields, *(key for row in rows for key in row))))
    for key, value in where.items():
        hint = "" if key in known else nearest(key, known, 0.75)
        if hint:
            field = ".".join(map(str, (*path, key)))
            yield Mismatch((*path, key), field, value, f"no such field.{hint}")
        elif isinstance(value, Mapping):
            inner = [row[key] for row in rows if isinstance(row.get(key), Mapping)]
            yield from _slips(value, inner, (), (*path, key))


def _last(rows: Sequence[Row]) -> Row | None:
    return rows[-1] if rows else None


def fits(wanted: object, came: object) -> bool:
    """Whether everything that is wanted is there."""
    return next(_differences(wanted, came, (), "", None), None) is None


def nearest_row(wanted: Row, rows: Sequence[Row]) -> tuple[Row, list[Mismatch]] | None:
    """The row that differs least from what is wanted, the newest of them, and where; None when there is no row."""
    compared = [(row, list(_differences(wanted, row, (), "", row))) for row in rows]
    return min(reversed(compared), key=lambda one: len(one[1])) if compared else None


def _in_order(claim: list[Any], rows: Sequence[Row]) -> Iterator[Mismatch]:
    if len(claim) != len(rows):
        extra = rows[len(claim)] if len(rows) > len(claim) else None
        yield Mismatch((), "count", f"{len(claim)} rows", f"{len(rows)} rows", extra)
    for index, (wanted, row) in enumerate(zip(claim, rows, strict=False)):
        yield from _differences(wanted, row, (index,), "", row)


def _differences(wanted: object, came: object, path: Where, field: str, row: Row | None) -> Iterator[Mismatch]:
    if wanted == {} and field and came != {}:
        yield Mismatch(path, field, wanted, came, row)
    elif isinstance(wanted, Mapping) and isinstance(came, Mapping):
        for key, value in wanted.items():
            inner = f"{field}.{key}" if field else str(key)
            if key in came:
                yield from _differences(value, came[key], (*path, key), inner, row)
            else:
                yield Mismatch((*path, key), inner, value, f"no such field.{nearest(str(key), list(came))}", row)
    elif isinstance(wanted, list) and isinstance(came, list):
        if len(wanted) != len(came):
            yield Mismatch(path, field, f"{len(wanted)} items", f"{len(came)} items: {came}", row)
        for index, (one, other) in enumerate(zip(wanted, came, strict=False)):
            yield from _differences(one, other, (*path, index), f"{field}[{index}]", row)
    elif isinstance(wanted, bool) is not isinstance(came, bool) or wanted != came:
        yield Mismatch(path, field, wanted, came, row)
