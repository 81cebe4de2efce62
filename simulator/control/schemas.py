"""What the control API takes and gives, as marshmallow schemas; OpenAPI is made from these."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate, validates_schema

from inkstand.fakes.kit.fields import Duration
from inkstand.simulator.model import NAME
from inkstand.simulator.workspaces.setup import SetupSchema, SourceSetupSchema, base_url

LONGEST_WAIT = 60_000
LONGEST_PAGE = 10_000
RESERVED = frozenset({"after", "since", "newest", "limit", "for", "asOf"})
"""Query members of a view's addresses that are no fields; a test holds that no view has a field of these names."""

_name = validate.Regexp(
    rf"\A{NAME.pattern}\Z",
    error="It is named with up to 80 letters, digits, dots, dashes and underscores, beginning with a letter or digit; "
    "{input!r} came.",
)
_count = validate.Range(min=0, max=1_000_000_000)


def _text_by_name() -> fields.Dict:
    return fields.Dict(keys=fields.String(), values=fields.String())


class ProblemSchema(Schema):
    """An error, as RFC 9457 has it; `detail` says what was wanted, what came and what to do."""

    type = fields.String()
    title = fields.String()
    status = fields.Integer()
    detail = fields.String()


class NewWorkspaceSchema(SetupSchema):
    """A workspace to be made: its name, and what is to be other than in the sandbox's file."""

    name = fields.String(required=True, validate=_name)


class SourceSchema(Schema):
    """A source, the write key that names it, its tracking plan by name, and what becomes of violations."""

    id = fields.String()
    write_key = fields.String(data_key="writeKey")
    enabled = fields.Boolean()
    tracking_plan = fields.String(data_key="trackingPlan", allow_none=True)
    settings = fields.Dict()


class ChangedSourceSchema(SourceSetupSchema):
    """What to change of a source, until the next reset: on or off, its tracking plan (null for none), its settings."""

    class Meta:
        """Its write key stays."""

        exclude = ("write_key",)

    @validates_schema
    def changes_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """A change that changes nothing is a slip of the pen."""
        if not data:
            raise ValidationError("Say what to change: enabled, trackingPlan or settings.")


class ConnectionSchema(Schema):
    """A source joined to a destination; a `baseUrl` is where it delivers instead of the fake here."""

    id = fields.String()
    destination = fields.String()
    source = fields.String()
    settings = _text_by_name()
    enabled = fields.Boolean()
    base_url = fields.String(data_key="baseUrl", allow_none=True)


class ChangedConnectionSchema(Schema):
    """What to change of a connection, until the next reset."""

    settings = _text_by_name()
    enabled = fields.Boolean()
    base_url = base_url()

    @validates_schema
    def changes_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """A change that changes nothing is a slip of the pen."""
        if not data:
            raise ValidationError("Say what to change: settings, enabled or baseUrl.")


class DedupeSchema(Schema):
    """When a messageId is known again: within how many milliseconds, and among whose calls."""

    window = fields.Integer()
    scope = fields.String(validate=validate.OneOf(["workspace", "source"]))


class ChangedWorkspaceSchema(SetupSchema):
    """What to change of a workspace, until the next reset; what stays out is said when one is made."""

    class Meta:
        """How it takes calls."""

        fields = ("dedupe", "locked", "explain_headers")

    @validates_schema
    def changes_something(self, data: Mapping[str, Any], **_: Any) -> None:
        """A change that changes nothing is a slip of the pen."""
        if not data:
            raise ValidationError("Say what to change: dedupe, locked or explainHeaders.")


class WorkspaceSchema(Schema):
    """A workspace."""

    name = fields.String()
    now = fields.String()
    seed = fields.Integer()
    clock = fields.String(validate=validate.OneOf(["real", "frozen"]))
    delivery = fields.String(validate=validate.OneOf(["auto", "manual"]))
    dedupe = fields.Nested(DedupeSchema)
    locked = fields.Boolean()
    explain_headers = fields.Boolean(data_key="explainHeaders")
    sources = fields.List(fields.Nested(SourceSchema))
    connections = fields.List(fields.Nested(ConnectionSchema))
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class PageSchema(Schema):
    """Which page of a list by name."""

    after = fields.String(metadata={"description": "the cursor of an earlier page"})
    limit = fields.Integer(load_default=100, validate=validate.Range(min=1, max=LONGEST_PAGE))


class WorkspacesSchema(Schema):
    """A page of workspaces, by name."""

    items = fields.List(fields.Nested(WorkspaceSchema))
    cursor = fields.String(allow_none=True)
    more = fields.Boolean()


class NewSnapshotSchema(Schema):
    """What a snapshot is to be called."""

    name = fields.String(required=True, validate=_name)


class SnapshotSchema(Schema):
    """A kept copy of a workspace; `takenAt` is the machine's time."""

    name = fields.String()
    taken_at = fields.String(data_key="takenAt")
    bytes = fields.Integer()


class RestoreSchema(Schema):
    """Which snapshot to put a workspace back to; `of` names another workspace whose snapshot it is."""

    snapshot = fields.String(required=True, validate=_name)
    of = fields.String()


class AdvanceSchema(Schema):
    """How far to move the clock."""

    by = Duration(required=True)
    pause = fields.Boolean(
        load_default=False, metadata={"description": "end at the first moment at which a delivery was tried"}
    )


class ClockSchema(Schema):
    """A workspace's time, and whether its clock runs with the machine's (`real`) or stands (`frozen`)."""

    now = fields.String()
    clock = fields.String(validate=validate.OneOf(["real", "frozen"]))


class SettledSchema(Schema):
    """How many attempts were made, the workspace's time afterwards, and how many milliseconds are left to advance."""

    attempts = fields.Integer()
    now = fields.String()
    left = fields.Integer()


class ViewSchema(Schema):
    """A view: what it lists, the fields of its rows, and whether they have a time that `since` can be asked of."""

    name = fields.String()
    about = fields.String()
    fields_ = fields.List(fields.String(), data_key="fields", attribute="fields")
    timed = fields.Boolean()
    history = fields.Function(
        lambda view: view["history"] is not None,
        metadata={"type": "boolean", "description": "whether `asOf` can be asked of it"},
    )
    gist = fields.List(fields.String(), metadata={"description": "fields that tell what became of a call"})
    values = fields.Dict(
        keys=fields.String(),
        values=fields.List(fields.String()),
        metadata={"description": "what fields usually hold; there may be other values"},
    )


class CountsSchema(Schema):
    """How many rows each view has."""

    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class ReceivedSchema(Schema):
    """What became of the calls that were sent; `unclaimed` and `refused` are those of the whole sandbox."""

    accepted = fields.Integer()
    discarded = fields.Integer()
    duplicates = fields.Integer()
    unclaimed = fields.Integer()
    refused = fields.Integer()


class CountSchema(Schema):
    """How many rows there are."""

    count = fields.Integer()


class NarrowSchema(Schema):
    """Which rows of a view; every other query member is a field that must equal its text."""

    after = fields.String(metadata={"description": "a cursor: only rows behind it"})
    since = fields.String(metadata={"description": "a time (2026-01-01T00:00:00Z), or how long ago (5m)"})


class AsOfSchema(NarrowSchema):
    """Which rows of a view, and as they stood when."""

    as_of = fields.String(
        data_key="asOf",
        metadata={"description": "a time, or a messageId: the rows as they stood then, of a view that keeps history"},
    )


class LookSchema(AsOfSchema):
    """Which rows of a view, and how many."""

    limit = fields.Integer(validate=validate.Range(min=1, max=LONGEST_PAGE))
    newest = fields.Integer(
        validate=validate.Range(min=1, max=LONGEST_PAGE), metadata={"description": "only so many, the newest ones"}
    )


class StreamSchema(NarrowSchema):
    """Which rows of a view to follow, and for how long."""

    for_ = Duration(load_default=2_000, longest=LONGEST_WAIT, data_key="for", attribute="for")


class RowsSchema(Schema):
    """Rows of a view, oldest first; the cursor to go on from, and whether there are more already."""

    items = fields.List(fields.Dict())
    cursor = fields.String()
    more = fields.Boolean()


class WaitSchema(Schema):
    """What a view is to satisfy: its rows in order, or how many fit `where`, or what all that fit must have."""

    view = fields.String(required=True)
    where = fields.Dict(keys=fields.String(), load_default=dict)
    count = fields.Integer(validate=_count)
    at_least = fields.Integer(data_key="atLeast", validate=validate.Range(min=1, max=1_000_000_000))
    all = fields.Dict(keys=fields.String())
    rows = fields.List(fields.Dict(keys=fields.String()))
    timeout = Duration(load_default=5_000, longest=LONGEST_WAIT)

    @validates_schema
    def one_condition(self, data: Mapping[str, Any], **_: Any) -> None:
        """`rows` stands alone; an exact count and a least one exclude each other."""
        if "rows" in data and (data.get("where") or {"count", "at_least", "all"} & set(data)):
            raise ValidationError("rows is every row of the view, in order: it stands alone.")
        if "count" in data and "at_least" in data:
            raise ValidationError("Give count or atLeast, not both.")


class DifferenceSchema(Schema):
    """Where something is not as wanted."""

    field = fields.String()
    wanted = fields.Raw(allow_none=True)
    came = fields.Raw(allow_none=True)


class NearestSchema(Schema):
    """The row that comes nearest to what was wanted, and where it differs."""

    row = fields.Dict()
    differs = fields.List(fields.Nested(DifferenceSchema))


class WaitedSchema(Schema):
    """Whether it was met, after how many milliseconds; the rows that fit (the last 100), else what was nearest."""

    met = fields.Boolean()
    waited = fields.Integer()
    rows = fields.List(fields.Dict())
    mismatches = fields.List(fields.Nested(DifferenceSchema))
    nearest = fields.Nested(NearestSchema, allow_none=True)
    hints = fields.List(fields.String())


_NOT_OURS = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "te", "trailer", "transfer-encoding", "upgrade"}
)


def _is_text(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


class NewFaultSchema(Schema):
    """An arranged misbehaviour: one or more effects, which calls it strikes, how long it lasts."""

    service = fields.String(required=True, metadata={"description": "segment, or a vendor's service"})
    status = fields.Integer(validate=validate.Range(min=400, max=599))
    headers = _text_by_name()
    body = fields.String(validate=validate.Length(max=64_000))
    drop = fields.String(validate=validate.OneOf(["before", "after"]))
    delay = Duration(longest=10 * 60_000)
    down = Duration(metadata={"description": "every connection is dropped for so long on the workspace's clock"})
    next = fields.Integer(validate=validate.Range(min=1))
    every = fields.Integer(validate=validate.Range(min=1))
    share = fields.Float(validate=validate.Range(min=0, max=1))
    for_ = Duration(data_key="for", attribute="for")

    @validates_schema
    def makes_sense(self, data: Mapping[str, Any], **_: Any) -> None:
        """There is an effect, and at most one way to choose the calls it strikes."""
        effects = {"status", "drop", "delay", "down"} & set(data)
        if not effects:
            raise ValidationError("Say what happens: status, drop, delay or down.")
        if "down" in data and set(data) - {"service", "down"}:
            raise ValidationError("down is every call for that time: it stands alone.")
        if len({"next", "every", "share"} & set(data)) > 1:
            raise ValidationError("Say which calls once: next, every or share; without, all of them.")
        if {"headers", "body"} & set(data) and "status" not in data:
            raise ValidationError("headers and body go with a status.")
        if data.get("drop") == "before" and "status" in data:
            raise ValidationError("A call whose connection is dropped before it is read gets no status.")
        if any(
            not name.isascii() or not value.isascii() or not (name + value).isprintable() or ":" in name or not name
            for name, value in data.get("headers", {}).items()
        ):
            raise ValidationError("headers are printable ASCII.")
        if _NOT_OURS & {name.lower() for name in data.get("headers", {})}:
            raise ValidationError(f"These headers are the server's own: {', '.join(sorted(_NOT_OURS))}.")
        if not _is_text(data.get("body", "")):
            raise ValidationError("body is text that can be sent; a lone surrogate came.")


class FaultSchema(Schema):
    """A fault, how many calls it has seen and how many it struck; `delay` in milliseconds."""

    id = fields.String()
    service = fields.String()
    status = fields.Integer(allow_none=True)
    headers = fields.Dict(keys=fields.String(), values=fields.String(), allow_none=True)
    body = fields.String(allow_none=True)
    drop = fields.String(allow_none=True)
    delay = fields.Integer(allow_none=True)
    next = fields.Integer(allow_none=True)
    every = fields.Integer(allow_none=True)
    share = fields.Float(allow_none=True)
    until = fields.String(allow_none=True)
    calls = fields.Integer()
    struck = fields.Integer()
