"""Who works in the background gives way to calls that are coming in."""

from __future__ import annotations

import threading
import time


class Courtesy:
    """Lets work in the background give way to calls that are coming in, and leaves it its share.

    While calls arrive every piece of work is paid for with a pause of `pause` times the processor time that it took,
    and pauses are taken one after the other, so that all who keep one courtesy together keep to the share.
    """

    RECENT = 0.005

    def __init__(self, pause: float = 15.0, longest: float = 0.05) -> None:
        self.pause = pause
        self.longest = longest
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
                    time.sleep(min(spent * self.pause, self.longest))

    def _busy(self) -> bool:
        return time.monotonic() - self._last_call < self.RECENT
