"""Merge values: what stands for a field, found by its path and written as text, within bounds. Pure.

Source: Inkit's page "adding merge fields to an HTML template" for the paths (`{{name.last}}`, `{{names[0].last}}`);
what a list without an index means, and every bound, is our choice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from inkstand.fakes.kit.http import dump_text

MOST_STEPS = 1_000_000
"""How many elements of lists may be looked at for one document."""

_MOST_DIGITS = 9
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


class TooMuchError(ValueError):
    """A document would be more than one may be; the text says in what."""


class MergeValues:
    """The values of one document. What was found once is not looked for again."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.given = values
        self._found: dict[str, object] = {}
        self._steps = 0

    def find(self, path: str) -> object:
        """The value of a path: members by dots, elements by brackets, a list's members all together; None for nothing.

        Raises TooMuchError when too many elements have been looked at.
        """
        if path not in self._found:
            self._found[path] = self._look_up(path)
        return self._found[path]

    def of_row(self, path: str, row: int | None) -> object:
        """The value of a path, of one row where it is a list."""
        found = self.find(path)
        if row is not None and isinstance(found, list):
            return found[row] if row < len(found) else None
        return found

    def has(self, path: str) -> bool:
        """Whether a path has a value that is not blank."""
        return not blank(self.find(path))

    def rows(self, paths: Iterable[str]) -> int | None:
        """How many rows the lists make that these paths name; None when they name none."""
        lists = [found for path in paths if isinstance(found := self.find(path), list)]
        return max(map(len, lists)) if lists else None

    def _look_up(self, path: str) -> object:
        if path in self.given:
            return self.given[path]
        return self._walk(self.given, [(name.strip(), index) for name, index in _STEP.findall(path)])

    def _walk(self, found: object, steps: Sequence[tuple[str, str]]) -> object:
        for place, (name, index) in enumerate(steps):
            if index:
                is_there = isinstance(found, list) and len(index) <= _MOST_DIGITS and int(index) < len(found)
                found = found[int(index)] if is_there and isinstance(found, list) else None
            elif isinstance(found, list):
                self._count(len(found))
                return [self._walk(one, steps[place:]) for one in found]
            else:
                found = found.get(name) if isinstance(found, Mapping) else None
        return found

    def _count(self, steps: int) -> None:
        self._steps += steps
        if self._steps > MOST_STEPS:
            message = f"The fields look at more than {MOST_STEPS:,} elements of lists, which is more than they may."
            raise TooMuchError(message)


def blank(value: object) -> bool:
    """Whether a value shows nothing: none, empty text, or a list of such."""
    if isinstance(value, list) and value:
        return all(map(blank, value))
    return value is None or (isinstance(value, str) and not value.strip())


def shown(value: object) -> str:
    """A value as a document shows it: a list's elements with commas, an object's values side by side."""
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(map(shown, value))
    if isinstance(value, Mapping):
        return " ".join(map(shown, value.values()))
    return value if isinstance(value, str) else dump_text(value)
