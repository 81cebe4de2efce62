"""The one renderer from HTML to PDF and PNG, for every vendor.

Pages are drawn by processes of their own (`crew`): a page that would hang, exhaust the memory or bring a program down
costs one of them, and the sandbox says so. The fonts come with the package pymupdf-fonts (FiraGO: Latin, Greek,
Cyrillic, Hebrew, Arabic, Devanagari, Georgian, Thai; Noto symbols) and never from the machine, so a page looks the same
everywhere and a machine without fonts does not make empty ones. Nothing is fetched: images and styles must be `data:`
addresses.
"""

from __future__ import annotations

from .crew import ask, fonts_for_programs, run_apart, use_fonts
from .shapes import LARGEST_PICTURE, MOST_PAGES, PER_INCH, Paper, Pdf, Png, UndrawableError, sides

__all__ = [
    "LARGEST_PICTURE",
    "MOST_PAGES",
    "PER_INCH",
    "Paper",
    "Pdf",
    "Png",
    "UndrawableError",
    "fonts_for_programs",
    "page_to_png",
    "run_apart",
    "sides",
    "to_pdf",
    "to_png",
    "use_fonts",
]


def to_pdf(html: str, paper: Paper, made_at: int) -> Pdf:
    """Render HTML to a PDF; `made_at` (milliseconds since 1970) is the date it carries.

    The same HTML, paper and date give the same bytes.
    Raises ValueError for a unit other than `in`, `cm` and `px`, UndrawableError for what takes too much.
    """
    found = ask("to_pdf", html, paper, made_at)
    return Pdf(found["content"], found["pages"], tuple(found["refused"]))


def to_png(html: str, width: int, height: int | None = None, scale: float = 1.0) -> Png:
    """Draw HTML as a browser window of `width` CSS pixels would show it; without a height, as high as it is.

    `scale` is how many pixels of the picture make one CSS pixel. The same HTML and size give the same bytes.
    Raises ValueError for a size that is not from 1 to `LARGEST_PICTURE` pixels, UndrawableError as `to_pdf`.
    """
    return _picture(ask("to_png", html, width, height, scale))


def page_to_png(html: str, paper: Paper, width: int, page: int = 0) -> Png:
    """Draw one page of what `to_pdf` makes, so many pixels wide; the first page is 0.

    Raises ValueError for a page that there is not, UndrawableError as `to_pdf`.
    """
    return _picture(ask("page_to_png", html, paper, width, page))


def _picture(found: dict[str, object]) -> Png:
    return Png(**{**found, "refused": tuple(found["refused"])})  # type: ignore[arg-type]  # as the worker writes it
