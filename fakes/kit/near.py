"""The name that was probably meant. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

LONGEST = 200
"""How long a name may be to be looked for: comparing takes the square of that."""


def nearest(wanted: str, known: Iterable[str], at_least: float = 0.6) -> str | None:
    """The one of the known names that is spelled most like what was wanted; None where none is.

    `at_least` is from 0 (anything) to 1 (the same).
    """
    if len(wanted) > LONGEST:
        return None
    found = get_close_matches(wanted, [name for name in known if len(name) <= LONGEST], 1, at_least)
    return found[0] if found else None
