"""Works while serving: one lane per connection and per vendor's errands, so that a slow one holds up nobody else."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from inkstand.fakes.kit.storage import WorkspaceGoneError
from inkstand.fakes.kit.world import machine_now
from inkstand.simulator.errors import UnknownNameError
from inkstand.simulator.workspaces.workspace import Workspace

from .courtesy import Courtesy
from .process import process
from .work import Work

Lane = tuple[str, str]
_LANES_AT_ONCE = 16
_LONGEST_SLEEP = 60.0
_log = logging.getLogger(__name__)


class Worker:
    """A thread that looks at what changed, and a pool whose threads each work in one lane at a time."""

    def __init__(
        self, find: Callable[[str], Workspace], names: Callable[[], list[str]], work: Work, courtesy: Courtesy
    ) -> None:
        self._find = find
        self._names = names
        self._work = work
        self._courtesy = courtesy
        self._changed = threading.Condition()
        self._waiting: dict[str, None] = {}
        self._due: dict[str, int] = {}
        self._running: set[Lane] = set()
        self._kept_out: dict[str, int] = {}
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._pool: ThreadPoolExecutor | None = None

    @property
    def running(self) -> bool:
        """Whether it is at work."""
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Begin, with a look at every workspace."""
        self._waiting.update(dict.fromkeys(self._names()))
        self._pool = ThreadPoolExecutor(_LANES_AT_ONCE, "deliver")
        self._thread = threading.Thread(target=self._run, name="worker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Finish the attempts under way and end."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
        if self._pool is not None:
            self._pool.shutdown()

    def wake(self, name: str) -> None:
        """Something changed in a workspace."""
        if name in self._waiting:
            return
        with self._changed:
            self._waiting[name] = None
            self._changed.notify_all()

    @contextmanager
    def kept_out(self, name: str) -> Iterator[None]:
        """Keep the worker out of a workspace; waits for attempts under way."""
        with self._changed:
            self._kept_out[name] = self._kept_out.get(name, 0) + 1
            self._changed.wait_for(lambda: not any(lane[0] == name for lane in self._running))
        try:
            yield
        finally:
            with self._changed:
                self._kept_out[name] -= 1
                self._waiting[name] = None
                self._changed.notify_all()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._anything_to_do, self._seconds_to_next())
                if self._stopping:
                    return
                due = [name for name, at in self._due.items() if at <= machine_now()]
                names = dict.fromkeys((*self._waiting, *due))
                self._waiting.clear()
                for name in due:
                    del self._due[name]
            for name in names:
                if self._kept_out.get(name) or self._ending():
                    continue
                begun = time.thread_time()
                self._look_after(name)
                self._courtesy.give_way(begun)

    def _ending(self) -> bool:
        return self._stopping

    def _anything_to_do(self) -> bool:
        return self._stopping or bool(self._waiting)

    def _seconds_to_next(self) -> float:
        if not self._due:
            return _LONGEST_SLEEP
        return min(max(0.0, (min(self._due.values()) - machine_now()) / 1000), _LONGEST_SLEEP)

    def _look_after(self, name: str) -> None:
        self._due.pop(name, None)
        try:
            workspace = self._find(name)
            if workspace.configuration.delivery == "auto":
                self._process(workspace)
                self._start_lanes(workspace)
                self._note_next_due(workspace)
        except (WorkspaceGoneError, UnknownNameError):
            return
        except Exception:  # noqa: BLE001  # one workspace's trouble must not end the worker of all
            _log.exception("the worker failed in workspace %s", name)

    def _process(self, workspace: Workspace) -> None:
        while not self._stopping and not self._kept_out.get(workspace.name):
            begun = time.thread_time()
            if not process(workspace, self._work.deliverer.catalogue):
                return
            self._start_lanes(workspace)
            self._courtesy.give_way(begun)

    def _start_lanes(self, workspace: Workspace) -> None:
        for name in self._work.lanes(workspace):
            lane = (workspace.name, name)
            with self._changed:
                if lane in self._running or self._stopping or self._pool is None:
                    continue
                self._running.add(lane)
            self._pool.submit(self._deliver_lane, workspace, lane)

    def _deliver_lane(self, workspace: Workspace, lane: Lane) -> None:
        again = True
        try:
            while not self._stopping and not self._kept_out.get(workspace.name):
                begun = time.thread_time()
                if not self._work.step(workspace, lane[1]):
                    return
                self._courtesy.give_way(begun)
        except WorkspaceGoneError:
            return
        except Exception:  # noqa: BLE001  # likewise one lane's; it is looked at again when something changes
            _log.exception("the lane %s of workspace %s failed", lane[1], lane[0])
            again = False
        finally:
            with self._changed:
                self._running.discard(lane)
                if again:
                    self._waiting[workspace.name] = None
                self._changed.notify_all()

    def _note_next_due(self, workspace: Workspace) -> None:
        due = self._work.next_due(workspace)
        if due is not None and workspace.world.clock.frozen_at is None:
            soonest = max(due - workspace.world.clock.offset, machine_now() + 50)
            self._due[workspace.name] = soonest
