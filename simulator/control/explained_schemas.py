"""What the control API gives of reasons, rules, vendors and verbs, as marshmallow schemas."""

from __future__ import annotations

from marshmallow import Schema, fields, validate


class AskedSchema(Schema):
    """What is remembered of a call; nothing means the last one."""

    event = fields.String()
    user_id = fields.String(data_key="userId")
    anonymous_id = fields.String(data_key="anonymousId")


class ExplanationSchema(Schema):
    """A message's journey; or, when nothing fits, what is like it."""

    found = fields.Boolean()
    message_id = fields.String(data_key="messageId")
    headline = fields.String()
    cause = fields.Dict(allow_none=True)
    causes = fields.List(fields.Dict())
    steps = fields.List(fields.Dict())
    story = fields.List(fields.String())
    hints = fields.List(fields.String())


class RuleSchema(Schema):
    """One rule of the ledger."""

    id = fields.String()
    statement = fields.String()
    source = fields.String()
    confidence = fields.String(validate=validate.OneOf(["documented", "observed", "inferred", "chosen"]))
    verdict = fields.String(validate=validate.OneOf(["stops", "unusable", "waits", "expected", "notes"]))


class VendorSchema(Schema):
    """A vendor that was found, and what it brings."""

    slug = fields.String()
    title = fields.String()
    service = fields.String()
    parts = fields.List(
        fields.String(), metadata={"description": "what of it a fault can be arranged for beside the whole of it"}
    )
    path = fields.String()
    hosts = fields.List(fields.String())
    destinations = fields.List(fields.String())
    slugs = fields.List(fields.String(), metadata={"description": "the destinations, as connections name them"})
    examples = fields.Dict()


class TouchedEventSchema(Schema):
    """An event, and how often it came: the call's type and the event's name (empty where calls have none)."""

    type = fields.String()
    event = fields.String()
    count = fields.Integer()


class TouchedPlanSchema(Schema):
    """A tracking plan, and how often each of its events came."""

    plan = fields.String()
    events = fields.List(fields.Nested(TouchedEventSchema))


class CoverageSchema(Schema):
    """What calls have touched: rules by id with how often they decided, events, events of plans."""

    rules = fields.Dict(keys=fields.String(), values=fields.Integer())
    events = fields.List(fields.Nested(TouchedEventSchema))
    plans = fields.List(fields.Nested(TouchedPlanSchema))


class VerbSchema(Schema):
    """What a person can do at a vendor: the verb, and the members of what it is given."""

    name = fields.String()
    about = fields.String()
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")
