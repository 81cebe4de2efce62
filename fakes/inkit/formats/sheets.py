"""Merge fields in Excel files: in cells; a row whose fields name a list is there once for each element.

A cell that holds nothing but one field becomes a number where the value is one. Rows that move take their formulas,
merged cells and tables along: a range that ends at a repeated row grows with it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from math import isfinite
from typing import Any

from lxml import etree

from inkstand.fakes.inkit.merge_fields import FIELD, merge_fields, name_in, rows_of, value_of
from inkstand.fakes.inkit.merge_fields import filled as fill_text

from .archive import Archive, check_rows, parsed, related, writable, written

Values = Mapping[str, Any]

_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_STRINGS = "xl/sharedStrings.xml"
_SHEETS = r"xl/worksheets/sheet\d*\.xml"
_PLACE = re.compile(r"(?<![A-Za-z0-9_.!'])(\$?[A-Z]{1,3}\$?)(\d{1,7})(?::(\$?[A-Z]{1,3}\$?)(\d{1,7}))?(?![\w(])")
_LONGEST_CELL = 32_767
_EXACT = 2**53


def texts(archive: Archive) -> Iterator[str]:
    """The texts of the cells that name fields, sheet by sheet."""
    shared = shared_texts(archive)
    for name in archive.matching(_SHEETS):
        for cell in parsed(name, archive.parts[name]).iter(f"{_MAIN}c"):
            yield _text(cell, shared)


def filled(archive: Archive, values: Values) -> dict[str, bytes]:
    """The parts of a workbook that change when its fields are filled in."""
    shared = shared_texts(archive)
    changed: dict[str, bytes] = {}
    for name in archive.matching(_SHEETS):
        root = parsed(name, archive.parts[name])
        found, moved = _fill_sheet(root, shared, values)
        if found:
            changed[name] = written(root)
        if moved is not None:
            changed.update(_tables_moved(archive, name, moved))
    if changed:
        changed.update(_without_fields(archive))
        changed["xl/workbook.xml"] = _calculated_anew(archive)
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


def _calculated_anew(archive: Archive) -> bytes:
    root = parsed("xl/workbook.xml", archive.parts["xl/workbook.xml"])
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


def _fill_sheet(root: etree._Element, shared: list[str], values: Values) -> tuple[bool, _Moved | None]:
    """Fill a sheet in place: whether there was a field, and which rows moved."""
    found = False
    repeated: list[tuple[int, int]] = []
    for row in list(root.iter(f"{_MAIN}row")):
        told = "\n".join(_text(cell, shared) for cell in row)
        if not merge_fields(told):
            continue
        found = True
        number = rows_of(told, values)
        copies = [row] if number is None else [deepcopy(row) for _ in range(number)]
        check_rows(sum(count for _, count in repeated) + len(copies))
        for index, one in enumerate(copies):
            for cell in one:
                _fill_cell(cell, _text(cell, shared), values, None if number is None else index)
        if number is not None:
            repeated.append((int(row.get("r", "0")), number))
            parent = row.getparent()
            if parent is not None:
                place = parent.index(row)
                parent[place : place + 1] = copies
    if all(number == 1 for _, number in repeated):
        return found, None
    moved = _Moved([one for one in repeated if one[0]])
    _move(root, moved)
    return found, moved


def _tables_moved(archive: Archive, sheet: str, moved: _Moved) -> dict[str, bytes]:
    """The tables of a sheet, with the cells that they now have."""
    changed: dict[str, bytes] = {}
    for one in related(archive, sheet):
        if one.type == "table":
            root = parsed(one.part, archive.parts[one.part])
            for part in (root, *root.iter(f"{_MAIN}autoFilter")):
                part.set("ref", moved.followed(part.get("ref", "")))
            changed[one.part] = written(root)
    return changed


def _fill_cell(cell: etree._Element, text: str, values: Values, row: int | None) -> None:
    if not FIELD.search(text):
        return
    for child in list(cell):
        cell.remove(child)
    whole = FIELD.fullmatch(text.strip())
    value = value_of(name_in(whole), values, row) if whole else None
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
        held.text = writable(fill_text(text, values, row=row))[:_LONGEST_CELL]
        held.set(_SPACE, "preserve")


def _move(root: etree._Element, moved: _Moved) -> None:
    """Number the rows anew, and let what names them follow."""
    last_place, copy = 0, 0
    for row in root.iter(f"{_MAIN}row"):
        place = int(row.get("r", "0"))
        copy = copy + 1 if place == last_place else 0
        last_place = place
        _renumber(row, moved.now(place) + copy, moved)
    for tag in ("mergeCell", "dimension", "hyperlink", "autoFilter"):
        for one in root.iter(f"{_MAIN}{tag}"):
            one.set("ref", moved.followed(one.get("ref", "")))
    for one in root.iter(f"{_MAIN}conditionalFormatting", f"{_MAIN}dataValidation"):
        one.set("sqref", moved.followed(one.get("sqref", "")))


def _renumber(row: etree._Element, at: int, moved: _Moved) -> None:
    row.set("r", str(at))
    for cell in row:
        if "r" in cell.attrib:
            cell.set("r", re.sub(r"\d+", str(at), cell.get("r", "")))
        formula = cell.find(f"{_MAIN}f")
        if formula is not None:
            formula.text = moved.followed(formula.text or "") or None
            for stored in cell.findall(f"{_MAIN}v"):
                cell.remove(stored)


@dataclass(frozen=True)
class _Moved:
    """Which rows became how many."""

    repeated: Sequence[tuple[int, int]]

    def now(self, row: int, *, end: bool = False) -> int:
        """Where a row stands now; of a repeated one where it begins, or ends."""
        moved = sum(number - 1 for place, number in self.repeated if place < row)
        own = next((number for place, number in self.repeated if place == row), 1)
        return max(1, row + moved + (own - 1 if end else 0))

    def followed(self, text: str) -> str:
        """A formula, or the name of cells, as it is after the move."""
        return _PLACE.sub(self._place, text)

    def _place(self, match: re.Match[str]) -> str:
        first = f"{match[1]}{self.now(int(match[2]))}"
        return f"{first}:{match[3]}{self.now(int(match[4]), end=True)}" if match[4] else first
