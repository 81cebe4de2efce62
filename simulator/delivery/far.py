"""An adapter for addresses outside, whose answers have begun in time or not at all: however slowly they drip."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import urllib3.connection
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


@contextmanager
def _ended_in_time(connection: socket.socket | None) -> Iterator[None]:
    """Shut a connection down when what is done with it takes longer than one wait on it may.

    Raises TimeoutError then.
    """
    seconds = connection.gettimeout() if connection is not None else None
    if connection is None or seconds is None:
        yield
        return
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(OSError):
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Exception:
        if not late.is_set():
            raise
    finally:
        timer.cancel()
    if late.is_set():
        message = f"no whole answer within {seconds:g} s"
        raise TimeoutError(message)


class _Connection(urllib3.connection.HTTPConnection):
    def getresponse(self) -> Any:  # as the library types it
        with _ended_in_time(self.sock):
            return super().getresponse()


class _SafeConnection(urllib3.connection.HTTPSConnection):
    def getresponse(self) -> Any:  # likewise
        with _ended_in_time(self.sock):
            return super().getresponse()


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SafePool(HTTPSConnectionPool):
    ConnectionCls = _SafeConnection


class FarAdapter(HTTPAdapter):
    """A `requests` adapter whose time-out holds for the head of an answer as a whole, not for each piece of it."""

    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        """Make the pool of connections, of ours."""
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SafePool}
