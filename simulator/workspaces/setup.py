"""How a workspace is set up, as a marshmallow schema: in `inkstand.yaml` and where one is made over HTTP."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from inkstand.fakes.kit.fields import BESIDE, Duration
from inkstand.fakes.kit.times import DAY
from inkstand.simulator.errors import BrokenFileError, nearest

LARGEST_SEED = 2**53 - 1
LONGEST_WINDOW = 3_650 * DAY
SHIPPED_PLANS = ("ecommerce-v2", "destination-requirements")
"""The tracking plans that ship, by name."""


def base_url() -> fields.String:
    """Where a connection delivers instead of the fake here; null for the fake."""
    error = "It is an address like http://127.0.0.1:8080, or null for the fake here; {input!r} came."
    where = validate.Regexp(r"\Ahttps?://[^\s/]\S*\Z", error=error)
    return fields.String(data_key="baseUrl", allow_none=True, validate=where)


class TrackingPlan(fields.Field[Any]):
    """A tracking plan: the name of one that ships, one itself, or, in a file, the name of a file with one."""

    def __init__(self, **extra: Any) -> None:
        super().__init__(**{**extra, "metadata": {"type": ["string", "object", "array", "null"], **extra["metadata"]}})

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> Any:  # noqa: ARG002  # marshmallow's own signature
        from inkstand.simulator.protocols.plan import PlanError, read_plan  # noqa: PLC0415  # brings a validator

        if value in SHIPPED_PLANS:
            return value
        if isinstance(value, str):
            return _plan_of_file(value)
        try:
            return read_plan(value)
        except PlanError as error:
            messages: Any = [str(error)]
            for step in reversed(error.place):
                messages = {step: messages}
            raise ValidationError(messages) from error


def _plan_of_file(name: str) -> dict[str, Any]:
    """The plan in a file that is named beside the file that is being read."""
    from inkstand.simulator.protocols.files import read_plan_file  # noqa: PLC0415  # brings a validator

    folder = BESIDE.get()
    hint = f"{nearest(name, list(SHIPPED_PLANS))} Those that ship are {', '.join(SHIPPED_PLANS)}."
    if folder is None:
        raise ValidationError(f"There is no tracking plan {name!r}.{hint} Over HTTP give the plan itself.")
    path = folder / name
    if not path.is_file():
        raise ValidationError(f"There is no file {path}.{hint}")
    try:
        return read_plan_file(path).kept
    except BrokenFileError as error:
        raise ValidationError(str(error)) from error


class TrackControlsSchema(Schema):
    """What becomes of track calls that violate the plan; what is not said is allowed."""

    allowUnplannedEvents = fields.Boolean()  # noqa: N815  # Segment's own name, as the others
    allowUnplannedEventProperties = fields.Boolean()  # noqa: N815
    allowEventOnViolations = fields.Boolean()  # noqa: N815
    allowPropertiesOnViolations = fields.Boolean()  # noqa: N815
    commonEventOnViolations = fields.String(  # noqa: N815
        validate=validate.OneOf(["ALLOW", "BLOCK", "OMIT_PROPERTIES"])
    )


class TraitsControlsSchema(Schema):
    """What becomes of identify or group calls that violate the plan; what is not said is allowed."""

    allowUnplannedTraits = fields.Boolean()  # noqa: N815
    allowTraitsOnViolations = fields.Boolean()  # noqa: N815
    commonEventOnViolations = fields.String(  # noqa: N815
        validate=validate.OneOf(["ALLOW", "BLOCK", "OMIT_TRAITS"])
    )


class SourceSettingsSchema(Schema):
    """What becomes of calls that violate the source's tracking plan, as Segment's `/sources/{id}/settings` has it."""

    track = fields.Nested(TrackControlsSchema)
    identify = fields.Nested(TraitsControlsSchema)
    group = fields.Nested(TraitsControlsSchema)
    forwardingViolationsTo = fields.String(metadata={"description": "the id of another source"})  # noqa: N815
    forwardingBlockedEventsTo = fields.String(metadata={"description": "the id of another source"})  # noqa: N815


class SourceSetupSchema(Schema):
    """A source; without a write key it has one of ours."""

    write_key = fields.String(data_key="writeKey", validate=validate.Length(min=1, max=200))
    enabled = fields.Boolean(metadata={"description": "false: its calls are discarded, source_disabled"})
    tracking_plan = TrackingPlan(
        data_key="trackingPlan",
        allow_none=True,
        metadata={"description": "a shipped plan by name, a plan itself, or in a file the name of a file with one"},
    )
    settings = fields.Nested("SourceSettingsSchema")


class DedupeSetupSchema(Schema):
    """When a messageId is known again."""

    window = Duration(
        longest=LONGEST_WINDOW,
        metadata={"description": "how long of the workspace's clock; 24h as documented, 170d as a partner page says"},
    )
    scope = fields.String(
        validate=validate.OneOf(["workspace", "source"]),
        metadata={"description": "among whose calls; Segment's pages disagree"},
    )


class ConnectionSetupSchema(Schema):
    """A connection: of which source with which destination (its own id, if nothing is said), and how it is set."""

    destination = fields.String()
    source = fields.String()
    enabled = fields.Boolean()
    settings = fields.Dict(keys=fields.String(), values=fields.String(validate=validate.Length(max=1_000)))
    base_url = base_url()


class SetupSchema(Schema):
    """A workspace: what is not said is as the vendors' folders have it."""

    seed = fields.Integer(
        strict=True,
        validate=validate.Range(min=-LARGEST_SEED, max=LARGEST_SEED),
        metadata={"description": "of ids and chance"},
    )
    clock = fields.String(
        validate=validate.OneOf(["real", "frozen"]),
        metadata={"description": "real runs with the machine's; frozen stands at 2026-01-01T00:00:00Z until moved"},
    )
    delivery = fields.String(
        validate=validate.OneOf(["auto", "manual"]),
        metadata={"description": "auto delivers by itself; manual only when told to (settle, advance)"},
    )
    dedupe = fields.Nested(DedupeSetupSchema)
    locked = fields.Boolean(metadata={"description": "true: every call is discarded, locked_workspace"})
    explain_headers = fields.Boolean(
        data_key="explainHeaders", metadata={"description": "whether answers carry X-Inkstand-Explain"}
    )
    sources = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=100)), values=fields.Nested(SourceSetupSchema)
    )
    connections = fields.Dict(
        keys=fields.String(validate=validate.Length(min=1, max=100)), values=fields.Nested(ConnectionSetupSchema)
    )
    vendors = fields.Dict(
        keys=fields.String(),
        values=fields.Dict(keys=fields.String()),
        metadata={"description": "what each vendor's own setup holds, by its service: inkit.templates, …"},
    )
