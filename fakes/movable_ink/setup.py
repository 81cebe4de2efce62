"""What can be set up at Movable Ink: customer data endpoints with their credentials and event mappings.

Source: RudderStack's manual (endpoints have event mappings: a schema, a match criteria, a path for each field, active
or not) and Amplitude's page (one account may have several endpoints).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from inkstand.fakes.kit.fields import TextFile

from .apps import AppError, check
from .expressions import LONGEST, ExpressionError, condition, path
from .mapping import COMMON, MOST_CUSTOM, PRODUCTS_OF, SCHEMAS

APP_WIDTH = 600
"""How many pixels a picture of an app is wide, unless it is told."""

_NAME = validate.Length(min=1, max=100)
_WRONG_KEY = "A key has 16 to 100 letters, digits and dashes; {input!r} came."
_KEY = validate.Regexp(r"\A[A-Za-z0-9_-]{16,100}\Z", error=_WRONG_KEY)


def _reads(read: Callable[[str], object]) -> Callable[[str], None]:
    def check(text: str) -> None:
        try:
            read(text)
        except ExpressionError as error:
            raise ValidationError(str(error)) from error

    return check


class MappingSetupSchema(Schema):
    """An event mapping: what it matches and where each field of its schema stands in the event."""

    name = fields.String(required=True, validate=_NAME)
    schema = fields.String(
        required=True, validate=_NAME, metadata={"description": f"{', '.join(SCHEMAS)}, or a name of your own"}
    )
    match = fields.String(
        validate=[validate.Length(max=LONGEST), _reads(condition)],
        metadata={"description": '.type == "track" and .event == "Product Viewed"'},
    )
    events = fields.List(
        fields.String(validate=_NAME), metadata={"description": "instead of a criteria: the names of events"}
    )
    fields_ = fields.Dict(
        data_key="fields",
        attribute="fields",
        keys=fields.String(validate=_NAME),
        values=fields.String(validate=[validate.Length(max=LONGEST), _reads(path)]),
        metadata={"description": "a path for each field of the schema: {ID: .properties.product_id}"},
    )
    active = fields.Boolean()

    @validates_schema
    def matches_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """There is one way to match, and every field that the schema must have has a path."""
        if ("match" in data) is ("events" in data):
            raise ValidationError("A mapping has a match criteria, or the events it is for.")
        shape, given = SCHEMAS.get(data["schema"]), data.get("fields", {})
        lacking = [name for name in (shape.required if shape else ()) if name not in given]
        if lacking:
            raise ValidationError({"fields": [f"{data['schema']} must have a path for {', '.join(lacking)}."]})
        own = [name for name in given if name not in {*(shape.members if shape else ()), *COMMON, *PRODUCTS_OF}]
        if own and shape is not None and not shape.custom:
            message = f"{data['schema']} has no field {own[0]}. It has {', '.join(shape.members)}."
            raise ValidationError({"fields": [message]})
        if shape is not None and len(own) > MOST_CUSTOM:
            raise ValidationError({"fields": [f"At most {MOST_CUSTOM} fields of your own; {len(own)} came."]})


class EndpointSetupSchema(Schema):
    """A customer data endpoint; what is not said is as in every other one."""

    key = fields.String(
        validate=_KEY, metadata={"description": "the last part of its address; one of ours if nothing is said"}
    )
    access_key = fields.String(data_key="accessKey", validate=_NAME)
    access_secret = fields.String(data_key="accessSecret", validate=_NAME)
    lenient = fields.Boolean(metadata={"description": "true: what no mapping matches is kept as a custom event"})
    mappings = fields.List(fields.Nested(MappingSetupSchema))


class AppSetupSchema(Schema):
    """A Custom App: a template of HTML, given itself or as a file beside; its picture's width in pixels."""

    html = fields.String(validate=validate.Length(max=200_000))
    file = TextFile()
    width = fields.Integer(strict=True, validate=validate.Range(min=50, max=2_000))

    @validates_schema
    def has_html(self, data: Mapping[str, Any], **_: Any) -> None:
        """There is one text."""
        if ("html" in data) is ("file" in data):
            raise ValidationError("An app has html, or the file that holds it.")
        try:
            check(data.get("file") or data.get("html", ""))
        except AppError as error:
            raise ValidationError({"file" if "file" in data else "html": [str(error)]}) from error


class SetupSchema(Schema):
    """Endpoints beside the one that each connection's key makes; apps beside the Behavioral Apps; choices."""

    endpoints = fields.Dict(keys=fields.String(validate=_NAME), values=fields.Nested(EndpointSetupSchema))
    apps = fields.Dict(
        keys=fields.String(validate=validate.Regexp(r"\A[a-z0-9][a-z0-9-]{0,60}\Z")),
        values=fields.Nested(AppSetupSchema),
    )
    count_repeats = fields.Boolean(
        data_key="countRepeats", metadata={"description": "true: an event that comes again counts again"}
    )


def credentials(section: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys by which the vendor knows whose a request is."""
    return tuple(one["key"] for one in section.get("endpoints", {}).values() if one.get("key"))


def with_credentials(section: Mapping[str, Any], make: Callable[[str, str], str]) -> Mapping[str, Any]:
    """The same, each endpoint with a key: `make` is given what it is for and the key that was set up, if any."""
    given = section.get("endpoints")
    if not given:
        return section
    made = {name: {**one, "key": make(f"movable-ink-{name}", one.get("key", ""))} for name, one in given.items()}
    return {**section, "endpoints": made}
