"""HTML templates: their text, the page with every field filled in, and drawn; apart, for values come from strangers."""

from __future__ import annotations

from typing import Any

from inkstand.fakes.inkit.merge_fields import merge_fields, merged
from inkstand.fakes.kit.http import parse_json
from inkstand.fakes.kit.rendering import Paper, to_pdf

from .errors import TemplateError

LARGEST_PAGE = 20_000_000
"""How many bytes of HTML one document may have."""


def html_text(file: bytes) -> str:
    """The text of an HTML template; raises TemplateError for what is none."""
    try:
        return file.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"An HTML template is UTF-8 text; byte {error.start} is not. Save it as UTF-8."
        raise TemplateError(message) from error


def fields(file: bytes) -> list[str]:
    """The merge fields of an HTML template."""
    return list(merge_fields(html_text(file)))


def page_of(file: bytes, values: str, *paper: Any) -> list[object]:
    """An HTML template filled with values (JSON), its PDF, how many pages, and the addresses that were not fetched.

    `paper` is its width, height and unit, and the time that it carries.
    """
    html = filled(file, values)
    drawn = to_pdf(html, Paper(*paper[:3]), paper[3])
    return [html, drawn.content, drawn.pages, list(drawn.refused)]


def filled(file: bytes, values: str) -> str:
    """An HTML template filled with values (JSON); raises TemplateError when that is too much for one document."""
    page = merged(html_text(file), parse_json(values.encode()))
    size = len(page.encode())
    if size > LARGEST_PAGE:
        message = f"The document would have {size:,} bytes of HTML, and may have {LARGEST_PAGE:,}."
        raise TemplateError(message)
    return page
