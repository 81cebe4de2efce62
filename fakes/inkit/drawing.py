"""From a template and values to a document: the filled native file, and the PDF by the best path that there is here."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.rendering import Paper, UndrawableError, page_to_png, to_pdf

from .catalogue import file_of
from .formats import TemplateError, fill

if TYPE_CHECKING:
    from inkstand.fakes.kit.storage import Row

RENDERER, LIBREOFFICE, PLAIN, FORM = "plutoprint", "libreoffice", "inkstand-plain", "pdf-overlay"
"""The paths to a PDF: HTML by the kit's renderer; Office files by LibreOffice, or plainly; PDF templates drawn over."""

MOST_ADDRESSES = 20


@dataclass(frozen=True)
class Drawn:
    """A document: its PDF, how it was made, and what is worth telling of that; the filled HTML or Office file.

    One of no pages could not be made. `late` is how many milliseconds it takes beyond those of every document.
    """

    pdf: bytes
    pages: int
    rendered_with: str
    reasons: tuple[Reason, ...]
    html: str | None = None
    native: bytes | None = None
    late: int = 0


def draw(template: Row | Mapping[str, Any], values: Mapping[str, Any], now: int) -> Drawn:
    """Make a document of a template.

    Raises TemplateError when it would be more than a document may be.
    """
    try:
        return _drawn(template, values, now)
    except UndrawableError as error:
        raise TemplateError(str(error)) from error


def _drawn(template: Row | Mapping[str, Any], values: Mapping[str, Any], now: int) -> Drawn:
    source = template["source"]
    made = fill(source, file_of(template), values)
    if source == "html":
        html = made.decode()
        pdf = to_pdf(html, Paper(template["width"], template["height"], template["unit"]), now)
        return Drawn(pdf.content, pdf.pages, RENDERER, _not_fetched(pdf.refused), html=html)
    if source == "pdf":
        return Drawn(made, _pages(made), FORM, ())
    return _office(made, source, now)


def first_page(row: Row, width: int) -> bytes:
    """The first page of a document as a PNG, so many pixels wide."""
    import pypdfium2  # noqa: PLC0415  # as above

    if row["rendered_with"] == RENDERER:
        return page_to_png(row["html"], Paper(row["width"], row["height"], row["unit"]), width).content
    with pypdfium2.PdfDocument(row["pdf"]) as document:
        page = document[0]
        stream = io.BytesIO()
        page.render(scale=width / page.get_width()).to_pil().save(stream, "PNG")
        return stream.getvalue()


def one_page(pdf: bytes, number: int) -> bytes | None:
    """One page of a PDF as a PDF of its own; the first is 1. None for one that there is not."""
    import pypdfium2  # noqa: PLC0415  # asked for seldom

    with pypdfium2.PdfDocument(pdf) as whole:
        if not 1 <= number <= len(whole):
            return None
        with pypdfium2.PdfDocument.new() as part:
            part.import_pages(whole, [number - 1])
            stream = io.BytesIO()
            part.save(stream)
            return stream.getvalue()


def _office(made: bytes, source: str, now: int) -> Drawn:
    from .formats import libreoffice, plain  # noqa: PLC0415  # each brings a library of its own

    pdf = libreoffice.to_pdf(made, source)
    if pdf is not None:
        return Drawn(pdf, _pages(pdf), LIBREOFFICE, (Reason("inkit.render.libreoffice"),), native=made)
    html, paper = plain.to_html(made, source)
    drawn = to_pdf(html, paper, now)
    why = "could not draw it in time" if libreoffice.program() else "is not installed here"
    reasons = (Reason("inkit.render.plain", {"why": why}), *_not_fetched(drawn.refused))
    return Drawn(drawn.content, drawn.pages, PLAIN, reasons, html=html, native=made)


def _not_fetched(addresses: tuple[str, ...]) -> tuple[Reason, ...]:
    told = dict.fromkeys(address[:200] for address in addresses)
    return tuple(
        Reason("inkit.document.resource_not_fetched", {"address": address}) for address in list(told)[:MOST_ADDRESSES]
    )


def _pages(pdf: bytes) -> int:
    import pypdfium2  # noqa: PLC0415  # HTML needs it not

    with pypdfium2.PdfDocument(pdf) as document:
        return len(document)
