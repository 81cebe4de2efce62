"""Who works in the background gives way to calls that are coming in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


class Traffic:
    """When the last call was taken."""

    def __init__(self) -> None:
        self._last_call = 0.0

    def call_came(self) -> None:
        """A call was taken."""
        self._last_call = time.monotonic()

    def within(self, seconds: float) -> bool:
        """Whether one was taken in the last so many seconds."""
        return time.monotonic() - self._last_call < seconds


class Courtesy:
    """Lets work in the background give way to calls that are coming in, and leaves it its share.

    While calls arrive every piece of work is paid for with a pause of `PAUSE` times the processor time that it took,
    and pauses are taken one after the other, so that all who keep one courtesy together keep to the share.
    """

    PAUSE = 15.0
    LONGEST_PAUSE = 0.05
    RECENT = 0.025

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._pausing = threading.Lock()

    def give_way(self, since: float) -> None:
        """Pause if calls are coming in; `since` is this thread's processor time when the piece of work began."""
        if self._traffic.within(self.RECENT):
            spent = time.thread_time() - since
            with self._pausing:
                if self._traffic.within(self.RECENT):
                    time.sleep(min(spent * self.PAUSE, self.LONGEST_PAUSE))


class Turnstile:
    """Lets those who watch look one after the other, so that all of them together take little of the processor.

    After each look the next has to wait `BUSY` times as long as it took while calls come in (or came a moment ago),
    `IDLE` times as long otherwise, and never longer than `LONGEST` seconds.
    """

    BUSY, IDLE = 63.0, 3.0
    LATELY = 0.25
    LONGEST = 1.0

    def __init__(self, traffic: Traffic) -> None:
        self._traffic = traffic
        self._turn = threading.Lock()
        self._open = threading.Event()
        self._next = 0.0

    def let_go(self) -> None:
        """Let everybody through, now and later."""
        self._open.set()

    def look(self, work: Callable[[], Seen]) -> Seen:
        """Look when it is one's turn."""
        with self._turn:
            self._open.wait(max(0.0, self._next - time.monotonic()))
            begun = time.thread_time()
            seen = work()
            spent = time.thread_time() - begun
            share = self.BUSY if self._traffic.within(self.LATELY) else self.IDLE
            self._next = time.monotonic() + min(spent * share, self.LONGEST)
        return seen
