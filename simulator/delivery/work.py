"""All that falls due in a workspace, lane by lane: deliveries for each connection, errands of each vendor."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from contextlib import suppress

from inkstand.fakes.kit import errands
from inkstand.fakes.kit.storage import WorkspaceGoneError
from inkstand.fakes.kit.vendor import Vendor
from inkstand.simulator.workspaces.workspace import Workspace

from .deliver import Deliverer, Horizon
from .process import EVER

_ERRANDS_OF = "errands of "
_log = logging.getLogger(__name__)


class Work:
    """What the worker does while serving, and `settle` in the caller's thread."""

    def __init__(self, deliverer: Deliverer, vendors: Sequence[Vendor]) -> None:
        self.deliverer = deliverer
        self._vendors = {vendor.service: vendor for vendor in vendors}

    def lanes(self, workspace: Workspace) -> list[str]:
        """What has something due now: connections, and the errands of vendors."""
        due = [one for one in self._errands(workspace) if one.due_at <= workspace.world.now()]
        return [*self.deliverer.lanes(workspace), *(_ERRANDS_OF + one.service for one in due)]

    def next_due(self, workspace: Workspace, newest: int = EVER) -> int | None:
        """When something will next be due, of messages up to `newest`, in milliseconds of the workspace's clock."""
        first = errands.first(workspace.door)
        moments = (self.deliverer.next_due(workspace, newest), first.due_at if first else None)
        return min((at for at in moments if at is not None), default=None)

    def step(self, workspace: Workspace, lane: str) -> bool:
        """Do what is next in a lane; False when nothing is due there now."""
        if lane.startswith(_ERRANDS_OF):
            return self._run_errand(workspace, lane.removeprefix(_ERRANDS_OF), workspace.world.now())
        due = self.deliverer.next_of(workspace, lane)
        if due is not None:
            self.deliverer.perform(workspace, due)
        return due is not None

    def settle(self, workspace: Workspace, horizon: Horizon) -> int:
        """Do everything that was due at the horizon: deliveries in planned order, then errands; how many were tried."""
        tried = 0
        while (due := self.deliverer.next_of(workspace, horizon=horizon)) is not None:
            self.deliverer.perform(workspace, due)
            tried += 1
        while self._run_errand(workspace, None, horizon.now):
            tried += 1
        return tried

    def _errands(self, workspace: Workspace) -> list[errands.Errand]:
        if errands.first(workspace.door) is None:
            return []
        found = (errands.first(workspace.door, service) for service in self._vendors)
        return [one for one in found if one is not None]

    def _run_errand(self, workspace: Workspace, service: str | None, now: int) -> bool:
        epoch = workspace.door.epoch
        errand = errands.first(workspace.door, service)
        if errand is None or errand.due_at > now:
            return False
        with suppress(WorkspaceGoneError):
            try:
                self._vendors[errand.service].perform(workspace, epoch, errand, self.deliverer.transport.call)
            except WorkspaceGoneError:
                raise
            except Exception:  # noqa: BLE001  # one errand that fails must not hold up the others
                _log.exception("an errand of %s failed: %s %s", errand.service, errand.kind, errand.about)
                with workspace.door.write(epoch) as tx:
                    errands.done(tx, errand)
        return True
