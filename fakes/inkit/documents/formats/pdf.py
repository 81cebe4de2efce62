"""Merge fields in PDF templates: form fields by their names, and `{{…}}` in the text of pages.

How Inkit places fields is only half known (placed boxes with page, coordinates and font); that form fields and texts
in braces are fields is our choice. A value is drawn in our own fonts over the field's box, or in the place of the text,
so every script can be shown; a form field keeps its value too, and can no longer be written in.
"""

from __future__ import annotations

import ctypes
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

import pypdfium2
import pypdfium2.raw as pdfium
from pypdf import PageObject, PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import DictionaryObject, NameObject, NumberObject, StreamObject, TextStringObject

from inkstand.fakes.inkit.merge_fields import FIELD, Filler, merge_fields
from inkstand.fakes.kit.http import drawable
from inkstand.fakes.kit.rendering import Paper, to_pdf

from .errors import TemplateError

Values = Mapping[str, Any]

MOST_PAGES = 200
"""How many pages a PDF template may have."""

_POINT = 4 / 3
_LINE = 1.2
_GAP = 1.0
_ONE_LINE = 2.5
_USUAL, _LARGEST = 10.0, 12.0
_ALIGN = {0: "left", 1: "center", 2: "right"}
_SIZE = re.compile(r"([\d.]+)\s+Tf")
_READ_ONLY = 1
_OFF = "/Off"


@dataclass(frozen=True)
class Field:
    """A form field: its name, its page (from 1), its box in points from the lower left, its letters and what it is."""

    name: str
    page: int
    box: tuple[float, float, float, float]
    size: float
    align: str
    is_button: bool

    @property
    def told(self) -> dict[str, object]:
        """It as Inkit tells a placed field."""
        left, lower, right, upper = self.box
        corners = {"x_left": left, "x_right": right, "y_lower": lower, "y_upper": upper}
        look = {"align": self.align, "fontname": "FiraGO", "fontsize": self.size, "text_color": "#000000"}
        return {"name": self.name, "page": self.page, **corners, **look}


@dataclass
class _Drawing:
    """What is drawn over one page: boxes of HTML."""

    boxes: list[str] = field(default_factory=list)

    def draw(self, page: tuple[float, float], box: tuple[float, float, float, float], size: float, rest: str) -> None:
        """A text in a box of points from the lower left of a page of that size."""
        left, lower, right, upper = (value * _POINT for value in box)
        place = f"left:{left:.2f}px;top:{page[1] * _POINT - upper:.2f}px;width:{right - left:.2f}px"
        look = f"height:{upper - lower:.2f}px;font-size:{size * _POINT:.2f}px;line-height:{_LINE}"
        self.boxes.append(f'<div style="position:absolute;{place};{look};{rest}</div>')


def fields(file: bytes) -> tuple[str, ...]:
    """The merge fields of a PDF template: its form fields, then those in the text of its pages."""
    names = [one.name for one in placed(file)]
    with _document(file) as document:
        texts = [_Text(page).text for page in document]
    return tuple(dict.fromkeys((*names, *(name for text in texts for name in merge_fields(text)))))


def placed(file: bytes) -> tuple[Field, ...]:
    """The form fields of a PDF, page by page."""
    return tuple(one for _, page in _pages(_read(file)) for one, _ in page)


def filled(file: bytes, values: Values) -> bytes:
    """A PDF with every field filled in."""
    drawings: dict[int, _Drawing] = {}
    filler = Filler(values)
    with_texts = _texts_taken_out(file, filler, drawings)
    return _forms_filled(with_texts, filler, drawings)


def _document(file: bytes) -> pypdfium2.PdfDocument:
    try:
        document = pypdfium2.PdfDocument(file)
    except pypdfium2.PdfiumError as error:
        message = f"The file is not a PDF that can be opened ({error}). One with a password is none."
        raise TemplateError(message) from error
    if not 0 < len(document) <= MOST_PAGES:
        message = f"A PDF template has 1 to {MOST_PAGES} pages; this one has {len(document)}."
        raise TemplateError(message)
    return document


def _read(file: bytes) -> PdfReader:
    _document(file).close()
    try:
        reader = PdfReader(io.BytesIO(file))
        _ = len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"The PDF cannot be read ({error}). Save it anew, without a password."
        raise TemplateError(message) from error
    return reader


def _pages(reader: PdfReader) -> Iterator[tuple[PageObject, list[tuple[Field, DictionaryObject]]]]:
    for number, page in enumerate(reader.pages, 1):
        yield page, list(_fields_on(page, number))


def _fields_on(page: PageObject, number: int) -> Iterator[tuple[Field, DictionaryObject]]:
    for one in page.get("/Annots") or ():
        widget = one.get_object()
        if widget.get("/Subtype") != "/Widget" or not (name := _name(widget)):
            continue
        left, lower, right, upper = sorted_box([float(value) for value in widget["/Rect"]])
        height = upper - lower
        told = _SIZE.search(str(_inherited(widget, "/DA") or ""))
        size = float(told[1]) if told else 0.0
        align = _ALIGN.get(int(_inherited(widget, "/Q") or 0), "left")
        is_button = _inherited(widget, "/FT") == "/Btn"
        yield (
            Field(name, number, (left, lower, right, upper), size or min(_LARGEST, height * 0.7), align, is_button),
            widget,
        )


def sorted_box(corners: list[float]) -> tuple[float, float, float, float]:
    """Two corners in any order as left, lower, right, upper."""
    (left, right), (lower, upper) = sorted(corners[::2]), sorted(corners[1::2])
    return left, lower, right, upper


def _name(widget: DictionaryObject) -> str:
    parts = []
    found: Any = widget
    for _ in range(20):
        if found is None:
            break
        if "/T" in found:
            parts.append(str(found["/T"]))
        found = found["/Parent"].get_object() if "/Parent" in found else None
    return ".".join(reversed(parts))


def _inherited(widget: DictionaryObject, key: str) -> Any:  # a PDF object is anything
    found: Any = widget
    for _ in range(20):
        if key in found:
            return found[key]
        if "/Parent" not in found:
            break
        found = found["/Parent"].get_object()
    return None


def _texts_taken_out(file: bytes, filler: Filler, drawings: dict[int, _Drawing]) -> bytes:
    """The PDF without the texts that name fields; what stands there instead is left to be drawn."""
    changed = False
    with _document(file) as document:
        for number, page in enumerate(document, 1):
            text = _Text(page)
            stretches = text.stretches()
            for first, last in stretches:
                _take_out(text, first, last, filler, drawings.setdefault(number, _Drawing()))
            if stretches:
                changed = True
                pdfium.FPDFPage_GenerateContent(page.raw)
        if not changed:
            return file
        stream = io.BytesIO()
        document.save(stream)
        return stream.getvalue()


class _Text:
    """The text of a page, character by character, and the objects that draw it."""

    def __init__(self, page: Any) -> None:
        self.page = page
        self.held = page.get_textpage()
        codes = (pdfium.FPDFText_GetUnicode(self.held.raw, index) for index in range(self.held.count_chars()))
        self.raw = "".join(chr(code) if code else "\ufffd" for code in codes)
        self.text = _joined(self.raw)

    def holder(self, index: int) -> int | None:
        """What draws a character; None for a space that nothing draws."""
        found = self.object(index)
        return ctypes.addressof(found.contents) if found else None

    def object(self, index: int) -> Any:  # a pointer
        """The object that draws a character."""
        return pdfium.FPDFText_GetTextObject(self.held.raw, index)

    def stretches(self) -> list[tuple[int, int]]:
        """From where to where the text must be drawn anew: the objects of fields, and what follows in their line."""
        found: list[tuple[int, int]] = []
        for match in FIELD.finditer(self.text):
            first, last = self._whole_objects(match.start(), match.end() - 1)
            if found and first <= found[-1][1]:
                found[-1] = (found[-1][0], max(found[-1][1], last))
            else:
                found.append((first, last))
        return found

    def _whole_objects(self, first: int, last: int) -> tuple[int, int]:
        mine = {self.holder(index) for index in range(first, last + 1)} - {None}
        while first > 0 and self.holder(first - 1) in mine:
            first -= 1
        while last + 1 < len(self.raw) and (self.holder(last + 1) in mine or self._goes_on(last)):
            mine.add(self.holder(last + 1))
            last += 1
        return first, last

    def _goes_on(self, index: int) -> bool:
        """Whether the line goes on behind a character, without a gap that another column would have."""
        if self.raw[index + 1] in "\r\n":
            return False
        here, then = (self.held.get_charbox(one, loose=True) for one in (index, index + 1))
        return bool(abs(then[0] - here[2]) < _GAP * (here[3] - here[1]))


def _take_out(text: _Text, first: int, last: int, filler: Filler, drawing: _Drawing) -> None:
    """Take a stretch of text off a page, and draw it anew with its fields filled in."""
    drawn = [index for index in range(first, last + 1) if text.holder(index)]
    if not drawn:
        return
    boxes = [text.held.get_charbox(index, loose=True) for index in drawn]
    left, lower, upper = min(box[0] for box in boxes), min(box[1] for box in boxes), max(box[3] for box in boxes)
    size = pdfium.FPDFText_GetFontSize(text.held.raw, drawn[0]) or _USUAL
    said = filler.filled(text.text[first : last + 1])
    look = f'white-space:pre;color:{_colour(text.object(drawn[0]))}">{escape(drawable(said))}'
    width, height = text.page.get_size()
    for one in {text.holder(index): text.object(index) for index in drawn}.values():
        pdfium.FPDFPage_RemoveObject(text.page.raw, one)
    drawing.draw((width, height), (left, lower, width, max(upper, lower + size)), size, look)


def _colour(one: Any) -> str:
    red, green, blue, opaque = (ctypes.c_uint() for _ in range(4))
    pdfium.FPDFPageObj_GetFillColor(one, red, green, blue, opaque)
    return f"#{red.value & 255:02x}{green.value & 255:02x}{blue.value & 255:02x}"


def _joined(text: str) -> str:
    """A page's text, each character in its place: line breaks as spaces."""
    return text.replace("\r", " ").replace("\n", " ")


def _forms_filled(file: bytes, filler: Filler, drawings: dict[int, _Drawing]) -> bytes:
    writer = PdfWriter(clone_from=_read(file))
    for number, page in enumerate(writer.pages, 1):
        drawing = drawings.setdefault(number, _Drawing())
        size = (float(page.mediabox.width), float(page.mediabox.height))
        for one, widget in _fields_on(page, number):
            _fill_field(one, widget, filler, drawing, size)
        if drawing.boxes:
            html = '<style>@page{margin:0}body{margin:0}</style><div style="position:relative">'
            paper = Paper(size[0] * _POINT, size[1] * _POINT, "px")
            drawn = to_pdf(html + "".join(drawing.boxes) + "</div>", paper, 0)
            page.merge_page(PdfReader(io.BytesIO(drawn.content)).pages[0])
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()


def _fill_field(
    one: Field, widget: DictionaryObject, filler: Filler, drawing: _Drawing, size: tuple[float, float]
) -> None:
    holder: Any = widget if "/T" in widget or "/Parent" not in widget else widget["/Parent"].get_object()
    holder[NameObject("/Ff")] = NumberObject(int(_inherited(widget, "/Ff") or 0) | _READ_ONLY)
    if one.is_button:
        states = [state for state in widget.get("/AP", {}).get("/N", {}) if state != _OFF]
        chosen = states[0] if states and _is_true(filler.values.find(one.name)) else _OFF
        widget[NameObject("/AS")] = holder[NameObject("/V")] = NameObject(chosen)
        return
    said = drawable(filler.text_of(one.name))
    holder[NameObject("/V")] = TextStringObject(said)
    empty = StreamObject()
    empty.update({NameObject("/Type"): NameObject("/XObject"), NameObject("/Subtype"): NameObject("/Form")})
    empty[NameObject("/BBox")] = widget["/Rect"]
    widget[NameObject("/AP")] = _of({"/N": empty})
    height = one.box[3] - one.box[1]
    line = f"line-height:{height * _POINT:.2f}px;" if height < _ONE_LINE * one.size else ""
    drawing.draw(size, one.box, one.size, f'{line}text-align:{one.align};overflow:hidden">{escape(said)}')


def _of(members: Mapping[str, Any]) -> DictionaryObject:
    return DictionaryObject({NameObject(name): value for name, value in members.items()})


def _is_true(value: object) -> bool:
    return value is True or (isinstance(value, str) and value.strip().casefold() in {"true", "yes", "x", "1", "on"})
