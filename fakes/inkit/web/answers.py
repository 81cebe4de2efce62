"""What the public API is asked and answers, whatever the call: a body that is an object, JSON, errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Response, make_response, request

from inkstand.fakes.inkit.documents.formats import LARGEST_FILE
from inkstand.fakes.kit.http import BadJsonError, dump_json, kind_of, parse_json

SERVICE = "inkit"
JSON = "application/json"
LARGEST_BODY = LARGEST_FILE * 4 // 3 + 2_000_000
"""How many bytes a call may have: a template's largest file in base64, and room for the rest."""


class ApiError(Exception):
    """A call is answered with `status`, this text, and what is wrong with which field."""

    def __init__(self, status: int, message: str, errors: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.errors = errors or []


def error_answer(status: int, message: str, errors: list[dict[str, str]] | None = None) -> Response:
    """An error as this API tells it: readers of `error` and of `message` both find the text."""
    return answer(status, {"error": message, "code": status, "message": message, "errors": errors or []})


def answer(status: int, body: object) -> Response:
    """JSON with exactly the content type that the Python client wants."""
    return make_response((dump_json(body), status, {"Content-Type": JSON}))


def done() -> Response:
    """A 204 with the content type that the Python client wants of every answer."""
    return make_response(("", 204, {"Content-Type": JSON}))


def body_of_call() -> Mapping[str, Any]:
    """The object that a call brings; an empty one for nothing. Raises ApiError for what is none."""
    if (request.content_length or 0) > LARGEST_BODY:
        raise ApiError(413, f"A call has at most {LARGEST_BODY:,} bytes; {request.content_length:,} came.")
    try:
        body = parse_json(request.get_data() or b"{}")
    except BadJsonError as error:
        raise ApiError(400, f"The body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise ApiError(400, f"The body must be a JSON object; {kind_of(body)} came.")
    return body


def invalid(field: str, message: str) -> ApiError:
    """The refusal of one field."""
    return ApiError(422, f"{field}: {message}", [{"field": field, "message": message}])
