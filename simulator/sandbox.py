"""The use-cases: accept calls, settle, move the clock, make, reset and delete workspaces, read views."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from inkstand.fakes.kit.storage import GONE, WorkspaceGoneError
from inkstand.fakes.kit.times import LAST, iso
from inkstand.fakes.kit.vendor import Vendor
from inkstand.fakes.kit.views import View
from inkstand.fakes.kit.world import Clock, identifier, machine_now

from .delivery.catalogue import Catalogue
from .delivery.courtesy import Traffic, Turnstile
from .delivery.deliver import Deliverer, Horizon
from .delivery.process import process
from .delivery.work import Work
from .errors import NotNowError, UnknownNameError, nearest
from .model import Configuration, Dropped, Receipt, Taken
from .rooms import Rooms
from .storage.views import VIEWS
from .workspaces.configuration import Setup, configured
from .workspaces.log import append, counts, newest, processed
from .workspaces.registry import SEGMENT, Registry
from .workspaces.snapshots import Snapshot
from .workspaces.workspace import Workspace

if TYPE_CHECKING:
    from .delivery.transport import Transport
    from .delivery.worker import Worker


Found = TypeVar("Found")


def every_view(vendors: Sequence[Vendor]) -> tuple[View, ...]:
    """The views that there are: Segment's side, then each vendor's."""
    from .explain.debugger import DEBUGGER  # noqa: PLC0415  # brings the ledgers; readiness need not wait for it
    from .profiles.store import PROFILES  # noqa: PLC0415  # as above

    return (*VIEWS, DEBUGGER, PROFILES, *(view for vendor in vendors for view in vendor.views))


class Sandbox:
    """Everything that one process holds.

    `make_transport` is asked when the first delivery is due; `setup` is how every workspace is set up.
    """

    def __init__(
        self,
        folder: Path,
        vendors: Sequence[Vendor],
        make_transport: Callable[[], Transport],
        setup: Setup | None = None,
    ) -> None:
        self.vendors = vendors
        self.setup = setup or {}
        self.catalogue = Catalogue(vendors)
        incarnation = identifier(0, "incarnation", str(folder), machine_now())
        self.deliverer = Deliverer(self.catalogue, make_transport, incarnation)
        self.work = Work(self.deliverer, vendors)
        self.registry = Registry(folder, vendors, self.setup, self._opened)
        self.worker: Worker | None = None
        self.rooms = Rooms()
        self.ending = False
        self.traffic = Traffic()
        self.turnstile = Turnstile(self.traffic)

    @cached_property
    def views(self) -> dict[str, View]:
        """Every view by name: Segment's side, then each vendor's."""
        return {view.name: view for view in every_view(self.vendors)}

    @cached_property
    def services(self) -> list[str]:
        """What faults can be arranged for: Segment, each vendor, and what of a vendor can be struck on its own."""
        return [SEGMENT, *(name for vendor in self.vendors for name in (vendor.service, *vendor.parts))]

    def whose(self, write_key: str) -> Workspace | None:
        """The workspace that a write key belongs to, if any."""
        return self.registry.find(SEGMENT, write_key)

    def accept(self, workspace: Workspace, receipt: Receipt, calls: Iterable[Taken | Dropped]) -> None:
        """Append calls to the log in one transaction: messages, and what was discarded at the door.

        A messageId that the workspace has seen is discarded as a duplicate (decision 7). Raises WorkspaceGoneError
        when the workspace was reset or deleted since the calls were received.
        """
        append(workspace.door, receipt, list(calls))
        self.traffic.call_came()
        if self.worker is not None and workspace.configuration.delivery == "auto":
            self.worker.wake(workspace.name)

    def _opened(self, workspace: Workspace) -> None:
        self.deliverer.free_claims(workspace)
        workspace.door.on_planned = partial(self._wake, workspace.name)

    def _wake(self, name: str) -> None:
        if self.worker is not None:
            self.worker.wake(name)

    def settle(self, workspace: Workspace) -> int:
        """Process, deliver and do everything that is due at this moment, in planned order, in this thread.

        What arrives meanwhile waits for the next settle (or the worker). Returns how many deliveries were tried.
        """
        with self._alone(workspace):
            return self._settle(workspace, newest(workspace.door))[0]

    def is_quiet(self, workspace: Workspace) -> bool:
        """Whether nothing is due at this moment."""
        return processed(workspace.door) >= newest(workspace.door) and not self.work.lanes(workspace)

    def _settle(self, workspace: Workspace, upto: int) -> tuple[int, int]:
        """Settle messages up to a place in the log; how many deliveries were tried, and up to which place after all.

        What these messages forward to other sources stands behind whatever arrived meanwhile: up to there it goes on,
        once, for what was forwarded is not forwarded again.
        """
        forwarded = 0
        while done := process(workspace, self.catalogue, upto):
            forwarded = max(forwarded, done.forwarded)
        upto = max(upto, forwarded)
        while forwarded and process(workspace, self.catalogue, upto):
            pass
        horizon = Horizon(workspace.world.now(), upto)
        return self.work.settle(workspace, horizon), upto

    def advance(self, workspace: Workspace, milliseconds: int, *, pause: bool = False) -> tuple[int, int]:
        """Move the clock forward, stopping to settle wherever something falls due.

        With `pause` it ends at the first moment at which something was tried. Returns how many deliveries were tried,
        and how many milliseconds are left to go.

        Raises NotNowError, and moves nothing, for a time after the year 9999; WorkspaceGoneError when the workspace
        was reset meanwhile.
        """
        if workspace.world.now() + milliseconds > LAST:
            message = f"That is too far: it is {iso(workspace.world.now())}, and the clock ends with the year 9999."
            raise NotNowError(message)
        with self._alone(workspace):
            epoch, upto = workspace.door.epoch, newest(workspace.door)
            tried, upto = self._settle(workspace, upto)
            end = workspace.world.now() + milliseconds
            while (due := self.work.next_due(workspace, upto)) is not None and due <= end:
                workspace.move_clock(max(0, due - workspace.world.now()), epoch)
                more, upto = self._settle(workspace, upto)
                tried += more
                if pause and tried:
                    return tried, max(0, end - workspace.world.now())
            workspace.move_clock(max(0, end - workspace.world.now()), epoch)
            return tried + self._settle(workspace, upto)[0], 0

    def freeze(self, workspace: Workspace) -> None:
        """Stop the clock where it stands."""
        self._set_clock(workspace, lambda clock: Clock(frozen_at=clock.now()))

    def follow(self, workspace: Workspace) -> None:
        """Let the clock run with the machine's again, on from where it stands."""
        self._set_clock(workspace, lambda clock: Clock(offset=clock.now() - machine_now()))

    def _set_clock(self, workspace: Workspace, change: Callable[[Clock], Clock]) -> None:
        with self._alone(workspace):
            workspace.set_clock(change, workspace.door.epoch)

    def snapshot(self, workspace: Workspace, name: str) -> Snapshot:
        """Keep a copy of a workspace, taken between two attempts, in place of one of the same name."""
        with self._alone(workspace):
            return self.registry.snapshots(workspace.name).take(workspace.door, name)

    def restore(self, workspace: Workspace, name: str, of: str | None = None) -> None:
        """Put a workspace back to a snapshot: its own, or one `of` another workspace, with its own credentials."""
        path = self.registry.snapshots(of or workspace.name).found(name)
        with self._alone(workspace):
            self.registry.restore(workspace.name, path)

    def watch(self, workspace: Workspace, look: Callable[[], Found | None], seconds: float) -> Found | None:
        """Look whenever something was written, until there is something to see or the time is over.

        Watchers together take little of the processor while calls come in. Raises WorkspaceGoneError when the
        workspace is reset or deleted meanwhile.
        """
        end, epoch = time.monotonic() + seconds, workspace.door.epoch
        while True:
            version = workspace.door.version
            found = self.turnstile.look(look)
            if found is not None:
                return found
            workspace.door.wait_for_change(version, max(0.0, end - time.monotonic()))
            if workspace.door.closed or workspace.door.epoch != epoch:
                raise WorkspaceGoneError(GONE)
            if self.ending or time.monotonic() >= end:
                return self.turnstile.look(look)

    def let_go(self) -> None:
        """The end is near: whoever waits is answered with what there is."""
        self.ending = True
        self.rooms.on_change = lambda _: None
        self.turnstile.let_go()
        self.registry.let_go()

    def create(self, name: str, asked: Setup) -> Workspace:
        """Make a workspace like the sandbox's file says, and then as asked (the form of `SetupSchema`).

        Raises SetupError for something that there is not.
        """
        return self.registry.create(name, configured(name, self.vendors, self.setup, asked))

    def reset(self, name: str) -> Workspace:
        """Put a workspace back to what it was made with; what is under way there is dropped."""
        return self.registry.reset(name)

    def delete(self, name: str) -> None:
        """Delete a workspace; what is under way there is dropped."""
        self.registry.delete(name)

    def configure(self, workspace: Workspace, change: Callable[[Configuration], Configuration]) -> None:
        """Change a workspace's configuration until its next reset."""
        workspace.configure(change)
        self._wake(workspace.name)

    def view(self, name: str) -> View:
        """A view by name; raises UnknownNameError, naming the nearest."""
        found = self.views.get(name)
        if found is None:
            known = ", ".join(sorted(self.views))
            message = f"There is no view {name!r}.{nearest(name, list(self.views))} The views are {known}."
            raise UnknownNameError(message)
        return found

    def counts(self, workspace: Workspace) -> dict[str, int]:
        """How many messages and discards a workspace holds."""
        return counts(workspace.door)

    def close(self) -> None:
        """End the worker, then close every database."""
        if self.worker is not None:
            self.worker.stop()
        self.registry.close()

    @contextmanager
    def _alone(self, workspace: Workspace) -> Iterator[None]:
        """Deliver nothing else in a workspace for as long as the block lasts; takes a seat, for it may have to wait.

        Raises BusyError when none is free.
        """
        kept_out = nullcontext() if self.worker is None else self.worker.kept_out(workspace.name)
        with self.rooms.orders.seat(), workspace.settling, kept_out:
            yield
