"""The language as JSON Schema, for editors: made of the marshmallow schemas, the vendors' views and verbs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import fields

from inkstand.fakes.kit.vendor import Vendor
from inkstand.simulator.jsonschema import document
from inkstand.simulator.scenarios.compare.matching import LEEWAY

from . import schema
from .claims import ClaimField, ClaimSchema

_STEP = {"$ref": "#/$defs/Step"}
_CLAIM = {"$ref": "#/$defs/AnyClaim"}
_NESTED = (schema.ConnectionSchema, schema.SourceSchema, schema.FaultSchema, schema.SeedSchema, schema.RepeatSchema)


def json_schema(vendors: Sequence[Vendor], views: Sequence[str]) -> dict[str, Any]:
    """The JSON Schema of a scenario file, with these views and the verbs of these vendors."""
    verbs = {name: verb for vendor in vendors for name, verb in vendor.verbs.items()}
    more: dict[str, Any] = {_name(one): one for one in (ClaimSchema, *_NESTED)}
    more |= {name: verb.schema() for name, verb in verbs.items()}
    found = document("Inkstand scenario", schema.ScenarioSchema, more, _drawn)
    definitions = found["$defs"]
    for name in verbs:
        definitions[name].setdefault("properties", {})["as"] = {"type": "string"}
    definitions["Call"] = _call()
    definitions["AnyClaim"] = {
        "description": f"rows in order, or a claim; in a row {', '.join(LEEWAY)} stand for many values",
        "anyOf": [{"type": "array", "items": {"type": "object"}}, {"$ref": "#/$defs/Claim"}],
    }
    definitions["Step"] = _step(views, verbs)
    return found


def _drawn(field: fields.Field[Any]) -> Mapping[str, Any] | None:
    if isinstance(field, schema.StepField):
        return _STEP
    if isinstance(field, ClaimField):
        return _CLAIM
    if isinstance(field, schema.PeopleField):
        names = {"type": "array", "items": {"type": "string"}}
        return {"anyOf": [names, {"type": "object", "additionalProperties": {"type": ["string", "null"]}}]}
    return None


def _step(views: Sequence[str], verbs: Mapping[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        **{name: {"$ref": "#/$defs/Call"} for name in schema.CALLS},
        "batch": {"type": "array", "items": {"$ref": "#/$defs/Call"}},
        "advance": {"type": "string", **{k: v for k, v in schema.VERBS["advance"].metadata.items() if k != "example"}},
        "settle": {"type": ["null", "object"], "maxProperties": 0},
        "expect": {
            "type": "object",
            "minProperties": 1,
            "properties": dict.fromkeys(sorted(views), _CLAIM),
            "additionalProperties": False,
        },
        **{_name(one).lower(): {"$ref": f"#/$defs/{_name(one)}"} for one in _NESTED},
        **{name: {"description": verb.about, "$ref": f"#/$defs/{name}"} for name, verb in verbs.items()},
    }
    return {
        "description": "one step: a mapping with one key, its verb",
        "type": "object",
        "minProperties": 1,
        "maxProperties": 1,
        "properties": properties,
        "additionalProperties": False,
    }


def _call() -> dict[str, Any]:
    return {
        "description": "a call as Segment spells it; other members, and members of any kind, pass through",
        "type": "object",
        "properties": {name: {} for name in schema.MEMBERS},
    }


def _name(kind: type) -> str:
    return kind.__name__.removesuffix("Schema")
