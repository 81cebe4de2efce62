"""Office files as what they are, archives of XML: opened, read and written without trusting them. Pure.

Guards: entries are counted and measured before anything is unpacked, and unpacked no further than they say; a document
type declaration is refused, so no entity is ever expanded; nothing is fetched.
"""

from __future__ import annotations

import io
import posixpath
import re
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from .errors import MAIN_PARTS, TemplateError

MOST_ENTRIES = 2_000
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
LARGEST_WHOLE = 60_000_000
"""How many bytes all parts of an Office file may have together, unpacked."""

NAMES = {
    "docx": "a Word document (.docx)",
    "xlsx": "an Excel workbook (.xlsx)",
    "pptx": "a PowerPoint presentation (.pptx)",
}
_BROKEN = (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
_DOCTYPE = re.compile(rb"<!DOCTYPE|<\x00!\x00D\x00O\x00C\x00T\x00Y\x00P\x00E|\x00<\x00!\x00D\x00O\x00C\x00T\x00Y\x00P")


@dataclass(frozen=True)
class Archive:
    """The parts of an Office file by name, in their order."""

    kind: str
    parts: Mapping[str, bytes]

    def matching(self, pattern: str) -> list[str]:
        """The names of the parts that a pattern names whole, by the numbers in them."""
        return sorted(filter(re.compile(pattern).fullmatch, self.parts), key=_by_number)


def opened(file: bytes, kind: str) -> Archive:
    """The parts of an Office file.

    Raises TemplateError for what is none of its kind, encrypted, or unpacks to more than a template may have.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(file)) as found:
            entries = found.infolist()
            _check_size(entries)
            parts = {entry.filename: found.read(entry) for entry in entries if not entry.is_dir()}
    except _BROKEN as error:
        if isinstance(error, TemplateError):
            raise
        message = f"The file is not {NAMES[kind]}: it cannot be opened ({error}). Send the file itself, base64-encoded."
        raise TemplateError(message) from error
    if MAIN_PARTS[kind] not in parts:
        others = [name for other, name in NAMES.items() if MAIN_PARTS[other] in parts]
        is_other = f" It is {others[0]}." if others else ""
        message = f"The file is not {NAMES[kind]}: it has no part {MAIN_PARTS[kind]}.{is_other}"
        raise TemplateError(message)
    return Archive(kind, parts)


def packed(archive: Archive, changed: Mapping[str, bytes]) -> bytes:
    """An Office file of these parts; the same parts give the same bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as made:
        for name, content in archive.parts.items():
            made.writestr(zipfile.ZipInfo(name), changed.get(name, content), zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def parsed(name: str, content: bytes) -> etree._Element:
    """A part as a tree.

    Raises TemplateError for what is no XML, or declares a document type.
    """
    if _DOCTYPE.search(content):
        message = f"The part {name} declares a document type; Office files have none. Save the file anew."
        raise TemplateError(message)
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)
    try:
        return etree.fromstring(content, parser)
    except etree.XMLSyntaxError as error:
        message = f"The part {name} cannot be read: {error}. Save the file anew."
        raise TemplateError(message) from error


def written(root: etree._Element) -> bytes:
    """A tree as the bytes of a part."""
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", standalone=True)


def writable(text: str) -> str:
    """Text that XML can hold: control characters and lone surrogates stand as the sign for what is not known."""
    return _UNWRITABLE.sub("\ufffd", text)


@dataclass(frozen=True)
class Related:
    """A part that another one refers to by an id, and the last word of what it is to it (`image`, `table`)."""

    id: str
    type: str
    part: str


def related(archive: Archive, name: str) -> list[Related]:
    """The parts of the archive that a part refers to; none outside of it."""
    folder, _, file = name.rpartition("/")
    listed = f"{folder}/_rels/{file}.rels"
    if listed not in archive.parts:
        return []
    found = [
        Related(one.get("Id") or "", (one.get("Type") or "").rpartition("/")[2], _resolved(folder, one.get("Target")))
        for one in parsed(listed, archive.parts[listed])
        if one.get("TargetMode") != "External"
    ]
    return [one for one in found if one.part in archive.parts]


def _resolved(folder: str, target: str | None) -> str:
    return posixpath.normpath(posixpath.join("/", folder, target or ""))[1:]


def _check_size(entries: list[zipfile.ZipInfo]) -> None:
    whole = sum(entry.file_size for entry in entries)
    if len(entries) > MOST_ENTRIES or whole > LARGEST_WHOLE:
        message = (
            f"The file would unpack to {len(entries):,} parts with {whole:,} bytes; "
            f"a template has at most {MOST_ENTRIES:,} with {LARGEST_WHOLE:,}."
        )
        raise TemplateError(message)


def _by_number(name: str) -> tuple[int, str]:
    digits = re.findall(r"\d+", name)
    return (int(digits[-1]) if digits else 0, name)
