"""Tables that every workspace has, whatever vendors there are; and how missing tables are made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text
from sqlalchemy.dialects.sqlite import dialect as sqlite_dialect
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql import ClauseElement, insert, select

DIALECT = sqlite_dialect(paramstyle="named")
"""How statements are written for the database."""

KIT = MetaData()
"""Tables that every workspace has, whatever vendors there are."""

reasons = Table(
    "reasons",
    KIT,
    Column("seq", Integer, primary_key=True),
    Column("message_id", Text, nullable=False),
    Column("stage", Text, nullable=False),
    Column("rule", Text, nullable=False),
    Column("facts", Text, nullable=False),
    Column("cause", Text),
    Index("reasons_message", "message_id"),
)
journal = Table(
    "journal",
    KIT,
    Column("seq", Integer, primary_key=True),
    Column("service", Text, nullable=False),
    Column("at", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("request_id", Text, nullable=False),
    Column("body", LargeBinary),
    Column("answer", LargeBinary),
)
counters = Table("counters", KIT, Column("name", Text, primary_key=True), Column("value", Integer, nullable=False))
table_hashes = Table("table_hashes", KIT, Column("name", Text, primary_key=True), Column("hash", Text, nullable=False))


class TableChangedError(Exception):
    """The file was written by another version whose table had other columns; the text names the way out."""


def create_tables(connection: sqlite3.Connection, metadatas: Iterable[MetaData]) -> None:
    """Create what is missing.

    Raises TableChangedError for a table that another version made with other columns.
    """
    connection.execute(_made(table_hashes).texts[0].replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"))
    known = {row["name"]: row["hash"] for row in connection.execute(_KNOWN)}
    for table in (table for metadata in metadatas for table in metadata.sorted_tables):
        made = _made(table)
        if known.get(table.name, made.hash) != made.hash:
            message = (
                f"The table {table.name} was made with other columns, by another version of this or of its vendor."
            )
            raise TableChangedError(message)
        if table.name not in known and table is not table_hashes:
            for text in made.texts:
                connection.execute(text)
            connection.execute(_REMEMBER, {"name": table.name, "hash": made.hash})


@dataclass(frozen=True)
class _Made:
    """How a table and its indexes are made, and what tells it from one of other columns."""

    texts: tuple[str, ...]
    hash: str


@cache
def _made(table: Table) -> _Made:
    indexes = sorted(table.indexes, key=lambda index: str(index.name))
    texts = (_text(CreateTable(table)), *(_text(CreateIndex(index)) for index in indexes))
    return _Made(texts, blake2b("\n".join(texts).encode(), digest_size=8).hexdigest())


def _text(statement: ClauseElement) -> str:
    return str(statement.compile(dialect=DIALECT))


_KNOWN = _text(select(table_hashes))
_REMEMBER = _text(insert(table_hashes))
