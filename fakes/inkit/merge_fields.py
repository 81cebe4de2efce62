"""Merge fields: which ones a template has, what is missing for them, and the text with them filled in. Pure.

Sources: Inkit's pages "adding merge fields to an HTML template" (`{{name}}`, `{{name.last}}`, `{{names[0].last}}`)
and its older APIs (`%%name%%`); names may hold spaces (CleverTap sends "phone number").
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from html import escape
from typing import Any

from inkstand.fakes.kit.http import drawable, dump_text, letters
from inkstand.fakes.kit.ledger import Reason

Values = Mapping[str, Any]

STANDARD_FIELDS = (
    "first_name",
    "last_name",
    "address_line_1",
    "address_city",
    "address_state",
    "address_zip",
    "address_country",
)
"""Inkit's own fields of a profile; everything else except `template_id` is a custom field (decision 18)."""

NEVER_REQUIRED = frozenset({"address_line_2"})
"""Fields that render blank when absent: Inkit's page calls the second address line a custom entry."""

FIELD = re.compile(r"\{\{\s*+([^{}]*[^{}\s])\s*+\}\}|%%\s*+([^%\s](?:[^%\n]{0,98}[^%\s])?)\s*+%%")
"""Where a text names a field: its name is one of the two groups."""

_REPEATED = re.compile(r"<(tr|li)\b(?:(?!<\1\b).)*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_MOST_DIGITS = 9
_LONGEST_TOLD = 100
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def merge_fields(template: str) -> tuple[str, ...]:
    """The fields that a text names, each once, in the order of the document."""
    return tuple(dict.fromkeys(name_in(match) for match in FIELD.finditer(template)))


def name_in(match: re.Match[str]) -> str:
    """The field that a found place names."""
    return match[1] or match[2]


def missing_fields(
    template_id: str, fields: Sequence[str], values: Values, optional: Collection[str] = ()
) -> tuple[Reason, ...]:
    """Why a document cannot be made: one reason for each field without a value, naming a near miss if there is one.

    `optional` fields render blank, as does the second address line.
    """
    return tuple(
        Reason("inkit.template.field_missing", {"template": template_id, "field": name, **near_of(name, values)})
        for name in fields
        if name not in NEVER_REQUIRED and name not in optional and _blank(look_up(name, values))
    )


def used_values(fields: Sequence[str], values: Values) -> dict[str, object]:
    """What a document takes from a profile: each field that has a value, under the field's own name."""
    return {name: value for name in fields if not _blank(value := look_up(name, values))}


def merged(template: str, values: Values) -> str:
    """An HTML template with every field filled in, escaped; a field without a value is blank.

    A table row or list item whose fields name a list without saying which element is there once for each element.
    What no page can show (NUL, lone surrogates) becomes the replacement character.
    """
    repeated = _REPEATED.sub(lambda match: "".join(_rows(match[0], values)), template)
    return drawable(filled(repeated, values, escape))


def filled(text: str, values: Values, say: Callable[[str], str] = str, row: int | None = None) -> str:
    """A text with every field filled in, each value as `say` writes it; `row` is which element of lists is meant.

    Values are not looked into: what looks like a field in one stays as it is.
    """
    return FIELD.sub(lambda match: say(text_of(name_in(match), values, row)), text)


def text_of(name: str, values: Values, row: int | None = None) -> str:
    """What stands for a field: its value as text, blank where there is none."""
    return _shown(value_of(name, values, row))


def value_of(name: str, values: Values, row: int | None = None) -> object:
    """The value of a field, of one row where it is a list."""
    found = look_up(name, values)
    if row is not None and isinstance(found, list):
        return found[row] if row < len(found) else None
    return found


def rows_of(text: str, values: Values) -> int | None:
    """How many rows the lists make that a text names; None when it names none."""
    lists = [found for name in merge_fields(text) if isinstance(found := look_up(name, values), list)]
    return max(map(len, lists)) if lists else None


def look_up(path: str, values: Values) -> object:
    """The value of a path: members by dots, elements by brackets, a list's members all together; None for nothing."""
    if path in values:
        return values[path]
    return _walk(values, [(name.strip(), index) for name, index in _STEP.findall(path)])


def _walk(found: object, steps: Sequence[tuple[str, str]]) -> object:
    for place, (name, index) in enumerate(steps):
        if index:
            is_there = isinstance(found, list) and len(index) <= _MOST_DIGITS and int(index) < len(found)
            found = found[int(index)] if is_there and isinstance(found, list) else None
        elif isinstance(found, list):
            return [_walk(one, steps[place:]) for one in found]
        else:
            found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _rows(text: str, values: Values) -> Iterator[str]:
    number = rows_of(text, values)
    if number is None:
        yield text
    for row in range(number or 0):
        yield filled(text, values, _hidden, row)


def _hidden(text: str) -> str:
    """A value in a text that is filled once more: its braces and percent signs do not make a field."""
    return escape(text).replace("{", "&#123;").replace("%", "&#37;")


def _blank(value: object) -> bool:
    if isinstance(value, list) and value:
        return all(_blank(one) for one in value)
    return value is None or (isinstance(value, str) and not value.strip())


def _shown(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(_shown, value))
    if isinstance(value, Mapping):
        return " ".join(map(_shown, value.values()))
    return value if isinstance(value, str) else dump_text(value)


def near_of(wanted: str, values: Values) -> dict[str, object]:
    """A name that is there and spelled nearly so, as a fact of a reason; nothing where there is none.

    Of one that differs in case and separators alone the value is told too: it is what belongs there.
    """
    spelled = letters(wanted)
    same = [name for name in values if letters(name) == spelled and name != wanted]
    near = same or [name for name in get_close_matches(wanted, values, 1, 0.75) if name != wanted]
    if not near:
        return {}
    value = values[near[0]]
    is_short = isinstance(value, str | int | float) and len(str(value)) <= _LONGEST_TOLD
    return {"near": near[0], **({"value": value} if same and is_short else {})}
