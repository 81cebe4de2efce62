"""What every fake is furnished with: the journal of what it refused, its faults, where its reasons are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import insert, select

from . import current
from .faults import StruckError
from .http import dump_json, storable
from .ledger import load
from .storage import Statement, WorkspaceGoneError
from .tables import journal
from .times import iso
from .turns import BusyError
from .views import Listed

_KEEP_BYTES = 2_000_000
_NOT_A_SUCCESS = 300


def furnish(app: Flask, service: str, request_id: Callable[[], str] = str) -> None:
    """Make a vendor's application one of ours.

    Its journal keeps every call that it did not answer with success, if the workspace is known; what it took is in its
    own tables. Arranged faults are met, a request that a reset overtook is answered, what the ledger lists as not faked
    answers 501, and answers say where their reasons can be read (decision 30), where `current.explain_by` was told.
    """
    package = app.import_name.rpartition(".")[0]
    app.register_error_handler(StruckError, current.struck)
    app.register_error_handler(WorkspaceGoneError, gone)
    app.register_error_handler(BusyError, busy)

    @app.after_request
    def say_where_it_is_explained(response: Response) -> Response:
        where = current.explained_at()
        if where:
            response.headers["X-Inkstand-Explain"] = where
        return response

    @app.after_request
    def say_what_is_not_faked(response: Response) -> Response:
        for route in load(package).not_faked if request.url_rule is None else ():
            if route.covers(request.method, request.path):
                body, status = not_faked(route.what)
                return Response(dump_json(body), status, content_type="application/json")
        return response

    @app.after_request
    def write_down(response: Response) -> Response:
        if response.status_code < _NOT_A_SUCCESS:
            return response
        tenant = current.known_tenant()
        if tenant is None:
            return response
        try:
            with current.write() as tx:
                tx.insert(
                    _ADD,
                    service=service,
                    at=tenant.world.now(),
                    method=request.method,
                    path=storable(request.path),
                    status=response.status_code,
                    request_id=request_id(),
                    body=request.get_data(cache=True)[:_KEEP_BYTES],
                    answer=response.get_data(),
                )
        except WorkspaceGoneError:
            g.pop("tenant")
        return response


def gone(_: WorkspaceGoneError) -> tuple[dict[str, str], int]:
    """The answer to a call whose workspace was reset while it was on its way."""
    return {"message": "the workspace was reset while this call was on its way"}, 503


def busy(error: BusyError) -> tuple[dict[str, object], int, dict[str, str]]:
    """The answer to a call that waited too long for others; what readers of errors look for is there by every name."""
    said = str(error)
    return {"error": said, "code": 503, "message": said, "errors": []}, 503, {"Retry-After": "1"}


def not_faked(what: str) -> tuple[dict[str, str], int]:
    """The answer of a route that the real service has and ours does not."""
    return {"message": f"not faked yet: {what}"}, 501


def refusals_view(service: str) -> Listed:
    """The journal of one service as a list that people read."""

    def shape(row: dict[str, Any]) -> dict[str, Any]:
        return {
            **{key: row[key] for key in ("method", "path", "status", "request_id")},
            "at": iso(row["at"]),
            "answer": row["answer"].decode("utf-8", "replace"),
        }

    columns = {"method": "method", "path": "path", "status": None, "request_id": "request_id", "at": None}
    return Listed(
        f"{service}.refusals",
        "calls that this service refused, and its answers",
        select(journal).where(journal.c.service == service),
        shape,
        {**columns, "answer": None},
        "at",
    )


_ADD = Statement(insert(journal), "service", "at", "method", "path", "status", "request_id", "body", "answer")
