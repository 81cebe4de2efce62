"""Times as they are written on the wire."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache

DAY = 86_400_000
"""Milliseconds in a day."""

FIRST, LAST = -62_135_596_800_000, 253_402_300_799_999
"""The first and last moment that can be written: the years 1 to 9999."""

_FIRST_YEAR, _LAST_YEAR = 1, 9999
_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": DAY}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_LOOSE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(.*)", re.DOTALL)


@lru_cache(1024)
def iso(milliseconds: int) -> str:
    """Milliseconds since 1970 as Segment writes times: UTC, milliseconds, `Z`."""
    return (_EPOCH + milliseconds * _MILLISECOND).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(value: object) -> int | None:
    """ISO 8601 text as milliseconds since 1970; None when it is not that.

    Without a zone it is read as UTC; a month or day without its leading zero is taken (Segment's own batch sample
    has one). Parts of a millisecond are cut off. A moment before year 1 or after year 9999 is none.
    """
    if not isinstance(value, str):
        return None
    try:
        parsed = _parse(value)
        if parsed.tzinfo is None:
            parsed = parsed.replace(tzinfo=UTC)
        moment = (parsed - _EPOCH) // _MILLISECOND
    except (ValueError, OverflowError):
        return None
    return moment if FIRST <= moment <= LAST else None


def is_iso(value: object) -> bool:
    """Whether `parse_iso` reads it: the same, without working out the moment where the years leave no doubt."""
    try:
        plain = type(value) is str and _FIRST_YEAR < datetime.fromisoformat(value).year < _LAST_YEAR
    except ValueError:
        plain = False
    return plain or parse_iso(value) is not None


def _parse(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        tidy = text.strip().upper()
        if tidy != text:
            return _parse(tidy)
        match = _LOOSE.fullmatch(text)
        if match is None:
            raise
        year, month, day, rest = match.groups()
        return datetime.fromisoformat(f"{year}-{int(month):02d}-{int(day):02d}{rest}")


def milliseconds(text: str) -> int:
    """A duration such as `90s`, `5m`, `6h`, `2d` or `1h30m`, in milliseconds.

    Raises ValueError, saying how one is written, for anything else.
    """
    compact = "".join(text.split())
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        message = (
            f"A duration is written like 90s, 5m, 6h, 2d or 1h30m, and the clock only moves forward; {text!r} came."
        )
        raise ValueError(message)
    return int(sum(float(number) * _UNITS[unit] for number, unit in parts))
