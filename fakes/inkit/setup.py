"""What can be set up at Inkit: templates, API keys with rights, folders, and how it behaves where nobody knows."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import PurePath
from typing import Any

from marshmallow import Schema, ValidationError, fields, post_load, pre_load, validate, validates, validates_schema

from inkstand.fakes.inkit.documents.formats import SOURCES, TemplateError, fields_of, kind_of_content
from inkstand.fakes.inkit.documents.making import wrong_paper
from inkstand.fakes.inkit.kinds.pieces import PieceError, of_template
from inkstand.fakes.inkit.web.keys import RIGHTS
from inkstand.fakes.kit.fields import AnyFile, Duration, file_name
from inkstand.fakes.kit.near import nearest
from inkstand.fakes.kit.rendering import PER_INCH, Paper

from .webhooks import CODES, MOST, wrong_url

_LONGEST_RENDER = 3_600_000


class FileOfTemplateSchema(Schema):
    """A template's file (HTML, Word, PDF, Excel, PowerPoint); `source` or its name says which."""

    file = AnyFile()
    source = fields.String(validate=validate.OneOf(SOURCES))
    file_name = fields.String(validate=validate.Length(max=200))
    name = fields.String(validate=validate.Length(min=1, max=200))
    optional = fields.List(fields.String())
    destinations = fields.Dict(keys=fields.String())

    @pre_load
    def with_its_kind(self, data: Any, **_: Any) -> Any:
        """A file's name says its kind, where nothing else does."""
        return {**_kind_of_file(data.get("file")), **data} if isinstance(data, Mapping) else data


class TemplateSetupSchema(FileOfTemplateSchema):
    """A template: HTML itself, or a file beside (HTML, Word, PDF, Excel, PowerPoint); `source` or its name says which.

    The size of HTML pages is in inches, centimetres or pixels; `optional` fields render blank; `destinations` say what
    becomes of every document, as in a generate call.
    """

    template_id = fields.String(required=True, validate=validate.Length(min=1, max=100))
    description = fields.String(validate=validate.Length(max=1000))
    html = fields.String()
    width = fields.Float()
    height = fields.Float()
    unit = fields.String(validate=validate.OneOf(list(PER_INCH)))

    @validates_schema
    def is_a_template(self, data: Mapping[str, Any], **_: Any) -> None:
        """There is one text or file, on pages of a size that there can be, and its destinations are some."""
        if ("html" in data) is ("file" in data):
            raise ValidationError("A template has html, or the file that holds it.")
        usual = asdict(Paper())
        wrong = wrong_paper(**{name: data.get(name, usual[name]) for name in usual})
        if wrong:
            raise ValidationError(f"{wrong[1]}.", wrong[0])
        try:
            of_template(data.get("destinations"))
        except PieceError as error:
            raise ValidationError(str(error), error.field) from error

    @post_load
    def as_stored(self, data: dict[str, Any], **_: Any) -> dict[str, Any]:
        """As it is kept: the file in base64 with the fields that it names, and a name."""
        file = data.pop("file", None)
        held = data.pop("html", "").encode() if file is None else file
        source = kind_of_content(held)
        kept = {"name": data["template_id"], "source": source, **data, "content": base64.b64encode(held).decode()}
        try:
            return {**kept, "fields": list(fields_of(kept["source"], held))}
        except TemplateError as error:
            raise ValidationError(str(error)) from error


def _kind_of_file(given: object) -> dict[str, str]:
    """What the name of a file says: the file's own name, and its kind where its ending is one."""
    name = file_name(given)
    if name is None:
        return {}
    ending = PurePath(name).suffix.lower().removeprefix(".")
    ending = "html" if ending == "htm" else ending
    return {"file_name": name, **({"source": ending} if ending in SOURCES else {})}


class KeySetupSchema(Schema):
    """An API key beside the connection's own, which may do everything: its rights by Inkit's names."""

    key = fields.String(validate=validate.Length(min=1, max=200))
    rights = fields.List(fields.String(validate=validate.OneOf(RIGHTS)))


class FolderSetupSchema(Schema):
    """A folder for documents."""

    folder_id = fields.String(required=True, validate=validate.Length(min=1, max=100))
    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    description = fields.String(validate=validate.Length(max=1000))


class WebhookSetupSchema(Schema):
    """A webhook: your receiver's `url` (without one the sandbox keeps what it is told), the events that it wants."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    url = fields.String()
    events = fields.List(fields.String(metadata={"enum": list(CODES)}), validate=validate.Length(min=1))
    secret = fields.String(validate=validate.Length(min=1, max=200))

    @validates("events")
    def are_events(self, value: list[str], **_: Any) -> None:
        """Inkit has them."""
        for one in value:
            if one not in CODES:
                near = nearest(one, CODES)
                hint = f" Did you mean {near}?" if near else ""
                raise ValidationError(f"There is no event {one!r}.{hint} The events are {', '.join(CODES)}.")

    @validates("url")
    def is_an_address(self, value: str, **_: Any) -> None:
        """It can be posted to."""
        if wrong := wrong_url(value):
            raise ValidationError(f"{wrong}.")


class SetupSchema(Schema):
    """Templates beside the samples (one with a sample's id stands in its place), keys by name, folders, webhooks.

    `render_time`: how long a render takes. `blank_missing`: fields without a value render blank in the public API.
    `office_pdf`: `plain` draws PDFs of Office files without LibreOffice, the same bytes each time.
    `rate_limit`: how many calls a minute the public API takes; without it, any number.
    """

    templates = fields.List(fields.Nested(TemplateSetupSchema))
    keys = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=100)), values=fields.Nested(KeySetupSchema)
    )
    folders = fields.List(fields.Nested(FolderSetupSchema))
    webhooks = fields.List(fields.Nested(WebhookSetupSchema), validate=validate.Length(max=MOST))
    render_time = Duration(longest=_LONGEST_RENDER)
    blank_missing = fields.Boolean()
    office_pdf = fields.String(validate=validate.OneOf(["libreoffice", "plain"]))
    rate_limit = fields.Integer(validate=validate.Range(min=1))


def credentials(section: Mapping[str, Any]) -> tuple[str, ...]:
    """The keys by which the vendor knows whose a request is."""
    return tuple(one["key"] for one in section.get("keys", {}).values() if one.get("key"))


def with_credentials(section: Mapping[str, Any], make: Callable[[str, str], str]) -> Mapping[str, Any]:
    """The same, each key with its text: `make` is given what it is for and the key that was set up, if any."""
    given = section.get("keys")
    if not given:
        return section
    return {
        **section,
        "keys": {name: {**one, "key": make(f"inkit-{name}", one.get("key", ""))} for name, one in given.items()},
    }
