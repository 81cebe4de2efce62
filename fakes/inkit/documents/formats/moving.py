"""What follows when a row of an Excel sheet is there several times: everything that names cells below it, or the row.

A range that ends at a repeated row grows with it. Formulas follow in every sheet, merged cells, tables, links, filters
and conditional formats in their own; named ranges, charts, and pictures by where they stand.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lxml import etree

from .archive import Archive, parsed, related, written

WORKBOOK = "xl/workbook.xml"
SHEETS = r"xl/worksheets/sheet\d*\.xml"
_CHARTS = r"xl/charts/chart\d*\.xml"
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_CHART = "{http://schemas.openxmlformats.org/drawingml/2006/chart}"
_DRAWN = "{http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing}"
_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
_CELLS = r"(\$?[A-Z]{1,3}\$?)(\d{1,7})(?::(\$?[A-Z]{1,3}\$?)(\d{1,7}))?(?![\w(])"
_PLACE = re.compile(rf"(?<![A-Za-z0-9_.!':$]){_CELLS}")
_ELSEWHERE = re.compile(rf"('(?:[^']|'')+'|[^\W\d][\w.]*)!{_CELLS}")


@dataclass(frozen=True)
class Moved:
    """Which rows of a sheet became how many."""

    repeated: Sequence[tuple[int, int]]

    def now(self, row: int, *, end: bool = False) -> int:
        """Where a row stands now; of a repeated one where it begins, or ends."""
        moved = sum(number - 1 for place, number in self.repeated if place < row)
        own = next((number for place, number in self.repeated if place == row), 1)
        return max(1, row + moved + (own - 1 if end else 0))

    def followed(self, text: str) -> str:
        """A formula of the sheet, or the name of cells, as it is after the move."""
        return _PLACE.sub(lambda match: self.cells(*match.groups()), text)

    def cells(self, column: str, row: str, last_column: str | None, last_row: str | None) -> str:
        """A cell, or a range of them, as it is after the move."""
        first = f"{column}{self.now(int(row))}"
        return f"{first}:{last_column}{self.now(int(last_row), end=True)}" if last_row else first


def move(root: etree._Element, moved: Moved) -> None:
    """Number the rows of a sheet anew, and let what names them there follow."""
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


def followed(archive: Archive, changed: Mapping[str, bytes], moved: Mapping[str, Moved]) -> dict[str, bytes]:
    """What follows rows that moved (by the part of their sheet) elsewhere: the parts that change by it."""
    found = {}
    by_name = {name: moved[part] for name, part in _sheets(archive).items() if part in moved}
    tags = (f"{_MAIN}f", f"{_MAIN}definedName", f"{_CHART}f")
    for part in (WORKBOOK, *archive.matching(SHEETS), *archive.matching(_CHARTS)):
        root = parsed(part, changed.get(part, archive.parts[part]))
        followers = [one for one in root.iter(*tags) if _follow(one, by_name)]
        if followers:
            found[part] = written(root)
    for part, moves in moved.items():
        for one in related(archive, part):
            if one.type in _FOLLOWING:
                root = parsed(one.part, archive.parts[one.part])
                _FOLLOWING[one.type](root, moves)
                found[one.part] = written(root)
    return found


def _sheets(archive: Archive) -> dict[str, str]:
    """The parts of the sheets by the names that people gave them."""
    parts = {one.id: one.part for one in related(archive, WORKBOOK)}
    sheets = parsed(WORKBOOK, archive.parts[WORKBOOK]).iter(f"{_MAIN}sheet")
    return {one.get("name") or "": parts.get(one.get(_ID) or "", "") for one in sheets}


def _follow(one: etree._Element, by_name: Mapping[str, Moved]) -> bool:
    """Let a formula follow the rows of other sheets that it names; whether it did.

    What a chart shows of a row that is repeated it shows of all of them.
    """
    is_chart = one.tag == f"{_CHART}f"

    def cells(match: re.Match[str]) -> str:
        name, column, row, last_column, last_row = match.groups()
        moved = by_name.get(name.strip("'").replace("''", "'"))
        if moved is None:
            return match[0]
        if is_chart and last_row is None and moved.now(int(row)) != moved.now(int(row), end=True):
            last_column, last_row = column, row
        return f"{name}!{moved.cells(column, row, last_column, last_row)}"

    before = one.text or ""
    one.text = _ELSEWHERE.sub(cells, before)
    return one.text != before


def _table(root: etree._Element, moved: Moved) -> None:
    for part in (root, *root.iter(f"{_MAIN}autoFilter")):
        part.set("ref", moved.followed(part.get("ref", "")))


def _drawing(root: etree._Element, moved: Moved) -> None:
    """Pictures and charts stand by the rows, counted from 0, at which they begin and end."""
    for one in root.iter(f"{_DRAWN}row"):
        if (one.text or "").isdecimal():
            one.text = str(moved.now(int(one.text or "0") + 1) - 1)


def _renumber(row: etree._Element, at: int, moved: Moved) -> None:
    row.set("r", str(at))
    for cell in row:
        if "r" in cell.attrib:
            cell.set("r", re.sub(r"\d+", str(at), cell.get("r", "")))
        formula = cell.find(f"{_MAIN}f")
        if formula is not None:
            formula.text = moved.followed(formula.text or "") or None
            for stored in cell.findall(f"{_MAIN}v"):
                cell.remove(stored)


_FOLLOWING = {"table": _table, "drawing": _drawing}
