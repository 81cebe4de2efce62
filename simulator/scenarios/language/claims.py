"""What `expect` may claim of a view, as a marshmallow schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from inkstand.fakes.kit.fields import DURATION
from inkstand.fakes.kit.times import milliseconds
from inkstand.simulator.errors import InkstandError, nearest
from inkstand.simulator.scenarios.compare.matching import complaint
from inkstand.simulator.yamlfile import flat, with_nearest

from .values import NAME, is_reference

_LISTS = ("rows", "anyOrder", "contains", "inOrder")
_HOW_MANY = ("count", "atLeast", "atMost")
_CLAIMS = (*_HOW_MANY, "all", "never", *_LISTS)


def duration_text(**metadata: Any) -> fields.String:
    """A duration as people write it, checked and left as it is."""

    def is_duration(text: str) -> None:
        try:
            milliseconds(text)
        except ValueError as error:
            raise ValidationError(str(error)) from error

    return fields.String(validate=is_duration, metadata={"pattern": DURATION, "example": "5m", **metadata})


def saved_as(about: str) -> fields.String:
    """`as`: the name under which something is saved."""
    error = "It is saved under a word of letters, digits and _; {input!r} came."
    is_word = validate.Regexp(rf"\A{NAME.pattern}\Z", error=error)
    return fields.String(data_key="as", attribute="as", validate=is_word, metadata={"description": about})


def _fits_rows(row: Mapping[str, Any]) -> None:
    wrong = complaint(row, is_reference)
    if wrong is not None:
        path, text = wrong
        messages: Any = [text]
        for step in reversed(path):
            messages = {step: messages}
        raise ValidationError(messages)


def _row(about: str = "") -> fields.Dict:
    metadata = {"description": about} if about else {}
    said = "This is a mapping of the fields that must match."
    return fields.Dict(
        keys=fields.String(),
        validate=_fits_rows,
        metadata=metadata,
        error_messages={"invalid": said, "null": said},
    )


def _rows(about: str, key: str | None = None) -> fields.List[Any]:
    said = "This is a list of rows."
    messages: dict[str, Any] = {"invalid": said, "null": said}
    return fields.List(_row(), data_key=key, attribute=key, metadata={"description": about}, error_messages=messages)


def _number(about: str, key: str | None = None) -> fields.Integer:
    error = "A count is a whole number from 0."
    return fields.Integer(
        strict=True,
        data_key=key,
        attribute=key,
        validate=validate.Range(min=0, error=error),
        error_messages={"invalid": error},
        metadata={"description": about},
    )


class ClaimSchema(Schema):
    """What is claimed of the rows of a view; without where, of all of them."""

    where = _row("only the rows that fit")
    count = _number("so many rows")
    at_least = _number("so many rows or more", "atLeast")
    at_most = _number("so many rows or fewer", "atMost")
    all = _row("each of them fits this")
    rows = _rows("these rows and no others, in this order")
    any_order = _rows("these rows and no others, in any order", "anyOrder")
    contains = _rows("these rows, and maybe others, in any order")
    in_order = _rows("these rows in this order; others may stand between them", "inOrder")
    never = _row("no row fits this")
    within = duration_text(
        description="let the clock run for at most so long until the claim holds; with never, for so long"
    )
    save_as = saved_as("save the one row that fits under this name")

    class Meta:
        """An unknown key is an error."""

        unknown = "raise"

    @validates_schema
    def claims_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """A claim that holds of anything is a slip of the pen."""
        if data.get("all") == {} or (data.get("count") == 0 and "all" in data):
            raise ValidationError({"all": ["This claims nothing: name fields, and rows to have them."]})
        if data.get("never") == {}:
            raise ValidationError({"never": ["This claims nothing: name the fields that no row may have."]})
        if not {*_CLAIMS, "as"}.intersection(data):
            raise ValidationError(f"A claim with where says what of these rows: {', '.join(_CLAIMS)} or as.")
        lists = [word for word in _LISTS if word in data]
        if len(lists) > 1:
            raise ValidationError({lists[1]: [f"This cannot stand beside {lists[0]}: choose one of them."]})
        if "as" in data and {"rows", "anyOrder", "never", "within"}.intersection(data):
            raise ValidationError({"as": ["One row is saved: claim it by where (with count, all or contains)."]})


_CLAIM = ClaimSchema()
CLAIM_KEYS = ("where", *_CLAIMS, "within", "as")


def checked(view: str, claim: object) -> None:
    """Raises InkstandError, with what is wrong and where, for what is no claim about a view."""
    try:
        ClaimField().deserialize(claim)
    except ValidationError as error:
        wrong = flat(with_nearest(error.messages, _CLAIM), ())
        told = "; ".join(": ".join(filter(None, (".".join(map(str, path)), text))) for path, text in wrong)
        raise InkstandError(f"{view}: {told}") from error
    if isinstance(claim, Mapping) and "as" in claim:
        raise InkstandError(f"{view}: as saves a row in a scenario; in a test take it with one({view!r}, …).")


class ClaimField(fields.Field[Any]):
    """A claim: a list of rows, or a mapping of the words of `ClaimSchema`."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:  # noqa: ARG002  # marshmallow's own signature
        if isinstance(value, list):
            if not all(isinstance(row, dict) for row in value):
                raise ValidationError("Each row is a mapping of the fields that must match.")
            for index, row in enumerate(value):
                try:
                    _fits_rows(row)
                except ValidationError as error:
                    raise ValidationError({index: error.messages}) from error
            return value
        if not isinstance(value, dict) or not value:
            raise ValidationError("A claim is a list of rows, or a mapping of where, count, all, never, ….")
        for key in value:
            if key not in CLAIM_KEYS:
                known = ", ".join(CLAIM_KEYS)
                raise ValidationError({key: [f"A claim has {known}.{nearest(str(key), list(CLAIM_KEYS))}"]})
        _CLAIM.load(value)
        return value
