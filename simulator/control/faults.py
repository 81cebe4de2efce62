"""Arranged misbehaviour of any service, the Tracking API included."""

from __future__ import annotations

from flask_smorest import Blueprint

from inkstand.fakes.kit.faults import FAULTS
from inkstand.simulator.errors import InkstandError, UnknownNameError, nearest

from . import schemas
from .here import Told, sandbox, workspace

blueprint = Blueprint("faults", __name__, description="Arranged misbehaviour of any service")


@blueprint.get("/workspaces/<name>/faults")
@blueprint.response(200, schemas.FaultSchema(many=True))
def list_faults(name: str) -> list[Told]:
    """List the faults of a workspace, with how many calls each has seen and struck."""
    return list(FAULTS.rows(workspace(name).door))


@blueprint.post("/workspaces/<name>/faults")
@blueprint.arguments(schemas.NewFaultSchema)
@blueprint.response(201, schemas.FaultSchema)
def arrange_fault(wanted: Told, name: str) -> Told:
    """Arrange that a service misbehaves, until the fault is ended, used up or over, or the workspace reset."""
    found = workspace(name)
    services = sandbox().services
    service = wanted["service"]
    if service not in services:
        hint = nearest(service, services)
        raise InkstandError(f"There is no service {service!r}.{hint} The services are {', '.join(services)}.")
    spec = {key: value for key, value in wanted.items() if key != "service"}
    if "down" in spec:
        spec = {"drop": "before", "for": spec["down"]}
    fault_id = found.arrange(service, spec)
    return next(row for row in FAULTS.rows(found.door) if row["id"] == fault_id)


@blueprint.delete("/workspaces/<name>/faults")
@blueprint.response(204)
def end_faults(name: str) -> None:
    """End every fault of a workspace."""
    workspace(name).end_fault()


@blueprint.delete("/workspaces/<name>/faults/<fault>")
@blueprint.response(204)
def end_fault(name: str, fault: str) -> None:
    """End a fault."""
    found = workspace(name)
    if not found.end_fault(fault):
        known = [row["id"] for row in FAULTS.rows(found.door)]
        raise UnknownNameError(f"There is no fault {fault!r}. There is {', '.join(known) or 'none'}.")
