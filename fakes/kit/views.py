"""Views: named, readable lists of what is stored, read in pages, narrowed to rows whose fields equal a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from types import MappingProxyType
from typing import Any, Protocol

from sqlalchemy import String, Table, bindparam, func, or_
from sqlalchemy.sql import ColumnElement, Select, Subquery, select

from .http import dump_text, storable
from .storage import Door, Statement

Row = dict[str, Any]
Shape = Callable[[Row], Row]
_CHUNK = 500
_EVER = 2**62
_NOTHING = object()


@dataclass(frozen=True)
class Wanted:
    """Which rows of a view are wanted.

    `where` maps a field, or a dot path below one, to the text its value must equal (`true`, `19.9` and `null` as JSON
    writes them); `since` is a moment in milliseconds; `after` the place of the row behind which to begin, `before` that
    at which to end; `limit` how many rows at most, the newest ones with `newest`. `upto` is a place in the view's
    history: the rows as they stood then.
    """

    where: Mapping[str, str] = field(default_factory=dict)
    since: int | None = None
    after: int = 0
    limit: int | None = None
    newest: bool = False
    before: int = _EVER
    upto: int = _EVER


@dataclass(frozen=True)
class Page:
    """Rows, oldest first, and the place of each; the place to go on behind, and whether there are more already."""

    rows: Sequence[Row]
    places: Sequence[int]
    last: int
    more: bool


History = Callable[[Door, int | str], int | None]
"""From a moment (milliseconds) or a messageId to the place in a view's history; None for a message it does not know."""


def places(rows: Table, at: str) -> History:
    """The history of a table: its newest row at a moment (by the column `at`), or of a `message_id`."""
    newest = select(func.max(rows.c.seq).label("seq"))
    by_moment = Statement(newest.where(rows.c[at] <= bindparam("moment")))
    by_message = Statement(newest.where(rows.c.message_id == bindparam("message_id")))

    def place_of(door: Door, when: int | str) -> int | None:
        if isinstance(when, int):
            return door.read(by_moment, moment=when)[0]["seq"] or 0
        found: int | None = door.read(by_message, message_id=when)[0]["seq"]
        return found

    return place_of


class View(Protocol):
    """A named, readable list of what is stored, oldest first.

    `fields` are the names of a row's members; `timed` says whether its rows have a moment that `since` can be asked of;
    `gist` are the fields that tell what became of a call, the same ones whenever it is made again; `values` are those
    that a field usually has, so that a slip of the pen can be told from another one; `history` finds a place in the
    view's history, where it keeps one.
    """

    name: str
    about: str
    fields: Sequence[str]
    timed: bool
    gist: Sequence[str]
    values: Mapping[str, Sequence[str]]
    history: History | None

    def read(self, door: Door, wanted: Wanted) -> Page:
        """The rows that are wanted."""

    def count(self, door: Door, wanted: Wanted) -> int:
        """How many rows there are of those that are wanted, whatever the limit."""

    def rows(self, door: Door) -> list[Row]:
        """Every row."""


class Listed:
    """A view of one query, which has a column `seq`: the row's place, a whole number that only grows.

    `fields` maps each field to the column that holds it, so that the database can look for its text; None where it is
    made, and a column with a question mark where one that is empty does not say that the row has no such value.
    `at` names the column of its moment in milliseconds, where there is one. `shape` makes a row what people read.
    `gist` are the fields by which `inkstand scenario from-log` claims what became of a call, `values` those that a
    field usually has. With a `history` the query has a parameter `upto`: the place up to which it looks.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # a declaration, read from left to right
        self,
        name: str,
        about: str,
        query: Select[Any],
        shape: Shape,
        fields: Mapping[str, str | None],
        at: str | None = None,
        gist: Sequence[str] = (),
        values: Mapping[str, Sequence[str]] | None = None,
        history: History | None = None,
    ) -> None:
        self.name = name
        self.about = about
        self.gist = gist
        self.values = values or {}
        self.history = history
        self.fields: Sequence[str] = tuple(fields)
        self.timed = at is not None
        self.shape = shape
        text = {column.name for column in query.selected_columns if isinstance(column.type, String)}
        named = {name: column.removesuffix("?") for name, column in fields.items() if column}
        self._columns = {name: column for name, column in named.items() if column in text}
        self._loose = {name for name, column in fields.items() if column and column.endswith("?")}
        self._at = at
        self._query = query
        self._statements: dict[tuple[object, ...], Statement] = {}

    def read(self, door: Door, wanted: Wanted) -> Page:
        """The rows that are wanted."""
        return _newest(self._found(door, wanted), wanted) if wanted.newest else _page(self._found(door, wanted), wanted)

    def count(self, door: Door, wanted: Wanted) -> int:
        """How many rows there are of those that are wanted, whatever the limit."""
        narrowed = self._narrowed(wanted)
        if len(narrowed) == len(wanted.where) and not self._loose.intersection(narrowed):
            found = door.read(self._counting(narrowed, timed=wanted.since is not None), **self._given(wanted))
            return int(found[0]["count"])
        return sum(1 for _ in self._found(door, wanted))

    def rows(self, door: Door) -> list[Row]:
        """Every row."""
        return [row for _, row in self._found(door, Wanted())]

    def _found(self, door: Door, wanted: Wanted) -> Iterator[tuple[int, Row]]:
        """Each wanted row with its place; from the newest back if the newest are wanted."""
        statement = self._listing(self._narrowed(wanted), timed=wanted.since is not None, newest=wanted.newest)
        given, chunk = {**self._given(wanted), "before": wanted.before}, min(_CHUNK, (wanted.limit or _CHUNK) + 1)
        while True:
            found = door.read(statement, **given, chunk=chunk)
            for stored in found:
                row = self.shape(dict(stored))
                if fits(row, wanted.where):
                    yield stored["seq"], row
            if len(found) < chunk:
                return
            given["before" if wanted.newest else "after"] = found[-1]["seq"]
            chunk = _CHUNK

    def _narrowed(self, wanted: Wanted) -> tuple[str, ...]:
        return tuple(sorted(name for name in wanted.where if name in self._columns))

    def _given(self, wanted: Wanted) -> dict[str, object]:
        narrowed = {f"is_{name}": storable(wanted.where[name]) for name in self._narrowed(wanted)}
        upto = {"upto": wanted.upto} if self.history else {}
        return {**narrowed, **upto, "after": wanted.after, **({} if wanted.since is None else {"since": wanted.since})}

    @cached_property
    def _rows(self) -> Subquery:
        return self._query.order_by(None).subquery()

    def _listing(self, narrowed: tuple[str, ...], *, timed: bool, newest: bool) -> Statement:
        def make() -> Statement:
            rows = self._rows
            order = rows.c.seq.desc() if newest else rows.c.seq
            query = select(rows).where(*self._conditions(rows.c, narrowed, timed=timed))
            return Statement(query.where(rows.c.seq < bindparam("before")).order_by(order).limit(bindparam("chunk")))

        return self._made(("list", narrowed, timed, newest), make)

    def _counting(self, narrowed: tuple[str, ...], *, timed: bool) -> Statement:
        def make() -> Statement:
            conditions = self._conditions(self._rows.c, narrowed, timed=timed)
            return Statement(select(func.count().label("count")).select_from(self._rows).where(*conditions))

        return self._made(("count", narrowed, timed), make)

    def _conditions(self, columns: Any, narrowed: Iterable[str], *, timed: bool) -> Iterator[ColumnElement[bool]]:
        yield columns.seq > bindparam("after")
        for name in narrowed:
            column = columns[self._columns[name]]
            same = column == bindparam(f"is_{name}")
            yield or_(same, column.is_(None)) if name in self._loose else same
        if timed:
            yield columns[self._at] >= bindparam("since")

    def _made(self, key: tuple[object, ...], make: Callable[[], Statement]) -> Statement:
        if key not in self._statements:
            self._statements[key] = make()
        return self._statements[key]


class Computed:
    """A view whose rows are put together from several queries; `found` gives each row with its place.

    It is given the door and the place in the view's history at which to look, where there is a `history`.
    """

    timed = False
    values: Mapping[str, Sequence[str]] = MappingProxyType({})

    def __init__(  # noqa: PLR0913, PLR0917  # a declaration, read from left to right
        self,
        name: str,
        about: str,
        found: Callable[[Door, int], Iterable[tuple[int, Row]]],
        fields: Sequence[str],
        gist: Sequence[str] = (),
        history: History | None = None,
    ) -> None:
        self.history = history
        self.name = name
        self.gist = gist
        self.about = about
        self.fields = fields
        self._found = found

    def read(self, door: Door, wanted: Wanted) -> Page:
        """The rows that are wanted."""
        found = list(self._wanted(door, wanted))
        return _newest(reversed(found), wanted) if wanted.newest else _page(found, wanted)

    def count(self, door: Door, wanted: Wanted) -> int:
        """How many rows there are of those that are wanted, whatever the limit."""
        return sum(1 for _ in self._wanted(door, wanted))

    def rows(self, door: Door) -> list[Row]:
        """Every row."""
        return [row for _, row in self._found(door, _EVER)]

    def _wanted(self, door: Door, wanted: Wanted) -> Iterator[tuple[int, Row]]:
        for place, row in self._found(door, wanted.upto):
            if place > wanted.after and fits(row, wanted.where):
                yield place, row


def cursor(epoch: int, last: int) -> str:
    """A place in a view as text, good for one life of the workspace."""
    return f"{epoch}.{last}"


def fits(row: Row, where: Mapping[str, str]) -> bool:
    """Whether each field, or the member at a dot path below one, equals its text."""
    return all(_equals(_member(row, path), text) for path, text in where.items())


def _member(row: Row, path: str) -> object:
    found: object = row
    for name in path.split("."):
        found = found.get(name, _NOTHING) if isinstance(found, Mapping) else _NOTHING
    return found


def _equals(value: object, text: str) -> bool:
    if isinstance(value, str):
        return value in {text, storable(text)}
    return value is not _NOTHING and dump_text(value) == text


def _page(found: Iterable[tuple[int, Row]], wanted: Wanted) -> Page:
    rows: list[Row] = []
    places: list[int] = []
    more = False
    for place, row in found:
        if len(rows) == wanted.limit:
            more = True
            break
        rows.append(row)
        places.append(place)
    return Page(rows, places, places[-1] if places else wanted.after, more)


def _newest(found: Iterable[tuple[int, Row]], wanted: Wanted) -> Page:
    """The newest rows, found from the newest back; there is none behind the last of them."""
    chosen = list(islice(found, wanted.limit))[::-1]
    places = [place for place, _ in chosen]
    return Page([row for _, row in chosen], places, places[-1] if places else wanted.after, more=False)
