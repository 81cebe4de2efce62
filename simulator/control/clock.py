"""The clock of a workspace, and what it makes due: settle, advance, freeze, follow."""

from __future__ import annotations

from flask_smorest import Blueprint

from inkstand.fakes.kit.times import iso
from inkstand.simulator.workspaces.workspace import Workspace

from . import schemas
from .here import BUSY, Told, sandbox, workspace

blueprint = Blueprint("clock", __name__, description="The clock, and delivering what it makes due")


@blueprint.post("/workspaces/<name>/settle")
@blueprint.response(200, schemas.SettledSchema)
@blueprint.alt_response(**BUSY)
def settle(name: str) -> Told:
    """Process and deliver everything due, then answer."""
    found = workspace(name)
    return _settled(found, sandbox().settle(found))


@blueprint.get("/workspaces/<name>/clock")
@blueprint.response(200, schemas.ClockSchema)
def get_clock(name: str) -> Told:
    """Tell a workspace's time, and whether it runs."""
    return _clock(workspace(name))


@blueprint.post("/workspaces/<name>/clock/advance")
@blueprint.arguments(schemas.AdvanceSchema)
@blueprint.response(200, schemas.SettledSchema)
@blueprint.alt_response(**BUSY)
def advance(wanted: Told, name: str) -> Told:
    """Move the clock forward, delivering whatever falls due on the way; with `pause`, to the first such moment."""
    found = workspace(name)
    tried, left = sandbox().advance(found, wanted["by"], pause=wanted["pause"])
    return {**_settled(found, tried), "left": left}


@blueprint.post("/workspaces/<name>/clock/freeze")
@blueprint.response(200, schemas.ClockSchema)
@blueprint.alt_response(**BUSY)
def freeze(name: str) -> Told:
    """Stop the clock where it stands."""
    found = workspace(name)
    sandbox().freeze(found)
    return _clock(found)


@blueprint.post("/workspaces/<name>/clock/follow")
@blueprint.response(200, schemas.ClockSchema)
@blueprint.alt_response(**BUSY)
def follow(name: str) -> Told:
    """Let the clock run with the machine's again, on from where it stands."""
    found = workspace(name)
    sandbox().follow(found)
    return _clock(found)


def _settled(found: Workspace, attempts: int) -> Told:
    return {"attempts": attempts, "now": iso(found.world.now()), "left": 0}


def _clock(found: Workspace) -> Told:
    return {"now": iso(found.world.now()), "clock": found.world.clock.kind}
