"""What can be set up at Inkit: templates."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, validate, validates_schema

from inkstand.fakes.kit.fields import TextFile

UNITS = ("in", "cm", "px")
LARGEST_PAGE = 400


class TemplateSetupSchema(Schema):
    """A template of HTML, given itself or as a file beside; its page's size is in inches, centimetres or pixels."""

    template_id = fields.String(required=True, validate=validate.Length(min=1, max=100))
    name = fields.String(validate=validate.Length(min=1, max=200))
    html = fields.String()
    file = TextFile()
    width = fields.Float(validate=validate.Range(min=0, min_inclusive=False, max=LARGEST_PAGE))
    height = fields.Float(validate=validate.Range(min=0, min_inclusive=False, max=LARGEST_PAGE))
    unit = fields.String(validate=validate.OneOf(UNITS))

    @validates_schema
    def has_html(self, data: Mapping[str, Any], **_: Any) -> None:
        """There is one text."""
        if ("html" in data) is ("file" in data):
            raise ValidationError("A template has html, or the file that holds it.")

    @post_load
    def as_stored(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """As it is kept: the text itself, and a name."""
        html = data.pop("file", None) or data.pop("html", "")
        return {"name": data["template_id"], **data, "html": html}


class SetupSchema(Schema):
    """Templates beside the samples; one with a sample's id stands in its place."""

    templates = fields.List(fields.Nested(TemplateSetupSchema))
