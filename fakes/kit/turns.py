"""Turns at what is slow and there are few of: nobody has all of them, nobody waits for ever, and who waits is seated.

Drawing and office programs are used by every workspace of a sandbox. A workspace that keeps them busy makes its own
calls wait; the others find a place free.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass

PATIENCE = 0.2
"""How long is waited, in seconds, before a seat is taken for it."""


class BusyError(Exception):
    """No place became free in time: the same may be asked again later."""


@dataclass
class Guest:
    """Who asks: a workspace's `name` once it is known, and how a request that waits takes a seat.

    `seat` raises BusyError when all are taken.
    """

    name: str = ""
    seat: Callable[[], AbstractContextManager[None]] = nullcontext


_nobody = Guest()
GUEST: ContextVar[Guest] = ContextVar("inkstand.guest", default=_nobody)
"""Who the work at hand is for; whoever hands it to another thread takes the context along."""


@contextmanager
def for_guest(guest: Guest) -> Iterator[None]:
    """What is done within the block is for this guest."""
    token = GUEST.set(guest)
    try:
        yield
    finally:
        GUEST.reset(token)


class Turns:
    """So many places, of which one guest has at most `each`; a place is waited for no longer than `seconds`."""

    def __init__(self, what: str, places: int, each: int, seconds: float) -> None:
        self._what = what
        self._places = places
        self._each = each
        self._seconds = seconds
        self._taken: Counter[str] = Counter()
        self._waiting: list[tuple[object, str]] = []
        self._changed = threading.Condition()

    @contextmanager
    def turn(self) -> Iterator[None]:
        """A place for as long as the block lasts; raises BusyError when none became free in time."""
        guest = GUEST.get()
        ticket = (object(), guest.name)
        with self._changed:
            self._waiting.append(ticket)
        try:
            if not self._get(ticket, min(PATIENCE, self._seconds)):
                with guest.seat():
                    self._wait(ticket)
        finally:
            with self._changed:
                self._waiting = [one for one in self._waiting if one is not ticket]
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._taken[guest.name] -= 1
                self._changed.notify_all()

    def _wait(self, ticket: tuple[object, str]) -> None:
        if not self._get(ticket, self._seconds):
            message = f"{self._what} did not become free within {self._seconds:.0f} s. Try again, with fewer at once."
            raise BusyError(message)

    def _get(self, ticket: tuple[object, str], seconds: float) -> bool:
        with self._changed:
            is_there = self._changed.wait_for(lambda: self._is_next(ticket), seconds)
            if is_there:
                self._taken[ticket[1]] += 1
            return is_there

    def _is_next(self, ticket: tuple[object, str]) -> bool:
        if self._taken.total() >= self._places:
            return False
        return next((one for one in self._waiting if self._taken[one[1]] < self._each), None) is ticket
