"""The control API as an application of its own, with its OpenAPI document at `/_sandbox/v1/openapi.json`."""

from __future__ import annotations

from functools import cache
from typing import Any

from flask import Flask, Response, json, request
from flask_smorest import Api
from werkzeug.exceptions import HTTPException

from inkstand.fakes.kit.storage import WorkspaceGoneError
from inkstand.simulator.errors import PROBLEM, BusyError, InkstandError, problem
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.workspaces.configuration import DEFAULT_WORKSPACE
from inkstand.simulator.yamlfile import with_nearest

from . import acting, clock, explained, faults, looking, waiting, workspaces
from .here import sandbox
from .schemas import ProblemSchema

PREFIX = "/_sandbox/v1"
_PARTS_OF_A_REQUEST = ("json", "query", "_schema")
_RETRY_AFTER_SECONDS = "1"
_SAID = {
    "400": "something was asked that cannot be; the detail says what was wanted, what came and what to do",
    "403": "a web page of somebody else asks",
    "404": "nothing has this name; the detail names the nearest",
    "409": "it cannot be done now: a name is taken, or the workspace was reset or deleted meanwhile",
    "422": "the body or a query member has a wrong shape",
}


@cache
def create_app() -> Flask:
    """The control API over whatever sandbox a request names (`here.SANDBOX_KEY`): one for the whole process."""
    app = Flask(__name__, static_folder=None)
    app.config.update(
        API_TITLE="Inkstand",
        API_VERSION="v1",
        OPENAPI_VERSION="3.1.0",
        PROPAGATE_EXCEPTIONS=False,
        API_SPEC_OPTIONS={"info": {"description": "The controls of a local Segment with fake vendors."}},
    )
    app.json.sort_keys = False  # type: ignore[attr-defined]  # Flask's own provider has it
    api = Api(app)
    api.DEFAULT_ERROR_RESPONSE_NAME = None
    api.spec.components.schema("Problem", schema=ProblemSchema)
    for room in (workspaces, clock, looking, waiting, faults, acting, explained):
        api.register_blueprint(room.blueprint, url_prefix=PREFIX)

    @app.get(f"{PREFIX}/openapi.json")
    def openapi() -> Response:
        """This document."""
        document = with_names(with_problems(api.spec.to_dict()), sandbox())
        return Response(json.dumps(document), 200, content_type="application/json")

    app.register_error_handler(InkstandError, _inkstand_error)
    app.register_error_handler(WorkspaceGoneError, _gone)
    app.register_error_handler(RecursionError, _too_deep)
    app.register_error_handler(UnicodeEncodeError, _no_text)
    app.register_error_handler(HTTPException, _http_error)
    return app


def with_problems(document: dict[str, Any]) -> dict[str, Any]:
    """The document, with every error that an operation may answer: all have one form."""
    schema = {"$ref": "#/components/schemas/Problem"}
    document["components"].pop("responses", None)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method == "parameters":
                continue
            answers = operation["responses"]
            codes = {"400", "403"} | ({"404", "409"} if "{" in path or method != "get" else set())
            codes |= {"422"} if "422" in answers else set()
            for code in sorted(codes | {code for code in answers if code >= "400"}):
                said = answers.get(code, {}).get("description")
                text = said if said and code not in _SAID else _SAID.get(code, said)
                answers[code] = {"description": text, "content": {PROBLEM: {"schema": schema}}}
    return document


def with_names(document: dict[str, Any], sandbox: Sandbox) -> dict[str, Any]:
    """The document, with the names that there are: views, services, the default workspace."""
    views = {"type": "string", "enum": sorted(sandbox.views)}
    for item in document["paths"].values():
        for parameter in item.get("parameters", ()):
            if parameter["name"] == "view":
                parameter["schema"] = views
            elif parameter["name"] == "name":
                parameter["example"] = DEFAULT_WORKSPACE
    schemas = document["components"]["schemas"]
    schemas["Wait"]["properties"]["view"] = views
    schemas["NewFault"]["properties"]["service"] = {"type": "string", "enum": sandbox.services}
    return document


def _answer(status: int, title: str, detail: str) -> Response:
    return Response(json.dumps(problem(status, title, detail)), status, content_type=PROBLEM)


def _inkstand_error(error: InkstandError) -> Response:
    answer = _answer(error.status, error.title, str(error))
    if isinstance(error, BusyError):
        answer.headers["Retry-After"] = _RETRY_AFTER_SECONDS
    return answer


def _gone(error: WorkspaceGoneError) -> Response:
    return _answer(409, "Workspace gone", f"{error}.".capitalize())


def _too_deep(_: RecursionError) -> Response:
    return _answer(400, "Bad request", "The body is nested too deeply to be read.")


def _no_text(_: UnicodeEncodeError) -> Response:
    return _answer(400, "Bad request", "The request holds half of a surrogate pair, which is no text.")


def _http_error(error: HTTPException) -> Response:
    data = getattr(error, "data", None) or {}
    messages = data.get("messages")
    schema = data.get("schema")
    if isinstance(messages, dict) and schema is not None:
        messages = {part: with_nearest(inner, schema) for part, inner in messages.items()}
    detail = _told(messages) if messages else (error.description or error.name)
    if error.code == 404 and not messages:  # noqa: PLR2004  # no such address
        detail = f"There is no address {request.path} here. {PREFIX}/openapi.json lists them."
    answer = _answer(error.code or 500, error.name, detail)
    answer.headers.extend((name, value) for name, value in error.get_headers() if name == "Allow")
    return answer


def _told(messages: object) -> str:
    if isinstance(messages, dict):
        said = (("" if name in _PARTS_OF_A_REQUEST else f"{name}: ") + _told(value) for name, value in messages.items())
        return " ".join(said)
    if isinstance(messages, list):
        return " ".join(map(str, messages))
    return str(messages)
