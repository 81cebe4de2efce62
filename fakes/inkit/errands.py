"""What falls due at Inkit by the clock: renders that take their time, and webhooks."""

from __future__ import annotations

from inkstand.fakes.inkit.documents import filing, renders, sending
from inkstand.fakes.kit import errands
from inkstand.fakes.kit.errands import Errand, Send
from inkstand.fakes.kit.storage import Tenant

from . import webhooks

PARTS = {
    filing.RENDERER: "makes documents: a delay makes one late, a status or a dropped connection lets it fail",
    filing.POST: "carries mail: a status or a dropped connection lets a piece come back to its sender",
    webhooks.PART: "the receivers of webhooks: what is answered instead of them",
}


def perform(tenant: Tenant, epoch: int, errand: Errand, send: Send) -> None:
    """Do what has fallen due."""
    if errand.kind == webhooks.KIND:
        webhooks.attempt(tenant, epoch, errand, send)
        return
    if errand.kind == sending.RETURNING:
        with tenant.door.write(epoch) as tx:
            piece = sending.find(tx, errand.about)
            if errands.done(tx, errand) and piece is not None:
                sending.came_back(tx, piece)
        return
    with tenant.door.write(epoch) as tx:
        row = renders.by_render(tx, errand.about)
        if errands.done(tx, errand) and row is not None:
            filing.finish(tx, row, tenant.world.now())
