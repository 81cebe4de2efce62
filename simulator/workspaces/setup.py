"""How a workspace is set up, as a marshmallow schema: in `inkstand.yaml` and where one is made over HTTP."""

from __future__ import annotations

from marshmallow import Schema, fields, validate

LARGEST_SEED = 2**53 - 1


def base_url() -> fields.String:
    """Where a connection delivers instead of the fake here; null for the fake."""
    error = "It is an address like http://127.0.0.1:8080, or null for the fake here; {input!r} came."
    where = validate.Regexp(r"\Ahttps?://[^\s/]\S*\Z", error=error)
    return fields.String(data_key="baseUrl", allow_none=True, validate=where)


class SourceSetupSchema(Schema):
    """A source; without a write key it has one of ours."""

    write_key = fields.String(data_key="writeKey", validate=validate.Length(min=1, max=200))


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
