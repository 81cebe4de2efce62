"""Saved values in a story: `$ana.email` as a whole scalar, and nothing else; `$$` begins text with a dollar."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from inkstand.simulator.errors import nearest

REFERENCE = re.compile(r"\$([A-Za-z_]\w*)((?:\.\w+)*)")
"""A saved value, read as a whole scalar."""

_INSIDE = re.compile(r"(?<![\w$])\$([A-Za-z_]\w*)\.")
NAME = re.compile(r"[A-Za-z_]\w*")
"""What a value may be saved as."""


class UnknownValueError(Exception):
    """A story reads a value that nothing saved."""


def filled(value: Any, saved: Mapping[str, Any]) -> Any:  # any YAML value
    """A value with every reference in it replaced.

    Raises UnknownValueError, naming what is known, for one that nothing saved.
    """
    if isinstance(value, str):
        match = REFERENCE.fullmatch(value)
        if match:
            return _look_up(match[1], match[2].split(".")[1:], saved)
        return value[1:] if value.startswith("$$") else value
    if isinstance(value, Mapping):
        return {key: filled(item, saved) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, saved) for item in value]
    return value


def is_reference(value: object) -> bool:
    """Whether a value is read of what is saved."""
    return isinstance(value, str) and REFERENCE.fullmatch(value) is not None


def references(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every reference in a value, and where it stands."""
    if isinstance(value, str) and REFERENCE.fullmatch(value):
        yield path, value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from references(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from references(item, (*path, index))


def _look_up(name: str, path: list[str], saved: Mapping[str, Any]) -> Any:
    found: Any = saved
    for index, step in enumerate((name, *path)):
        members = dict(enumerate(found)) if isinstance(found, list) else found
        key: str | int = int(step) if isinstance(found, list) and step.isdecimal() else step
        if not isinstance(members, Mapping) or key not in members:
            known = list(map(str, members)) if isinstance(members, Mapping) else []
            where = "$" + ".".join((name, *path)[: index + 1])
            message = f"{where} is nothing that was made or saved.{nearest(step, known)} Known here: {_listed(known)}."
            raise UnknownValueError(message)
        found = members[key]
    return found


def _listed(known: list[str]) -> str:
    shown = 20
    more = f" and {len(known) - shown} more" if len(known) > shown else ""
    return (", ".join(known[:shown]) or "nothing") + more


def read_inside(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Names that text seems to read, where it holds more than a reference: nothing is filled in there."""
    if isinstance(value, str) and not REFERENCE.fullmatch(value):
        yield from ((path, match[1]) for match in _INSIDE.finditer(value))
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from read_inside(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from read_inside(item, (*path, index))
