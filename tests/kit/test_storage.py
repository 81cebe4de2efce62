import threading

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, bindparam, insert, select

from inkstand.fakes.kit.storage import Door, Statement, WorkspaceGoneError, connect, door_held
from inkstand.fakes.kit.tables import TableChangedError, create_tables

METADATA = MetaData()
THINGS = Table("things", METADATA, Column("seq", Integer, primary_key=True), Column("name", Text, nullable=False))
ADD = Statement(insert(THINGS), "name")
ALL = Statement(select(THINGS.c.name).order_by(THINGS.c.seq))
LIKE = Statement(select(THINGS.c.name).where(THINGS.c.name == "a", THINGS.c.seq < bindparam("below")))


@pytest.fixture
def door(tmp_path):
    path = str(tmp_path / "one.db")
    connection = connect(path)
    create_tables(connection, [METADATA])
    connection.close()
    door = Door(path, epoch=1)
    yield door
    door.close()


def names(door):
    return [row["name"] for row in door.read(ALL)]


def test_a_failed_transaction_leaves_nothing(door):
    """What is written before an error is gone after it, and the door is free again."""

    def fail():
        with door.write() as tx:
            tx.insert(ADD, name="a")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with door.write() as tx:
        tx.insert(ADD, name="b")
    assert names(door) == ["b"]


def test_statements_keep_their_constants(door):
    """A constant in a statement and a parameter given later both count."""
    with door.write() as tx:
        tx.many(ADD, [{"name": "a"}, {"name": "b"}, {"name": "a"}])

        assert len(tx.run(LIKE, below=3)) == 1


def test_readers_cannot_write(door):
    """A reader's connection refuses to change anything."""
    import sqlite3

    with pytest.raises(sqlite3.OperationalError):
        door.read(ADD, name="a")


def test_an_older_life_is_shut_out(door):
    """Work that began before the database was replaced is refused, and nothing of it is kept."""
    image = connect(":memory:")
    create_tables(image, [METADATA])
    with door.write(1) as tx:
        tx.insert(ADD, name="old")

    door.replace_with(image, 2, lambda: None)

    with pytest.raises(WorkspaceGoneError), door.write(1):
        pass
    assert names(door) == []


def test_rest_is_not_the_end(door):
    """A door that gave its handles back opens them again when it is used."""
    door.rest()
    with door.write() as tx:
        tx.insert(ADD, name="a")

    assert names(door) == ["a"]


def test_closed_is_closed(door):
    """A closed door refuses readers and writers alike."""
    door.close()

    with pytest.raises(WorkspaceGoneError), door.write():
        pass
    with pytest.raises(WorkspaceGoneError):
        door.read(ALL)


def test_writers_take_turns(door):
    """Many threads lose no row, and each knows that it holds the door."""

    def work():
        for _ in range(50):
            with door.write() as tx:
                assert door_held()
                tx.insert(ADD, name="x")
            assert not door_held()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(names(door)) == 400


def test_a_changed_table_is_refused_with_the_way_out(tmp_path):
    """A file whose table had other columns is refused in words that say what to do."""
    connection = connect(str(tmp_path / "old.db"))
    create_tables(connection, [METADATA])
    other = MetaData()
    Table("things", other, Column("seq", Integer, primary_key=True))

    with pytest.raises(TableChangedError, match=r"things.*another version"):
        create_tables(connection, [other])
    connection.close()
