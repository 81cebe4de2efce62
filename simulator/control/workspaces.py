"""Workspaces: make, describe, reset, delete them; their connections and snapshots."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from flask_smorest import Blueprint

from inkstand.simulator.errors import InkstandError, UnknownNameError, nearest
from inkstand.simulator.model import Configuration, Connection, Source
from inkstand.simulator.workspaces.configuration import forwarding_somewhere, whole_plan

from . import schemas
from .here import BUSY, Told, sandbox, told_of, told_of_source, workspace

blueprint = Blueprint("workspaces", __name__, description="Workspaces, their connections and snapshots")


@blueprint.get("/workspaces")
@blueprint.arguments(schemas.PageSchema, location="query")
@blueprint.response(200, schemas.WorkspacesSchema)
def list_workspaces(wanted: Mapping[str, Any]) -> Told:
    """List workspaces by name, in pages."""
    names = [name for name in sandbox().registry.names() if name > wanted.get("after", "")]
    page = names[: wanted["limit"]]
    return {
        "items": [told_of(workspace(name)) for name in page],
        "cursor": page[-1] if page else wanted.get("after"),
        "more": len(names) > len(page),
    }


@blueprint.post("/workspaces")
@blueprint.arguments(schemas.NewWorkspaceSchema)
@blueprint.response(201, schemas.WorkspaceSchema)
def create_workspace(wanted: Told) -> Told:
    """Make a workspace with credentials of its own, set up like the sandbox's file and then as asked."""
    choices = {name: value for name, value in wanted.items() if name != "name"}
    return told_of(sandbox().create(wanted["name"], choices))


@blueprint.get("/workspaces/<name>")
@blueprint.response(200, schemas.WorkspaceSchema)
def get_workspace(name: str) -> Told:
    """Describe a workspace."""
    return told_of(workspace(name))


@blueprint.patch("/workspaces/<name>")
@blueprint.arguments(schemas.ChangedWorkspaceSchema)
@blueprint.response(200, schemas.WorkspaceSchema)
def change_workspace(wanted: dict[str, Any], name: str) -> Told:
    """Change how a workspace takes calls, until the next reset."""
    found = workspace(name)
    sandbox().configure(found, lambda configuration: _with_changed_switches(configuration, wanted))
    return told_of(found)


@blueprint.delete("/workspaces/<name>")
@blueprint.response(204)
def delete_workspace(name: str) -> None:
    """Delete a workspace, everything in it and its snapshots."""
    sandbox().delete(name)


@blueprint.post("/workspaces/<name>/reset")
@blueprint.response(200, schemas.WorkspaceSchema)
def reset_workspace(name: str) -> Told:
    """Put a workspace back to what it was made with; its snapshots stay."""
    return told_of(sandbox().reset(name))


@blueprint.get("/workspaces/<name>/connections")
@blueprint.response(200, schemas.ConnectionSchema(many=True))
def list_connections(name: str) -> list[Connection]:
    """List a workspace's connections with their settings."""
    return list(workspace(name).configuration.connections)


@blueprint.get("/workspaces/<name>/connections/<connection>")
@blueprint.response(200, schemas.ConnectionSchema)
def get_connection(name: str, connection: str) -> Connection:
    """Describe a connection."""
    return _connection(workspace(name).configuration, connection)


@blueprint.patch("/workspaces/<name>/connections/<connection>")
@blueprint.arguments(schemas.ChangedConnectionSchema)
@blueprint.response(200, schemas.ConnectionSchema)
def change_connection(wanted: dict[str, Any], name: str, connection: str) -> Connection:
    """Change a connection until the next reset; settings are merged into those it has."""
    found = workspace(name)
    sandbox().configure(found, lambda configuration: _with_changed(configuration, connection, wanted))
    return _connection(found.configuration, connection)


@blueprint.get("/workspaces/<name>/sources")
@blueprint.response(200, schemas.SourceSchema(many=True))
def list_sources(name: str) -> list[Told]:
    """List a workspace's sources."""
    return [told_of_source(source) for source in workspace(name).configuration.sources]


@blueprint.patch("/workspaces/<name>/sources/<source>")
@blueprint.arguments(schemas.ChangedSourceSchema)
@blueprint.response(200, schemas.SourceSchema)
def change_source(wanted: dict[str, Any], name: str, source: str) -> Told:
    """Change a source until the next reset: its tracking plan, and what becomes of violations."""
    found = workspace(name)
    sandbox().configure(found, lambda configuration: _with_changed_source(configuration, source, wanted))
    return told_of_source(_source(found.configuration, source))


@blueprint.get("/workspaces/<name>/snapshots")
@blueprint.response(200, schemas.SnapshotSchema(many=True))
def list_snapshots(name: str) -> object:
    """List a workspace's snapshots."""
    return sandbox().registry.snapshots(name).list()


@blueprint.post("/workspaces/<name>/snapshots")
@blueprint.arguments(schemas.NewSnapshotSchema)
@blueprint.response(201, schemas.SnapshotSchema)
@blueprint.alt_response(**BUSY)
def take_snapshot(wanted: Told, name: str) -> object:
    """Keep a copy of a workspace, in place of one of the same name."""
    return sandbox().snapshot(workspace(name), wanted["name"])


@blueprint.delete("/workspaces/<name>/snapshots/<snapshot>")
@blueprint.response(204)
def delete_snapshot(name: str, snapshot: str) -> None:
    """Delete a snapshot."""
    sandbox().registry.snapshots(name).found(snapshot).unlink(missing_ok=True)


@blueprint.post("/workspaces/<name>/restore")
@blueprint.arguments(schemas.RestoreSchema)
@blueprint.response(200, schemas.WorkspaceSchema)
@blueprint.alt_response(**BUSY)
def restore_snapshot(wanted: Told, name: str) -> Told:
    """Put a workspace back to a snapshot, its own or another's; its credentials stay those that it has now."""
    found = workspace(name)
    sandbox().restore(found, wanted["snapshot"], wanted.get("of"))
    return told_of(found)


def _connection(configuration: Configuration, ident: str) -> Connection:
    connections = {found.id: found for found in configuration.connections}
    if ident not in connections:
        known = ", ".join(connections) or "none"
        message = f"There is no connection {ident!r}.{nearest(ident, list(connections))} There is {known}."
        raise UnknownNameError(message)
    return connections[ident]


def _source(configuration: Configuration, ident: str) -> Source:
    sources = {found.id: found for found in configuration.sources}
    if ident not in sources:
        message = f"There is no source {ident!r}.{nearest(ident, list(sources))} There is {', '.join(sources)}."
        raise UnknownNameError(message)
    return sources[ident]


def _with_changed_source(configuration: Configuration, ident: str, wanted: Mapping[str, Any]) -> Configuration:
    if "tracking_plan" in wanted:
        wanted = {**wanted, "tracking_plan": whole_plan(wanted["tracking_plan"], sandbox().vendors)}
    new = replace(_source(configuration, ident), **wanted)
    sources = [new if one.id == ident else one for one in configuration.sources]
    return replace(configuration, sources=forwarding_somewhere(sources))


def _with_changed_switches(configuration: Configuration, wanted: Mapping[str, Any]) -> Configuration:
    dedupe = replace(configuration.dedupe, **wanted.get("dedupe", {}))
    return replace(configuration, **{**wanted, "dedupe": dedupe})


def _with_changed(configuration: Configuration, ident: str, wanted: Mapping[str, Any]) -> Configuration:
    old = _connection(configuration, ident)
    for setting in wanted.get("settings", {}):
        if setting not in old.settings:
            hint = nearest(setting, list(old.settings))
            raise InkstandError(f"The connection {ident} has no setting {setting!r}.{hint}")
    new = replace(old, **{**wanted, "settings": {**old.settings, **wanted.get("settings", {})}})
    connections = tuple(new if one.id == ident else one for one in configuration.connections)
    return replace(configuration, connections=connections)
