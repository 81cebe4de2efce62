"""One workspace is one database: the writer door, readers, prepared statements and lives."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import cached_property
from itertools import chain
from typing import Any, Protocol, cast
from urllib.parse import quote

from sqlalchemy import Table
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.sql import ClauseElement, bindparam, insert, literal_column
from sqlalchemy.sql.compiler import SQLCompiler

from .http import dump_text, parse_json
from .ledger import Reason
from .tables import DIALECT, counters, reasons
from .world import World, machine_now

_POSITIONAL = sqlite_dialect(paramstyle="qmark")
_READERS_KEPT = 2
_BUSY_SECONDS = 30
_PRAGMAS = (
    "page_size=2048",
    "journal_mode=WAL",
    "synchronous=OFF",
    "cache_size=-4000",
    "temp_store=MEMORY",
)
Row = sqlite3.Row
Params = Mapping[str, object]

GONE = "the workspace was reset or deleted meanwhile"


class WorkspaceGoneError(Exception):
    """The workspace was reset or deleted since this work began: what it brings back belongs to no one."""


class Statement:
    """A SQLAlchemy statement compiled once, when first used, and run as that text on a held connection.

    `columns` are those that an insert or update without values of its own is given row by row.
    """

    def __init__(self, core: ClauseElement, *columns: str) -> None:
        self._core = core
        self._columns = columns

    @cached_property
    def _compiled(self) -> tuple[str, dict[str, object]]:
        made = self._core.compile(
            dialect=DIALECT, column_keys=self._columns or None, compile_kwargs={"render_postcompile": True}
        )
        compiled = cast("SQLCompiler", made)
        constants = {name: value for name, value in compiled.params.items() if not compiled.binds[name].required}
        return str(compiled), constants

    @cached_property
    def text(self) -> str:
        """The statement as the database reads it."""
        return self._compiled[0]

    @cached_property
    def defaults(self) -> dict[str, object]:
        """The constants in the statement."""
        return self._compiled[1]

    def bind(self, params: Params) -> Params:
        """The parameters with the statement's own constants beside them."""
        return {**self.defaults, **params} if self.defaults else params


def adding(table: Table) -> Statement:
    """Inserts one row, every column of it given but the row id."""
    return Statement(insert(table), *_given(table))


def _given(table: Table) -> list[str]:
    return [column.name for column in table.c if not column.primary_key]


class Bulk:
    """Inserts many rows in few steps: every step of a statement gives other threads the processor, and they take it."""

    _CHUNKS = (100, 25, 5, 1)

    def __init__(self, table: Table) -> None:
        self._table = table
        self._columns = _given(table)

    @cached_property
    def texts(self) -> list[tuple[int, str]]:
        """How many rows a statement inserts, and the statement; the largest first."""
        return [(size, self._text(size)) for size in self._CHUNKS]

    def _text(self, size: int) -> str:
        rows: list[dict[str, object]] = [
            {name: bindparam(f"{name}_{row}") for name in self._columns} for row in range(size)
        ]
        return str(insert(self._table).values(rows).compile(dialect=_POSITIONAL))


class Tx:
    """What may be done while the writer door is held: all of it is kept, or none.

    `planned` says that something was planned to be done later, whatever comes in meanwhile.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection = connection
        self.planned = False

    def run(self, statement: Statement, **params: object) -> list[Row]:
        """Run once; whatever it returns, fetched whole."""
        return self.connection.execute(statement.text, statement.bind(params)).fetchall()

    def read(self, statement: Statement, **params: object) -> list[Row]:
        """Rows that a statement finds, those too that this transaction wrote; asked as a door is."""
        return self.run(statement, **params)

    def one(self, statement: Statement, **params: object) -> Row | None:
        """The first row it returns, if any."""
        rows = self.run(statement, **params)
        return rows[0] if rows else None

    def change(self, statement: Statement, **params: object) -> int:
        """Run once; how many rows it touched."""
        return self.connection.execute(statement.text, statement.bind(params)).rowcount

    def insert(self, statement: Statement, **params: object) -> int:
        """Insert one row; its row id."""
        return self.connection.execute(statement.text, statement.bind(params)).lastrowid or 0

    def many(self, statement: Statement, rows: Sequence[Params]) -> None:
        """Run once for each row."""
        if rows:
            bound = [statement.bind(row) for row in rows] if statement.defaults else rows
            self.connection.executemany(statement.text, bound)

    def bulk(self, statement: Bulk, rows: Sequence[tuple[object, ...]]) -> None:
        """Insert rows, each in the order of the table's columns, its row id left out."""
        begin = 0
        for size, text in statement.texts:
            while len(rows) - begin >= size:
                self.connection.execute(text, tuple(chain.from_iterable(rows[begin : begin + size])))
                begin += size

    def number(self, name: str) -> int:
        """The next number of a count that this workspace keeps: 1, 2, 3 …; for ids that have no other cause."""
        return int(self.connection.execute(_COUNT.text, {"name": name, "value": 1}).fetchone()[0])

    def because(self, message_id: str, stage: str, given: Iterable[Reason]) -> None:
        """Record why something was decided about a message."""
        self.because_of_all(stage, ((message_id, reason) for reason in given))

    def because_of_all(self, stage: str, given: Iterable[tuple[str, Reason]]) -> None:
        """Record why something was decided about each of several messages."""
        self.many(_ADD_REASON, [reason_row(message_id, stage, reason) for message_id, reason in given])


def reason_row(message_id: str, stage: str, reason: Reason) -> dict[str, object]:
    """A reason as a row of the reasons table."""
    return {
        "message_id": message_id,
        "stage": stage,
        "rule": reason.rule,
        "facts": dump_text(reason.facts) if reason.facts else "{}",
        "cause": reason.cause,
    }


def reasons_text(given: Iterable[Reason]) -> str:
    """Reasons as JSON for a column of their own: what was decided stands with what it was decided about."""
    return dump_text([{"rule": reason.rule, "facts": reason.facts} for reason in given])


class Door:
    """One lock and one held connection through which every write of a workspace goes; readers have their own.

    `now` tells the time of whatever is kept there, in milliseconds: what a view shows may hang on it. `on_planned` is
    called after a transaction in which something was planned to be done later.
    """

    def __init__(self, path: str, epoch: int = 0, now: Callable[[], int] = machine_now) -> None:
        self.path = path
        self.now = now
        self.epoch = epoch
        self._lock = threading.Lock()
        self._writer: sqlite3.Connection | None = None
        self._readers: list[sqlite3.Connection] = []
        self._closed = False
        self.version = 0
        self._changed = threading.Condition()
        self._watched = 0
        self._let_go = False
        self.on_planned: Callable[[], None] = _nobody_asks

    @contextmanager
    def write(self, epoch: int | None = None) -> Iterator[Tx]:
        """Hold the door for one transaction.

        `epoch` is the life of the workspace in which this work began; WorkspaceGoneError when it has ended.
        """
        with self._lock:
            connection = self._opened(epoch)
            connection.execute("BEGIN IMMEDIATE")
            _holding.door = self
            tx = Tx(connection)
            try:
                yield tx
                connection.commit()
                self._tell()
            except BaseException:
                connection.rollback()
                raise
            finally:
                _holding.door = None
        if tx.planned:
            self.on_planned()

    def change(self, statement: Statement, params: Params, epoch: int | None = None) -> int:
        """Run one statement as a transaction of its own; how many rows it touched. The cheapest way to write."""
        with self._lock:
            touched = self._opened(epoch).execute(statement.text, statement.bind(params)).rowcount
            self._tell()
            return touched

    def read(self, statement: Statement, **params: object) -> list[Row]:
        """Rows that a statement finds, fetched whole on a connection that cannot write."""
        connection = self._reader()
        try:
            return connection.execute(statement.text, statement.bind(params)).fetchall()
        finally:
            self._put_back(connection)

    def replace_with(self, image: sqlite3.Connection, epoch: int, then: Callable[[], None]) -> None:
        """Put another database in this one's place, at once and whole; `epoch` is the new life.

        `then` is called before anyone else gets the door.
        """
        with self._lock:
            image.backup(self._opened(None))
            self.epoch = epoch
            then()
            self._tell()

    def copy_to(self, path: str) -> None:
        """Write a whole copy of this database into a file, between two writes."""
        with self._lock:
            copy = sqlite3.connect(path, isolation_level=None)
            self._opened(None).backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
            copy.close()

    def wait_for_change(self, version: int, seconds: float) -> None:
        """Wait until something was written since this version, at most so long."""
        with self._changed:
            self._watched += 1
            try:
                self._changed.wait_for(lambda: self.version != version or self._closed or self._let_go, seconds)
            finally:
                self._watched -= 1

    def let_go(self) -> None:
        """Let everybody go who waits for a change, now and later."""
        with self._changed:
            self._let_go = True
            self._changed.notify_all()

    def _tell(self) -> None:
        self.version += 1
        if self._watched:
            with self._changed:
                self._changed.notify_all()

    @property
    def closed(self) -> bool:
        """Whether it was closed for good."""
        return self._closed

    def checkpoint(self) -> None:
        """Let the log of writes flow back into the file, on a connection of its own; nobody waits for it."""
        with suppress(sqlite3.Error):
            connection = sqlite3.connect(f"file:{quote(self.path)}?mode=rw", uri=True)
            connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            connection.close()

    def rest(self) -> None:
        """Give back the file handles; the next use opens them again."""
        with self._lock:
            if self._writer is not None:
                self._writer.close()
                self._writer = None
            while self._readers:
                self._readers.pop().close()

    def close(self) -> None:
        """Close for good; whoever comes later gets WorkspaceGoneError."""
        with self._lock:
            self._closed = True
            self._tell()
        self.rest()

    def _opened(self, epoch: int | None) -> sqlite3.Connection:
        self._check(epoch)
        if self._writer is None:
            self._writer = connect(self.path)
        return self._writer

    def _check(self, epoch: int | None) -> None:
        if self._closed or (epoch is not None and epoch != self.epoch):
            raise WorkspaceGoneError(GONE)

    def _reader(self) -> sqlite3.Connection:
        try:
            return self._readers.pop()
        except IndexError:
            self._check(None)
            connection = connect(self.path)
            connection.execute("PRAGMA query_only=ON")
            return connection

    def _put_back(self, connection: sqlite3.Connection) -> None:
        if self._closed or len(self._readers) >= _READERS_KEPT:
            connection.close()
        else:
            self._readers.append(connection)


def _nobody_asks() -> None:
    """Nobody wants to know that something was planned."""


class _Holding(threading.local):
    door: Door | None = None


_holding = _Holding()


def door_held() -> bool:
    """Whether this thread is inside a transaction; nothing may go over the wire meanwhile."""
    return _holding.door is not None


def connect(path: str) -> sqlite3.Connection:
    """A connection as we want it: WAL, no waiting for the disk, rows by name, transactions opened by hand."""
    connection = sqlite3.connect(
        path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=256
    )
    connection.row_factory = sqlite3.Row
    for pragma in _PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")
    return connection


class Tenant(Protocol):
    """A workspace as a fake sees it."""

    @property
    def name(self) -> str:
        """Its name."""

    @property
    def world(self) -> World:
        """Its clock, ids and chance."""

    @property
    def door(self) -> Door:
        """Its database."""

    @property
    def faulty(self) -> frozenset[str]:
        """The services that a fault is arranged for."""

    @property
    def explains(self) -> bool:
        """Whether answers say where their reasons can be read."""


def loads(text: str | bytes | None) -> Any:  # a JSON value is anything
    """A JSON column read back."""
    return None if text is None else parse_json(text.encode() if isinstance(text, str) else text)


_ADD_REASON = Statement(insert(reasons), "message_id", "stage", "rule", "facts", "cause")
_counted = upsert(counters)
_COUNT = Statement(
    _counted.on_conflict_do_update(
        index_elements=["name"], set_={"value": counters.c.value + literal_column("1")}
    ).returning(counters.c.value),
    "name",
    "value",
)
