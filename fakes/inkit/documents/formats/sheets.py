"""Merge fields in Excel files: in cells; a row whose fields name a list is there once for each element.

A cell that holds nothing but one field becomes a number where the value is one. What rows that move take along is told
in `moving`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from math import isfinite
from typing import Any

from lxml import etree

from inkstand.fakes.inkit.merge_fields import FIELD, Filler, merge_fields, name_in

from .archive import Archive, parsed, writable, written
from .moving import SHEETS, WORKBOOK, Moved, followed, move

Values = Mapping[str, Any]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_STRINGS = "xl/sharedStrings.xml"
_LONGEST_CELL = 32_767
_EXACT = 2**53


def texts(archive: Archive) -> Iterator[str]:
    """The texts of the cells that name fields, sheet by sheet."""
    shared = shared_texts(archive)
    for name in archive.matching(SHEETS):
        for cell in parsed(name, archive.parts[name]).iter(f"{_MAIN}c"):
            yield _text(cell, shared)


def filled(archive: Archive, filler: Filler) -> dict[str, bytes]:
    """The parts of a workbook that change when its fields are filled in."""
    shared = shared_texts(archive)
    changed: dict[str, bytes] = {}
    moved: dict[str, Moved] = {}
    for name in archive.matching(SHEETS):
        root = parsed(name, archive.parts[name])
        found, moves = _fill_sheet(root, shared, filler)
        if found:
            changed[name] = written(root)
        if moves is not None:
            moved[name] = moves
    if moved:
        changed |= followed(archive, changed, moved)
    if changed:
        changed |= _without_fields(archive) | _without_results(archive, changed)
        changed[WORKBOOK] = _calculated_anew(changed.get(WORKBOOK, archive.parts[WORKBOOK]))
    return changed


def shared_texts(archive: Archive) -> list[str]:
    """The texts that cells refer to by number."""
    if _STRINGS not in archive.parts:
        return []
    found = parsed(_STRINGS, archive.parts[_STRINGS]).iter(f"{_MAIN}si")
    return ["".join(one.text or "" for one in item.iter(f"{_MAIN}t")) for item in found]


def _without_fields(archive: Archive) -> dict[str, bytes]:
    """The table of shared texts without those that named fields: nothing refers to them any more."""
    if _STRINGS not in archive.parts:
        return {}
    root = parsed(_STRINGS, archive.parts[_STRINGS])
    for item in root.iter(f"{_MAIN}si"):
        if FIELD.search("".join(one.text or "" for one in item.iter(f"{_MAIN}t"))):
            for child in list(item):
                item.remove(child)
            etree.SubElement(item, f"{_MAIN}t").text = ""
    return {_STRINGS: written(root)}


def _without_results(archive: Archive, changed: Mapping[str, bytes]) -> dict[str, bytes]:
    """The sheets with formulas, without what those once came to: programs that trust it would show it."""
    found = {}
    for name in archive.matching(SHEETS):
        root = parsed(name, changed.get(name, archive.parts[name]))
        stale = [(cell, one) for cell in root.iter(f"{_MAIN}c") if cell.find(f"{_MAIN}f") is not None for one in cell]
        stale = [(cell, one) for cell, one in stale if one.tag == f"{_MAIN}v"]
        for cell, one in stale:
            cell.remove(one)
        if stale:
            found[name] = written(root)
    return found


def _calculated_anew(workbook: bytes) -> bytes:
    root = parsed(WORKBOOK, workbook)
    found = root.find(f"{_MAIN}calcPr")
    if found is not None:
        found.set("fullCalcOnLoad", "1")
    return written(root)


def _text(cell: etree._Element, shared: list[str]) -> str:
    kind = cell.get("t")
    if kind == "inlineStr":
        return "".join(one.text or "" for one in cell.iter(f"{_MAIN}t"))
    stored = cell.findtext(f"{_MAIN}v")
    if kind == "s" and stored and stored.isdecimal() and int(stored) < len(shared):
        return shared[int(stored)]
    return ""


def _fill_sheet(root: etree._Element, shared: list[str], filler: Filler) -> tuple[bool, Moved | None]:
    """Fill a sheet in place: whether there was a field, and which rows moved."""
    found = False
    repeated: list[tuple[int, int]] = []
    for row in list(root.iter(f"{_MAIN}row")):
        told = "\n".join(_text(cell, shared) for cell in row)
        if not merge_fields(told):
            continue
        found = True
        number = filler.rows_of(told)
        copies = [row] if number is None else [deepcopy(row) for _ in range(number)]
        for index, one in enumerate(copies):
            for cell in one:
                _fill_cell(cell, _text(cell, shared), filler, None if number is None else index)
        if number is not None:
            repeated.append((int(row.get("r", "0")), number))
            parent = row.getparent()
            if parent is not None:
                place = parent.index(row)
                parent[place : place + 1] = copies
    if all(number == 1 for _, number in repeated):
        return found, None
    moved = Moved([one for one in repeated if one[0]])
    move(root, moved)
    return found, moved


def _fill_cell(cell: etree._Element, text: str, filler: Filler, row: int | None) -> None:
    if not FIELD.search(text):
        return
    for child in list(cell):
        cell.remove(child)
    whole = FIELD.fullmatch(text.strip())
    value = filler.values.of_row(name_in(whole), row) if whole else None
    if isinstance(value, bool):
        cell.set("t", "b")
        etree.SubElement(cell, f"{_MAIN}v").text = str(int(value))
    elif isinstance(value, int | float) and isfinite(value) and abs(value) < _EXACT:
        if "t" in cell.attrib:
            del cell.attrib["t"]
        etree.SubElement(cell, f"{_MAIN}v").text = repr(value)
    else:
        cell.set("t", "inlineStr")
        held = etree.SubElement(etree.SubElement(cell, f"{_MAIN}is"), f"{_MAIN}t")
        held.text = writable(filler.filled(text, row=row))[:_LONGEST_CELL]
        held.set(_SPACE, "preserve")
