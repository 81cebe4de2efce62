"""From an Office file to a PDF through LibreOffice, where it is installed: as true as a program can draw it.

It runs as processes of its own with a folder and a profile of their own, bounds of time and memory, and nothing to
fetch: it gets a copy that names nothing outside the file (`cleaning`), and its profile names a proxy where nobody is.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from inkstand.fakes.kit.rendering import UndrawableError, fonts_for_programs, run_apart
from inkstand.fakes.kit.turns import Turns

from .errors import TemplateError

SECONDS = 60.0
"""How long one document may take."""

MEMORY = 2_500_000_000
"""How many bytes of memory it may take."""

AT_ONCE, EACH = 2, 1
"""How many documents are drawn at once, and how many of them for one workspace."""

LONGEST_WAIT = 90.0
"""How long a document waits for its turn, in seconds."""

_turns = Turns("LibreOffice", AT_ONCE, EACH, LONGEST_WAIT)
_POLITE = 10
_FILTERS = {
    "docx": "MS Word 2007 XML",
    "xlsx": "Calc MS Excel 2007 XML",
    "pptx": "Impress MS PowerPoint 2007 XML",
}
_SETTINGS = {
    "org.openoffice.Inet/Settings": {
        "ooInetProxyType": "2",
        **{f"ooInet{kind}ProxyName": "127.0.0.1" for kind in ("HTTP", "HTTPS", "FTP")},
        **{f"ooInet{kind}ProxyPort": "9" for kind in ("HTTP", "HTTPS", "FTP")},
    },
    "org.openoffice.Office.Common/Security/Scripting": {
        "BlockUntrustedRefererLinks": "true",
        "DisableMacrosExecution": "true",
        "DisableActiveContent": "true",
        "MacroSecurityLevel": "3",
    },
    "org.openoffice.Office.Calc/Content/Update": {"Link": "2"},
    "org.openoffice.Office.Writer/Content/Update": {"Link": "2"},
}
"""What its profile says: a proxy where nobody listens, no links followed, no macros run."""


@cache
def program() -> str | None:
    """Where LibreOffice is, if it is installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def to_pdf(file: bytes, kind: str) -> bytes | None:
    """The PDF of an Office file; None where LibreOffice is not installed, or could not draw it in time.

    Raises TemplateError for a file that is none, UndrawableError for one that takes too much to look into, BusyError
    when its turn does not come.
    """
    found = program()
    if found is None:
        return None
    clean = _cleaned(file, kind)
    with _turns.turn(), tempfile.TemporaryDirectory(prefix="inkstand-office-") as folder:
        path = Path(folder, f"document.{kind}")
        path.write_bytes(clean)
        _set_up(Path(folder, "profile", "user"))
        profile = f"-env:UserInstallation=file://{folder}/profile"
        quiet = ("--headless", "--norestore", "--nologo")
        options = (*quiet, f"--infilter={_FILTERS[kind]}", "--convert-to", "pdf", "--outdir", folder)
        known = {"FONTCONFIG_FILE": str(fonts_for_programs()), "LANG": "C.UTF-8"}
        environment = {"HOME": folder, "PATH": "/usr/bin:/bin", **known}
        if not _ran([found, profile, *options, str(path)], environment):
            return None
        made = path.with_suffix(".pdf")
        return made.read_bytes() if made.is_file() else None


def _cleaned(file: bytes, kind: str) -> bytes:
    try:
        found: bytes = run_apart(f"{__package__}.cleaning:cleaned", file, kind)
    except UndrawableError:
        raise
    except ValueError as error:
        raise TemplateError(str(error)) from error
    return found


def _set_up(user: Path) -> None:
    """Write the settings of a profile."""
    user.mkdir(parents=True)
    items = "".join(
        f'<item oor:path="/{path}"><prop oor:name="{name}" oor:op="fuse"><value>{value}</value></prop></item>'
        for path, values in _SETTINGS.items()
        for name, value in values.items()
    )
    (user / "registrymodifications.xcu").write_text(
        f'<?xml version="1.0" encoding="UTF-8"?><oor:items xmlns:oor="http://openoffice.org/2001/registry">{items}'
        "</oor:items>"
    )


def _ran(command: list[str], environment: dict[str, str]) -> bool:
    """Run a command with the processes that it starts, bounded in memory; whether they ended in time. None is left."""
    silent = subprocess.DEVNULL
    try:
        process = subprocess.Popen(  # noqa: S603  # our own words, and a file of ours
            command, env=environment, stdin=silent, stdout=silent, stderr=silent, start_new_session=True
        )
    except OSError:
        return False
    with suppress(ImportError, AttributeError, OSError):  # not every system can
        os.setpriority(os.PRIO_PGRP, process.pid, _POLITE)
        import resource  # noqa: PLC0415  # not every system has it

        resource.prlimit(process.pid, resource.RLIMIT_AS, (MEMORY, MEMORY))
    try:
        process.wait(SECONDS)
    except subprocess.TimeoutExpired:
        return False
    else:
        return True
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
