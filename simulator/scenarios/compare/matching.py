"""Compares what is wanted of a value with what came: what is listed must match, the rest is free. Pure.

A mapping of these words stands for many values: `approx` with `by` (numbers and times), `matches`, `present`, `oneOf`,
`isNot`, `atLeast`, `atMost`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from inkstand.fakes.kit.times import milliseconds, parse_iso
from inkstand.simulator.errors import nearest

Row = Mapping[str, Any]
Where = tuple[str | int, ...]
Open = Callable[[object], bool]
_LONGEST_SHOWN = 160
_LOOKED_AT = 500


@dataclass(frozen=True)
class Mismatch:
    """Where a claim is wrong.

    `path` is the place in the claim, `field` the place in the row as people write it, `row` the row concerned if there
    is one; `hint` says what is nearest.
    """

    path: Where
    field: str
    wanted: object
    came: object
    row: Row | None = None
    hint: str = ""

    @property
    def text(self) -> str:
        """It in words."""
        field = f"{self.field}: " if self.field else ""
        return f"{field}wanted {in_words(self.wanted)}, came {_came(self.wanted, self.came)}"


def _nothing(_: object) -> bool:
    return False


class Said(str):
    """A sentence that stands where a value would: it is told without quotes."""

    __slots__ = ()


def fits(wanted: object, came: object) -> bool:
    """Whether everything that is wanted is there."""
    return next(differences(wanted, came), None) is None


def differences(
    wanted: object, came: object, path: Where = (), field: str = "", row: Row | None = None
) -> Iterator[Mismatch]:
    """Where a value is not what is wanted of it; `path` and `field` are where the value stands."""
    leeway = _leeway(wanted) if field else None
    if leeway is not None:
        if not leeway(came):
            yield Mismatch(path, field, wanted, came, row)
    elif wanted == {} and field and came != {}:
        yield Mismatch(path, field, wanted, came, row)
    elif isinstance(wanted, Mapping) and isinstance(came, Mapping):
        for key, value in wanted.items():
            yield from _member((str(key), value), came, (*path, key), f"{field}.{key}" if field else str(key), row)
    elif isinstance(wanted, list) and isinstance(came, list):
        if len(wanted) != len(came):
            yield Mismatch(path, field, Said(f"{len(wanted)} items"), Said(f"{len(came)} items: {came}"), row)
        for index, (one, other) in enumerate(zip(wanted, came, strict=False)):
            yield from differences(one, other, (*path, index), f"{field}[{index}]", row)
    elif isinstance(wanted, bool) is not isinstance(came, bool) or wanted != came:
        yield Mismatch(path, field, wanted, came, row)


def nearest_row(wanted: Row, rows: Sequence[Row]) -> tuple[Row, list[Mismatch]] | None:
    """The row that differs least from what is wanted, and where; None when there is no row.

    What is named first counts most, and a value that looks like the wanted one counts half; of equals the newest.
    """
    if not rows:
        return None
    weight = {str(key): 1 / (number + 1) for number, key in enumerate(wanted)}
    compared = [(row, list(differences(wanted, row, row=row))) for row in rows[-_LOOKED_AT:]]

    def distance(one: tuple[Row, list[Mismatch]]) -> float:
        return sum(weight[str(wrong.path[0])] * (1 - _alike(wrong) / 2) for wrong in one[1])

    return min(reversed(compared), key=distance)


def _alike(wrong: Mismatch) -> float:
    """How much a value looks like the wanted one, from 0 to 1; what is not there does not."""
    if isinstance(wrong.came, Said):
        return 0.0
    return SequenceMatcher(None, str(wrong.wanted), str(wrong.came)).ratio()


def complaint(wanted: object, is_open: Open = _nothing) -> tuple[Where, str] | None:
    """What is wrong with the words of leeway in what is wanted, and where; None when nothing is.

    `is_open` says of a value that it is read later, and so cannot be judged yet.
    """
    return next(_complaints(wanted, (), is_open), None)


def in_words(wanted: object) -> str:
    """What is wanted, as it is told to people."""
    if isinstance(wanted, Said):
        return wanted
    if isinstance(wanted, Mapping) and _leeway(wanted) is not None:
        if "approx" in wanted:
            return f"{wanted['approx']} ± {wanted['by']}"
        return " and ".join(_WORDS[word].told(value) for word, value in wanted.items())
    return _short(repr(wanted))


def _came(wanted: object, came: object) -> str:
    """What came, with its kind where it only looks like what was wanted."""
    if isinstance(came, Said):
        return came
    same_look = type(wanted) is not type(came) and str(wanted).casefold() == str(came).casefold()
    return _short(repr(came)) + (f" ({_kind(came)}, wanted is {_kind(wanted)})" if same_look else "")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "a boolean"
    return "a number" if isinstance(value, int | float) else "null" if value is None else "text"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else f"{text[: _LONGEST_SHOWN - 1]}…"


def _member(member: tuple[str, object], came: Row, path: Where, field: str, row: Row | None) -> Iterator[Mismatch]:
    key, wanted = member
    head, _, below = key.partition(".")
    if key in came:
        yield from differences(wanted, came[key], path, field, row)
    elif below and isinstance(came.get(head), Mapping):
        yield from _member((below, wanted), came[head], path, field, row)
    elif wanted != {"present": False}:
        yield Mismatch(path, field, wanted, Said(f"no such field.{nearest(key, list(came))}"), row)


@dataclass(frozen=True)
class _Word:
    """A word of leeway: whether a value satisfies it, how it is told, and what is wrong with what it is given."""

    fits: Callable[[Any, object], bool]
    told: Callable[[Any], str]
    wrong: Callable[[Any], str | None] = lambda _: None


def _matches(pattern: str, came: object) -> bool:
    return isinstance(came, str) and re.search(pattern, came) is not None


def _no_pattern(pattern: object) -> str | None:
    try:
        re.compile(str(pattern))
    except re.error as error:
        return f"{pattern!r} is no regular expression: {error}."
    return None if isinstance(pattern, str) else "A pattern is text."


def _compared(came: object, than: object) -> float | None:
    """How far a number or time lies above another; None where they cannot be compared."""
    if isinstance(came, bool) or isinstance(than, bool):
        return None
    if isinstance(came, int | float) and isinstance(than, int | float):
        return came - than
    late, early = parse_iso(came), parse_iso(than)
    return None if late is None or early is None else late - early


def _at_least(least: object, came: object) -> bool:
    above = _compared(came, least)
    return above is not None and above >= 0


def _at_most(most: object, came: object) -> bool:
    above = _compared(came, most)
    return above is not None and above <= 0


def _no_measure(value: object) -> str | None:
    return None if _compared(value, value) is not None else f"{value!r} is neither a number nor a time."


def _no_list(value: object) -> str | None:
    return None if isinstance(value, list) and value else "oneOf is given a list of values."


_WORDS: Mapping[str, _Word] = {
    "matches": _Word(_matches, lambda pattern: f"text that matches {pattern!r}", _no_pattern),
    "present": _Word(
        lambda wanted, came: (came is not None) is wanted,
        lambda wanted: "any value" if wanted else "no value",
        lambda wanted: None if isinstance(wanted, bool) else "present is true or false.",
    ),
    "oneOf": _Word(
        lambda ways, came: any(fits({"it": way}, {"it": came}) for way in ways),
        lambda ways: f"one of {', '.join(map(in_words, ways))}",
        _no_list,
    ),
    "isNot": _Word(
        lambda wanted, came: not fits({"it": wanted}, {"it": came}), lambda wanted: f"not {in_words(wanted)}"
    ),
    "atLeast": _Word(_at_least, lambda least: f"at least {least}", _no_measure),
    "atMost": _Word(_at_most, lambda most: f"at most {most}", _no_measure),
}
LEEWAY = ("approx", *_WORDS)
"""The words that stand for many values."""


def _leeway(wanted: object) -> Callable[[object], bool] | None:
    """The test that a mapping of words stands for; None where it is a plain value."""
    if not isinstance(wanted, Mapping) or not wanted:
        return None
    if wanted.keys() == {"approx", "by"}:
        return lambda came: _is_near(wanted["approx"], wanted["by"], came)
    if all(key in _WORDS for key in wanted):
        return lambda came: all(_WORDS[key].fits(value, came) for key, value in wanted.items())
    return None


def _is_near(wanted: object, by: object, came: object) -> bool:
    apart = _compared(came, wanted)
    if apart is None:
        return False
    leeway = milliseconds(by) if isinstance(by, str) else float(str(by))
    return abs(apart) <= leeway + 1e-9


def _complaints(wanted: object, path: Where, is_open: Open) -> Iterator[tuple[Where, str]]:
    if isinstance(wanted, list):
        for index, one in enumerate(wanted):
            yield from _complaints(one, (*path, index), is_open)
    elif isinstance(wanted, Mapping):
        if "approx" in wanted and path:
            yield from () if is_open(wanted["approx"]) else _wrong_approx(wanted, path)
        elif path and _leeway(wanted) is not None:
            told = ((key, None if is_open(value) else _WORDS[key].wrong(value)) for key, value in wanted.items())
            yield from (((*path, key), text) for key, text in told if text)
        else:
            for key, value in wanted.items():
                yield from _complaints(value, (*path, key), is_open)


def _wrong_approx(wanted: Row, path: Where) -> Iterator[tuple[Where, str]]:
    about, by = wanted["approx"], wanted.get("by")
    if wanted.keys() != {"approx", "by"}:
        yield path, "approx stands with by: {approx: 30, by: 0.5}, or {approx: 2026-01-01T00:05:00Z, by: 2s}."
    elif _compared(about, about) is None:
        yield (*path, "approx"), f"{about!r} is neither a number nor a time."
    elif isinstance(about, str):
        try:
            milliseconds(str(by))
        except ValueError:
            yield (*path, "by"), f"Two times lie apart by a duration such as 2s; {by!r} came."
    elif isinstance(by, bool) or not isinstance(by, int | float) or by < 0:
        yield (*path, "by"), f"Two numbers lie apart by a number from 0; {by!r} came."
