"""What the Tracking API answers, in the forms that every client can read.

Source: what clients do with answers (facts about clients): exactly 200, always a JSON object; errors carry `code` and
`message`; pages may read every answer, errors included, and its `Retry-After`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from flask import Response, current_app, request
from werkzeug.exceptions import HTTPException

from inkstand.fakes.kit.faults import Effect, StruckError
from inkstand.fakes.kit.http import dump_json
from inkstand.fakes.kit.ledger import load
from inkstand.simulator.errors import nearest

JSON = "application/json"
NO_CONTENT = 204
REFUSED = "/_sandbox/v1/refused"
"""Where what was refused can be read."""

_SUCCESS = b'{"success": true}'
_NOT_FOUND, _WRONG_METHOD, _TOO_MANY, _FAILED = 404, 405, 429, 500
_ALWAYS = {"HEAD", "OPTIONS"}
_ASKED_OF_A_PAGE = "authorization, content-type, x-retry-count"
_SECONDS = ("Retry-After", "X-RateLimit-Reset")
_SOON = "1"
_LONGEST_LINK = 500
"""How long a messageId may be to stand in a header: clients read no endless ones."""

_NAMES = {400: "bad_request", 429: "rate_limited", 500: "internal", 502: "bad_gateway", 503: "unavailable"}


def success(workspace: str | None, message_id: str | None = None, *, explained: bool = True) -> Response:
    """Segment's answer to what it takes, with the address where ours can be read (decision 30)."""
    headers = [("Content-Type", JSON)]
    if explained:
        where = "unclaimed" if workspace is None else f"workspaces/{workspace}/explain"
        one = "" if message_id is None or len(message_id) > _LONGEST_LINK else f"/{quote(message_id, safe='')}"
        headers.append(("X-Inkstand-Explain", f"/_sandbox/v1/{where}{one}"))
    return Response(_SUCCESS, 200, headers)


def error(status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> Response:
    """An error as every client can read it."""
    told = {"Content-Type": JSON, **(headers or {})}
    return Response(dump_json(error_body(code, message)), status, told)


def error_body(code: str, message: str) -> dict[str, Any]:
    """The members that one client or another reads of an error."""
    return {"success": False, "code": code, "message": message, "error": message}


def arranged(effect: Effect) -> tuple[int, str, str]:
    """Status, code and message of what a fault answers; of a connection that breaks off nobody sees them."""
    if effect.drop:
        return 503, "dropped", f"the connection was broken off, as {effect.fault} of this Inkstand sandbox arranges"
    status = effect.status or 503
    told = f"arranged by {effect.fault} of this Inkstand sandbox; its view faults lists it"
    return status, _NAMES.get(status, f"status_{status}"), told


def struck(found: StruckError) -> Response:
    """The answer to a call that a fault strikes: what was arranged, else what Segment's answer of that status is like.

    A 429 says when to come again, in both of Segment's headers.
    """
    effect = found.effect
    answer = error(*arranged(effect), kept())
    answer.headers.update(effect.headers)
    answer.headers["X-Inkstand-Fault"] = effect.fault
    if effect.status == _TOO_MANY:
        armed = (answer.headers.get(name, "") for name in _SECONDS)
        again = next((value for value in armed if value.isdecimal()), _SOON)
        for name in _SECONDS:
            answer.headers.setdefault(name, again)
    if effect.body is not None:
        answer.set_data(effect.body)
    return answer


def kept(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    """Headers of the answer to a request that is kept among the refused: where it can be read."""
    return {"X-Inkstand-Explain": REFUSED, **(headers or {})}


def http_error(found: HTTPException) -> Response:
    """An address that there is not, or that is called in another way; what is not imitated says so."""
    if request.method == "OPTIONS":
        return Response(status=NO_CONTENT)
    for route in load("inkstand.simulator.tracking").not_faked if found.code == _NOT_FOUND else ():
        if route.covers(request.method, request.path.rstrip("/")):
            return error(501, "not_faked", f"not faked yet: {route.what}")
    headers = {name: value for name, value in found.get_headers() if name == "Allow"}
    text = _said(found, headers.get("Allow", ""))
    return error(found.code or 500, found.name.lower().replace(" ", "_"), text, headers)


def _said(found: HTTPException, allowed: str) -> str:
    asked = f"{request.method} {request.path}"
    if found.code == _NOT_FOUND:
        near = nearest(request.path, [rule.rule for rule in current_app.url_map.iter_rules()])
        return f"{asked} is not an address of the Tracking API.{near}"
    if found.code == _WRONG_METHOD:
        return f"{asked}: this address is asked with {' or '.join(sorted(set(allowed.split(', ')) - _ALWAYS))}."
    if (found.code or _FAILED) >= _FAILED:
        return "Inkstand itself failed; its own log, on stderr, says where."
    return found.description or found.name


def allow_any_origin(response: Response) -> Response:
    """Let pages of any origin read an answer, and call as they ask to; a preflight has no content."""
    environ = request.environ
    if environ["REQUEST_METHOD"] == "OPTIONS":
        response.status_code = NO_CONTENT
    origin = environ.get("HTTP_ORIGIN")
    if origin:
        response.headers.update(cors(origin, environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS")))
    return response


def cors(origin: str, asked: str | None = None) -> dict[str, str]:
    """The headers that let a page of this origin call and read, with the headers that it asked to send."""
    return {
        "Access-Control-Allow-Origin": origin,
        "Vary": "Origin",
        "Access-Control-Allow-Credentials": "true",
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": asked or _ASKED_OF_A_PAGE,
        "Access-Control-Expose-Headers": "Retry-After, X-RateLimit-Reset",
        "Access-Control-Max-Age": "600",
    }
