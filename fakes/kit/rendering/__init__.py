"""The one renderer from HTML to PDF and PNG, for every vendor.

plutoprint lays the page out; the fonts come from the package pymupdf-fonts (FiraGO: Latin, Greek, Cyrillic, Hebrew,
Arabic, Devanagari, Georgian, Thai; Noto symbols) and never from the machine, so a page looks the same everywhere and
a machine without fonts does not make empty ones. Nothing is fetched: images and styles must be `data:` addresses.
"""

from __future__ import annotations

import atexit
import io
import os
import shutil
import tempfile
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from inkstand.fakes.kit.times import iso

if TYPE_CHECKING:
    import plutoprint

_FONTS = ("figo", "figit", "figbo", "figbi", "symbol1", "symbol2")
_POINTS = {"in": 72.0, "cm": 72 / 2.54, "px": 0.75}
_STYLE = "html { font-family: FiraGO; font-variant-ligatures: none }"
_lock = threading.Lock()


@dataclass(frozen=True)
class Paper:
    """The size of a page; `unit` is `in`, `cm` or `px`."""

    width: float = 8.5
    height: float = 11.0
    unit: str = "in"


@dataclass(frozen=True)
class Pdf:
    """A rendered document, its number of pages, and the addresses it named that were not fetched."""

    content: bytes
    pages: int
    refused: tuple[str, ...]


def to_pdf(html: str, paper: Paper, made_at: int) -> Pdf:
    """Render HTML to a PDF; `made_at` (milliseconds since 1970) is the date it carries.

    The same HTML, paper and date give the same bytes.
    Raises ValueError for a unit other than `in`, `cm` and `px`.
    """
    with _lock:
        book, refused = _book(html, paper)
        library = _library()
        for date in (library.PDF_METADATA_CREATION_DATE, library.PDF_METADATA_MODIFICATION_DATE):
            book.set_metadata(date, iso(made_at // 1000 * 1000).replace(".000", ""))
        stream = io.BytesIO()
        book.write_to_pdf_stream(stream)
        return Pdf(stream.getvalue(), book.get_page_count(), tuple(refused))


def _book(html: str, paper: Paper) -> tuple[plutoprint.Book, list[str]]:
    library = _library()
    if paper.unit not in _POINTS:
        message = f"a page is measured in {', '.join(_POINTS)}, not {paper.unit!r}"
        raise ValueError(message)
    points = _POINTS[paper.unit]
    size = library.PageSize(paper.width * points, paper.height * points)
    book = library.Book(size, library.PAGE_MARGINS_NORMAL)
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

    for name in ("FONTCONFIG_FILE", "FONTCONFIG_SYSROOT"):
        os.environ.pop(name, None)  # the machine's fonts would win by these
    plutoprint.plutobook_set_fontconfig_path(str(_font_folder()))
    return plutoprint


def _font_folder() -> Path:
    from pymupdf_fonts import myfont  # noqa: PLC0415  # several megabytes, and only documents need it

    folder = Path(tempfile.mkdtemp(prefix="inkstand-fonts-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in _FONTS:
        (folder / f"{name}.ttf").write_bytes(myfont(name))
    (folder / "fonts.conf").write_text(
        '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig>'
        f"<dir>{folder}</dir><cachedir>{folder}/cache</cachedir>"
        '<match target="pattern"><edit name="family" mode="append_last"><string>FiraGO</string></edit></match>'
        "</fontconfig>"
    )
    return folder
