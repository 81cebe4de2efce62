"""JSON Schema for editors, made of the marshmallow schemas that read the files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from marshmallow import Schema, fields

Drawn = Callable[["fields.Field[Any]"], Mapping[str, Any] | None]
"""Draws a field of our own kinds; None for any other."""


def document(
    title: str, root: Schema | type[Schema], more: Mapping[str, Any], drawn: Drawn = lambda _: None
) -> dict[str, Any]:
    """The JSON Schema of files that `root` reads; `more` are further definitions, by name."""
    from apispec import APISpec  # noqa: PLC0415  # only whoever asks for a schema needs it
    from apispec.ext.marshmallow import MarshmallowPlugin  # noqa: PLC0415  # likewise

    plugin = MarshmallowPlugin(schema_name_resolver=_schema_name)
    spec = APISpec("inkstand", "1", "3.1.0", plugins=[plugin])

    def draw(_: object, field: fields.Field[Any], **__: object) -> dict[str, Any]:
        return dict(drawn(field) or {})

    if plugin.converter is not None:
        plugin.converter.add_attribute_function(draw)  # type: ignore[no-untyped-call]  # the library types only some
    spec.components.schema("Root", schema=root)
    for name, schema in more.items():
        spec.components.schema(name, schema=schema)
    found: dict[str, Any] = _with_definitions(spec.to_dict()["components"]["schemas"])
    for definition in found.values():
        definition["additionalProperties"] = definition.get("additionalProperties", False)
    top = found.pop("Root")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": title, **top, "$defs": found}


def _schema_name(schema: Any) -> str:  # a class, an instance or a name
    kind = schema if isinstance(schema, type) else type(schema)
    return str(kind.__name__).removesuffix("Schema")


def _with_definitions(value: Any) -> Any:  # any JSON value
    if isinstance(value, dict):
        drawn = {key: _with_definitions(one) for key, one in value.items()}
        return (
            {**drawn, "pattern": _as_editors_read_it(drawn["pattern"])}
            if isinstance(drawn.get("pattern"), str)
            else drawn
        )
    if isinstance(value, list):
        return [_with_definitions(one) for one in value]
    return value.replace("#/components/schemas/", "#/$defs/") if isinstance(value, str) else value


def _as_editors_read_it(pattern: str) -> str:
    """A pattern of Python's as ECMAScript has it."""
    return pattern.replace(r"\A", "^").replace(r"\Z", "$")
