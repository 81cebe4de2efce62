"""Tables that every workspace has, whatever vendors there are; and how missing tables are made."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
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
    wanted = [table for metadata in metadatas for table in metadata.sorted_tables]
    connection.execute(_text(CreateTable(table_hashes, if_not_exists=True)))
    known = {row["name"]: row["hash"] for row in connection.execute(_text(select(table_hashes)))}
    for table in wanted:
        texts = [_text(CreateTable(table))]
        texts += [_text(CreateIndex(index)) for index in sorted(table.indexes, key=str)]
        found = blake2b("\n".join(texts).encode(), digest_size=8).hexdigest()
        if known.get(table.name, found) != found:
            message = f"The table {table.name} was made by another version of Inkstand, with other columns."
            raise TableChangedError(message)
        if table.name not in known and table is not table_hashes:
            for text in texts:
                connection.execute(text)
            connection.execute(_text(insert(table_hashes)), {"name": table.name, "hash": found})


def _text(statement: ClauseElement) -> str:
    return str(statement.compile(dialect=DIALECT))
