"""Health (`/livez`, `/readyz`) and the root page with addresses, keys and links."""

from __future__ import annotations

from flask import Flask, render_template, request

from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.settings import Settings
from inkstand.simulator.workspaces.configuration import DEFAULT_WORKSPACE


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
        workspaces = [sandbox.registry.get(name) for name in sandbox.registry.names()]
        return render_template(
            "root.html",
            base=settings.public_url or request.host_url.rstrip("/"),
            workspaces=[(workspace, sandbox.counts(workspace)) for workspace in workspaces],
            vendors=sandbox.vendors,
            views=sorted(sandbox.views.values(), key=lambda view: view.name),
            unclaimed=sandbox.registry.list_unclaimed(),
            refused=sandbox.registry.list_refused(),
        )

    return app
