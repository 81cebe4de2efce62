"""What the control API takes and gives, as marshmallow schemas; OpenAPI is made from these."""

from __future__ import annotations

import re
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|s|m|h|d)")


def milliseconds(text: str) -> int:
    """A duration such as `90s`, `5m`, `6h`, `2d` or `1h30m`, in milliseconds.

    Raises ValidationError for anything else.
    """
    compact = text.strip().replace(" ", "")
    parts = _DURATION.findall(compact)
    if not parts or "".join(number + unit for number, unit in parts) != compact:
        message = (
            f"A duration is written like 90s, 5m, 6h, 2d or 1h30m, and the clock only moves forward; {text!r} came."
        )
        raise ValidationError(message)
    return int(sum(float(number) * _UNITS[unit] for number, unit in parts))


class Duration(fields.Field[int]):
    """A duration as text; read as milliseconds."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:  # noqa: ARG002  # marshmallow's own signature
        if not isinstance(value, str):
            message = f"A duration is text like 5m; {value!r} came."
            raise ValidationError(message)
        return milliseconds(value)


class NewWorkspaceSchema(Schema):
    """A workspace to be made."""

    name = fields.String(required=True)
    seed = fields.Integer(load_default=1)
    clock = fields.String(load_default="real", validate=validate.OneOf(["real", "frozen"]))
    delivery = fields.String(load_default="auto", validate=validate.OneOf(["auto", "manual"]))


class SourceSchema(Schema):
    """A source and the write key that names it."""

    id = fields.String()
    write_key = fields.String(data_key="writeKey")


class ConnectionSchema(Schema):
    """A source joined to a destination."""

    id = fields.String()
    destination = fields.String()
    source = fields.String()
    settings = fields.Dict(keys=fields.String(), values=fields.String())
    enabled = fields.Boolean()
    base_url = fields.String(data_key="baseUrl", allow_none=True)


class ChangedConnectionSchema(Schema):
    """What to change of a connection, until the next reset."""

    settings = fields.Dict(keys=fields.String(), values=fields.String())
    enabled = fields.Boolean()
    base_url = fields.String(data_key="baseUrl", allow_none=True)


class WorkspaceSchema(Schema):
    """A workspace."""

    name = fields.String()
    now = fields.String()
    seed = fields.Integer()
    clock = fields.String()
    delivery = fields.String()
    sources = fields.List(fields.Nested(SourceSchema))
    connections = fields.List(fields.Nested(ConnectionSchema))
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class AdvanceSchema(Schema):
    """How far to move the clock."""

    by = Duration(required=True)


class SettledSchema(Schema):
    """How many attempts were made, and the workspace's time afterwards."""

    attempts = fields.Integer()
    now = fields.String()


class ViewNameSchema(Schema):
    """A view's name and what it lists."""

    name = fields.String()
    about = fields.String()


class RowsSchema(Schema):
    """The rows of a view, oldest first."""

    items = fields.List(fields.Dict())


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
    confidence = fields.String()
    verdict = fields.String()
