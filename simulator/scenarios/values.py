"""Saved values in a story: `$ana.email` as a whole scalar, and nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from inkstand.simulator.errors import nearest

_REFERENCE = re.compile(r"\$([A-Za-z_]\w*)((?:\.\w+)*)")


class UnknownValueError(Exception):
    """A story reads a value that nothing saved."""


def filled(value: Any, saved: Mapping[str, Any]) -> Any:  # any YAML value
    """A value with every reference in it replaced.

    Raises UnknownValueError, naming what is known, for one that nothing saved.
    """
    if isinstance(value, str):
        match = _REFERENCE.fullmatch(value)
        return _look_up(match[1], match[2].split(".")[1:], saved) if match else value
    if isinstance(value, Mapping):
        return {key: filled(item, saved) for key, item in value.items()}
    if isinstance(value, list):
        return [filled(item, saved) for item in value]
    return value


def _look_up(name: str, path: list[str], saved: Mapping[str, Any]) -> Any:
    found: Any = saved
    for index, step in enumerate((name, *path)):
        if not isinstance(found, Mapping) or step not in found:
            known = ", ".join(map(str, found)) if isinstance(found, Mapping) else "nothing"
            where = "$" + ".".join((name, *path)[: index + 1])
            hint = nearest(step, list(map(str, found)) if isinstance(found, Mapping) else [])
            message = f"{where} is no person, product or member of one.{hint} Known here: {known or 'nothing'}."
            raise UnknownValueError(message)
        found = found[step]
    return found
