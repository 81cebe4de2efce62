"""From an Office file to a PDF through LibreOffice, where it is installed: as true as a program can draw it.

It runs as processes of its own with a folder and a profile of their own, bounds of time and memory, and nothing to
fetch: addresses outside the file are taken out of the copy that it gets, and its profile names a proxy where nobody is.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from contextlib import suppress
from functools import cache
from pathlib import Path

from lxml import etree

from .archive import opened, packed, parsed, written

SECONDS = 60
"""How long one document may take."""

MEMORY = 4_000_000_000
"""How many bytes of memory it may take."""

_one_at_a_time = threading.Lock()
_HYPERLINK = "/hyperlink"
_FETCHING = re.compile(r"INCLUDE\s*(PICTURE|TEXT)|\bLINK\b|DDE|IMPORT", re.IGNORECASE)
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
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
}
"""What its profile says: a proxy where nobody listens, no links followed, no macros run."""


@cache
def program() -> str | None:
    """Where LibreOffice is, if it is installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def to_pdf(file: bytes, kind: str) -> bytes | None:
    """The PDF of an Office file; None where LibreOffice is not installed, or could not draw it in time."""
    found = program()
    if found is None:
        return None
    with _one_at_a_time, tempfile.TemporaryDirectory(prefix="inkstand-office-") as folder:
        path = Path(folder, f"document.{kind}")
        path.write_bytes(without_addresses(file, kind))
        _set_up(Path(folder, "profile", "user"))
        profile = f"-env:UserInstallation=file://{folder}/profile"
        options = ("--headless", "--norestore", "--nologo", "--convert-to", "pdf", "--outdir", folder)
        environment = {"HOME": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        if not _ran([found, profile, *options, str(path)], environment):
            return None
        made = path.with_suffix(".pdf")
        return made.read_bytes() if made.is_file() else None


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
    with suppress(ImportError, AttributeError, ProcessLookupError):  # not every system can
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


def without_addresses(file: bytes, kind: str) -> bytes:
    """An Office file that names nothing outside itself but hyperlinks, and has no field that would fetch something."""
    archive = opened(file, kind)
    changed: dict[str, bytes] = {}
    for name in archive.matching(r".*\.rels"):
        root = parsed(name, archive.parts[name])
        outside = [one for one in root if one.get("TargetMode") == "External" and not _is_link(one.get("Type"))]
        for one in outside:
            one.set("Target", "about:blank")
        if outside:
            changed[name] = written(root)
    for name in archive.matching(r"word/[^/]+\.xml"):
        if b"instr" in archive.parts[name]:
            root = parsed(name, archive.parts[name])
            if _without_fetching(root):
                changed[name] = written(root)
    return packed(archive, changed)


def _without_fetching(root: etree._Element) -> bool:
    """Take the codes out of a part's fields where any of them would fetch something; whether there was one.

    A code may be split over runs, so they are read as one.
    """
    codes, simple = list(root.iter(f"{_WORD}instrText")), list(root.iter(f"{_WORD}fldSimple"))
    told = ["".join(one.text or "" for one in codes), *(one.get(f"{_WORD}instr") or "" for one in simple)]
    if not _FETCHING.search("\n".join(told)):
        return False
    for one in codes:
        one.text = "QUOTE"
    for one in simple:
        one.set(f"{_WORD}instr", "QUOTE")
    return True


def _is_link(kind: str | None) -> bool:
    return (kind or "").endswith(_HYPERLINK)
