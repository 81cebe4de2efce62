"""Renders and their documents: kept, found, listed, looked at, deleted; their life goes by the workspace's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, or_, select, update

from inkstand.fakes.inkit import webhooks
from inkstand.fakes.inkit.kinds import pieces
from inkstand.fakes.inkit.tables import choices, renders
from inkstand.fakes.kit.http import dump_text, storable
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Door, Row, Statement, Tx, adding, loads
from inkstand.fakes.kit.world import World

from . import folders, space
from .drawing import Drawn

COMPLETED, IN_PROGRESS, FAILED = "completed", "in_progress", "failed"


@dataclass(frozen=True)
class Order:
    """A document that is to be made: of which template (a row, or members like one), with which values, for whom."""

    template: Row | Mapping[str, Any]
    values: Mapping[str, Any]
    destinations: Mapping[str, Mapping[str, Any]]
    name: str = ""
    description: str = ""
    profile: tuple[str | None, str | None] = (None, None)
    message_id: str | None = None
    batch_id: str | None = None
    created_by: str = ""


def keep(tx: Tx, world: World, order: Order, drawn: Drawn, *cause: str | int) -> Row:
    """Keep what was drawn, with a piece for each destination; its row. Ids follow from `cause`.

    Raises TemplateError when the workspace has no room for it.
    """
    now = world.now()
    values = dump_text(dict(order.values))
    size = sum(map(len, (drawn.pdf, drawn.native or b"", (drawn.html or "").encode(), values)))
    space.take(tx, size)
    ready_at = now + drawn.late + int(choice(tx, "render_time") or 0)
    sent_to = pieces.made(order.destinations, lambda prefix: world.id(prefix, *cause))
    stored = pieces.keeping(order.destinations.get(pieces.STORAGE, {}))
    kind, owner = order.profile
    seq = tx.insert(
        _ADD,
        render_id=world.id("rend_", *cause),
        document_id=sent_to.get(pieces.STORAGE, {}).get("document_id"),
        message_id=order.message_id,
        batch_id=order.batch_id,
        template_id=order.template["template_id"],
        version=order.template["version"],
        name=storable(order.name or order.template["name"]),
        description=storable(order.description),
        document_name=storable(stored.name or order.name or order.template["name"]),
        profile_kind=kind,
        profile=owner,
        status=IN_PROGRESS if ready_at > now else _end_of(drawn.pages),
        merge_parameters=values,
        destinations=dump_text(sent_to),
        folder_id=(stored.folder_id or folders.default(world)) if pieces.STORAGE in sent_to else None,
        html=drawn.html,
        native=drawn.native,
        pdf=drawn.pdf or None,
        pages=drawn.pages,
        bytes=size,
        rendered_with=drawn.rendered_with or None,
        **{name: order.template[name] for name in ("width", "height", "unit")},
        created_by=storable(order.created_by),
        created_at=now,
        updated_at=now,
        ready_at=ready_at,
        expire_at=now + stored.retain_for if stored.retain_for else None,
        expire_after_n_views=stored.expire_after_n_views,
        views=0,
        deleted_at=None,
    )
    return tx.run(_BY_SEQ, seq=seq)[0]


def find(place: Tx | Door, key: str, now: int) -> Row | None:
    """A render by its id, or by that of its document; None for one that is deleted or has expired."""
    rows = place.read(_BY_ID, id=storable(key))
    return rows[0] if rows and is_alive(rows[0], now) else None


def by_render(place: Tx | Door, render_id: str) -> Row | None:
    """A render by its own id, whatever became of it."""
    rows = place.read(_BY_ID, id=render_id)
    return rows[0] if rows else None


def of_message(tx: Tx, message_id: str) -> Row | None:
    """What a message made before."""
    return tx.one(_OF_MESSAGE, message_id=message_id)


def every(door: Door, batch_id: str | None = None) -> list[Row]:
    """Every render, or those of a batch, oldest first, without their files and values."""
    return door.read(_ALL, batch_id=batch_id)


def values(door: Door, render_ids: Sequence[str], most: int) -> dict[str, Any] | None:
    """The merge parameters of renders, by the render's id; None where they come to more than so many bytes."""
    found, left = {}, most
    for one in render_ids:
        (row,) = door.read(_VALUES, id=one)
        left -= len(row["merge_parameters"])
        if left < 0:
            return None
        found[one] = loads(row["merge_parameters"])
    return found


def alive(door: Door, now: int) -> list[Row]:
    """Every render that is not deleted and has not expired."""
    return [row for row in every(door) if is_alive(row, now)]


def is_alive(row: Row | Mapping[str, Any], now: int) -> bool:
    """Whether a render is there to be looked at."""
    seen = row["expire_after_n_views"] is not None and row["views"] >= row["expire_after_n_views"]
    return is_kept(row, now) and not seen


def is_kept(row: Row | Mapping[str, Any], now: int) -> bool:
    """Whether a render is neither deleted nor expired by time: who looks at it for the last time may go on looking."""
    expired = row["expire_at"] is not None and row["expire_at"] <= now
    return row["deleted_at"] is None and not expired


def status(row: Row | Mapping[str, Any], now: int) -> str:
    """Where a render stands on the clock, whether somebody has settled it yet or not."""
    if row["status"] == IN_PROGRESS and row["ready_at"] <= now:
        return _end_of(row["pages"])
    return str(row["status"])


def end(tx: Tx, row: Row) -> None:
    """A render's time has come: it is completed, or failed."""
    tx.change(_FINISH, key=row["seq"], status=_end_of(row["pages"]))


def _end_of(pages: int) -> str:
    return COMPLETED if pages else FAILED


def known_as(row: Row | Mapping[str, Any]) -> str:
    """The id by which people know what was made: its document's, or the render's where nothing is stored."""
    return str(row["document_id"] or row["render_id"])


def subject(row: Row | Mapping[str, Any]) -> str:
    """What the reasons about a render are recorded under: the message that asked for it, or its own id."""
    return str(row["message_id"] or known_as(row))


def looked_at(tx: Tx, row: Row, now: int) -> bool:
    """Count a view; False, and nothing counted, when the document has had its last one meanwhile."""
    if tx.change(_COUNT_VIEW, key=row["seq"], now=now) == 0:
        return False
    tx.because(subject(row), "view", [Reason("inkit.document.viewed", {"document": known_as(row)})])
    _tell_of(tx, row, webhooks.DOCUMENT_VIEWED, now)
    return True


def delete(tx: Tx, row: Row, now: int) -> None:
    """Delete a render with its files; that it was there can still be seen."""
    if tx.change(_DELETE, key=row["seq"], now=now):
        space.give_back(tx, row["bytes"])
    tx.because(subject(row), "deleted", [Reason("inkit.document.deleted", {"document": known_as(row)})])
    _tell_of(tx, row, webhooks.DOCUMENT_DELETED, now)


def _tell_of(tx: Tx, row: Row, code: str, now: int) -> None:
    """Tell the webhooks what happened to a render's document, if it has one."""
    if row["document_id"]:
        webhooks.tell(tx, [(code, row["document_id"])], subject(row), now)


def sent_to(row: Row | Mapping[str, Any], now: int) -> dict[str, dict[str, Any]]:
    """A render's destinations, each with where it stands."""
    where = status(row, now)
    return {name: {**body, "status": where} for name, body in loads(row["destinations"]).items()}


def choice(place: Tx | Door, name: str) -> Any:  # a JSON value is anything
    """What was set up for the whole of Inkit; None for what was not."""
    rows = place.read(_CHOICE, name=name)
    return loads(rows[0]["value"]) if rows else None


_FILES = ("pdf", "native", "html", "merge_parameters")
_ADD = adding(renders)
_BY_SEQ = Statement(select(renders).where(renders.c.seq == bindparam("seq")))
_BY_ID = Statement(
    select(renders).where(or_(renders.c.render_id == bindparam("id"), renders.c.document_id == bindparam("id")))
)
_OF_MESSAGE = Statement(
    select(renders.c.document_id, renders.c.render_id).where(renders.c.message_id == bindparam("message_id"))
)
_ALL = Statement(
    select(*(column for column in renders.c if column.name not in _FILES))
    .where(or_(bindparam("batch_id").is_(None), renders.c.batch_id == bindparam("batch_id")))
    .order_by(renders.c.seq)
)
_VALUES = Statement(select(renders.c.merge_parameters).where(renders.c.render_id == bindparam("id")))
_COUNT_VIEW = Statement(
    update(renders)
    .where(
        renders.c.seq == bindparam("key"),
        renders.c.deleted_at.is_(None),
        or_(renders.c.expire_at.is_(None), renders.c.expire_at > bindparam("now")),
        or_(renders.c.expire_after_n_views.is_(None), renders.c.views < renders.c.expire_after_n_views),
    )
    .values(views=renders.c.views + 1)
)
_DELETE = Statement(
    update(renders)
    .where(and_(renders.c.seq == bindparam("key"), renders.c.deleted_at.is_(None)))
    .values(deleted_at=bindparam("now"), updated_at=bindparam("now"), pdf=None, native=None, html=None)
)
_FINISH = Statement(update(renders).where(renders.c.seq == bindparam("key")).values(status=bindparam("status")))
_CHOICE = Statement(select(choices.c.value).where(choices.c.name == bindparam("name")))
