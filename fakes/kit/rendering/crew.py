"""The processes that draw pages: started when needed, asked one page at a time, replaced when a page was too much.

A workspace has at most `EACH` of them at once, and a page that is slow goes on behind everything else on the machine.
"""

from __future__ import annotations

import atexit
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import cache
from html import escape
from pathlib import Path
from typing import Any, cast

from inkstand.fakes.kit.turns import Turns

from .shapes import FONTS, Paper, UndrawableError

SECONDS = 15.0
"""How long one page may take, wall-clock."""

SLOW = 2.0
"""After how many seconds a page gives way to everything else on the machine."""

WORKERS, EACH = 3, 2
"""How many pages are drawn at once, and how many of them for one workspace."""

LONGEST_WAIT = 60.0
"""How long a page waits to be drawn, in seconds."""

INSIDE = "INKSTAND_DRAWING"
_LAST = 15
_FONT_NAMES = ("figo", "figit", "figbo", "figbi", "symbol1", "symbol2")
_FOR_PROGRAMS = "programs.conf"
_turns = Turns("A process that draws", WORKERS, EACH, LONGEST_WAIT)
_more: list[str] = []
_idle: list[_Worker] = []
_started: set[_Worker] = set()
_changing = threading.Lock()


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
        command = [sys.executable, "-P", "-m", f"{__package__}.worker"]  # -P: nothing of the folder that we are in
        self.process = subprocess.Popen(  # noqa: S603  # our own words
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
        )
        self.is_fresh = True
        self._answers = selectors.DefaultSelector()
        self._answers.register(cast("Any", self.process.stdout), selectors.EVENT_READ)

    def ask(self, message: object) -> Any:
        """Its answer; None when it died, or was ended because it took too long."""
        from .worker import receive, send  # noqa: PLC0415  # only pages need it

        try:
            send(cast("Any", self.process.stdin), message)
            return receive(cast("Any", self.process.stdout)) if self._answered() else None
        except (OSError, ValueError):  # it ended meanwhile
            return None

    def _answered(self) -> bool:
        if self._answers.select(SLOW):
            return True
        self.is_fresh = False
        with suppress(AttributeError, OSError):  # not every system can
            os.setpriority(os.PRIO_PROCESS, self.process.pid, _LAST)
        return bool(self._answers.select(SECONDS - SLOW))

    def end(self) -> None:
        """End it, and let go of its pipes."""
        self.process.kill()
        self.process.wait()
        self._answers.close()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with suppress(OSError):
                    stream.close()


def ask(name: str, *arguments: object) -> dict[str, Any]:
    """Have something drawn by its name.

    Raises UndrawableError for a page that takes too much, ValueError for arguments that are wrong, BusyError when no
    process became free in time.
    """
    if os.environ.get(INSIDE):
        from .worker import perform  # noqa: PLC0415  # this is one of the processes: what it needs drawn it draws

        return cast("dict[str, Any]", perform(name, [*arguments]))
    with _turns.turn():
        worker = _taken()
        answer = None
        try:
            answer = worker.ask((name, [asdict(one) if isinstance(one, Paper) else one for one in arguments]))
        finally:
            _put_back(worker, well=answer is not None and worker.is_fresh)
    if answer is None:
        message = f"It takes more than {SECONDS:.0f} s or too much memory, or is nested too deeply."
        raise UndrawableError(message)
    if "undrawable" in answer:
        raise UndrawableError(answer["undrawable"])
    if "wrong" in answer:
        raise ValueError(answer["wrong"])
    return cast("dict[str, Any]", answer["drawn"])


def run_apart(function: str, *arguments: object) -> Any:
    """Call a function (`package.module:name`) in one of the processes: for what would trust a stranger's file too much.

    Arguments and result are bytes, text, numbers and lists of them. Raises ValueError with the function's own words,
    UndrawableError where it takes too long, too much memory, or brings the process down; BusyError as `ask`.
    """
    return ask("call", function, *arguments)


def _taken() -> _Worker:
    with _changing:
        if _idle:
            return _idle.pop()
        made = _Worker()
        _started.add(made)
        return made


def _put_back(worker: _Worker, *, well: bool) -> None:
    if not well:
        worker.end()
    with _changing:
        if well:
            _idle.append(worker)
        else:
            _started.discard(worker)


@atexit.register
def _end_all() -> None:
    with _changing:
        for worker in _started:
            worker.end()
        _started.clear()
        _idle.clear()


@cache
def _font_folder() -> Path:
    from pymupdf_fonts import myfont  # noqa: PLC0415  # several megabytes, and only documents need it

    folder = Path(tempfile.mkdtemp(prefix="inkstand-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in _FONT_NAMES:
        (folder / f"{name}.ttf").write_bytes(myfont(name))
    _configure(folder)
    return folder


def use_fonts(folders: Sequence[str]) -> None:
    """Have pages drawn with the fonts of further folders too, from now on and in the whole process.

    A page finds them by their names, and what our own fonts cannot show (Chinese, Japanese, Korean) is drawn by them.
    """
    if tuple(folders) == tuple(_more):
        return
    _more[:] = folders
    _configure(_font_folder())
    with _changing:
        unaware, _idle[:] = [*_idle], []
        _started.difference_update(unaware)
    for worker in unaware:
        worker.end()


def _configure(folder: Path) -> None:
    """Write what fontconfig reads: ours alone for our own drawing, the machine's before ours for other programs."""
    given = "".join(f"<dir>{escape(str(Path(one).resolve()))}</dir>" for one in _more)
    ours = f"<dir>{folder}</dir>{given}"
    _write(folder / "fonts.conf", f"{ours}<cachedir>{folder}/cache</cachedir>")
    machine = "<dir>/usr/share/fonts</dir><dir>/usr/local/share/fonts</dir>"
    alike = '<include ignore_missing="yes">/etc/fonts/conf.d/30-metric-aliases.conf</include>'
    _write(folder / _FOR_PROGRAMS, f"{machine}{ours}<cachedir>{folder}/more</cachedir>{alike}")


def _write(path: Path, places: str) -> None:
    path.write_text(
        f'<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>{places}'
        '<match target="pattern"><edit name="family" mode="append_last"><string>FiraGO</string></edit></match>'
        "</fontconfig>"
    )


def fonts_for_programs() -> Path:
    """A configuration of fontconfig for programs that draw too: the machine's fonts, and ours where it lacks one."""
    return _font_folder() / _FOR_PROGRAMS
