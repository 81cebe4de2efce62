"""What became of a call and why; the rules; what the vendors bring for the demo."""

from __future__ import annotations

from dataclasses import asdict

from flask_smorest import Blueprint

from inkstand.simulator.explain.coverage import touched
from inkstand.simulator.explain.journey import Journey
from inkstand.simulator.explain.ledgers import Rules
from inkstand.simulator.explain.search import Asked, explain

from . import explained_schemas
from .here import Told, sandbox, workspace

blueprint = Blueprint("explain", __name__, description="Why: journeys and rules")


@blueprint.get("/workspaces/<name>/explain")
@blueprint.arguments(explained_schemas.AskedSchema, location="query")
@blueprint.response(200, explained_schemas.ExplanationSchema)
def explain_newest(wanted: dict[str, str], name: str) -> Told:
    """Explain the newest call that fits; without any condition, the last one."""
    return _explained(name, Asked(**wanted))


@blueprint.get("/workspaces/<name>/explain/<path:message_id>")
@blueprint.response(200, explained_schemas.ExplanationSchema)
def explain_one(name: str, message_id: str) -> Told:
    """Explain one message."""
    return _explained(name, Asked(message_id=message_id))


@blueprint.get("/ledger")
@blueprint.response(200, explained_schemas.RuleSchema(many=True))
def ledger() -> list[object]:
    """List every rule that anything here is decided by."""
    return list(Rules(sandbox().vendors).by_id.values())


@blueprint.get("/workspaces/<name>/coverage")
@blueprint.response(200, explained_schemas.CoverageSchema)
def coverage(name: str) -> Told:
    """Tell which rules decided something in a workspace, which events came, and which events of its sources' plans."""
    return touched(workspace(name))


@blueprint.get("/vendors")
@blueprint.response(200, explained_schemas.VendorSchema(many=True))
def vendors() -> list[Told]:
    """List the vendors that were found: their addresses, and the chapters that they bring for the demo."""
    return [
        {
            "slug": vendor.slug,
            "title": vendor.title,
            "service": vendor.service,
            "parts": list(vendor.parts),
            "path": f"/{vendor.slug}",
            "hosts": vendor.hosts,
            "destinations": [destination.name for destination in vendor.destinations],
            "slugs": [destination.slug for destination in vendor.destinations],
            "examples": vendor.examples,
        }
        for vendor in sandbox().vendors
    ]


def _explained(name: str, asked: Asked) -> Told:
    house = sandbox()
    found = explain(workspace(name), house.registry, Rules(house.vendors), asked)
    return {"found": isinstance(found, Journey), **asdict(found)}
