"""Compares a claim with the rows of a view: which rows, how many, in what order, or none. Pure."""

from __future__ import annotations

import re
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from inkstand.simulator.errors import nearest

from .matching import Mismatch, Row, Said, Where, differences, fits, in_words, nearest_row

Claim = Mapping[str, Any]
_ALIGNED_AT_MOST = 300
_BRIEF = 6
_LONGEST = 120
_MADE = re.compile(
    r"(message|event|document|render|request)_?[iI]d|raw|html|normalised|.*(_at|At|[tT]imestamp)|attributed_by"
)
"""Members that are another one whenever the same thing happens again."""


@dataclass(frozen=True)
class Shape:
    """What is known of a view's rows: their fields, those that say most about one, and what fields usually hold."""

    fields: Sequence[str] = ()
    gist: Sequence[str] = ()
    values: Mapping[str, Sequence[str]] = field(default_factory=dict)


_ANY = Shape()


def compare(claim: object, rows: Sequence[Row], shape: Shape = _ANY) -> Iterator[Mismatch]:
    """The mismatches between a claim and the rows of a view."""
    gist = shape.gist
    rows = [{**{name: row[name] for name in gist if name in row}, **row} for row in rows] if gist else rows
    if isinstance(claim, list):
        yield from _exactly(claim, rows, ())
    elif isinstance(claim, Mapping):
        where = claim.get("where", {})
        chosen = [row for row in rows if fits(where, row)]
        yield from _counted(claim, chosen, rows)
        for row in chosen if "all" in claim else ():
            wrong = differences(claim["all"], row, ("all",), "", row)
            yield from (replace(one, hint=f"in the row {_brief(row)}") for one in wrong)
        if "all" in claim and not chosen and "count" not in claim:
            yield Mismatch(("where",), "where", where, Said(f"no such row among {len(rows)}"), *_near(where, rows))
        for word, compared in _LISTS.items():
            if word in claim:
                yield from compared(claim[word], chosen, (word,))
        yield from _never(claim, chosen)
        for word in ("where", "never"):
            yield from slips(claim.get(word, {}), rows, shape, (word,))


def _counted(claim: Claim, chosen: Sequence[Row], rows: Sequence[Row]) -> Iterator[Mismatch]:
    """How many rows there are of those that are claimed."""
    wanted = {word: claim[word] for word in ("count", "atLeast", "atMost") if word in claim}
    if "as" in claim:
        wanted.setdefault("count", 1)
    for word, number in wanted.items():
        if _WRONG[word](len(chosen), number):
            said = number if word == "count" else Said(f"{_IN_WORDS[word]} {number}")
            came = Said(f"{len(chosen)} of {len(rows)} rows")
            path = (word,) if word in claim else ("as",)
            if chosen:
                twin = _twin(chosen) if word != "atLeast" and len(chosen) > number else None
                yield Mismatch(path, "count", said, came, twin or chosen[-1], _alike(twin) or _several(chosen))
            else:
                yield Mismatch(path, "count", said, came, *_near(claim.get("where", {}), rows))


def _never(claim: Claim, chosen: Sequence[Row]) -> Iterator[Mismatch]:
    if "never" in claim:
        found = [row for row in chosen if fits(claim["never"], row)]
        if found:
            came = Said(f"{len(found)} of {len(chosen)} rows")
            yield Mismatch(("never",), "never", claim["never"], came, found[0], _several(found))


def _near(wanted: Row, rows: Sequence[Row]) -> tuple[Row | None, str]:
    """The row that is nearest to what is wanted, and where it differs, in words."""
    found = nearest_row(wanted, rows)
    if found is None:
        return None, ""
    row, wrong = found
    return row, f"nearest row: {'; '.join(one.text for one in wrong[:3])}" if wrong and wanted else ""


def _twin(rows: Sequence[Row]) -> Row | None:
    """The first row that says the same as one before it, but for ids and times; None when none does."""
    seen: set[str] = set()
    for row in rows:
        text = repr(_said(row))
        if text in seen:
            return row
        seen.add(text)
    return None


def _said(value: object) -> object:
    """A row, or a value in it, without ids that were given to it, times, and what it was made of."""
    if isinstance(value, Mapping):
        return {key: _said(inner) for key, inner in value.items() if not _MADE.fullmatch(str(key))}
    return [_said(inner) for inner in value] if isinstance(value, list) else value


def _alike(twin: Row | None) -> str:
    return "" if twin is None else f"two are alike: {_brief(twin)}"


def _several(chosen: Sequence[Row]) -> str:
    """The rows that fit, in brief, newest last."""
    if len(chosen) == 1:
        return ""
    return f"they are: {'; '.join(_brief(row) for row in chosen[-3:])}"


def _brief(row: Row) -> str:
    shown = (f"{name} {_plain(value)}" for name, value in row.items() if value not in (None, "") and _plain(value))
    return ", ".join(list(shown)[:_BRIEF])


def _plain(value: object) -> str:
    """A value on one line; empty for one that would take more."""
    if isinstance(value, Mapping):
        return " ".join(f"{key} {inner}" for key, inner in value.items()) if len(value) == 1 else ""
    return str(value) if isinstance(value, str | int | float) and len(str(value)) <= _LONGEST else ""


def _exactly(claim: Sequence[Row], rows: Sequence[Row], path: Where) -> Iterator[Mismatch]:
    """These rows and no others, in this order."""
    if len(claim) == len(rows):
        wrong = [index for index in range(len(rows)) if not fits(claim[index], rows[index])]
        swapped = _elsewhere([claim[index] for index in wrong], [rows[index] for index in wrong])
        if wrong and swapped is not None:
            place = wrong[swapped[0]]
            came = Said(f"it as row {place + 1}: the rows are there, in another order")
            yield Mismatch((*path, wrong[0]), f"row {wrong[0] + 1}", claim[wrong[0]], came, rows[place])
            return
        for index in wrong:
            found = differences(claim[index], rows[index], (*path, index), "", rows[index])
            yield from (replace(one, hint=f"in row {index + 1}: {_brief(rows[index])}") for one in found)
        return
    pairs = _aligned(claim, rows)
    extra = _left(rows, pairs)
    missing = [index for index in range(len(claim)) if index not in pairs]
    texts = [repr(_said(row)) for row in rows] if extra else []
    often = Counter(texts)
    twin = next((rows[index] for index in extra if often[texts[index]] > 1), None)
    one = twin or (rows[extra[0]] if extra else None)
    hint = f"it came twice: {_brief(twin)}" if twin else ""
    yield Mismatch(path, "count", Said(f"{len(claim)} rows"), Said(f"{len(rows)} rows"), one, hint)
    yield from _missing(claim, missing, [rows[index] for index in extra] or rows, path)
    for index in extra[: 0 if missing else 3]:
        yield Mismatch(path, f"row {index + 1}", Said("no such row"), Said(_brief(rows[index])), rows[index])


def _any_order(claim: Sequence[Row], rows: Sequence[Row], path: Where) -> Iterator[Mismatch]:
    """These rows and no others, in any order."""
    pairs = _paired(claim, rows)
    if len(claim) != len(rows):
        left = [rows[index] for index in _left(rows, pairs)]
        said, came = Said(f"{len(claim)} rows"), Said(f"{len(rows)} rows")
        yield Mismatch(path, "count", said, came, left[0] if left else None, _several(left) if len(left) > 1 else "")
    yield from _unpaired(claim, rows, pairs, path)


def _contains(claim: Sequence[Row], rows: Sequence[Row], path: Where) -> Iterator[Mismatch]:
    """These rows, each another one, in any order; there may be others."""
    yield from _unpaired(claim, rows, _paired(claim, rows), path)


def _unpaired(claim: Sequence[Row], rows: Sequence[Row], pairs: Mapping[int, int], path: Where) -> Iterator[Mismatch]:
    """What is wanted and has no row, each with the row that is nearest of those left."""
    left = [rows[index] for index in _left(rows, pairs)]
    yield from _missing(claim, [index for index in range(len(claim)) if index not in pairs], left or rows, path)


def _left(rows: Sequence[Row], pairs: Mapping[int, int]) -> list[int]:
    """The places of rows that nobody wanted."""
    wanted = set(pairs.values())
    return [index for index in range(len(rows)) if index not in wanted]


def _in_order(claim: Sequence[Row], rows: Sequence[Row], path: Where) -> Iterator[Mismatch]:
    """These rows in this order; others may stand between them."""
    place = 0
    for index, wanted in enumerate(claim):
        found = next((at for at in range(place, len(rows)) if fits(wanted, rows[at])), None)
        if found is not None:
            place = found + 1
            continue
        earlier = next((at for at in range(place) if fits(wanted, rows[at])), None)
        if earlier is None:
            yield from _missing(claim, [index], rows[place:] or rows, path)
        else:
            came = Said(f"it earlier, as row {earlier + 1}; row {place} is {in_words(claim[index - 1])}")
            yield Mismatch((*path, index), "order", wanted, came, rows[earlier])
        return


def _missing(claim: Sequence[Row], indexes: Sequence[int], rows: Sequence[Row], path: Where) -> Iterator[Mismatch]:
    for index in indexes:
        yield Mismatch((*path, index), "", claim[index], Said("no such row"), *_near(claim[index], rows))


def _elsewhere(claim: Sequence[Row], rows: Sequence[Row]) -> dict[int, int] | None:
    """Which row each wanted one is, if they are all there."""
    pairs = _paired(claim, rows)
    return pairs if len(pairs) == len(claim) else None


def _paired(claim: Sequence[Row], rows: Sequence[Row]) -> dict[int, int]:
    """A row for each wanted one, as many as can be: the place of each wanted one to the place of its row."""
    ways = [[place for place, row in enumerate(rows) if fits(wanted, row)] for wanted in claim]
    pairs: dict[int, int] = {}
    taken: dict[int, int] = {}
    for index in range(len(claim)):
        asked_by = _way_to_a_free_row(index, ways, taken)
        free = next((place for place in asked_by if place not in taken), None)
        while free is not None:
            asking = asked_by[free]
            left = pairs.get(asking)
            pairs[asking], taken[free] = free, asking
            free = None if asking == index else left
    return pairs


def _way_to_a_free_row(index: int, ways: Sequence[Sequence[int]], taken: Mapping[int, int]) -> dict[int, int]:
    """Rows that would do, each with who asks for it: those taken are asked for on, until one is free."""
    asked_by: dict[int, int] = {}
    waiting = deque([index])
    while waiting:
        asking = waiting.popleft()
        for place in ways[asking]:
            if place in asked_by:
                continue
            asked_by[place] = asking
            if place not in taken:
                return asked_by
            waiting.append(taken[place])
    return asked_by


def _aligned(claim: Sequence[Row], rows: Sequence[Row]) -> dict[int, int]:
    """As many wanted rows as can be, each with its row, in order: the longest common subsequence."""
    if len(claim) * len(rows) > _ALIGNED_AT_MOST**2:
        return {index: index for index in range(min(len(claim), len(rows))) if fits(claim[index], rows[index])}
    same = [[fits(wanted, row) for row in rows] for wanted in claim]
    best = [[0] * (len(rows) + 1) for _ in range(len(claim) + 1)]
    for i in range(len(claim) - 1, -1, -1):
        for j in range(len(rows) - 1, -1, -1):
            best[i][j] = best[i + 1][j + 1] + 1 if same[i][j] else max(best[i + 1][j], best[i][j + 1])
    pairs: dict[int, int] = {}
    i = j = 0
    while i < len(claim) and j < len(rows):
        if same[i][j]:
            pairs[i] = j
            i, j = i + 1, j + 1
        elif best[i + 1][j] >= best[i][j + 1]:
            i += 1
        else:
            j += 1
    return pairs


def slips(where: Row, rows: Sequence[Row], shape: Shape, path: Where) -> Iterator[Mismatch]:
    """Fields in a condition that no row has, and values that none can have: absence would be claimed by accident."""
    known = list(dict.fromkeys((*shape.fields, *(key for row in rows for key in row))))
    for key, value in where.items():
        hint = "" if {key, key.partition(".")[0]}.intersection(known) else nearest(key, known, 0.75)
        name = ".".join(map(str, (*path, key)))
        if hint:
            yield Mismatch((*path, key), name, value, Said(f"no such field.{hint}"))
        elif isinstance(value, Mapping):
            inner = [row[key] for row in rows if isinstance(row.get(key), Mapping)]
            yield from slips(value, inner, _ANY, (*path, key))
        elif isinstance(value, str) and value not in (usual := shape.values.get(key, (value,))):
            hint = "" if any(row.get(key) == value for row in rows) else nearest(value, list(usual), 0.75)
            if hint:
                yield Mismatch((*path, key), name, value, Said(f"no such value.{hint}"))


_LISTS = {"rows": _exactly, "anyOrder": _any_order, "contains": _contains, "inOrder": _in_order}
_IN_WORDS = {"atLeast": "at least", "atMost": "at most"}
_WRONG = {
    "count": lambda found, wanted: found != wanted,
    "atLeast": lambda found, wanted: found < wanted,
    "atMost": lambda found, wanted: found > wanted,
}
