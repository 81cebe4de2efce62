"""The five formats of templates: what is a template at all, which fields it names, and the file with them filled in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import TemplateError

SOURCES = ("html", "docx", "pdf", "xlsx", "pptx")
"""The kinds of templates. Inkit's table has the first three; its partners' pages promise all five."""

LARGEST_FILE = 10_000_000
"""How many bytes a template's file may have: nothing public says; our choice."""

TYPES = {
    "html": "text/html; charset=utf-8",
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
"""The media type of each kind's files."""

Values = Mapping[str, Any]


def fields_of(source: str, file: bytes) -> tuple[str, ...]:
    """The merge fields of a template's file, in the order of the document.

    Raises TemplateError for a file that is not of its kind, or too much for a template.
    """
    if len(file) > LARGEST_FILE:
        message = f"A template's file has at most {LARGEST_FILE:,} bytes; this one has {len(file):,}."
        raise TemplateError(message)
    return _READERS[source](file)


def fill(source: str, file: bytes, values: Values) -> bytes:
    """A template's file with every field filled in.

    Raises TemplateError when that becomes too much for one document.
    """
    return _FILLERS[source](file, values)


def _html_fields(file: bytes) -> tuple[str, ...]:
    from inkstand.fakes.inkit.merge_fields import merge_fields  # noqa: PLC0415  # as the others are loaded

    return merge_fields(_text(file))


def _html_filled(file: bytes, values: Values) -> bytes:
    from inkstand.fakes.inkit.merge_fields import merged  # noqa: PLC0415  # as the others are loaded

    filled = merged(_text(file), values).encode()
    if len(filled) > 2 * LARGEST_FILE:
        message = f"The document would have {len(filled):,} bytes of HTML, and may have {2 * LARGEST_FILE:,}."
        raise TemplateError(message)
    return filled


def _text(file: bytes) -> str:
    try:
        return file.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"An HTML template is UTF-8 text; byte {error.start} is not. Save it as UTF-8."
        raise TemplateError(message) from error


def _office_fields(file: bytes, kind: str) -> tuple[str, ...]:
    from .office import fields  # noqa: PLC0415  # brings a library of its own

    return fields(file, kind)


def _office_filled(file: bytes, kind: str, values: Values) -> bytes:
    from .office import filled  # noqa: PLC0415  # brings a library of its own

    return filled(file, kind, values)


def _pdf_fields(file: bytes) -> tuple[str, ...]:
    from .pdf import fields  # noqa: PLC0415  # brings libraries of its own

    return fields(file)


def _pdf_filled(file: bytes, values: Values) -> bytes:
    from .pdf import filled  # noqa: PLC0415  # brings libraries of its own

    return filled(file, values)


_READERS: Mapping[str, Callable[[bytes], tuple[str, ...]]] = {
    "html": _html_fields,
    "docx": lambda file: _office_fields(file, "docx"),
    "xlsx": lambda file: _office_fields(file, "xlsx"),
    "pptx": lambda file: _office_fields(file, "pptx"),
    "pdf": _pdf_fields,
}
_FILLERS: Mapping[str, Callable[[bytes, Values], bytes]] = {
    "html": _html_filled,
    "docx": lambda file, values: _office_filled(file, "docx", values),
    "xlsx": lambda file, values: _office_filled(file, "xlsx", values),
    "pptx": lambda file, values: _office_filled(file, "pptx", values),
    "pdf": _pdf_filled,
}

__all__ = ["LARGEST_FILE", "SOURCES", "TYPES", "TemplateError", "fields_of", "fill"]
