"""What is done to a template's file in a process that can be lost: for files come from strangers."""

from __future__ import annotations

from inkstand.fakes.kit.http import parse_json

from . import office, pdf


def fields(source: str, file: bytes) -> list[str]:
    """The merge fields of a PDF or Office file."""
    return list(pdf.fields(file) if source == "pdf" else office.fields(file, source))


def filled(source: str, file: bytes, values: str) -> bytes:
    """A PDF or Office file with every field filled in; the values are JSON."""
    told = parse_json(values.encode())
    return pdf.filled(file, told) if source == "pdf" else office.filled(file, source, told)


def placed(file: bytes) -> list[dict[str, object]]:
    """The form fields of a PDF."""
    return [one.told for one in pdf.placed(file)]
