"""Draws HTML as PDF and PNG, in a process that does nothing else (`worker`).

plutoprint lays the page out; the fonts come from the package pymupdf-fonts (FiraGO: Latin, Greek, Cyrillic, Hebrew,
Arabic, Devanagari, Georgian, Thai; Noto symbols) and never from the machine, so a page looks the same everywhere and
a machine without fonts does not make empty ones. Nothing is fetched: images and styles must be `data:` addresses.
"""

from __future__ import annotations

import io
import math
import os
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING, Any

from inkstand.fakes.kit.times import iso

from .shapes import FONTS, LARGEST_PICTURE, MOST_PAGES, PER_INCH, Paper, Pdf, Png, UndrawableError

if TYPE_CHECKING:
    import plutoprint

_POINTS = {unit: 72.0 / number for unit, number in PER_INCH.items()}
_MARGIN = 72.0
_STYLE = "html { font-family: FiraGO; font-variant-ligatures: none }"


def to_pdf(html: str, paper: Paper, made_at: int) -> Pdf:
    """Render HTML to a PDF; `made_at` (milliseconds since 1970) is the date it carries.

    The same HTML, paper and date give the same bytes.
    Raises ValueError for a unit other than `in`, `cm` and `px`.
    """
    book, refused = _book(html, paper)
    library = _library()
    for date in (library.PDF_METADATA_CREATION_DATE, library.PDF_METADATA_MODIFICATION_DATE):
        book.set_metadata(date, iso(made_at // 1000 * 1000).replace(".000", ""))
    if not 1 <= book.get_page_count() <= MOST_PAGES:
        message = f"The document would have {book.get_page_count():,} pages, and may have 1 to {MOST_PAGES:,}."
        raise UndrawableError(message)
    stream = io.BytesIO()
    book.write_to_pdf_stream(stream)
    return Pdf(stream.getvalue(), book.get_page_count(), tuple(refused))


def to_png(html: str, width: int, height: int | None = None, scale: float = 1.0) -> Png:
    """Draw HTML as a browser window of `width` CSS pixels would show it; without a height, as high as it is.

    `scale` is how many pixels of the picture make one CSS pixel. The same HTML and size give the same bytes.
    Raises ValueError for a size that is not from 1 to `LARGEST_PICTURE` pixels.
    """
    paper = Paper(width, height or 1, "px")
    book, refused = _book(html, paper, screen=True)
    shown = math.ceil(book.get_document_height()) if height is None else height
    size = (round(width * scale), round(shown * scale))
    canvas = _canvas(*size)
    canvas.scale(scale, scale)
    book.render_document(canvas)
    return _drawn(canvas, size, refused)


def page_to_png(html: str, paper: Paper, width: int, page: int = 0) -> Png:
    """Draw one page of what `to_pdf` makes, so many pixels wide; the first page is 0.

    A page so long that the picture would be more than a picture may be is drawn narrower.
    Raises ValueError for a page that there is not.
    """
    book, refused = _book(html, paper)
    if not 0 <= page < book.get_page_count():
        message = f"there are {book.get_page_count()} pages, counted from 0; page {page} was asked for"
        raise ValueError(message)
    sheet = book.get_page_size_at(page)
    scale = min(width / sheet.width, LARGEST_PICTURE / sheet.height)
    size = (max(1, round(sheet.width * scale)), max(1, round(sheet.height * scale)))
    canvas = _canvas(*size)
    canvas.scale(scale * _POINTS["px"], scale * _POINTS["px"])
    book.render_page(canvas, page)
    return _drawn(canvas, size, refused)


def _canvas(width: int, height: int) -> plutoprint.ImageCanvas:
    if not (1 <= width <= LARGEST_PICTURE and 1 <= height <= LARGEST_PICTURE):
        message = f"a picture is 1 to {LARGEST_PICTURE} pixels wide and high, not {width} x {height}"
        raise ValueError(message)
    canvas: plutoprint.ImageCanvas = _library().ImageCanvas(width, height)
    canvas.clear_surface(1.0, 1.0, 1.0, 1.0)
    return canvas


def _drawn(canvas: plutoprint.ImageCanvas, size: tuple[int, int], refused: list[str]) -> Png:
    stream = io.BytesIO()
    canvas.write_to_png_stream(stream)
    return Png(stream.getvalue(), *size, tuple(refused))


def _book(html: str, paper: Paper, *, screen: bool = False) -> tuple[plutoprint.Book, list[str]]:
    library = _library()
    if paper.unit not in _POINTS:
        message = f"a page is measured in {', '.join(_POINTS)}, not {paper.unit!r}"
        raise ValueError(message)
    points = _POINTS[paper.unit]
    size = library.PageSize(paper.width * points, paper.height * points)
    margin = 0.0 if screen else min(_MARGIN, min(size.width, size.height) / 8)
    margins = library.PageMargins(margin, margin, margin, margin)
    book = library.Book(size, margins, library.MEDIA_TYPE_SCREEN if screen else library.MEDIA_TYPE_PRINT)
    refused: list[str] = []

    class NothingIsFetched(library.ResourceFetcher):  # type: ignore[name-defined, misc]  # the module is loaded late
        def fetch_url(self, url: str) -> Any:
            refused.append(url)
            return library.ResourceData(b"", "text/plain")

    book.custom_resource_fetcher = NothingIsFetched()
    book.load_html(html, user_style=_STYLE)
    return book, refused


@cache
def _library() -> ModuleType:
    import plutoprint  # noqa: PLC0415  # slow to import, and only documents need it

    plutoprint.plutobook_set_fontconfig_path(os.environ[FONTS])
    return plutoprint
