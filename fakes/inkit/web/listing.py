"""Lists as Inkit's API gives them: pages, order, search, filters. Pure.

Source: Inkit's pages of its lists (page, page_size, sort, search; items and metadata), the Go client's schema of the
metadata, the Python and Node clients' spelling of filters (`data-id`). What a filter means is our choice: ids are
compared whole, a comma between several; other text by what it contains; the rest as JSON writes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from inkstand.fakes.kit.http import dump_text

Item = Mapping[str, Any]
USUAL, MOST = 25, 100
_MOST_DIGITS = 9


class ListingError(ValueError):
    """A member of the query is not right; `field` is which."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Asked:
    """What a list is asked for."""

    page: int
    page_size: int
    key: str
    order: int
    search: str
    filters: Mapping[str, str]


def read(query: Mapping[str, str]) -> Asked:
    """A query as it came. Raises ListingError for a page that is no number, or too large."""
    sort = query.get("sort") or "created_at"
    return Asked(
        page=_number(query, "page", 1, 10**_MOST_DIGITS),
        page_size=_number(query, "page_size", USUAL, MOST),
        key=sort.removeprefix("-"),
        order=-1 if sort.startswith("-") else 1,
        search=query.get("search", "").casefold(),
        filters={_field(name): value for name, value in query.items() if name.startswith(("data-", "data_"))},
    )


def is_sent(destinations: Mapping[str, Any], name: str | None, status: str | None) -> bool:
    """Whether something goes to a destination of that name, and stands there so; None asks for any.

    A batch has a count for each status; everything else has one status.
    """
    asked = (body for own, body in destinations.items() if name in {None, own})
    return any(status in where if status else where for where in map(_statuses, asked))


def _statuses(body: Mapping[str, Any]) -> set[str]:
    if "status" in body:
        return {body["status"]}
    return {name for name, number in body.items() if name != "count" and number}


def listed(items: Sequence[Item], asked: Asked, hidden: Sequence[str] = ()) -> dict[str, Any]:
    """One page of a list, with what Inkit tells of it; `hidden` members are for narrowing only.

    Raises ListingError for an order or a filter by something that no item has.
    """
    known = set().union(*items) - set(hidden) if items else None
    if known is not None:
        for name, field in ((asked.key, "sort"), *((name, f"data-{name}") for name in asked.filters)):
            if name not in known:
                raise ListingError(field, f"no item has {name!r}; there are {', '.join(sorted(known))}")
    found = [item for item in items if _fits(item, asked)]
    found.sort(key=lambda item: _order(item.get(asked.key)), reverse=asked.order < 0)
    pages = -(-len(found) // asked.page_size)
    begin = (asked.page - 1) * asked.page_size
    shown = found[begin : begin + asked.page_size]
    pagination = {
        "page_size": asked.page_size,
        "current_page": asked.page,
        "next_page": asked.page + 1 if asked.page < pages else None,
        "prev_page": asked.page - 1 if asked.page > 1 else None,
        "page_count": pages,
        "total_count": len(found),
    }
    plain = [{name: value for name, value in item.items() if name not in hidden} for item in shown]
    return {"items": plain, "metadata": {"pagination": pagination, "sort": {"key": asked.key, "order": asked.order}}}


def _number(query: Mapping[str, str], name: str, usual: int, most: int) -> int:
    text = query.get(name)
    if text is None or not text.strip():
        return usual
    value = int(text) if text.strip().isdecimal() and len(text) <= _MOST_DIGITS else 0
    if not 1 <= value <= most:
        raise ListingError(name, f"a whole number from 1 to {most} was wanted; {text[:40]!r} came")
    return value


def _field(name: str) -> str:
    return name[len("data-") :].replace("-", "_")


def _fits(item: Item, asked: Asked) -> bool:
    told = " ".join(str(item.get(name) or "") for name in ("id", "name", "description")).casefold()
    return asked.search in told and all(_is(name, item.get(name), text) for name, text in asked.filters.items())


def _is(name: str, value: object, text: str) -> bool:
    if name == "id" or name.endswith("_id"):
        return value in [one.strip() for one in text.split(",")]
    if isinstance(value, str):
        return text.casefold() in value.casefold()
    return dump_text(value) == text


def _order(value: object) -> tuple[int, float, str]:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return (0 if value is None else 2, 0, value if isinstance(value, str) else dump_text(value))
    return (1, value, "")
