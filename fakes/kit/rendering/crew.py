"""The processes that draw pages: started when needed, asked one page at a time, replaced when a page was too much."""

from __future__ import annotations

import atexit
import os
import queue
import selectors
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any, cast

from .shapes import FONTS, Paper, UndrawableError

SECONDS = 15.0
"""How long one page may take, wall-clock."""

WORKERS = 3
"""How many pages are drawn at once: a slow one keeps the others waiting no longer than that."""

INSIDE = "INKSTAND_DRAWING"
_FONT_NAMES = ("figo", "figit", "figbo", "figbi", "symbol1", "symbol2")
_idle: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
_started: set[_Worker] = set()
_starting = threading.Lock()


class _Worker:
    """One process."""

    def __init__(self) -> None:
        environment = {
            **os.environ,
            INSIDE: "1",
            FONTS: str(_font_folder()),
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
        }
        for name in ("FONTCONFIG_FILE", "FONTCONFIG_SYSROOT"):
            environment.pop(name, None)  # the machine's fonts would win by these
        command = [sys.executable, "-m", f"{__package__}.worker"]
        self.process = subprocess.Popen(  # noqa: S603  # our own words
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self._answers = selectors.DefaultSelector()
        self._answers.register(cast("Any", self.process.stdout), selectors.EVENT_READ)

    def ask(self, message: object) -> Any:
        """Its answer; None when it died, or was ended because it took too long."""
        from .worker import receive, send  # noqa: PLC0415  # only pages need it

        try:
            send(cast("Any", self.process.stdin), message)
            return receive(cast("Any", self.process.stdout)) if self._answers.select(SECONDS) else None
        except (OSError, ValueError):  # it ended meanwhile
            return None

    def end(self) -> None:
        """End it, and let go of its pipes."""
        self.process.kill()
        self.process.wait()
        self._answers.close()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                stream.close()


def ask(name: str, *arguments: object) -> dict[str, Any]:
    """Have something drawn by its name.

    Raises UndrawableError for a page that takes too much, ValueError for arguments that are wrong.
    """
    if os.environ.get(INSIDE):
        from .worker import perform  # noqa: PLC0415  # this is one of the processes: what it needs drawn it draws

        return cast("dict[str, Any]", perform(name, [*arguments]))
    worker = _taken()
    answer = None
    try:
        answer = worker.ask((name, [asdict(one) if isinstance(one, Paper) else one for one in arguments]))
    finally:
        _put_back(worker, well=answer is not None)
    if answer is None:
        message = (
            f"The page cannot be drawn: it takes more than {SECONDS:.0f} s, or its elements are nested too deeply."
        )
        raise UndrawableError(message)
    if "undrawable" in answer:
        raise UndrawableError(answer["undrawable"])
    if "wrong" in answer:
        raise ValueError(answer["wrong"])
    return cast("dict[str, Any]", answer["drawn"])


def run_apart(function: str, *arguments: object) -> Any:
    """Call a function (`package.module:name`) in one of the processes: for what would trust a stranger's file too much.

    Arguments and result are bytes, text, numbers and lists of them. Raises ValueError with the function's own words,
    UndrawableError where it takes too long, too much memory, or brings the process down.
    """
    return ask("call", function, *arguments)


def _taken() -> _Worker:
    with _starting:
        if _idle.empty() and len(_started) < WORKERS:
            return _new()
    found = _idle.get()
    if found is not None:
        return found
    with _starting:
        return _new()


def _new() -> _Worker:
    made = _Worker()
    _started.add(made)
    return made


def _put_back(worker: _Worker, *, well: bool) -> None:
    if well:
        _idle.put(worker)
        return
    worker.end()
    with _starting:
        _started.discard(worker)
        _idle.put(None)


@atexit.register
def _end_all() -> None:
    with _starting:
        for worker in _started:
            worker.end()
        _started.clear()


@cache
def _font_folder() -> Path:
    from pymupdf_fonts import myfont  # noqa: PLC0415  # several megabytes, and only documents need it

    folder = Path(tempfile.mkdtemp(prefix="inkstand-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in _FONT_NAMES:
        (folder / f"{name}.ttf").write_bytes(myfont(name))
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{folder}</dir><cachedir>{folder}/cache</cachedir>"
        '<match target="pattern"><edit name="family" mode="append_last"><string>FiraGO</string></edit></match>'
        "</fontconfig>"
    )
    return folder
