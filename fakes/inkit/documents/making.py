"""Makes a document as the public API asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from inkstand.fakes.inkit.kinds.pieces import STORAGE, PieceError, of_template, overridden
from inkstand.fakes.inkit.merge_fields import missing_fields
from inkstand.fakes.inkit.merge_values import TooMuchError
from inkstand.fakes.kit.http import dump_text, kind_of
from inkstand.fakes.kit.ledger import Reason, load
from inkstand.fakes.kit.rendering import PER_INCH, Paper, sides
from inkstand.fakes.kit.storage import Door, Row, loads

from . import catalogue, filing, folders, renders
from .drawing import Drawn
from .filing import Press
from .formats import LARGEST_FILE, TemplateError, decoded, fields_of
from .renders import Order

LARGEST_VALUES = 2_000_000
"""How many bytes of JSON the merge parameters of one document may have."""

LARGEST_WAYS = 100_000
"""How many bytes of JSON the destinations of one document may have."""

LONGEST_TEXT = 2_000
"""How long a name or a description may be, in characters."""

_USUAL = Paper()


class BadOrderError(Exception):
    """What was asked for cannot be made: what is wrong with which field; `reasons` are the rules that say so."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__(" ".join(error["message"] for error in errors))
        self.errors = errors


def order(door: Door, body: Mapping[str, Any], created_by: str) -> Order:
    """What a generate call asks for.

    Raises BadOrderError, naming each field, for what cannot be made.
    """
    found = _html_of(body) if "html" in body and "template_id" not in body else template(door, body)
    return order_of(door, found, body, created_by)


def order_of(
    door: Door, template: Row | Mapping[str, Any], body: Mapping[str, Any], created_by: str, batch_id: str | None = None
) -> Order:
    """What is asked for of a template; raises BadOrderError as `order` does."""
    values = _values(body)
    missing = _missing(template, values)
    if missing and not renders.choice(door, "blank_missing"):
        raise BadOrderError(_of_reasons(missing))
    wanted = _destinations(door, template, body)
    return Order(
        template=template,
        values=values,
        destinations=wanted,
        name=text(body, "name"),
        description=text(body, "description"),
        batch_id=batch_id,
        created_by=created_by,
    )


def make(press: Press, wanted: Order) -> Row:
    """Make a document, and keep it; its row.

    Raises BadOrderError when it would be more than a document may be.
    """
    return keep(press, wanted, partial(press.draw, wanted))


def keep(press: Press, wanted: Order, draw: Callable[[], Drawn]) -> Row:
    """Keep what `draw` gives; raises BadOrderError as `make` does, and when the workspace has no room for it."""
    try:
        drawn = draw()
        with press.write() as tx:
            cause = ("call", tx.number("inkit.renders"))
            row = filing.filed(tx, press.world, wanted, drawn, wanted.values, cause)
            tx.because(renders.subject(row), "document", filing.made(row, wanted, drawn))
    except TemplateError as error:
        raise BadOrderError([field_error("merge_parameters", str(error))]) from error
    return row


def paper(*told: Mapping[str, Any]) -> Paper:
    """The size of a page, by the first of these that says it; US letter where none does.

    Raises BadOrderError for one that is none.
    """
    found: dict[str, Any] = {}
    for name, usual in (("width", _USUAL.width), ("height", _USUAL.height), ("unit", _USUAL.unit)):
        found[name] = next((one[name] for one in told if one.get(name) is not None), usual)
    wrong = wrong_paper(**found)
    if wrong:
        raise BadOrderError([field_error(*wrong)])
    return Paper(float(found["width"]), float(found["height"]), str(found["unit"]))


def wrong_paper(width: object, height: object, unit: object) -> tuple[str, str] | None:
    """What is wrong with the size of a page: which member, and what was wanted; None for a good one."""
    if not isinstance(unit, str) or unit not in PER_INCH:
        return "unit", f"unit: one of {', '.join(PER_INCH)} was wanted; {dump_text(unit)[:40]} came"
    low, high = sides(unit)
    for name, value in (("width", width), ("height", height)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
            wanted = f"a number from {low:.3g} to {high:.6g} {unit} was wanted"
            return name, f"{name}: {wanted}; {dump_text(value)[:40]} came"
    return None


def template(door: Door, body: Mapping[str, Any]) -> Row:
    """The template that a call names; raises BadOrderError for none."""
    template_id = body.get("template_id")
    if not isinstance(template_id, str) or not template_id.strip():
        came = "nothing came" if template_id is None else f"{kind_of(template_id)} came"
        raise BadOrderError([field_error("template_id", f"template_id: the id of a template was wanted; {came}.")])
    found = catalogue.find(door, template_id.strip())
    if found is None:
        raise BadOrderError(_of_reasons((catalogue.unknown(door, template_id.strip()),)))
    return found


def _html_of(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """A template that stands in the call itself, as the third generation had it: `html` in base64, and its size."""
    try:
        file = decoded(body.get("html"))
        fields = fields_of("html", file)
    except ValueError as error:
        said = f"html: HTML in base64, {LARGEST_FILE:,} bytes at most, was wanted. {error}"
        raise BadOrderError([field_error("html", said)]) from error
    size = paper(body)
    return {
        "template_id": "",
        "version": 0,
        "name": "HTML",
        "source": "html",
        "file": file,
        "fields": dump_text(list(fields)),
        "optional": "[]",
        "destinations": "null",
        **{name: getattr(size, name) for name in ("width", "height", "unit")},
    }


def _missing(template: Row | Mapping[str, Any], values: Mapping[str, Any]) -> tuple[Reason, ...]:
    fields, optional = catalogue.fields(template), catalogue.optional(template)
    try:
        return missing_fields(template["template_id"], fields, values, optional)
    except TooMuchError as error:
        raise BadOrderError([field_error("merge_parameters", str(error))]) from error


def _values(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """The merge parameters; Inkit's own table misspells their name, and that is taken too."""
    found = body.get("merge_parameters", body.get("merge_paremeters"))
    if found is None:
        return {}
    if not isinstance(found, dict):
        raise BadOrderError(
            [field_error("merge_parameters", f"merge_parameters: an object was wanted; {kind_of(found)} came.")]
        )
    size = len(dump_text(found))
    if size > LARGEST_VALUES:
        said = f"merge_parameters: at most {LARGEST_VALUES:,} bytes of JSON; {size:,} came."
        raise BadOrderError([field_error("merge_parameters", said)])
    return found


def _destinations(door: Door, template: Row | Mapping[str, Any], body: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    given = body.get("destinations")
    check_ways(given)
    try:
        found = overridden(of_template(loads(template["destinations"])), given)
        old = {name: body[name] for name in ("folder_id", "expire_after_n_views") if name in body}
        if given is None and old:
            found = overridden(found, {STORAGE: old})
    except PieceError as error:
        raise BadOrderError([field_error(error.field, f"{error.field}: {str(error).rstrip('.')}.")]) from error
    folder_id = found.get(STORAGE, {}).get("folder_id")
    if folder_id is not None and not folders.exists(door, folder_id):
        field = f"destinations.{STORAGE}.folder_id"
        raise BadOrderError([field_error(field, f"{field}: there is no folder {folder_id!r}.")])
    return found


def check_ways(given: object) -> None:
    """Raise BadOrderError for destinations that say too much."""
    size = len(dump_text(given))
    if size > LARGEST_WAYS:
        said = f"destinations: at most {LARGEST_WAYS:,} bytes of JSON; {size:,} came."
        raise BadOrderError([field_error("destinations", said)])


def text(body: Mapping[str, Any], name: str) -> str:
    """A member of a call that is text of a usual length, or is not there; raises BadOrderError for another."""
    value = body.get(name)
    if value is not None and not isinstance(value, str):
        raise BadOrderError([field_error(name, f"{name}: text was wanted; {kind_of(value)} came.")])
    if value and len(value) > LONGEST_TEXT:
        said = f"{name}: at most {LONGEST_TEXT:,} characters; {len(value):,} came."
        raise BadOrderError([field_error(name, said)])
    return value or ""


def _of_reasons(reasons: tuple[Reason, ...]) -> list[dict[str, str]]:
    ledger = load("inkstand.fakes.inkit")
    return [field_error(_field(reason), ledger.explain(reason)) for reason in reasons]


def _field(reason: Reason) -> str:
    name = reason.facts.get("field")
    return f"merge_parameters.{name}" if name else "template_id"


def field_error(field: str, message: str) -> dict[str, str]:
    """What is wrong with a field, as answers tell it."""
    return {"field": field, "message": message}
