"""Templates: taken in, numbered by version, found again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from sqlalchemy import bindparam, select, update

from inkstand.fakes.inkit.tables import templates
from inkstand.fakes.kit.http import dump_text, storable
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.near import nearest
from inkstand.fakes.kit.rendering import Paper
from inkstand.fakes.kit.storage import Door, Row, Statement, Tx, adding, loads
from inkstand.fakes.kit.world import World

from . import space

_LONGEST_TOLD = 200


@dataclass(frozen=True)
class NewTemplate:
    """A template as it was given; without an id it gets one, with the id of one that is there it is a new version.

    `fields` are those that its file names. A `sample` ships: it is named by its file, which stays where it is.
    """

    name: str
    source: str
    file: bytes
    fields: Sequence[str]
    template_id: str | None = None
    description: str = ""
    file_name: str | None = None
    paper: Paper = field(default_factory=Paper)
    destinations: object = None
    optional: Sequence[str] = ()
    created_by: str = ""
    sample: str | None = None


def add(tx: Tx, world: World, given: NewTemplate) -> Row:
    """Keep a template, or a new version of one; its row. Raises TemplateError when the workspace has no room for it."""
    template_id = storable(given.template_id or "") or world.id("tmpl_", "template", tx.number("inkit.templates"))
    before = tx.one(_TEMPLATE, template_id=template_id)
    version = before["version"] + 1 if before else 1
    now = world.now()
    versions = [*(loads(before["versions"]) if before else []), {"version": version, "created_at": now}]
    values: dict[str, Any] = {
        "name": storable(given.name),
        "description": storable(given.description),
        "source": given.source,
        "file": None if given.sample else given.file,
        "sample": given.sample,
        "file_name": storable(given.file_name) if given.file_name else None,
        "fields": dump_text(list(given.fields)),
        "optional": dump_text(list(given.optional)),
        "destinations": dump_text(given.destinations),
        "version": version,
        "versions": dump_text(versions),
        "width": given.paper.width,
        "height": given.paper.height,
        "unit": given.paper.unit,
        "updated_at": now,
    }
    space.take(tx, 0 if given.sample else len(given.file))
    if before:
        space.give_back(tx, len(before["file"] or b""))
        tx.change(_NEXT_VERSION, **values, key=before["seq"])
    else:
        tx.insert(_ADD, **values, template_id=template_id, created_by=storable(given.created_by), created_at=now)
    return tx.run(_TEMPLATE, template_id=template_id)[0]


def find(place: Tx | Door, template_id: str) -> Row | None:
    """A template by its id."""
    rows = place.read(_TEMPLATE, template_id=storable(template_id))
    return rows[0] if rows else None


def file_of(row: Row | Mapping[str, Any]) -> bytes:
    """A template's file."""
    held: bytes = row["file"] if row["file"] is not None else sample(row["sample"])
    return held


@cache
def sample(name: str) -> bytes:
    """The file of a template that ships."""
    return (files("inkstand.fakes.inkit") / "samples" / name).read_bytes()


def every(door: Door) -> list[Row]:
    """Every template, oldest first, without their files."""
    return door.read(_TEMPLATES)


def unknown(place: Tx | Door, wanted: str) -> Reason:
    """Why there is no such template, with the nearest one that there is."""
    known = [row["template_id"] for row in place.read(_TEMPLATE_IDS)]
    near = nearest(wanted, known)
    return Reason("inkit.template.unknown", {"template": wanted[:_LONGEST_TOLD], **({"near": near} if near else {})})


def fields(row: Row | Mapping[str, Any]) -> tuple[str, ...]:
    """A template's merge fields."""
    return tuple(loads(row["fields"]))


def optional(row: Row | Mapping[str, Any]) -> frozenset[str]:
    """Which of a template's fields render blank."""
    return frozenset(loads(row["optional"]))


_ADD = adding(templates)
_TEMPLATE = Statement(select(templates).where(templates.c.template_id == bindparam("template_id")))
_TEMPLATES = Statement(select(*(one for one in templates.c if one.name != "file")).order_by(templates.c.seq))
_TEMPLATE_IDS = Statement(select(templates.c.template_id).order_by(templates.c.seq))
_CHANGED = ("template_id", "created_by", "created_at", "seq")
_NEXT_VERSION = Statement(
    update(templates)
    .where(templates.c.seq == bindparam("key"))
    .values({column.name: bindparam(column.name) for column in templates.c if column.name not in _CHANGED})
)
