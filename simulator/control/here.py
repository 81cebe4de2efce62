"""What every room of the control API starts from: the sandbox, the workspace an address names, how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from flask import current_app

from inkstand.fakes.kit.times import iso
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.workspaces.workspace import Workspace

Told = Mapping[str, Any]


def sandbox() -> Sandbox:
    """The sandbox behind this application."""
    return cast("Sandbox", current_app.extensions["sandbox"])


def workspace(name: str) -> Workspace:
    """A workspace by name; raises UnknownNameError, naming the nearest."""
    return sandbox().registry.get(name)


def told_of(found: Workspace) -> Told:
    """A workspace as the control API tells it."""
    configuration = found.configuration
    return {
        "name": found.name,
        "now": iso(found.world.now()),
        "seed": configuration.seed,
        "clock": "real" if found.world.clock.frozen_at is None else "frozen",
        "delivery": configuration.delivery,
        "sources": [asdict(source) for source in configuration.sources],
        "connections": [asdict(connection) for connection in configuration.connections],
        "counts": sandbox().counts(found),
    }
