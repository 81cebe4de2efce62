"""The five formats of templates: what is a template at all, which fields it names, and the file with them filled in."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from inkstand.fakes.inkit.merge_fields import merge_fields, merged
from inkstand.fakes.kit.http import dump_text, kind_of
from inkstand.fakes.kit.rendering import Paper, UndrawableError, run_apart

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


def decoded(text: object) -> bytes:
    """A file as the API has it: base64, on one line or several. Raises ValueError for what is none."""
    if not isinstance(text, str):
        message = f"Text was wanted; {kind_of(text)} came."
        raise ValueError(message)  # noqa: TRY004  # the caller's call is wrong, not ours
    return base64.b64decode("".join(text.split()), validate=True)


def fields_of(source: str, file: bytes) -> tuple[str, ...]:
    """The merge fields of a template's file, in the order of the document.

    Raises TemplateError for a file that is not of its kind, or too much for a template.
    """
    if len(file) > LARGEST_FILE:
        message = f"A template's file has at most {LARGEST_FILE:,} bytes; this one has {len(file):,}."
        raise TemplateError(message)
    return _html_fields(file) if source == "html" else tuple(_apart("fields", source, file))


def fill(source: str, file: bytes, values: Values) -> bytes:
    """A template's file with every field filled in.

    Raises TemplateError when that becomes too much for one document.
    """
    if source == "html":
        return _html_filled(file, values)
    made: bytes = _apart("filled", source, file, dump_text(dict(values)))
    return made


def _html_fields(file: bytes) -> tuple[str, ...]:
    return merge_fields(_text(file))


def _html_filled(file: bytes, values: Values) -> bytes:
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


def _apart(function: str, *arguments: object) -> Any:
    """Have a file looked into by a process that can be lost."""
    try:
        return run_apart(f"{__package__}.apart:{function}", *arguments)
    except UndrawableError as error:
        message = "The file cannot be used: it takes too long or too much memory, or brings its reader down."
        raise TemplateError(message) from error
    except ValueError as error:
        raise TemplateError(str(error)) from error


def placed(file: bytes) -> list[dict[str, Any]]:
    """The form fields of a PDF template as Inkit tells them: name, page, box, look."""
    return list(_apart("placed", file))


def page_count(pdf: bytes) -> int:
    """How many pages a PDF has; raises TemplateError for one that cannot be read."""
    found: int = _apart("page_count", pdf)
    return found


def page(pdf: bytes, number: int) -> bytes | None:
    """One page of a PDF as a PDF of its own; the first is 1. None for one that there is not."""
    return _apart("page", pdf, number) or None


def picture(pdf: bytes, width: int) -> bytes:
    """The first page of a PDF as a PNG, so many pixels wide; raises TemplateError for one that cannot be drawn."""
    found: bytes = _apart("picture", pdf, width)
    return found


def plain_html(file: bytes, source: str) -> tuple[str, Paper]:
    """A filled Office file as a plain page of HTML, and the size of its pages."""
    html, *size = _apart("plain_html", file, source)
    return html, Paper(*size)


__all__ = [
    "LARGEST_FILE",
    "SOURCES",
    "TYPES",
    "TemplateError",
    "decoded",
    "fields_of",
    "fill",
    "page",
    "page_count",
    "picture",
    "placed",
    "plain_html",
]
