"""The file `inkstand.yaml`: what it may hold, as a marshmallow schema and as JSON Schema for editors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from marshmallow import Schema, ValidationError, fields, pre_load, validate

from inkstand.fakes.kit.fields import BESIDE
from inkstand.fakes.kit.vendor import VendorError, discover

from .errors import BrokenFileError, SetupError
from .jsonschema import document
from .workspaces.configuration import DEFAULT_WORKSPACE, configured
from .workspaces.setup import SetupSchema
from .yamlfile import complaints, parse, read_text, with_nearest

_LISTS = ("fakes", "fonts", "allowed_hosts")


class FileSchema(Schema):
    """inkstand.yaml: how the sandbox runs, and how its workspaces are set up."""

    host = fields.String(metadata={"description": "address to listen on"})
    port = fields.Integer(validate=validate.Range(min=0, max=65_535), metadata={"description": "0 takes a free one"})
    data_dir = fields.String(metadata={"description": "keep everything here; relative to the file"})
    public_url = fields.Url(require_tld=False, metadata={"description": "what absolute addresses begin with"})
    url = fields.Url(require_tld=False, metadata={"description": "the sandbox that client commands speak to"})
    allowed_hosts = fields.List(
        fields.String(), metadata={"description": "further names that the controls may be asked for by"}
    )
    analytics_js = fields.String(
        metadata={"description": "the npm package @segment/analytics-next, for pages; relative to the file"}
    )
    fakes = fields.List(fields.String(), metadata={"description": "folders with further vendors; relative to the file"})
    fonts = fields.List(
        fields.String(), metadata={"description": "folders with further fonts for documents; relative to the file"}
    )
    workspace = fields.Nested(SetupSchema, metadata={"description": "how every workspace is set up"})

    @pre_load
    def one_is_a_list(self, data: Any, **_: Any) -> Any:  # whatever YAML holds
        """A single folder or name may stand for a list of one."""
        if isinstance(data, dict):
            return {key: [one] if key in _LISTS and isinstance(one, str) else one for key, one in data.items()}
        return data


def read(path: Path) -> dict[str, Any]:
    """The settings that a file gives; its relative paths are read from its own folder.

    Raises BrokenFileError with file, line and column for a file that cannot be read, is not YAML, or says what there
    is not. Destinations, sources and vendors are checked too, but for vendors of `fakes`.
    """
    data, places = parse(read_text(path), str(path), "leave it away, or say something in it.")
    token = BESIDE.set(path.parent)
    try:
        settings: dict[str, Any] = FileSchema().load(data)
        for name in {"fakes", "fonts"} & settings.keys():
            settings[name] = tuple(str(path.parent / folder) for folder in settings[name])
        _check_workspace(settings)
    except VendorError as error:
        raise BrokenFileError("\n".join(complaints({"fakes": [str(error)]}, places, str(path), _in_words))) from error
    except ValidationError as error:
        messages: Any = with_nearest(error.messages, FileSchema())
        raise BrokenFileError("\n".join(complaints(messages, places, str(path), _in_words))) from error
    except SetupError as error:
        messages = error.text
        for step in ("workspace", *error.path)[::-1]:
            messages = {step: messages}
        raise BrokenFileError("\n".join(complaints(messages, places, str(path), _in_words))) from error
    finally:
        BESIDE.reset(token)
    for name in ("data_dir", "analytics_js"):
        if name in settings:
            settings[name] = str(path.parent / settings[name])
    if "allowed_hosts" in settings:
        settings["allowed_hosts"] = tuple(settings["allowed_hosts"])
    return settings


def json_schema(fakes: Sequence[str] = ()) -> dict[str, Any]:
    """The file's JSON Schema, made of the same marshmallow schema; what vendors' own setups hold stands in it too.

    `fakes` are folders with further vendors.
    """
    setups = {vendor.service: vendor for vendor in discover(fakes) if vendor.has_setup}
    names = {service: f"{service}.Setup" for service in setups}
    found = document("inkstand.yaml", FileSchema, {names[one]: vendor.setup_schema for one, vendor in setups.items()})
    sections = {service: {"$ref": f"#/$defs/{name}"} for service, name in names.items()}
    setup = found["$defs"]["Setup"]["properties"]
    setup["vendors"] = {"type": "object", "properties": sections, "additionalProperties": False}
    return found


def _check_workspace(settings: dict[str, Any]) -> None:
    """Raises SetupError for something that there is not."""
    setup = settings.get("workspace")
    if setup is not None:
        found = configured(DEFAULT_WORKSPACE, discover(settings.get("fakes", ())), setup)
        if found.vendors:
            settings["workspace"] = {**setup, "vendors": found.vendors}


def _in_words(path: tuple[str | int, ...]) -> str:
    return ".".join(map(str, path))
