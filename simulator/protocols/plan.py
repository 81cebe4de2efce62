"""A tracking plan in one form, read from the three that people have.

The Public API's rules (`type`, `key`, `version`, `jsonSchema` of the whole message), the Config API's
(`rules: {events: [...], identify, group, global}`), and plain JSON Schema per event, which is ours: `track: {name:
schema of the properties}`, `identify` and `group` (of the traits), `page` and `screen` (by name), `common` (of the
whole message). Sources: segmentio/public-api-sdk-go (RuleV1), segmentio/typewriter (plan.json of its tests).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from jsonschema_rs import Draft7Validator, ValidationError, validator_for

from inkstand.fakes.kit.http import BadJsonError, dump_text, parse_json
from inkstand.fakes.kit.times import parse_iso
from inkstand.simulator.errors import nearest

Schema = Mapping[str, Any]
Place = tuple[str | int, ...]
COMMON = "common"
PLANNED = ("track", "identify", "group", "page", "screen")
"""The calls that a tracking plan covers."""

_MEMBER = {"identify": "traits", "group": "traits"}
_OURS = ("name", "id", "about", "source", "complete", *PLANNED, COMMON)
_BY_NAME = ("track", "page", "screen")
_ENVELOPE = ("properties", "traits", "context")
_PLANS_KEPT = 64
_FORMATS = {"date-time": lambda value: parse_iso(value) is not None}
"""A date time is ISO 8601 (segment-docs protocols/tracking-plan/create.md), which a date alone is too."""

_WORDS = (
    *("$comment", "$defs", "$id", "$ref", "$schema", "additionalItems", "additionalProperties", "allOf"),
    *("anyOf", "const", "contains", "contentEncoding", "contentMediaType", "default", "definitions"),
    *("dependencies", "dependentRequired", "dependentSchemas", "deprecated", "description", "else", "enum"),
    *("examples", "exclusiveMaximum", "exclusiveMinimum", "format", "id", "if", "items", "labels"),
    *("maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength", "minProperties"),
    *("minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties", "prefixItems", "properties"),
    *("propertyNames", "readOnly", "required", "source", "then", "title", "type", "unevaluatedItems"),
    *("unevaluatedProperties", "uniqueItems", "writeOnly"),
)
"""The words of JSON Schema, and those that Segment puts beside them."""


class PlanError(Exception):
    """A tracking plan is not one; `place` is where in it, the text says what was wanted."""

    def __init__(self, place: Place, text: str) -> None:
        super().__init__(text)
        self.place = place


def member_of(call_type: str) -> str:
    """The member of a call that its rule is about: `traits` or `properties`."""
    return _MEMBER.get(call_type, "properties")


@dataclass(frozen=True)
class Rule:
    """What a plan says of one event: its call, its name (empty where calls have none), its version, its JSON Schema."""

    type: str
    key: str
    version: int
    schema: Schema

    @cached_property
    def validator(self) -> Any:  # the library's, one class for each draft
        """What checks a message."""
        return _validator(self.schema)

    @cached_property
    def members(self) -> frozenset[str]:
        """The properties, or traits, that it names."""
        inside = self.schema.get("properties", {}).get(member_of(self.type), {})
        return frozenset(inside.get("properties", {}) if isinstance(inside, Mapping) else ())


@dataclass(frozen=True)
class Plan:
    """A tracking plan; one that is not `complete` leaves events that it does not name alone."""

    name: str
    id: str
    rules: tuple[Rule, ...]
    complete: bool = True
    _by_key: dict[tuple[str, str], list[Rule]] = field(default_factory=dict, compare=False, repr=False)

    def __post_init__(self) -> None:
        for rule in self.rules:
            self._by_key.setdefault((rule.type, rule.key), []).append(rule)

    def rules_of(self, call_type: str, key: str, version: object = None) -> tuple[Rule, ...]:
        """The rules of an event in the version asked for; where there is none of that, in the oldest."""
        found = self._by_key.get((call_type, key), [])
        versions = sorted({rule.version for rule in found})
        chosen = version if version in versions else next(iter(versions), None)
        return tuple(rule for rule in found if rule.version == chosen)

    @property
    def common(self) -> tuple[Rule, ...]:
        """The rules of every call."""
        return tuple(self._by_key.get((COMMON, ""), ()))

    @cached_property
    def events(self) -> tuple[tuple[str, str], ...]:
        """Every event that it names: the call and the name, empty where the call has none."""
        return tuple(key for key in self._by_key if key[0] != COMMON)

    def names(self, call_type: str) -> list[str]:
        """The names of the events of one call."""
        return [key for kind, key in self.events if kind == call_type]


def read_plan(data: object, name: str = "tracking plan") -> dict[str, Any]:
    """A plan in any of the three forms, in the one in which it is kept: `name`, `id`, `complete`, `rules`.

    `name` is what it is called when it does not say so itself. Raises PlanError, with the place, for what is none.
    """
    if isinstance(data, list):
        data = {"rules": data}
    if not isinstance(data, Mapping):
        raise PlanError((), f"A tracking plan is a mapping with rules, or with {', '.join(PLANNED)}.")
    inner = data.get("data")
    if isinstance(inner, Mapping) and "rules" in inner:
        data = {**data, **inner}
    rules = list(_rules(data))
    if not rules:
        raise PlanError((), f"This plan names no event: it has rules, or {', '.join(PLANNED)}.")
    for place, rule in rules:
        try:
            _check_schema(place, rule["jsonSchema"])
            _check_words(place, rule["jsonSchema"])
        except PlanError as error:
            raise PlanError(_as_written(error.place, place, rule["type"]), str(error)) from error
    called = data.get("display_name") or data.get("name") or name
    kept = {
        "name": str(called),
        "id": str(data.get("id") or data.get("name") or called),
        "complete": data.get("complete") is not False,
        "rules": [rule for _, rule in rules],
    }
    try:
        compiled(kept)
    except (BadJsonError, RecursionError, UnicodeEncodeError) as error:
        raise PlanError((), f"This plan cannot be kept: {error}.") from error
    return kept


def compiled(kept: Mapping[str, Any]) -> Plan:
    """A plan as it is kept, ready to check messages."""
    return _compiled(dump_text(dict(kept)))


@lru_cache(_PLANS_KEPT)
def _compiled(text: str) -> Plan:
    kept = parse_json(text.encode())
    rules = tuple(Rule(one["type"], one["key"], one["version"], one["jsonSchema"]) for one in kept["rules"])
    return Plan(kept["name"], kept["id"], rules, kept["complete"])


def _rules(data: Mapping[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    rules = data.get("rules")
    if isinstance(rules, list):
        for index, one in enumerate(rules):
            yield ("rules", index, "jsonSchema"), _of_public_api(one, ("rules", index))
    elif isinstance(rules, Mapping):
        yield from _of_config_api(rules)
    elif rules is not None:
        raise PlanError(("rules",), "rules is a list (Public API), or a mapping with events (Config API).")
    else:
        yield from _of_plain_schemas(data)


def _of_public_api(one: object, place: Place) -> dict[str, Any]:
    if not isinstance(one, Mapping) or not isinstance(one.get("jsonSchema"), Mapping):
        raise PlanError(place, "A rule has type, key and jsonSchema.")
    kind = str(one.get("type", "")).lower()
    if kind not in {*PLANNED, COMMON}:
        known = [name.upper() for name in (*PLANNED, COMMON)]
        text = f"A rule's type is one of {', '.join(known)}; {one.get('type')!r} came.{nearest(kind.upper(), known)}"
        raise PlanError((*place, "type"), text)
    key = str(one.get("key") or "")
    if kind in _BY_NAME and not key:
        raise PlanError(place, f"A rule of type {kind.upper()} has a key: the name of the event.")
    version = one.get("version", 1)
    if isinstance(version, bool) or not isinstance(version, int):
        raise PlanError((*place, "version"), f"A version is a whole number; {version!r} came.")
    schema = _in_its_envelope(one["jsonSchema"], kind)
    return {"type": kind, "key": key if kind in _BY_NAME else "", "version": version, "jsonSchema": schema}


def _in_its_envelope(schema: Schema, kind: str) -> Schema:
    """A rule's schema as one of the whole message; Typewriter writes the event's properties flat."""
    named = schema.get("properties", {})
    flat = kind != COMMON and isinstance(named, Mapping) and named and not set(_ENVELOPE).intersection(named)
    return _whole(schema, kind) if flat else schema


def _of_config_api(rules: Mapping[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    events = rules.get("events") or []
    if not isinstance(events, list):
        raise PlanError(("rules", "events"), f"events is a list; {events!r} came.")
    for index, event in enumerate(events):
        place: Place = ("rules", "events", index)
        if not isinstance(event, Mapping) or not event.get("name") or not isinstance(event.get("rules"), Mapping):
            raise PlanError(place, "An event has name and rules, its JSON Schema.")
        said = {"type": "track", "key": event["name"], "jsonSchema": event["rules"], "version": event.get("version", 1)}
        yield (*place, "rules"), _of_public_api(said, place)
    for name, kind in (("identify", "identify"), ("group", "group"), ("global", COMMON)):
        if isinstance(rules.get(name), Mapping) and rules[name]:
            yield ("rules", name), {"type": kind, "key": "", "version": 1, "jsonSchema": rules[name]}


def _of_plain_schemas(data: Mapping[str, Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    for name in data:
        if name not in _OURS:
            hint = nearest(str(name), list(_OURS))
            raise PlanError((name,), f"A plan of plain schemas has no {name!r}.{hint} It has {', '.join(_OURS)}.")
    for kind in (*PLANNED, COMMON):
        found = data.get(kind)
        if found is None:
            continue
        if not isinstance(found, Mapping):
            raise PlanError((kind,), f"{kind} is a mapping; {found!r} came.")
        for key, schema in found.items() if kind in _BY_NAME else [("", found)]:
            place: Place = (kind, key) if key else (kind,)
            if not isinstance(schema, Mapping):
                raise PlanError(place, f"This is a JSON Schema, a mapping; {schema!r} came.")
            whole = schema if kind == COMMON else _whole(schema, kind)
            yield place, {"type": kind, "key": str(key), "version": 1, "jsonSchema": whole}


def _whole(schema: Schema, kind: str) -> dict[str, Any]:
    """A schema of properties or traits as one of the message; where it requires something, they must be there."""
    member = member_of(kind)
    required = [member] if schema.get("required") else []
    return {"type": "object", "properties": {member: schema}, "required": required}


def _as_written(found: Place, place: Place, kind: str) -> Place:
    """A place in a rule as people wrote it: a plain schema stands without the message around it."""
    inside = found[len(place) :]
    wrapped = place[0] != "rules" and inside[:2] == ("properties", member_of(kind))
    return (*place, *inside[2:]) if wrapped else found


def _check_schema(place: Place, schema: Schema) -> None:
    try:
        _validator(schema)
    except ValidationError as error:
        wrong = tuple(error.instance_path)
        if not wrong:
            raise PlanError(place, f"This is no JSON Schema that can be used: {error.message[:200]}") from error
        came = dump_text(error.instance)[:80]
        raise PlanError((*place, *wrong), f"{came} cannot stand here in a JSON Schema.") from error
    except (ValueError, RecursionError) as error:
        raise PlanError(place, f"This is no JSON Schema that can be used: {str(error)[:200]}") from error


def _check_words(place: Place, schema: object) -> None:
    """A word that is nearly one of JSON Schema's is a slip of the pen; others pass, as JSON Schema has it."""
    if not isinstance(schema, Mapping):
        return
    for word, inner in schema.items():
        hint = "" if word in _WORDS else nearest(str(word), list(_WORDS), 0.8)
        if hint:
            raise PlanError((*place, word), f"JSON Schema has no {word!r}.{hint}")
        for step, one in _schemas_in(str(word), inner):
            _check_words((*place, word, *step), one)


def _schemas_in(word: str, inner: object) -> Iterator[tuple[Place, object]]:
    """The schemas that stand under a word."""
    if word in {"properties", "patternProperties", "definitions", "$defs"} and isinstance(inner, Mapping):
        yield from (((name,), one) for name, one in inner.items())
    elif word in {"allOf", "anyOf", "oneOf", "items"} and isinstance(inner, list):
        yield from (((index,), one) for index, one in enumerate(inner))
    elif word in {"items", "not", "if", "then", "else", "contains", "additionalProperties", "propertyNames"}:
        yield (), inner


def _validator(schema: Schema) -> Any:
    plain: dict[str, Any] = dict(schema)
    make = validator_for if "$schema" in plain else Draft7Validator
    return make(plain, validate_formats=True, formats=_FORMATS, retriever=_stays_here)


def _stays_here(address: str) -> Any:
    message = f"{address} is not fetched: the sandbox never leaves this machine"
    raise ValueError(message)
