"""The language of stories, as marshmallow schemas: what a file may hold, and what each verb is given."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextvars import ContextVar
from difflib import get_close_matches
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from inkstand.simulator.errors import nearest
from inkstand.simulator.yamlfile import with_nearest

from .claims import ClaimField, duration_text, saved_as

CALLS = ("identify", "track", "page", "screen", "group", "alias")
_SOME_STEPS = validate.Length(min=1, error="There is at least one step.")
AT_ONCE = 100_000
"""How many people or rounds one step may ask for."""

VENDORS_VERB = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*")
"""What a vendor's verb is called: the vendor's service and what a person does there, `inkit.open`."""


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


class SourceSchema(Schema):
    """What to change of a source; what a plan and settings may hold is the control API's to say."""

    id = fields.String(required=True)
    tracking_plan = fields.Raw(
        data_key="trackingPlan",
        attribute="trackingPlan",
        allow_none=True,
        metadata={"description": "a shipped plan by name, or a plan itself; null for none"},
    )
    settings = fields.Dict(keys=fields.String(), metadata={"description": "what becomes of violations"})

    @validates_schema
    def changes_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """A step that changes nothing is a slip of the pen."""
        if set(data) == {"id"}:
            raise ValidationError("Say what to change: trackingPlan or settings.")


class FaultSchema(Schema):
    """An arranged misbehaviour, or the end of one; what may stand together is the control API's to say."""

    service = fields.String()
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
    save_as = saved_as("save the fault under this name, to end it")
    end = fields.String(metadata={"description": "end this fault ($name.id), or all of them (all)"})

    @validates_schema
    def arranges_or_ends(self, data: Mapping[str, Any], **_: Any) -> None:
        """A fault is arranged at a service, or ended."""
        if "end" in data and len(data) > 1:
            raise ValidationError({"end": ["This ends a fault and arranges none: it stands alone."]})
        if "end" not in data and "service" not in data:
            raise ValidationError({"service": ["Missing data for required field."]})


class SeedSchema(Schema):
    """People who are made up and identified, with a user id, an anonymous id and the traits of a person."""

    people = fields.Integer(
        required=True,
        strict=True,
        validate=validate.Range(min=1, max=AT_ONCE),
        metadata={"description": "how many"},
    )
    locale = fields.String(metadata={"description": "where they live, as Faker calls it: de_DE"})
    traits = fields.Dict(keys=fields.String(), metadata={"description": "further traits of each of them"})
    integrations = fields.Dict(keys=fields.String())
    save_as = saved_as("save them: $name.0.email")


class CallField(fields.Dict):
    """A call as Segment spells it."""

    def __init__(self) -> None:
        super().__init__(keys=fields.String(), validate=_no_misspelling)


MEMBERS = (
    *("userId", "anonymousId", "event", "properties", "traits", "context", "integrations", "timestamp", "messageId"),
    *("name", "category", "groupId", "previousId", "sentAt", "originalTimestamp", "type", "channel", "version"),
)
"""Segment's own members of a call."""


def misspelt(call: Mapping[str, Any]) -> tuple[str, str] | None:
    """The first member of a call that is nearly one of Segment's, and the one that was probably meant."""
    for name in call:
        near = () if name in MEMBERS else get_close_matches(str(name).lower(), map(str.lower, MEMBERS), 1, 0.75)
        if near:
            return name, next(member for member in MEMBERS if member.lower() == near[0])
    return None


STRICT: ContextVar[bool] = ContextVar("strict", default=True)
"""Whether a member that is nearly one of Segment's is a mistake in the file that is being read."""


def _no_misspelling(value: Mapping[str, Any]) -> None:
    """A member that is nearly one of Segment's is a slip of the pen; any other passes through, as at Segment."""
    wrong = misspelt(value) if STRICT.get() else None
    if wrong is not None:
        name, meant = wrong
        raise ValidationError({name: [f"Segment has no member {name!r}. Did you mean {meant!r}?"]})


def _no_misspellings(calls: list[Any]) -> None:
    for index, call in enumerate(calls):
        try:
            _no_misspelling(call if isinstance(call, dict) else {})
        except ValidationError as error:
            raise ValidationError({index: error.messages}) from error


def _some_view(value: Mapping[str, Any]) -> None:
    if not value:
        raise ValidationError("expect names at least one view.")


class NothingField(fields.Field[None]):
    """A verb that is given nothing."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> None:  # noqa: ARG002  # marshmallow's own signature
        if value not in (None, {}):
            raise ValidationError("settle is given nothing.")


class StepField(fields.Field[dict[str, Any]]):
    """One step: a mapping with one key, the verb."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> dict[str, Any]:  # noqa: ARG002  # marshmallow's own signature
        if isinstance(value, str) and (value in VERBS or VENDORS_VERB.fullmatch(value)):
            raise ValidationError(f"A step is a mapping: write {value}: with a colon.")
        if not isinstance(value, dict) or len(value) != 1:
            raise ValidationError("A step is a mapping with one key, its verb.")
        ((verb, argument),) = value.items()
        if verb not in VERBS and not VENDORS_VERB.fullmatch(str(verb)):
            raise ValidationError({verb: [no_verb(str(verb), list(VERBS))]})
        field = VERBS.get(verb, _VENDORS)
        try:
            return {verb: field.deserialize(argument)}
        except ValidationError as error:
            inside = field.schema if isinstance(field, fields.Nested) else field
            raise ValidationError({verb: with_nearest(error.messages, inside)}) from error


def no_verb(verb: str, known: list[str]) -> str:
    """What is said of a verb that there is not."""
    return f"{verb!r} is no verb.{nearest(verb, known)} The verbs are {', '.join(known)}."


class RepeatSchema(Schema):
    """Steps taken again and again: so many times, each time with a new person, or once for each of saved people."""

    times = fields.Integer(strict=True, validate=validate.Range(min=1, max=AT_ONCE))
    each = fields.String(metadata={"description": "saved people or rows: $crowd"})
    locale = fields.String(metadata={"description": "where the new people live, as Faker calls it: de_DE"})
    save_as = saved_as("the person (or row) of the round: $name.user_id, $name.number")
    steps = fields.List(StepField(), required=True, validate=_SOME_STEPS)

    @validates_schema
    def repeats_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """Either a number or a list is gone through."""
        if ("times" in data) is ("each" in data):
            raise ValidationError("Say how often: times: 100, or each: $people.")


class _Argument(fields.Field[Any]):
    """What a vendor's verb is given; the vendor's folder says what that is."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:  # noqa: ARG002  # marshmallow's own signature
        if value is None or isinstance(value, dict):
            return value or {}
        raise ValidationError("A vendor's verb is given a mapping.")


_VENDORS = _Argument(allow_none=True)
VERBS: Mapping[str, fields.Field[Any]] = {
    **{name: CallField() for name in CALLS},
    "batch": fields.List(fields.Raw(allow_none=True), validate=_no_misspellings),
    "advance": duration_text(description="how far the clock is moved; whatever falls due on the way is delivered"),
    "settle": NothingField(allow_none=True),
    "expect": fields.Dict(keys=fields.String(), values=ClaimField(), validate=_some_view),
    "seed": fields.Nested(SeedSchema),
    "repeat": fields.Nested(RepeatSchema),
    "connection": fields.Nested(ConnectionSchema),
    "source": fields.Nested(SourceSchema),
    "fault": fields.Nested(FaultSchema),
}
"""Each verb and what it is given; vendors bring their own beside these."""


class PeopleField(fields.Field[Any]):
    """Names of people, or names with where each lives."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:  # noqa: ARG002  # marshmallow's own signature
        if isinstance(value, list | dict) and all(isinstance(name, str) for name in value):
            return value
        raise ValidationError("people is a list of names, or a mapping of names to locales.")


class ScenarioSchema(Schema):
    """A story: what it is called and about, who plays in it, and its steps."""

    name = fields.String(required=True)
    about = fields.String(load_default="")
    seed = fields.Integer(load_default=None, allow_none=True, metadata={"description": "of people and ids"})
    people = PeopleField(load_default=list, metadata={"description": "names, or names with locales: {ana: pt_BR}"})
    products = fields.List(fields.String(), load_default=list)
    skip = fields.String(load_default=None, metadata={"description": "why it is not played"})
    needs = fields.List(
        fields.String(),
        load_default=list,
        metadata={"description": "services without which it is skipped: inkit, movable_ink"},
    )
    workspace = fields.Dict(
        keys=fields.String(),
        load_default=dict,
        metadata={"description": "how its workspace is set up, as `workspace` of inkstand.yaml"},
    )
    strict = fields.Boolean(
        load_default=True,
        metadata={"description": "false: members of calls that are nearly Segment's are sent as they are"},
    )
    steps = fields.List(StepField(), required=True, validate=_SOME_STEPS)

    class Meta:
        """An unknown key is an error."""

        unknown = "raise"
