"""The control API as an application of its own, with its OpenAPI document at `/_sandbox/v1/openapi.json`."""

from __future__ import annotations

from flask import Flask, Response, json
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from inkstand.fakes.kit.storage import WorkspaceGoneError
from inkstand.simulator.errors import InkstandError
from inkstand.simulator.sandbox import Sandbox

from .routes import blueprint

_PARTS_OF_A_REQUEST = ("json", "query")
_PROBLEM = "application/problem+json"


def create_app(sandbox: Sandbox) -> Flask:
    """The control API over a sandbox."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        API_TITLE="Inkstand",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX="/_sandbox/v1",
        OPENAPI_JSON_PATH="openapi.json",
        PROPAGATE_EXCEPTIONS=False,
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it
    app.extensions["sandbox"] = sandbox
    api = Api(app)
    api.register_blueprint(blueprint)
    app.register_error_handler(InkstandError, _inkstand_error)
    app.register_error_handler(WorkspaceGoneError, _gone)
    app.register_error_handler(HTTPException, _http_error)
    return app


def _inkstand_error(error: InkstandError) -> Response:
    return _problem(error.status, error.title, str(error))


def _gone(error: WorkspaceGoneError) -> Response:
    return _problem(409, "Workspace gone", str(error))


def _http_error(error: HTTPException) -> Response:
    data = getattr(error, "data", None) or {}
    messages = data.get("messages")
    detail = _told(messages) if messages else (error.description or error.name)
    return _problem(error.code or 500, error.name, detail)


def _told(messages: object) -> str:
    if isinstance(messages, dict):
        said = (("" if name in _PARTS_OF_A_REQUEST else f"{name}: ") + _told(value) for name, value in messages.items())
        return " ".join(said)
    if isinstance(messages, list):
        return " ".join(map(str, messages))
    return str(messages)


def _problem(status: int, title: str, detail: str) -> Response:
    body = json.dumps({"type": "about:blank", "title": title, "status": status, "detail": detail})
    return Response(body, status, content_type=_PROBLEM)
