"""Merge fields: which ones a template has, what is missing for them, and texts with them filled in. Pure.

Sources: Inkit's pages "adding merge fields to an HTML template" (`{{name}}`, `{{name.last}}`, `{{names[0].last}}`)
and its older APIs (`%%name%%`); names may hold spaces (CleverTap sends "phone number"). The bounds are our choice.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from html import escape
from itertools import islice
from typing import Any

from inkstand.fakes.kit.http import drawable, letters
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.near import nearest

from .merge_values import MergeValues, TooMuchError, shown

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

MOST_FIELDS = 2_000
"""How many different fields a template may name."""

LONGEST_NAME = 200
"""How many characters the name of a field may have; what is longer between braces is no field."""

MOST_ROWS = 5_000
"""How many rows one document may come to by its lists."""

LONGEST_TEXT = 20_000_000
"""How many characters the values of one document may come to."""

FIELD = re.compile(
    rf"\{{\{{\s*+([^{{}}]{{0,{LONGEST_NAME - 1}}}[^{{}}\s])\s*+\}}\}}|%%\s*+([^%\s](?:[^%\n]{{0,98}}[^%\s])?)\s*+%%"
)
"""Where a text names a field: its name is one of the two groups."""

_REPEATED = re.compile(r"<(tr|li)\b(?:(?!<\1\b).)*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_LONGEST_TOLD = 100
_NEAR_OF_FIRST = 20
_NEAR_AMONG = 500


def merge_fields(template: str) -> tuple[str, ...]:
    """The fields that a text names, each once, in the order of the document."""
    return tuple(dict.fromkeys(name_in(match) for match in FIELD.finditer(template)))


def name_in(match: re.Match[str]) -> str:
    """The field that a found place names."""
    return match[1] or match[2]


def missing_fields(
    template_id: str, fields: Sequence[str], values: Values, optional: Collection[str] = ()
) -> tuple[Reason, ...]:
    """Why a document cannot be made: one reason for each field without a value.

    The first of them name a near miss, if there is one. `optional` fields render blank, as does the second address
    line. Raises TooMuchError when the fields look at too many elements of lists.
    """
    given = MergeValues(values)
    missing = [name for name in fields if name not in NEVER_REQUIRED and name not in optional and not given.has(name)]
    near = {name: near_of(name, values) for name in missing[:_NEAR_OF_FIRST]}
    return tuple(
        Reason("inkit.template.field_missing", {"template": template_id, "field": name, **near.get(name, {})})
        for name in missing
    )


def used_values(fields: Sequence[str], values: Values) -> dict[str, object]:
    """What a document takes from a profile: each field that has a value, under the field's own name."""
    given = MergeValues(values)
    return {name: given.find(name) for name in fields if given.has(name)}


class Filler:
    """Fills the fields of one document, and counts what it comes to.

    Its methods raise TooMuchError when that is more than a document may be.
    """

    def __init__(self, values: Values) -> None:
        self.values = MergeValues(values)
        self._rows = 0
        self._length = 0

    def rows_of(self, text: str) -> int | None:
        """How many rows the lists make that a text names; None when it names none."""
        number = self.values.rows(merge_fields(text))
        self._rows += number or 0
        if self._rows > MOST_ROWS:
            message = f"The lists make more than {MOST_ROWS:,} rows, which is more than a document may have."
            raise TooMuchError(message)
        return number

    def text_of(self, name: str, row: int | None = None) -> str:
        """What stands for a field, blank where there is nothing; `row` is which element of lists is meant."""
        text = shown(self.values.of_row(name, row))
        self._length += len(text)
        if self._length > LONGEST_TEXT:
            message = (
                f"The values come to more than {LONGEST_TEXT:,} characters, which is more than a document may have."
            )
            raise TooMuchError(message)
        return text

    def filled(self, text: str, say: Callable[[str], str] = str, row: int | None = None) -> str:
        """A text with every field filled in, each value as `say` writes it; `row` as in `text_of`.

        Values are not looked into: what looks like a field in one stays as it is.
        """
        return FIELD.sub(lambda match: say(self.text_of(name_in(match), row)), text)

    def rows(self, text: str) -> Iterator[str]:
        """A row of HTML, once for each element of the lists that it names, to be filled once more."""
        number = self.rows_of(text)
        if number is None:
            yield text
        for row in range(number or 0):
            self._length += len(text)
            yield self.filled(text, _hidden, row)


def merged(template: str, values: Values) -> str:
    """An HTML template with every field filled in, escaped; a field without a value is blank.

    A table row or list item whose fields name a list without saying which element is there once for each element.
    What no page can show (NUL, lone surrogates) becomes the replacement character. Raises TooMuchError as Filler.
    """
    filler = Filler(values)
    repeated = _REPEATED.sub(lambda match: "".join(filler.rows(match[0])), template)
    return drawable(filler.filled(repeated, escape))


def _hidden(text: str) -> str:
    """A value in a text that is filled once more: its braces and percent signs do not make a field."""
    return escape(text).replace("{", "&#123;").replace("%", "&#37;")


def near_of(wanted: str, values: Values) -> dict[str, object]:
    """A name that is there and spelled nearly so, as a fact of a reason; nothing where there is none.

    Of one that differs in case and separators alone the value is told too: it is what belongs there.
    """
    spelled = letters(wanted)
    names = [name for name in islice(values, _NEAR_AMONG) if name != wanted and len(name) <= LONGEST_NAME]
    same = next((name for name in names if letters(name) == spelled), None)
    near = same or nearest(wanted, names, 0.75)
    if near is None:
        return {}
    value = values[near]
    is_short = isinstance(value, str | int | float) and len(str(value)) <= _LONGEST_TOLD
    return {"near": near, **({"value": value} if same and is_short else {})}
