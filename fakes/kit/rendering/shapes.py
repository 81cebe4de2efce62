"""What is drawn: the size of a page, a document, a picture; and what cannot be."""

from __future__ import annotations

from dataclasses import dataclass

FONTS = "INKSTAND_FONT_FOLDER"
"""The variable by which a drawing process is told the folder with the fonts."""

LARGEST_PICTURE = 10_000
"""How many pixels a picture may be wide or high."""

MOST_PAGES = 2_000
"""How many pages a document may have."""


PER_INCH = {"in": 1.0, "cm": 2.54, "px": 96.0}
"""The units of a page, each with how many of it make an inch."""

SHORTEST, LONGEST = 0.1, 200.0
"""How long a side of a page may be, in inches; PDF readers show none that is longer."""


class UndrawableError(ValueError):
    """A page that cannot be drawn: it takes too long, too much memory, or too many pages; the text says which."""


@dataclass(frozen=True)
class Paper:
    """The size of a page; `unit` is `in`, `cm` or `px`."""

    width: float = 8.5
    height: float = 11.0
    unit: str = "in"


def sides(unit: str) -> tuple[float, float]:
    """How short and how long a side of a page may be in a unit."""
    return round(SHORTEST * PER_INCH[unit], 6), round(LONGEST * PER_INCH[unit], 6)


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
