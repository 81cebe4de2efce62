"""What in a message violates a tracking plan. Pure.

Kinds as Segment's Violations page shows them: a missing required property, a wrong type, a value outside what is
allowed. Descriptions where they are documented (segment-docs protocols/validate/forward-violations.md, faq.md); the
others in the words of the validator that those are inferred to come from (xeipuuv/gojsonschema).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from inkstand.simulator.errors import nearest

from .plan import Place, Plan, Rule, member_of

Kind = Literal["Required", "Invalid Type", "Invalid Value", "Unplanned Event", "Unplanned Property"]
Message = Mapping[str, Any]
_NAMED_BY = {"track": "event", "page": "name", "screen": "name"}


@dataclass(frozen=True)
class Violation:
    """One thing that a plan does not allow: its kind, the field, in words; `path` is where it stands in the message."""

    kind: Kind
    field: str
    description: str
    path: Place = ()


def key_of(message: Message) -> str:
    """The name by which a plan knows an event; empty where calls have none."""
    return str(message.get(_NAMED_BY.get(message["type"], ""), "") or "")


def rules_for(plan: Plan, message: Message) -> tuple[Rule, ...]:
    """The rules that a message is held to, in the version that it asks for (`context.protocols.event_version`)."""
    context = message.get("context")
    protocols = context.get("protocols") if isinstance(context, Mapping) else None
    version = protocols.get("event_version") if isinstance(protocols, Mapping) else None
    return plan.rules_of(message["type"], key_of(message), version)


def unplanned_event(plan: Plan, rules: Sequence[Rule], message: Message) -> Violation | None:
    """A track event for which a plan has no rules; names are compared exactly."""
    if message["type"] != "track" or not plan.complete or rules:
        return None
    key = key_of(message)
    hint = nearest(key, plan.names("track"), 0.6)
    return Violation("Unplanned Event", "event", f"{key!r} is not in the plan.{hint}", ("event",))


def unplanned_members(rules: Sequence[Rule], message: Message) -> list[Violation]:
    """Properties, or traits, that the event's rules do not name; only names count, and only of the first level."""
    member = member_of(message["type"])
    came = message.get(member)
    if not rules or not isinstance(came, Mapping):
        return []
    planned = frozenset[str]().union(*(rule.members for rule in rules))
    return [
        Violation("Unplanned Property", f"{member}.{name}", f"{member}.{name} is not in the plan", (member, name))
        for name in came
        if name not in planned
    ]


def violations(rules: Sequence[Rule], message: Message) -> list[Violation]:
    """Where a message breaks the schemas of these rules, each place once."""
    if not rules:
        return []
    plain = dict(message)
    try:
        return _found(rules, plain)
    except UnicodeEncodeError:
        return [_as_it_came(one) for one in _found(rules, _writable(plain))]


def _found(rules: Sequence[Rule], plain: dict[str, Any]) -> list[Violation]:
    errors = (error for rule in rules for error in rule.validator.iter_errors(plain))
    return list(dict.fromkeys(one for error in errors for one in _violations(error)))


_AWAY = {0xD800 + n: 0xF0000 + n for n in range(0x800)}
_BACK = {there: here for here, there in _AWAY.items()}
"""Lone surrogates, which the validator cannot read, stand for the time of its check as characters of private use."""


def _writable(value: Any) -> Any:  # any JSON value
    if isinstance(value, str):
        return value.translate(_AWAY)
    if isinstance(value, Mapping):
        return {_writable(key): _writable(inner) for key, inner in value.items()}
    return [_writable(inner) for inner in value] if isinstance(value, list) else value


def _as_it_came(one: Violation) -> Violation:
    path = tuple(step.translate(_BACK) if isinstance(step, str) else step for step in one.path)
    return Violation(one.kind, one.field.translate(_BACK), one.description.translate(_BACK), path)


def field_name(path: Place) -> str:
    """A place in a message as people write it: `properties.products[0].price`."""
    name = ""
    for step in path:
        name += f"[{step}]" if isinstance(step, int) else f".{step}" if name else step
    return name


def _violations(error: Any) -> Iterator[Violation]:  # the library's
    """What an error of the validator says: one violation, or one for each member that may not be."""
    path: Place = tuple(error.instance_path)
    if error.kind.name == "additionalProperties":
        for name in error.kind.unexpected:
            yield _additional((*path, name))
    else:
        yield _violation(error, path)


def _additional(path: Place) -> Violation:
    description = f"Additional property {path[-1]} is not allowed"
    return Violation("Unplanned Property", field_name(path), description, path)


def _violation(error: Any, path: Place) -> Violation:
    match error.kind.name:
        case "required":
            field = field_name((*path, error.kind.property))
            return Violation("Required", field, f"{field} is required")
        case "anyOf" if one_of := list(_one_of(error)):
            field = field_name(path)
            return Violation("Required", field, f"{field}: one of {', '.join(one_of)} is required")
        case "type":
            expected = ", ".join(error.kind.types)
            description = f"Invalid type. Expected: {expected}, given: {_type_of(error.instance)}"
            return Violation("Invalid Type", field_name(path), description, path)
        case kind:
            return Violation("Invalid Value", field_name(path), _described(kind, error), path)


def _described(kind: str, error: Any) -> str:
    match kind:
        case "pattern" if hasattr(error.kind, "pattern"):
            return f"Does not match pattern '{error.kind.pattern}'"
        case "format":
            return f"Does not match format '{error.kind.format}'"
        case "enum":
            allowed = ", ".join(map(str, error.kind.options))
            return f"{field_name(tuple(error.instance_path))} must be one of the following: {allowed}"
    return " ".join(str(error.message).split())[:200]


def _one_of(error: Any) -> Iterator[str]:
    """The members of which one is wanted, where every branch of an anyOf only requires one."""
    for branch in error.kind.context:
        for inner in branch:
            if inner.kind.name != "required" or tuple(inner.instance_path) != tuple(error.instance_path):
                return
    yield from dict.fromkeys(str(inner.kind.property) for branch in error.kind.context for inner in branch)


def _type_of(value: object) -> str:
    kinds = {str: "string", bool: "boolean", list: "array", dict: "object", int: "integer", float: "number"}
    return kinds.get(type(value), "null")
