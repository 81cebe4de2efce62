"""Makes what was ordered: draws it, keeps it, sends it on, says why it is there and tells the webhooks."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from contextvars import copy_context
from dataclasses import dataclass, replace
from typing import Any

from inkstand.fakes.inkit import webhooks
from inkstand.fakes.inkit.kinds import mail, pieces
from inkstand.fakes.kit import errands
from inkstand.fakes.kit.faults import Effect
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Row, Tx, loads
from inkstand.fakes.kit.world import World

from . import renders, sending
from .drawing import Drawn, draw
from .renders import Order

RENDERER, POST = "inkit.renderer", "inkit.post"
"""What makes documents, and what carries mail, where a fault is arranged of them."""

AHEAD = 2
"""How many documents of a batch are drawn at once: of the processes that draw, one is left for everybody else."""

_MADE = {
    pieces.STORAGE: (webhooks.DOCUMENT_CREATED, webhooks.DOCUMENT_FAILED),
    pieces.MAGIC_LINK: (webhooks.LINK_CREATED, webhooks.LINK_FAILED),
    pieces.MAIL: (webhooks.MAIL_CREATED, webhooks.MAIL_FAILED),
    "docusign": (webhooks.DOCUSIGN_CREATED, webhooks.DOCUSIGN_FAILED),
    "salesforce": (webhooks.SALESFORCE_CREATED, webhooks.SALESFORCE_FAILED),
}
"""For each destination, what is told when its piece was made, and when it was not."""


@dataclass(frozen=True)
class Press:
    """What it takes to make documents: a way to write, the workspace's World, and what faults do to a document.

    `strike` is given what may be struck, and what the document is made for, where that is known; `plainly` is without
    LibreOffice.
    """

    write: Callable[[], AbstractContextManager[Tx]]
    world: World
    strike: Callable[[str, str | None], Effect | None]
    plainly: bool = False

    def draw(self, order: Order) -> Drawn:
        """Draw what was ordered, between transactions: drawing is slow, and nobody should wait at the door for it.

        Raises TemplateError when it would be more than a document may be.
        """
        return self._drawn(order, self._struck(order), self.world.now())

    def draw_all(self, orders: Iterable[Order]) -> Generator[Callable[[], Drawn]]:
        """For each order in turn what gives its drawing, or raises as `draw` does; the next are drawn meanwhile."""
        with ThreadPoolExecutor(AHEAD, "draw") as pool:
            begun: deque[Callable[[], Drawn]] = deque()
            for order in orders:
                known = copy_context()
                begun.append(pool.submit(known.run, self._drawn, order, self._struck(order), self.world.now()).result)
                if len(begun) > AHEAD:
                    yield begun.popleft()
            yield from begun

    def _struck(self, order: Order) -> tuple[Effect | None, Effect | None]:
        """What faults do to the document, and to its mail."""
        by_post = self.strike(POST, order.message_id) if pieces.MAIL in order.destinations else None
        return self.strike(RENDERER, order.message_id), by_post

    def _drawn(self, order: Order, struck: tuple[Effect | None, Effect | None], now: int) -> Drawn:
        effect, by_post = struck
        late = effect.delay if effect else 0
        if effect is not None and effect.instead:
            return Drawn(b"", 0, "", (Reason("inkit.render.failed", {"fault": effect.fault}),), late=late)
        drawn = draw(order.template, order.values, now, plainly=self.plainly)
        return replace(drawn, late=late, comes_back=bool(by_post and by_post.instead))


def filed(  # noqa: PLR0913, PLR0917  # what was ordered, what came of it, and for whom
    tx: Tx, world: World, order: Order, drawn: Drawn, person: Mapping[str, Any], cause: tuple[str | int, ...]
) -> Row:
    """Keep a document and send it off to each of its destinations; its render's row.

    `person` is whom it is of: addressed mail and links go there. Ids follow from `cause`. What is late is ready, sent
    and told of when its time has come.
    """
    now = world.now()
    row = renders.keep(tx, world, order, drawn, *cause)
    if row["pages"]:
        sending.keep(tx, row, person, row["ready_at"], comes_back=drawn.comes_back)
    if row["ready_at"] > now:
        errands.plan(tx, webhooks.SERVICE, "render", row["render_id"], row["ready_at"])
    else:
        webhooks.tell(tx, _events(tx, row), renders.subject(row), now)
    return row


def finish(tx: Tx, row: Row, now: int) -> None:
    """A render's time has come: it is ready, or failed, and the webhooks are told."""
    if row["status"] == renders.IN_PROGRESS and row["deleted_at"] is None:
        renders.end(tx, row)
        webhooks.tell(tx, _events(tx, row), renders.subject(row), now)


def made(row: Row, order: Order, drawn: Drawn, more: Iterable[Reason] = ()) -> list[Reason]:
    """The reasons to record of a document: that it was made, and what else is worth telling."""
    if not row["pages"]:
        return list(drawn.reasons)
    template = row["template_id"] or "of its own"
    facts = {"document": renders.known_as(row), "template": template, "fields": len(order.values)}
    late = row["ready_at"] - row["created_at"]
    lateness = [Reason("inkit.render.late", {"seconds": f"{late / 1_000:g}"})] if late else []
    return [Reason("inkit.document.made", facts), *lateness, *more, *drawn.reasons]


def _events(tx: Tx, row: Row) -> Iterator[tuple[str, str]]:
    """What the webhooks are told of a render: itself, and each of its pieces."""
    good = bool(row["pages"])
    yield (webhooks.RENDER_CREATED if good else webhooks.RENDER_FAILED), row["render_id"]
    for name, body in loads(row["destinations"]).items():
        if name not in _MADE:
            continue
        piece_id = body[pieces.KINDS[name][0]]
        piece = sending.find(tx, piece_id) if name == pieces.MAIL else None
        is_made = good and not (piece and piece["ended"] == mail.UNVERIFIED)
        yield _MADE[name][0 if is_made else 1], piece_id
