"""Apps as HTML at the moment of open: a Liquid template filled with what a profile did.

Liquid because marketers write it already (their e-mail tools do), and because it is a language of its own: it knows no
Python. Besides, loops, output and memory have limits, ranges are not taken, and only filters that cannot blow a text up
are there. Nothing public tells how Movable Ink's own apps are written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from .shopping import number

if TYPE_CHECKING:
    from liquid import BoundTemplate, Environment

BEHAVIORAL_APPS = ("recently-viewed", "abandoned-cart", "last-purchase")
"""The ready-made apps."""

_FILTERS = frozenset(
    {
        *("escape", "upcase", "downcase", "capitalize", "strip", "size", "first", "last", "default", "truncate"),
        *(
            "append",
            "prepend",
            "plus",
            "minus",
            "times",
            "divided_by",
            "modulo",
            "round",
            "ceil",
            "floor",
            "abs",
            "slice",
        ),
    }
)
_TAGS = frozenset(
    {"if", "unless", "for", "case", "assign", "comment", "raw", "else", "elsif", "when", "break", "continue", "#"}
)
_TAG = re.compile(r"\{[{%].*?[}%]\}", re.DOTALL)


class AppError(ValueError):
    """The template is none, or asks for too much; the text says what and where."""


def check(html: str) -> None:
    """Raises AppError for a template that cannot be read, or cannot be filled for somebody of whom nothing is known."""
    render(html, {})


def render(html: str, given: Mapping[str, Any]) -> str:
    """The HTML of an app; raises AppError for a template that cannot be read or asks for too much."""
    from liquid.exceptions import LiquidError  # noqa: PLC0415  # only opens need it

    try:
        return _parsed(html).render(**given)
    except LiquidError as error:
        raise AppError(_first_line(error)) from error


def shipped(name: str) -> str:
    """The template of a ready-made app."""
    return (files(__package__) / "apps_html" / f"{name}.html").read_text("utf-8")


def _parsed(html: str) -> BoundTemplate:
    from liquid.exceptions import LiquidError  # noqa: PLC0415  # as above

    for tag in _TAG.findall(html):
        if ".." in tag:
            message = f"Ranges are not taken here: {tag[:60]}. Loop over a list, with limit where it is long."
            raise AppError(message)
    try:
        return _environment().from_string(html)
    except LiquidError as error:
        raise AppError(_first_line(error)) from error


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    where = next((line.removeprefix("-> ") for line in lines[1:] if line.startswith("->")), "")
    return f"{lines[0] if lines else type(error).__name__}{f' ({where})' if where else ''}"


@cache
def _environment() -> Environment:
    import liquid  # noqa: PLC0415  # as above

    class Limited(liquid.Environment):
        """Liquid that ends, and cannot fill the memory."""

        loop_iteration_limit = 10_000
        output_stream_limit = 1_000_000
        local_namespace_limit = 200_000
        context_depth_limit = 20

    made = Limited(autoescape=True)
    made.filters = {name: function for name, function in made.filters.items() if name in _FILTERS}
    made.filters["money"] = _money
    made.tags = {name: tag for name, tag in made.tags.items() if name in _TAGS or name in _INTERNAL}
    return made


def _money(value: object) -> str:
    """An amount with two decimals; what is no number as it is."""
    found = number(value)
    return f"{found:.2f}" if found is not None and abs(found) < _LARGEST_AMOUNT else str(value or "")


_LARGEST_AMOUNT = 10**12
_INTERNAL = frozenset({"content", "output", "illegal", "statement"})
