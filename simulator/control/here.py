"""What every room of the control API starts from: the sandbox, the workspace an address names, how it is told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, cast

from flask import request

from inkstand.fakes.kit.times import iso
from inkstand.simulator.model import Source
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.workspaces.workspace import Workspace

SANDBOX_KEY = "inkstand.sandbox"
"""WSGI environment key under which the composition root hands over the sandbox."""

Told = Mapping[str, Any]
BUSY: Told = {"status_code": 503, "description": "as many are held open as may be; Retry-After says when to try again"}
"""What is documented of an address that takes a seat."""

OLD_CURSOR: Told = {
    "status_code": 410,
    "description": "the cursor is of an earlier life: the workspace was reset since",
}
"""What is documented of an address that takes a cursor."""


def sandbox() -> Sandbox:
    """The sandbox that this request is for."""
    return cast("Sandbox", request.environ[SANDBOX_KEY])


def workspace(name: str) -> Workspace:
    """A workspace by name; raises UnknownNameError, naming the nearest."""
    return sandbox().registry.get(name)


def told_of_source(source: Source) -> Told:
    """A source as the control API tells it: its plan by name."""
    plan = (source.tracking_plan or {}).get("name")
    named = {"id": source.id, "write_key": source.write_key, "enabled": source.enabled}
    return {**named, "tracking_plan": plan, "settings": source.settings}


def told_of(found: Workspace) -> Told:
    """A workspace as the control API tells it."""
    configuration = found.configuration
    return {
        "name": found.name,
        "now": iso(found.world.now()),
        "seed": configuration.seed,
        "clock": found.world.clock.kind,
        "delivery": configuration.delivery,
        "dedupe": asdict(configuration.dedupe),
        "locked": configuration.locked,
        "explain_headers": configuration.explain_headers,
        "sources": [told_of_source(source) for source in configuration.sources],
        "connections": [asdict(connection) for connection in configuration.connections],
        "counts": sandbox().counts(found),
    }
