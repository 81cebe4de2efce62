"""Merge fields in Word and PowerPoint files: found and filled in paragraph by paragraph, also where a field is split.

A program splits a paragraph into runs as it likes (spelling, formatting), also in the middle of a field: so the texts
of a paragraph are read as one, and a value stands where its field began, in the format of that run. A table row whose
fields name a list is there once for each element.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from itertools import chain
from typing import Any

from lxml import etree

from inkstand.fakes.inkit.merge_fields import FIELD, Filler, merge_fields, name_in

from . import sheets
from .archive import LARGEST_WHOLE, Archive, opened, packed, parsed, writable, written
from .errors import TemplateError

Values = Mapping[str, Any]

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SPACE = "{http://www.w3.org/XML/1998/namespace}space"
_PARTS = {
    "docx": r"word/(document|header\d*|footer\d*|footnotes|endnotes|comments|charts/chart\d*|diagrams/data\d*)\.xml",
    "pptx": r"ppt/(slides/slide|notesSlides/notesSlide|slideMasters/slideMaster|slideLayouts/slideLayout"
    r"|charts/chart|diagrams/data)\d*\.xml",
    "xlsx": r"xl/(drawings/drawing|charts/chart)\d*\.xml",
}


def fields(file: bytes, kind: str) -> tuple[str, ...]:
    """The merge fields of an Office file, part by part in the order of the document."""
    archive = opened(file, kind)
    texts = sheets.texts(archive) if kind == "xlsx" else iter(())
    return tuple(dict.fromkeys(chain.from_iterable(map(merge_fields, chain(texts, _texts(archive))))))


def filled(file: bytes, kind: str, values: Values) -> bytes:
    """An Office file with every field filled in; everything else in it stays as it is.

    Raises TemplateError or TooMuchError when that is more than a document may be.
    """
    archive, filler = opened(file, kind), Filler(values)
    changed = sheets.filled(archive, filler) if kind == "xlsx" else {}
    for name in archive.matching(_PARTS[kind]):
        root = parsed(name, changed.get(name, archive.parts[name]))
        if _fill(root, filler):
            changed[name] = written(root)
    if sum(map(len, changed.values())) > LARGEST_WHOLE:
        message = f"The document would have more than {LARGEST_WHOLE:,} bytes."
        raise TemplateError(message)
    return packed(archive, changed)


def _texts(archive: Archive) -> Iterator[str]:
    for name in archive.matching(_PARTS[archive.kind]):
        for paragraph in _paragraphs(parsed(name, archive.parts[name])):
            yield _text(_pieces(paragraph))


def _fill(root: etree._Element, filler: Filler) -> bool:
    """Fill a part in place; whether there was a field."""
    any_row = _repeat_rows(root, filler)
    any_field = [_fill_paragraph(paragraph, filler) for paragraph in list(_paragraphs(root))]
    return any_row or any(any_field)


def _repeat_rows(root: etree._Element, filler: Filler) -> bool:
    made = 0
    for row in list(root.iter(f"{_WORD}tr", f"{_DRAWING}tr")):
        paragraphs = list(_paragraphs(row))
        parent = row.getparent()
        if parent is None or any(row.iterdescendants(row.tag)):
            continue
        number = filler.rows_of("\n".join(_text(_pieces(paragraph)) for paragraph in paragraphs))
        if number is None:
            continue
        made += number
        place = parent.index(row)
        copies = [deepcopy(row) for _ in range(number)]
        for index, copied in enumerate(copies):
            for paragraph in list(_paragraphs(copied)):
                _fill_paragraph(paragraph, filler, index)
        parent[place : place + 1] = copies
    return made > 0


def _paragraphs(root: etree._Element) -> Iterator[etree._Element]:
    yield from root.iter(f"{_WORD}p", f"{_DRAWING}p")


def _pieces(paragraph: etree._Element) -> list[etree._Element]:
    """The texts of a paragraph itself, not those of paragraphs within it (text boxes)."""
    found = paragraph.iter(f"{_WORD}t", f"{_DRAWING}t")
    return [one for one in found if next(one.iterancestors(paragraph.tag), None) is paragraph]


def _text(pieces: list[etree._Element]) -> str:
    return "".join(piece.text or "" for piece in pieces)


def _fill_paragraph(paragraph: etree._Element, filler: Filler, row: int | None = None) -> bool:
    pieces = _pieces(paragraph)
    found = list(FIELD.finditer(_text(pieces)))
    for match in reversed(found):
        _replace(pieces, match.start(), match.end(), writable(filler.text_of(name_in(match), row)))
    for piece in pieces if found else ():
        _finish(piece)
    return bool(found)


def _replace(pieces: list[etree._Element], start: int, end: int, text: str) -> None:
    """Put a text in the place of a stretch of the paragraph, into the piece in which it begins."""
    begin = 0
    for piece in pieces:
        own = piece.text or ""
        first, last = max(start - begin, 0), min(end - begin, len(own))
        if first < last:
            piece.text = own[:first] + text + own[last:]
            text = ""
        begin += len(own)


def _finish(piece: etree._Element) -> None:
    """Keep the spaces of a text, and write its line breaks as its format has them."""
    text = piece.text or ""
    if piece.tag == f"{_DRAWING}t":
        piece.text = text.replace("\r\n", " ").replace("\n", " ")
        return
    lines = text.splitlines() or [""]
    piece.text = lines[0]
    piece.set(_SPACE, "preserve")
    before = piece
    for line in lines[1:]:
        wrap, more = etree.Element(f"{_WORD}br"), etree.Element(f"{_WORD}t")
        more.text = line
        more.set(_SPACE, "preserve")
        before.addnext(wrap)
        wrap.addnext(more)
        before = more
