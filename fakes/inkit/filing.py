"""Keeps what was drawn: the render with its document, what is sent on, and why it is there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Row, Tx
from inkstand.fakes.kit.world import World

from . import renders, sending
from .drawing import Drawn
from .renders import Order


def filed(  # noqa: PLR0913, PLR0917  # what was ordered, what came of it, and for whom
    tx: Tx, world: World, order: Order, drawn: Drawn, person: Mapping[str, Any], cause: tuple[str | int, ...]
) -> Row:
    """Keep a document and send it off to each of its destinations; its render's row.

    `person` is whom it is of: addressed mail and links go there. Ids follow from `cause`.
    """
    row = renders.keep(tx, world, order, drawn, *cause)
    sending.keep(tx, row, person, world.now())
    return row


def made(row: Row, order: Order, more: Iterable[Reason]) -> list[Reason]:
    """The reasons to record of a document that was made: that it was, and what else is worth telling."""
    template = row["template_id"] or "of its own"
    facts = {"document": renders.known_as(row), "template": template, "fields": len(order.values)}
    return [Reason("inkit.document.made", facts), *more]
