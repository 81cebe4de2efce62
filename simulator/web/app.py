"""Health (`/livez`, `/readyz`), the root page with addresses, keys and links, and the Source Debugger."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, request

from inkstand.fakes.kit.pages import page
from inkstand.fakes.kit.storage import Door
from inkstand.fakes.kit.vendor import known_by
from inkstand.fakes.kit.views import View, Wanted, cursor
from inkstand.simulator.explain.debugger import DEBUGGER
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.settings import Settings
from inkstand.simulator.storage.views import REFUSED, UNCLAIMED
from inkstand.simulator.workspaces.configuration import DEFAULT_WORKSPACE
from inkstand.simulator.workspaces.workspace import Workspace

_WORKSPACES_SHOWN = 20
_WORKSPACES_OFFERED = 200
_CALLS_SHOWN = 500
"""As many as Segment's own debugger shows."""


def create_app(sandbox: Sandbox, settings: Settings) -> Flask:
    """The web page as an application of its own."""
    app = Flask(__name__)

    @app.get("/livez")
    def livez() -> dict[str, str]:
        """The process answers."""
        return {"status": "alive"}

    @app.get("/readyz")
    def readyz() -> tuple[dict[str, str], int]:
        """200 once the default workspace opens and, when serving, the worker runs."""
        sandbox.registry.get(DEFAULT_WORKSPACE)
        ready = sandbox.worker is None or sandbox.worker.running
        return ({"status": "ready"}, 200) if ready else ({"status": "the worker is not running"}, 503)

    @app.get("/")
    def root() -> str:
        """Addresses, keys and links."""
        names = sandbox.registry.names()
        shown = sorted(names, key=lambda name: (name != DEFAULT_WORKSPACE, name))[:_WORKSPACES_SHOWN]
        workspaces = [sandbox.registry.get(name) for name in shown]
        return page(
            "root.html",
            __package__,
            more=len(names) - len(shown),
            keys=_keys(sandbox),
            base=settings.public_url or request.host_url.rstrip("/"),
            workspaces=[(workspace, sandbox.counts(workspace)) for workspace in workspaces],
            vendors=sandbox.vendors,
            views=sorted(sandbox.views.values(), key=lambda view: view.name),
            unclaimed=UNCLAIMED.rows(sandbox.registry.door),
            refused=REFUSED.rows(sandbox.registry.door),
        )

    @app.get("/debugger")
    def debugger() -> tuple[str, int]:
        """The Source Debugger of a workspace, live."""
        names = sandbox.registry.names()
        asked = request.args.get("workspace", DEFAULT_WORKSPACE)
        name = asked if asked in names else DEFAULT_WORKSPACE
        found = sandbox.registry.get(name)
        lists = {"debugger": (DEBUGGER, found.door), "unclaimed": (UNCLAIMED, sandbox.registry.door)}
        lists["refused"] = (REFUSED, sandbox.registry.door)
        shown = page(
            "debugger.html",
            __package__,
            workspace=name,
            names=sorted({name, *names[:_WORKSPACES_OFFERED]}),
            key=found.configuration.sources[0].write_key,
            begin={kind: _newest(one, door) for kind, (one, door) in lists.items()},
            base=settings.public_url or request.host_url.rstrip("/"),
            most=_CALLS_SHOWN,
        )
        return shown, 200 if name == asked else 404

    return app


def _newest(one: View, door: Door) -> dict[str, Any]:
    """The newest rows of a list, and where to go on from."""
    epoch = door.epoch
    rows = one.read(door, Wanted(limit=_CALLS_SHOWN, newest=True))
    return {"items": rows.rows, "cursor": cursor(epoch, rows.last)}


def _keys(sandbox: Sandbox) -> Callable[[Workspace], list[tuple[str, str, str]]]:
    """For a workspace, the front page of each vendor that knows it: title, address, key."""
    secret = known_by(sandbox.vendors)

    def of(workspace: Workspace) -> list[tuple[str, str, str]]:
        found: dict[str, tuple[str, str]] = {}
        for connection in workspace.configuration.connections:
            for setting, value in connection.settings.items():
                known = secret.get((connection.destination, setting))
                if known is not None:
                    vendor, one = known
                    found.setdefault(vendor.title, (f"/{vendor.slug}/", one.credential_in(value)))
        return [(title, address, key) for title, (address, key) in found.items() if key]

    return of
