"""Serves the sandbox with waitress until a signal ends it."""

from __future__ import annotations

import errno
import gc
import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from .app import Inkstand
from .errors import CannotStartError
from .settings import Settings

if TYPE_CHECKING:
    from types import FrameType

THREADS = 8
_LARGEST_BODY = 64 * 1024 * 1024
_RECEIVED_AT_ONCE = 65_536
_CONNECTIONS = 400
"""How many callers may be connected: with the files of open workspaces, within the usual limit of 1,024."""

_RARELY = (20_000, 10, 10)
"""When to look for cycles: a batch of calls makes thousands of objects that die by themselves."""


def serve(
    settings: Settings, ready: Callable[[str], None], port_file: Path | None = None, *, while_stdin: bool = False
) -> None:
    """Serve until SIGTERM or SIGINT; `ready` is told the address once everything is up.

    With `while_stdin` it ends as well when standard input does: with the program that started it, however that ends.

    Raises CannotStartError when the port is taken or the data directory is another process's.
    """
    import waitress.channel  # noqa: PLC0415  # only a server needs it
    import waitress.server  # noqa: PLC0415  # likewise

    from .channel import channel_class  # noqa: PLC0415  # likewise

    lock = _lock(settings.data_dir)
    listening = _listen(settings)
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    try:
        with Inkstand(settings) as inkstand:
            inkstand.start_worker()
            server = waitress.server.create_server(
                inkstand.application,
                sockets=[listening],
                threads=THREADS,
                max_request_body_size=_LARGEST_BODY,
                connection_limit=_CONNECTIONS,
                recv_bytes=_RECEIVED_AT_ONCE,
                ident="inkstand",
                clear_untrusted_proxy_headers=True,
                asyncore_use_poll=True,
            )
            prefixes = {*(vendor.slug for vendor in inkstand.sandbox.vendors), "_sandbox"}
            server.channel_class = channel_class(  # type: ignore[union-attr]  # one socket makes one server
                lambda what, code, message: inkstand.sandbox.registry.refused(what, code, message, None, b""),
                lambda path: path.strip("/").partition("/")[0] not in prefixes,
            )
            inkstand.hang_up = waitress.channel.ClientDisconnected
            inkstand.sandbox.rooms.on_change = lambda held: server.task_dispatcher.set_thread_count(THREADS + held)
            port = listening.getsockname()[1]
            try:
                signal.signal(signal.SIGTERM, _ending(inkstand, SystemExit(0)))
                signal.signal(signal.SIGINT, _ending(inkstand, _InterruptedError()))
                if port_file is not None:
                    _write_whole(port_file, f"{port}\n")
                if while_stdin:
                    threading.Thread(target=_stop_after_stdin, name="stdin", daemon=True).start()
                gc.freeze()
                gc.set_threshold(*_RARELY)
                gc.enable()
                ready(f"http://{_shown(settings.host)}:{port}")
                server.run()
            except _InterruptedError:
                raise KeyboardInterrupt from None
            finally:
                server.close()
    finally:
        listening.close()
        if lock is not None:
            lock()


def _stop_after_stdin() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def _listen(settings: Settings) -> socket.socket:
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            message = (
                f"Port {settings.port} on {settings.host} is taken. Choose another with --port, or let the system "
                "choose a free one with --port 0."
            )
        else:
            message = f"Cannot listen on {settings.host}:{settings.port}: {error}."
        raise CannotStartError(message) from error
    listening.listen(1024)
    return listening


def _lock(data_dir: str | None) -> Callable[[], None] | None:
    if data_dir is None:
        return None
    from filelock import FileLock, Timeout  # noqa: PLC0415  # only a kept data directory needs it

    folder = Path(data_dir)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"The data directory {folder} cannot be made: {error}."
        raise CannotStartError(message) from error
    holder = folder / "owner"
    lock = FileLock(folder / "owner.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        owner = holder.read_text("utf-8").strip() if holder.exists() else "another process"
        message = f"The data directory {folder} is in use by {owner}. Stop it, or choose another --data-dir."
        raise CannotStartError(message) from error
    _write_whole(holder, f"inkstand, process {os.getpid()}\n")
    return lock.release


def _write_whole(path: Path, text: str) -> None:
    unfinished = path.with_name(f"{path.name}.new")
    unfinished.write_text(text, "utf-8")
    unfinished.replace(path)


def _shown(host: str) -> str:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104  # what to show for them
    return f"[{host}]" if ":" in host and not host.startswith("[") else host


def _ending(inkstand: Inkstand, how: BaseException) -> Callable[[int, FrameType | None], None]:
    """What a signal does: whoever is kept waiting is let go first, for the server waits for them."""

    def end(_: int, __: FrameType | None) -> None:
        inkstand.let_go()
        raise how

    return end


class _InterruptedError(BaseException):
    """Control-C; a kind of its own because waitress swallows KeyboardInterrupt."""
