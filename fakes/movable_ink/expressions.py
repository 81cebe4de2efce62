"""The little language of match criteria and paths: dot paths, `[]`, `==`, `!=`, `and`, `or`. Pure, and always ends.

Source: RudderStack's manual shows `.type == "identify"`, `.properties.product_id` and `[]` for lists; the language's
name is not public, so this much of it is decision 16. Segment's triggers are written in FQL, whose `type = "track"`
is read here too: one `=`, and paths without the leading dot.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

LONGEST = 5_000
"""How many characters an expression may have (Segment's limit for FQL is 5 KB)."""

_DEEPEST = 50
_NAME = r"[^\W\d]\w*"
_TOKEN = re.compile(
    rf'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<number>-?\d+(?:\.\d+)?)|(?P<sign>==|!=|=|\(|\))'
    rf'|(?P<path>\$?\.?(?:{_NAME}|\["(?:[^"\\]|\\.)*"\])(?:\.{_NAME}|\["(?:[^"\\]|\\.)*"\]|\[\])*|\$?\.))'
)
_STEP = re.compile(rf'({_NAME})|\["((?:[^"\\]|\\.)*)"\]|(\[\])')
_WORDS = {"true": True, "false": False, "null": None}
ALL = object()
"""The step `[]` of a path: every item of a list."""


class ExpressionError(ValueError):
    """The text is not an expression; the text of this error says where and what was wanted."""


@dataclass(frozen=True)
class Path:
    """Where a value stands: names, and `[]` for the items of a list; the first of several that is there counts."""

    text: str
    ways: tuple[tuple[Any, ...], ...]

    def of(self, body: Any, fits: Callable[[Any], bool] | None = None) -> Any:
        """The value there, the first that `fits`; None where there is none. Nothing but spaces counts as none."""
        for steps in self.ways:
            found = _walk(body, steps)
            if ALL in steps:
                found = next((one for one in found or () if not _is_empty(one)), None)
            if not _is_empty(found) and (fits is None or fits(found)):
                return found
        return None


@dataclass(frozen=True)
class Comparison:
    """One comparison of the value at a path."""

    path: Path
    wanted: Any
    equal: bool
    text: str

    def holds(self, body: Any) -> bool:
        """Whether it is so."""
        return _same(self.path.of(body), self.wanted) is self.equal

    def failed(self, body: Any) -> Iterator[tuple[str, Any]]:
        """The comparisons that decided against, each as written with what came."""
        yield self.text, self.path.of(body)


@dataclass(frozen=True)
class Joined:
    """Conditions of which all (`and`) or one (`or`) must hold."""

    word: Literal["and", "or"]
    parts: tuple[Condition, ...]

    def holds(self, body: Any) -> bool:
        """Whether it is so."""
        return all(part.holds(body) for part in self.parts) if self.word == "and" else self._any(body)

    def failed(self, body: Any) -> Iterator[tuple[str, Any]]:
        """The comparisons that decided against, each as written with what came."""
        for part in self.parts:
            if not part.holds(body):
                yield from part.failed(body)

    def _any(self, body: Any) -> bool:
        return any(part.holds(body) for part in self.parts)


Condition = Comparison | Joined


@lru_cache(1024)
def condition(text: str) -> Condition:
    """A match criteria or trigger, read; raises ExpressionError for one that cannot be read."""
    return _Reader(text).condition()


@lru_cache(1024)
def path(text: str) -> Path:
    """A path such as `.properties.product_id or .properties.sku`, read; raises ExpressionError for another text."""
    return _Reader(text).path()


class _Reader:
    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            message = f"An expression has at most {LONGEST} characters; {len(text)} came."
            raise ExpressionError(message)
        self._text = text
        self._tokens = list(self._split())
        self._at = 0
        self._depth = 0

    def condition(self) -> Condition:
        found = self._joined("or")
        self._end()
        return found

    def path(self) -> Path:
        ways = [self._path()]
        while self._next_is("or"):
            ways.append(self._path())
        self._end()
        return Path(self._text.strip(), tuple(way for one in ways for way in one.ways))

    def _split(self) -> Iterator[tuple[str, str, int]]:
        at, end = 0, len(self._text.rstrip())
        while at < end:
            match = _TOKEN.match(self._text, at)
            if match is None:
                raise self._wrong(at, "a path, a text in double quotes, a number, ==, !=, and, or, ( or )")
            at = match.end()
            yield match.lastgroup or "", match[match.lastgroup or 0], match.start(match.lastgroup or 0)

    def _joined(self, word: Literal["and", "or"]) -> Condition:
        parts = [self._joined("and") if word == "or" else self._one()]
        while self._next_is(word):
            parts.append(self._joined("and") if word == "or" else self._one())
        return parts[0] if len(parts) == 1 else Joined(word, tuple(parts))

    def _one(self) -> Condition:
        if self._next_is("("):
            self._depth += 1
            if self._depth > _DEEPEST:
                raise self._wrong(self._place(), f"at most {_DEEPEST} brackets in each other")
            found = self._joined("or")
            if not self._next_is(")"):
                raise self._wrong(self._place(), "a closing bracket")
            self._depth -= 1
            return found
        begin = self._place()
        where = self._path()
        sign = next((sign for sign in ("==", "=", "!=") if self._next_is(sign)), None)
        if sign is None:
            raise self._wrong(self._place(), "== or !=")
        wanted, end = self._literal()
        return Comparison(where, wanted, sign != "!=", self._text[begin:end])

    def _path(self) -> Path:
        kind, text, place = self._take()
        if kind != "path" or text in {"and", "or"}:
            raise self._wrong(place, "a path like .properties.product_id")
        steps = tuple(
            ALL if every else name or self._value(f'"{quoted}"', place) for name, quoted, every in _STEP.findall(text)
        )
        return Path(text, (steps,))

    def _literal(self) -> tuple[Any, int]:
        kind, text, place = self._take()
        if kind in {"text", "number"}:
            return self._value(text, place), place + len(text)
        if text in _WORDS:
            return _WORDS[text], place + len(text)
        raise self._wrong(place, 'a value: text in double quotes like "Product Viewed", a number, true, false or null')

    def _value(self, text: str, place: int) -> Any:
        try:
            return json.loads(text)
        except ValueError as error:
            raise self._wrong(place, "a text as JSON writes it") from error

    def _take(self) -> tuple[str, str, int]:
        if self._at >= len(self._tokens):
            return "", "", len(self._text)
        self._at += 1
        return self._tokens[self._at - 1]

    def _next_is(self, word: str) -> bool:
        if self._at < len(self._tokens) and self._tokens[self._at][1] == word:
            self._at += 1
            return True
        return False

    def _place(self) -> int:
        return self._tokens[self._at][2] if self._at < len(self._tokens) else len(self._text)

    def _end(self) -> None:
        if self._at < len(self._tokens):
            raise self._wrong(self._place(), "and, or, or the end")

    def _wrong(self, place: int, wanted: str) -> ExpressionError:
        rest = self._text[place : place + 20].strip() or "the end"
        return ExpressionError(f"At character {place + 1} ({rest}): {wanted} was wanted.")


def _walk(value: Any, steps: tuple[Any, ...]) -> Any:
    for number, step in enumerate(steps):
        if step is ALL:
            if not isinstance(value, list):
                return None
            rest = steps[number + 1 :]
            return [_walk(item, rest) for item in value]
        if not isinstance(value, Mapping):
            return None
        value = value.get(step)
    return value


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _same(value: Any, wanted: Any) -> bool:
    return value == wanted and isinstance(value, bool) is isinstance(wanted, bool)
