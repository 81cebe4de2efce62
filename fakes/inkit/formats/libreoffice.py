"""From an Office file to a PDF through LibreOffice, where it is installed: as true as a program can draw it.

It runs as a process of its own with a folder and a profile of its own, a time limit, and nothing to fetch: addresses
outside the file are taken out of the copy that it gets.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import threading
from functools import cache
from pathlib import Path

from .archive import opened, packed, parsed, written

SECONDS = 60
"""How long one document may take."""

_one_at_a_time = threading.Lock()
_HYPERLINK = "/hyperlink"
_FETCHING = re.compile(r"\b(INCLUDEPICTURE|INCLUDETEXT|LINK|DDE|DDEAUTO|IMPORT)\b", re.IGNORECASE)
_INSTRUCTION = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}instrText"


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
        profile = f"-env:UserInstallation=file://{folder}/profile"
        options = ("--headless", "--norestore", "--nologo", "--convert-to", "pdf", "--outdir", folder)
        environment = {"HOME": folder, "PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"}
        try:
            subprocess.run(  # noqa: S603  # our own words, and a file of ours
                [found, profile, *options, str(path)],
                env=environment,
                capture_output=True,
                timeout=SECONDS,
                check=False,
            )
        except (subprocess.TimeoutExpired, OSError):
            return None
        made = path.with_suffix(".pdf")
        return made.read_bytes() if made.is_file() else None


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
        if _INSTRUCTION.rpartition("}")[2].encode() not in archive.parts[name]:
            continue
        root = parsed(name, archive.parts[name])
        for one in root.iter(_INSTRUCTION):
            one.text = _FETCHING.sub("QUOTE", one.text or "")
        changed[name] = written(root)
    return packed(archive, changed)


def _is_link(kind: str | None) -> bool:
    return (kind or "").endswith(_HYPERLINK)
