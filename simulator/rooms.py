"""Seats for requests that are held open: waits, streams and slow answers are bounded, so that calls never starve."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .errors import BusyError

WAITS, STREAMS, SLOW_ANSWERS, ORDERS, DRAWINGS = 32, 16, 64, 64, 64


class Room:
    """So many seats; `changed` is told whenever one is taken or left."""

    def __init__(self, what: str, seats: int, changed: Callable[[int], None]) -> None:
        self.what = what
        self.seats = seats
        self.taken = 0
        self._changed = changed
        self._lock = threading.Lock()

    def sit(self) -> Callable[[], None]:
        """Take a seat; what is returned leaves it, and does so once however often it is called.

        Raises BusyError when none is free.
        """
        with self._lock:
            if self.taken >= self.seats:
                message = f"All {self.seats} {self.what} are taken. Try again in a second."
                raise BusyError(message)
            self.taken += 1
        self._changed(1)
        left = threading.Lock()

        def leave() -> None:
            if left.acquire(blocking=False):
                with self._lock:
                    self.taken -= 1
                self._changed(-1)

        return leave

    @contextmanager
    def seat(self) -> Iterator[None]:
        """A seat for as long as the block lasts; raises BusyError when none is free."""
        leave = self.sit()
        try:
            yield
        finally:
            leave()


class Rooms:
    """The rooms of one sandbox; `on_change` is told how many requests are held open after each change."""

    def __init__(self) -> None:
        self.held = 0
        self.on_change: Callable[[int], None] = lambda _: None
        self._lock = threading.Lock()
        self.waits = Room("open waits", WAITS, self._change)
        self.streams = Room("open streams", STREAMS, self._change)
        self.orders = Room("orders that wait for deliveries", ORDERS, self._change)
        self.drawings = Room("calls that wait for documents", DRAWINGS, self._change)
        self.slow_answers = Room("slow answers", SLOW_ANSWERS, self._change)

    def _change(self, by: int) -> None:
        with self._lock:
            self.held += by
            self.on_change(self.held)
