"""From a template and values to a document: the filled native file, and the PDF by the best path that there is here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.rendering import Paper, UndrawableError, page_to_png, to_pdf

from .catalogue import file_of
from .formats import TemplateError, fill, page_count, page_of, picture, plain_html

if TYPE_CHECKING:
    from inkstand.fakes.kit.storage import Row

RENDERER, LIBREOFFICE, PLAIN, FORM = "plutoprint", "libreoffice", "inkstand-plain", "pdf-overlay"
"""The paths to a PDF: HTML by the kit's renderer; Office files by LibreOffice, or plainly; PDF templates drawn over."""

MOST_ADDRESSES = 20


@dataclass(frozen=True)
class Drawn:
    """A document: its PDF, how it was made, and what is worth telling of that; the filled HTML or Office file.

    One of no pages could not be made. `late` is how many milliseconds it takes beyond those of every document;
    `comes_back` says that its mail will.
    """

    pdf: bytes
    pages: int
    rendered_with: str
    reasons: tuple[Reason, ...]
    html: str | None = None
    native: bytes | None = None
    late: int = 0
    comes_back: bool = False


def draw(template: Row | Mapping[str, Any], values: Mapping[str, Any], now: int, *, plainly: bool = False) -> Drawn:
    """Make a document of a template; `plainly` is without LibreOffice, whose PDFs differ from run to run.

    Raises TemplateError when it would be more than a document may be.
    """
    try:
        return _drawn(template, values, now, plainly=plainly)
    except UndrawableError as error:
        raise TemplateError(str(error)) from error


def _drawn(template: Row | Mapping[str, Any], values: Mapping[str, Any], now: int, *, plainly: bool) -> Drawn:
    source, file = template["source"], file_of(template)
    if source == "html":
        html, pdf = page_of(file, values, Paper(template["width"], template["height"], template["unit"]), now)
        return Drawn(pdf.content, pdf.pages, RENDERER, _not_fetched(pdf.refused), html=html)
    made = fill(source, file, values)
    if source == "pdf":
        return Drawn(made, page_count(made), FORM, ())
    return _office(made, source, now, plainly=plainly)


def first_page(row: Row, width: int) -> bytes:
    """The first page of a document as a PNG, so many pixels wide.

    Raises TemplateError for one that cannot be drawn.
    """
    if row["rendered_with"] != RENDERER:
        return picture(row["pdf"], width)
    try:
        return page_to_png(row["html"], Paper(row["width"], row["height"], row["unit"]), width).content
    except UndrawableError as error:
        raise TemplateError(str(error)) from error


def _office(made: bytes, source: str, now: int, *, plainly: bool) -> Drawn:
    from .formats import libreoffice  # noqa: PLC0415  # brings a library of its own

    pdf = None if plainly else libreoffice.to_pdf(made, source)
    if pdf is not None:
        return Drawn(pdf, page_count(pdf), LIBREOFFICE, (Reason("inkit.render.libreoffice"),), native=made)
    html, paper = plain_html(made, source)
    drawn = to_pdf(html, paper, now)
    installed = "could not draw it in time" if libreoffice.program() else "is not installed here"
    reasons = (Reason("inkit.render.plain", {"why": "is switched off" if plainly else installed}),)
    return Drawn(drawn.content, drawn.pages, PLAIN, (*reasons, *_not_fetched(drawn.refused)), html=html, native=made)


def _not_fetched(addresses: tuple[str, ...]) -> tuple[Reason, ...]:
    told = dict.fromkeys(address[:200] for address in addresses)
    return tuple(
        Reason("inkit.document.resource_not_fetched", {"address": address}) for address in list(told)[:MOST_ADDRESSES]
    )
