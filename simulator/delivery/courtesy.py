"""Who works in the background gives way to calls that are coming in."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

Seen = TypeVar("Seen")


class Courtesy:
    """Lets work in the background give way to calls that are coming in, and leaves it its share.

    While calls arrive every piece of work is paid for with a pause of `pause` times the processor time that it took,
    and pauses are taken one after the other, so that all who keep one courtesy together keep to the share.
    """

    RECENT = 0.025

    LONGEST_PAUSE = 0.05

    def __init__(self, pause: float = 15.0) -> None:
        self.pause = pause
        self._last_call = 0.0
        self._pausing = threading.Lock()

    def call_came(self) -> None:
        """A call was taken."""
        self._last_call = time.monotonic()

    def give_way(self, since: float) -> None:
        """Pause if calls are coming in; `since` is this thread's processor time when the piece of work began."""
        if self._busy():
            spent = time.thread_time() - since
            with self._pausing:
                if self._busy():
                    time.sleep(min(spent * self.pause, self.LONGEST_PAUSE))

    def _busy(self) -> bool:
        return time.monotonic() - self._last_call < self.RECENT


class Turnstile:
    """Lets those who watch look one after the other, so that all of them together take little of the processor.

    After each look the next has to wait `busy` times as long as it took while calls come in (or came a moment ago),
    `idle` times as long otherwise, and never longer than `LONGEST` seconds.
    """

    LATELY = 0.25
    LONGEST = 1.0

    def __init__(self, busy: float = 63.0, idle: float = 3.0) -> None:
        self._busy = busy
        self._idle = idle
        self._turn = threading.Lock()
        self._open = threading.Event()
        self._next = 0.0
        self._last_call = 0.0

    def call_came(self) -> None:
        """A call was taken."""
        self._last_call = time.monotonic()

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
            now = time.monotonic()
            share = self._busy if now - self._last_call < self.LATELY else self._idle
            self._next = now + min(spent * share, self.LONGEST)
        return seen
