"""What is drawn: the size of a page, a document, a picture; and what cannot be."""

from __future__ import annotations

from dataclasses import dataclass

FONTS = "INKSTAND_FONT_FOLDER"
"""The variable by which a drawing process is told the folder with the fonts."""

LARGEST_PICTURE = 10_000
"""How many pixels a picture may be wide or high."""

MOST_PAGES = 2_000
"""How many pages a document may have."""


class UndrawableError(ValueError):
    """A page that cannot be drawn: it takes too long, too much memory, or too many pages; the text says which."""


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


@dataclass(frozen=True)
class Png:
    """A picture, its size in pixels, and the addresses its page named that were not fetched."""

    content: bytes
    width: int
    height: int
    refused: tuple[str, ...]
