"""The language of stories, as a marshmallow schema: what a file may hold, and what each verb is given."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from inkstand.simulator.errors import nearest

CALLS = ("identify", "track", "page", "screen", "group", "alias")
CLAIMS = ("where", "count", "all")


class ConnectionSchema(Schema):
    """What to change of a connection."""

    id = fields.String(required=True)
    settings = fields.Dict(keys=fields.String(), values=fields.String())
    enabled = fields.Boolean()
    base_url = fields.String(data_key="baseUrl", allow_none=True)

    @validates_schema
    def changes_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """A step that changes nothing is a slip of the pen."""
        if set(data) == {"id"}:
            raise ValidationError("Say what to change: settings, enabled or baseUrl.")


def _claim(value: Any) -> None:  # any YAML value
    """What is claimed of a view: its rows in order, or `where`, `count` and `all`."""
    if isinstance(value, list):
        if not all(isinstance(row, dict) for row in value):
            raise ValidationError("Each row is a mapping of the fields that must match.")
        return
    if not isinstance(value, dict) or not value:
        raise ValidationError("A claim is a list of rows, or a mapping of where, count and all.")
    for key in value:
        if key not in CLAIMS:
            raise ValidationError({key: [f"A claim has where, count and all.{nearest(str(key), list(CLAIMS))}"]})
    _claim_members(value)


def _claim_members(value: Mapping[str, Any]) -> None:
    for key in ("where", "all"):
        if key in value and not isinstance(value[key], dict):
            raise ValidationError({key: ["This is a mapping of fields."]})
    count = value.get("count", 0)
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise ValidationError({"count": ["A count is a whole number from 0."]})
    if value.get("all") == {} or (value.get("count") == 0 and "all" in value):
        raise ValidationError({"all": ["This claims nothing: name fields, and rows to have them."]})
    if "count" not in value and "all" not in value:
        raise ValidationError("A claim with where says count, all, or both.")


def _some_view(value: Mapping[str, Any]) -> None:
    if not value:
        raise ValidationError("expect names at least one view.")


def _text_or_nothing(value: Any) -> None:  # any YAML value
    if value not in (None, {}):
        raise ValidationError("settle is given nothing.")


class FaultSchema(Schema):
    """An arranged misbehaviour; what may stand together is the control API's to say."""

    service = fields.String(required=True)
    status = fields.Integer()
    headers = fields.Dict(keys=fields.String(), values=fields.String())
    body = fields.String()
    drop = fields.String()
    delay = fields.String()
    down = fields.String()
    next = fields.Integer()
    every = fields.Integer()
    share = fields.Float()
    for_ = fields.String(data_key="for", attribute="for")


class _Claim(fields.Raw):
    def __init__(self) -> None:
        super().__init__(validate=_claim)


_MEMBERS = (
    *("userId", "anonymousId", "event", "properties", "traits", "context", "integrations", "timestamp", "messageId"),
    *("name", "category", "groupId", "previousId", "sentAt", "originalTimestamp", "type", "channel", "version"),
)


def _no_misspelling(value: Mapping[str, Any]) -> None:
    """A member that is nearly one of Segment's is a slip of the pen; any other passes through, as at Segment."""
    for name in value:
        near = get_close_matches(name.lower(), map(str.lower, _MEMBERS), 1, 0.75)
        if near and name not in _MEMBERS:
            meant = next(member for member in _MEMBERS if member.lower() == near[0])
            raise ValidationError({name: [f"Segment has no member {name!r}. Did you mean {meant!r}?"]})


def _no_misspellings(calls: list[Any]) -> None:
    for index, call in enumerate(calls):
        try:
            _no_misspelling(call if isinstance(call, dict) else {})
        except ValidationError as error:
            raise ValidationError({index: error.messages}) from error


_call = fields.Dict(keys=fields.String(), validate=_no_misspelling)
VERBS: Mapping[str, fields.Field[Any]] = {
    **dict.fromkeys(CALLS, _call),
    "batch": fields.List(fields.Raw(allow_none=True), validate=_no_misspellings),
    "advance": fields.String(required=True),
    "settle": fields.Raw(allow_none=True, validate=_text_or_nothing),
    "expect": fields.Dict(keys=fields.String(), values=_Claim(), validate=_some_view),
    "connection": fields.Nested(ConnectionSchema),
    "fault": fields.Nested(FaultSchema),
}
"""Each verb and what it is given."""


class StepField(fields.Field[dict[str, Any]]):
    """One step: a mapping with one key, the verb."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, Any]:  # noqa: ARG002  # marshmallow's own signature
        if isinstance(value, str) and value in VERBS:
            raise ValidationError(f"A step is a mapping: write {value}: with a colon.")
        if not isinstance(value, dict) or len(value) != 1:
            raise ValidationError("A step is a mapping with one key, its verb.")
        ((verb, argument),) = value.items()
        if verb not in VERBS:
            known = ", ".join(VERBS)
            raise ValidationError(
                {verb: [f"{verb!r} is no verb.{nearest(str(verb), list(VERBS))} The verbs are {known}."]}
            )
        try:
            return {verb: VERBS[verb].deserialize(argument)}
        except ValidationError as error:
            raise ValidationError({verb: error.messages}) from error


class _People(fields.Field[Any]):
    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:  # noqa: ARG002  # marshmallow's own signature
        if isinstance(value, list | dict) and all(isinstance(name, str) for name in value):
            return value
        raise ValidationError("people is a list of names, or a mapping of names to locales.")


class ScenarioSchema(Schema):
    """A file: name, about, seed, people, products, steps."""

    name = fields.String(required=True)
    about = fields.String(load_default="")
    seed = fields.Integer(load_default=None, allow_none=True)
    people = _People(load_default=list)
    products = fields.List(fields.String(), load_default=list)
    steps = fields.List(StepField(), required=True, validate=validate.Length(min=1))

    class Meta:
        """An unknown key is an error."""

        unknown = "raise"
