"""Merge fields: which ones a template has, what is missing for them, and the text with them filled in. Pure.

Sources: Inkit's pages "adding merge fields to an HTML template" (`{{name}}`, `{{name.last}}`, `{{names[0].last}}`)
and its older APIs (`%%name%%`); names may hold spaces (CleverTap sends "phone number").
"""

from __future__ import annotations

import re
from collections.abc import Mapping
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

_FIELD = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}|%%\s*([^%\s][^%]*?)\s*%%")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def merge_fields(template: str) -> tuple[str, ...]:
    """The fields that a template names, each once, in the order of the document."""
    return tuple(dict.fromkeys(match[1] or match[2] for match in _FIELD.finditer(template)))


def missing_fields(template_id: str, fields: tuple[str, ...], values: Values) -> tuple[Reason, ...]:
    """Why a document cannot be made: one reason for each field without a value, naming a near miss if there is one."""
    return tuple(
        Reason("inkit.template.field_missing", {"template": template_id, "field": name, **_near(name, values)})
        for name in fields
        if name not in NEVER_REQUIRED and _blank(_look_up(name, values))
    )


def used_values(fields: tuple[str, ...], values: Values) -> dict[str, object]:
    """What a document takes from a profile: each field that has a value, under the field's own name."""
    return {name: value for name in fields if not _blank(value := _look_up(name, values))}


def merged(template: str, values: Values) -> str:
    """The template with every field filled in, escaped for HTML; a field without a value is blank.

    What no page can show (NUL, lone surrogates) becomes the replacement character.
    """
    filled = _FIELD.sub(lambda match: escape(_shown(_look_up(match[1] or match[2], values))), template)
    return drawable(filled)


def _look_up(path: str, values: Values) -> object:
    if path in values:
        return values[path]
    found: object = values
    for name, index in _STEP.findall(path):
        if name and isinstance(found, Mapping):
            found = found.get(name.strip())
        elif index and isinstance(found, list) and int(index) < len(found):
            found = found[int(index)]
        else:
            return None
    return found


def _blank(value: object) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _shown(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else dump_text(value)


def _near(wanted: str, values: Values) -> dict[str, str]:
    spelled = letters(wanted)
    same = [name for name in values if letters(name) == spelled and name != wanted]
    near = same or [name for name in get_close_matches(wanted, values, 1, 0.75) if name != wanted]
    return {"near": near[0]} if near else {}
