"""The addresses of the control API; each declares what it takes, makes one call, and answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, cast

from flask import current_app, request
from flask_smorest import Blueprint

from inkstand.fakes.kit.times import iso
from inkstand.simulator.errors import InkstandError, UnknownNameError, nearest
from inkstand.simulator.explain.journey import Journey
from inkstand.simulator.explain.ledgers import Rules
from inkstand.simulator.explain.search import Asked, explain
from inkstand.simulator.model import Configuration
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.workspaces.workspace import Workspace

from . import schemas

blueprint = Blueprint("control", __name__, url_prefix="/_sandbox/v1", description="The sandbox's own controls")
Told = Mapping[str, Any]


@blueprint.get("/workspaces")
@blueprint.response(200, schemas.WorkspaceSchema(many=True))
def list_workspaces() -> list[Told]:
    """List workspaces."""
    registry = _sandbox().registry
    return [_described(registry.get(name)) for name in registry.names()]


@blueprint.post("/workspaces")
@blueprint.arguments(schemas.NewWorkspaceSchema)
@blueprint.response(201, schemas.WorkspaceSchema)
def create_workspace(wanted: Told) -> Told:
    """Make a workspace with credentials of its own."""
    choices = {name: value for name, value in wanted.items() if name != "name"}
    return _described(_sandbox().create(wanted["name"], choices))


@blueprint.get("/workspaces/<name>")
@blueprint.response(200, schemas.WorkspaceSchema)
def get_workspace(name: str) -> Told:
    """Describe a workspace."""
    return _described(_sandbox().registry.get(name))


@blueprint.delete("/workspaces/<name>")
@blueprint.response(204)
def delete_workspace(name: str) -> None:
    """Delete a workspace and everything in it."""
    _sandbox().delete(name)


@blueprint.post("/workspaces/<name>/reset")
@blueprint.response(200, schemas.WorkspaceSchema)
def reset_workspace(name: str) -> Told:
    """Put a workspace back to what it was made with."""
    return _described(_sandbox().reset(name))


@blueprint.post("/workspaces/<name>/settle")
@blueprint.response(200, schemas.SettledSchema)
def settle(name: str) -> Told:
    """Process and deliver everything due, then answer."""
    workspace = _sandbox().registry.get(name)
    return _settled(workspace, _sandbox().settle(workspace))


@blueprint.post("/workspaces/<name>/clock/advance")
@blueprint.arguments(schemas.AdvanceSchema)
@blueprint.response(200, schemas.SettledSchema)
def advance(wanted: Told, name: str) -> Told:
    """Move the clock forward, delivering whatever falls due on the way."""
    workspace = _sandbox().registry.get(name)
    return _settled(workspace, _sandbox().advance(workspace, wanted["by"]))


@blueprint.patch("/workspaces/<name>/connections/<connection>")
@blueprint.arguments(schemas.ChangedConnectionSchema)
@blueprint.response(200, schemas.ConnectionSchema)
def change_connection(wanted: dict[str, Any], name: str, connection: str) -> object:
    """Change a connection until the next reset; settings are merged into those it has."""
    workspace = _sandbox().registry.get(name)
    _sandbox().configure(workspace, lambda configuration: _with_changed(configuration, connection, wanted))
    return next(found for found in workspace.configuration.connections if found.id == connection)


@blueprint.get("/views")
@blueprint.response(200, schemas.ViewNameSchema(many=True))
def list_views() -> list[Told]:
    """List the views."""
    return _views()


@blueprint.get("/workspaces/<name>/views")
@blueprint.response(200, schemas.ViewNameSchema(many=True))
def list_views_of(name: str) -> list[Told]:
    """List the views of a workspace; they are the same in all."""
    _sandbox().registry.get(name)
    return _views()


@blueprint.get("/workspaces/<name>/views/<view>")
@blueprint.response(200, schemas.RowsSchema)
def read_view(name: str, view: str) -> Told:
    """Read a view; query members narrow it to rows whose field equals the value."""
    rows = _sandbox().view(view).rows(_sandbox().registry.get(name).door)
    wanted = request.args.to_dict()
    if rows and (unknown := [field for field in wanted if field not in rows[0]]):
        message = f"The view {view} has no field {unknown[0]!r}.{nearest(unknown[0], list(rows[0]))}"
        raise UnknownNameError(message)
    return {"items": [row for row in rows if all(str(row[field]) == value for field, value in wanted.items())]}


@blueprint.get("/workspaces/<name>/explain")
@blueprint.arguments(schemas.AskedSchema, location="query")
@blueprint.response(200, schemas.ExplanationSchema)
def explain_newest(wanted: dict[str, str], name: str) -> Told:
    """Explain the newest call that fits; without any condition, the last one."""
    return _explained(name, Asked(**wanted))


@blueprint.get("/workspaces/<name>/explain/<path:message_id>")
@blueprint.response(200, schemas.ExplanationSchema)
def explain_one(name: str, message_id: str) -> Told:
    """Explain one message."""
    return _explained(name, Asked(message_id=message_id))


@blueprint.get("/unclaimed")
@blueprint.response(200, schemas.RowsSchema)
def unclaimed() -> Told:
    """List calls whose credential belongs to no workspace."""
    return {"items": _sandbox().registry.list_unclaimed()}


@blueprint.get("/refused")
@blueprint.response(200, schemas.RowsSchema)
def refused() -> Told:
    """List requests that the Tracking API refused."""
    return {"items": _sandbox().registry.list_refused()}


@blueprint.get("/ledger")
@blueprint.response(200, schemas.RuleSchema(many=True))
def ledger() -> list[object]:
    """List every rule that anything here is decided by."""
    return list(Rules(_sandbox().vendors).by_id.values())


@blueprint.get("/examples")
@blueprint.response(200, schemas.RowsSchema)
def examples() -> Told:
    """List what each vendor brings for the demo."""
    return {"items": [{"vendor": vendor.slug, **vendor.examples} for vendor in _sandbox().vendors]}


def _with_changed(configuration: Configuration, ident: str, wanted: Mapping[str, Any]) -> Configuration:
    connections = {found.id: found for found in configuration.connections}
    if ident not in connections:
        message = f"There is no connection {ident!r}.{nearest(ident, list(connections))}"
        raise UnknownNameError(message)
    old = connections[ident]
    for setting in wanted.get("settings", {}):
        if setting not in old.settings:
            hint = nearest(setting, list(old.settings))
            raise InkstandError(f"The connection {ident} has no setting {setting!r}.{hint}")
    connections[ident] = replace(old, **{**wanted, "settings": {**old.settings, **wanted.get("settings", {})}})
    return replace(configuration, connections=tuple(connections.values()))


def _views() -> list[Told]:
    views = sorted(_sandbox().views.values(), key=lambda view: view.name)
    return [{"name": view.name, "about": view.about} for view in views]


def _sandbox() -> Sandbox:
    return cast("Sandbox", current_app.extensions["sandbox"])


def _described(workspace: Workspace) -> Told:
    configuration = workspace.configuration
    return {
        "name": workspace.name,
        "now": iso(workspace.world.now()),
        "seed": configuration.seed,
        "clock": configuration.clock,
        "delivery": configuration.delivery,
        "sources": configuration.sources,
        "connections": configuration.connections,
        "counts": _sandbox().counts(workspace),
    }


def _settled(workspace: Workspace, attempts: int) -> Told:
    return {"attempts": attempts, "now": iso(workspace.world.now())}


def _explained(name: str, asked: Asked) -> Told:
    sandbox = _sandbox()
    found = explain(sandbox.registry.get(name), sandbox.registry, Rules(sandbox.vendors), asked)
    return {"found": isinstance(found, Journey), **asdict(found)}
