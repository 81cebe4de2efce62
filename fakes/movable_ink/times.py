"""Times as senders write them: ISO 8601, or seconds or milliseconds since 1970, as a number or as text."""

from __future__ import annotations

from inkstand.fakes.kit.times import LAST, parse_iso

_FIRST_IN_MILLISECONDS = 100_000_000_000


def parse_time(value: object) -> int | None:
    """A time as senders write it, in milliseconds: ISO 8601 text; seconds or milliseconds as a number or as text."""
    if isinstance(value, str) and value.strip().isascii() and value.strip().isdigit():
        value = int(value[:20])
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        moment = value * 1000 if 0 <= value < _FIRST_IN_MILLISECONDS else value
        return moment if 0 <= moment <= LAST else None
    return parse_iso(value)
