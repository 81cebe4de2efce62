"""Folders for documents: the default one, those that were set up, those that people make."""

from __future__ import annotations

from sqlalchemy import bindparam, select, update
from sqlalchemy import delete as delete_from

from inkstand.fakes.inkit import webhooks
from inkstand.fakes.inkit.tables import folders, renders
from inkstand.fakes.kit.http import storable
from inkstand.fakes.kit.storage import Door, Row, Statement, Tx, adding
from inkstand.fakes.kit.world import World


def default(world: World) -> str:
    """The id of the folder in which documents are kept that name none."""
    return world.id("fold_", "default folder")


def every(door: Door) -> list[Row]:
    """Every folder, oldest first."""
    return door.read(_EVERY)


def exists(door: Door, folder_id: str) -> bool:
    """Whether there is such a folder."""
    return any(row["folder_id"] == folder_id for row in every(door))


def add(tx: Tx, world: World, folder_id: str, name: str, description: str, created_by: str) -> Row:  # noqa: PLR0913, PLR0917  # a row
    """Keep a folder; its row."""
    seq = tx.insert(
        _ADD,
        folder_id=storable(folder_id),
        name=storable(name),
        description=storable(description),
        created_by=storable(created_by),
        created_at=world.now(),
    )
    return tx.run(_BY_SEQ, seq=seq)[0]


def create(tx: Tx, world: World, name: str, description: str, created_by: str) -> Row:
    """Make a folder as people do, and tell the webhooks; its row."""
    row = add(tx, world, world.id("fold_", "folder", tx.number("inkit.folders")), name, description, created_by)
    webhooks.tell(tx, [(webhooks.FOLDER_CREATED, row["folder_id"])], row["folder_id"], world.now())
    return row


def delete(tx: Tx, world: World, folder_id: str) -> bool:
    """Remove a folder, its documents into the default one, and tell the webhooks; False for one that cannot be."""
    folder_id = storable(folder_id)
    if folder_id == default(world) or tx.change(_DELETE, key=folder_id) == 0:
        return False
    tx.change(_MOVE, key=folder_id, to=default(world))
    webhooks.tell(tx, [(webhooks.FOLDER_DELETED, folder_id)], folder_id, world.now())
    return True


_ADD = adding(folders)
_BY_SEQ = Statement(select(folders).where(folders.c.seq == bindparam("seq")))
_EVERY = Statement(select(folders).order_by(folders.c.seq))
_DELETE = Statement(delete_from(folders).where(folders.c.folder_id == bindparam("key")))
_MOVE = Statement(update(renders).where(renders.c.folder_id == bindparam("key")).values(folder_id=bindparam("to")))
