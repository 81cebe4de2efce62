"""The five formats of templates: what is a template at all, which fields it names, and the file with them filled in."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from inkstand.fakes.inkit.merge_fields import LONGEST_NAME, MOST_FIELDS, merge_fields
from inkstand.fakes.kit.http import dump_text, kind_of
from inkstand.fakes.kit.rendering import Paper, Pdf, UndrawableError, run_apart

from .errors import MAIN_PARTS, TemplateError
from .html import html_text

SOURCES = ("html", "docx", "pdf", "xlsx", "pptx")
"""The kinds of templates. Inkit's table has the first three; its partners' pages promise all five."""

LARGEST_FILE = 10_000_000
"""How many bytes a template's file may have: nothing public says; our choice."""

_QUICKLY_READ = 100_000
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


def kind_of_content(file: bytes) -> str:
    """What a file is by how it begins and what it holds; HTML where nothing tells otherwise."""
    if file.startswith(b"%PDF"):
        return "pdf"
    if not file.startswith(b"PK"):
        return "html"
    return next((kind for kind, part in MAIN_PARTS.items() if part.encode() in file), "html")


def fields_of(source: str, file: bytes) -> tuple[str, ...]:
    """The merge fields of a template's file, in the order of the document.

    Raises TemplateError for a file that is not of its kind, or too much for a template.
    """
    if len(file) > LARGEST_FILE:
        message = f"A template's file has at most {LARGEST_FILE:,} bytes; this one has {len(file):,}."
        raise TemplateError(message)
    found = _fields(source, file)
    if len(found) > MOST_FIELDS:
        message = f"A template names at most {MOST_FIELDS:,} different fields; this one names {len(found):,}."
        raise TemplateError(message)
    for name in found:
        if len(name) > LONGEST_NAME:
            message = f"A field's name has at most {LONGEST_NAME} characters; one begins {name[:40]!r}."
            raise TemplateError(message)
    return found


def _fields(source: str, file: bytes) -> tuple[str, ...]:
    if source != "html":
        return tuple(_apart("apart:fields", source, file))
    return merge_fields(html_text(file)) if len(file) <= _QUICKLY_READ else tuple(_apart("html:fields", file))


def fill(source: str, file: bytes, values: Values) -> bytes:
    """A template's file with every field filled in.

    Raises TemplateError when that becomes too much for one document.
    """
    told = dump_text(dict(values))
    if source == "html":
        return str(_apart("html:filled", file, told)).encode()
    made: bytes = _apart("apart:filled", source, file, told)
    return made


def page_of(file: bytes, values: Values, paper: Paper, now: int) -> tuple[str, Pdf]:
    """An HTML template with every field filled in, as HTML and drawn; raises TemplateError as `fill` does."""
    size = (paper.width, paper.height, paper.unit)
    html, content, pages, refused = _apart("html:page_of", file, dump_text(dict(values)), *size, now)
    return html, Pdf(content, pages, tuple(refused))


def _apart(function: str, *arguments: object) -> Any:
    """Have a file looked into by a process that can be lost; `function` is of a module here."""
    try:
        return run_apart(f"{__package__}.{function}", *arguments)
    except UndrawableError as error:
        raise TemplateError(str(error)) from error
    except ValueError as error:
        raise TemplateError(str(error)) from error


def placed(file: bytes) -> list[dict[str, Any]]:
    """The form fields of a PDF template as Inkit tells them: name, page, box, look."""
    return list(_apart("apart:placed", file))


def page_count(pdf: bytes) -> int:
    """How many pages a PDF has; raises TemplateError for one that cannot be read."""
    found: int = _apart("apart:page_count", pdf)
    return found


def page(pdf: bytes, number: int) -> bytes | None:
    """One page of a PDF as a PDF of its own; the first is 1. None for one that there is not."""
    return _apart("apart:page", pdf, number) or None


def picture(pdf: bytes, width: int) -> bytes:
    """The first page of a PDF as a PNG, so many pixels wide; raises TemplateError for one that cannot be drawn."""
    found: bytes = _apart("apart:picture", pdf, width)
    return found


def plain_html(file: bytes, source: str) -> tuple[str, Paper]:
    """A filled Office file as a plain page of HTML, and the size of its pages."""
    html, *size = _apart("apart:plain_html", file, source)
    return html, Paper(*size)


__all__ = [
    "LARGEST_FILE",
    "SOURCES",
    "TYPES",
    "TemplateError",
    "decoded",
    "fields_of",
    "fill",
    "kind_of_content",
    "page",
    "page_count",
    "page_of",
    "picture",
    "placed",
    "plain_html",
]
