"""What is done to a template's file in a process that can be lost: for files come from strangers."""

from __future__ import annotations

import io

import pypdfium2

from inkstand.fakes.kit.http import parse_json
from inkstand.fakes.kit.rendering import LARGEST_PICTURE

from . import office, pdf, plain


def fields(source: str, file: bytes) -> list[str]:
    """The merge fields of a PDF or Office file."""
    return list(pdf.fields(file) if source == "pdf" else office.fields(file, source))


def filled(source: str, file: bytes, values: str) -> bytes:
    """A PDF or Office file with every field filled in; the values are JSON."""
    told = parse_json(values.encode())
    return pdf.filled(file, told) if source == "pdf" else office.filled(file, source, told)


def page_count(file: bytes) -> int:
    """How many pages a PDF has."""
    with pypdfium2.PdfDocument(file) as document:
        return len(document)


def page(file: bytes, number: int) -> bytes:
    """One page of a PDF as a PDF of its own, the first is 1; nothing for one that there is not."""
    with pypdfium2.PdfDocument(file) as whole:
        if not 1 <= number <= len(whole):
            return b""
        with pypdfium2.PdfDocument.new() as part:
            part.import_pages(whole, [number - 1])
            stream = io.BytesIO()
            part.save(stream)
            return stream.getvalue()


def picture(file: bytes, width: int) -> bytes:
    """The first page of a PDF as a PNG, so many pixels wide."""
    with pypdfium2.PdfDocument(file) as document:
        found = document[0]
        scale = min(width / max(found.get_width(), 1), LARGEST_PICTURE / max(found.get_height(), 1))
        stream = io.BytesIO()
        found.render(scale=scale).to_pil().save(stream, "PNG")
        return stream.getvalue()


def plain_html(file: bytes, source: str) -> list[object]:
    """A filled Office file as HTML, and the size of its pages: width, height, unit."""
    text, paper = plain.to_html(file, source)
    return [text, paper.width, paper.height, paper.unit]


def placed(file: bytes) -> list[dict[str, object]]:
    """The form fields of a PDF."""
    return [one.told for one in pdf.placed(file)]
