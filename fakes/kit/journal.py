"""Writes down every call that a fake was made and how it answered."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Flask, Response, g, request
from sqlalchemy import insert, select
from werkzeug.exceptions import HTTPException

from . import current
from .http import storable
from .storage import Statement, View, WorkspaceGoneError, journal, view
from .times import iso

_KEEP_BYTES = 2_000_000


def keep_journal(app: Flask, service: str, request_id: Callable[[], str]) -> None:
    """Give an application a journal: every call whose workspace is known is written down after it was answered."""

    @app.after_request
    def write_down(response: Response) -> Response:
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
                    body=request.get_data(cache=True)[:_KEEP_BYTES] if response.status_code >= 300 else None,  # noqa: PLR2004  # not a success
                    answer=response.get_data() if response.status_code >= 300 else None,  # noqa: PLR2004  # likewise
                )
        except WorkspaceGoneError:
            g.pop("tenant")
        return response


def gone(_: WorkspaceGoneError) -> tuple[dict[str, str], int]:
    """The answer to a call whose workspace was reset while it was on its way."""
    return {"message": "the workspace was reset while this call was on its way"}, 503


def not_faked(what: str) -> tuple[dict[str, str], int]:
    """The answer of a route that the real service has and ours does not."""
    return {"message": f"not faked yet: {what}"}, 501


def http_error(error: HTTPException) -> tuple[dict[str, str], int]:
    """A refusal in the plain form `{"message": …}`."""
    return {"message": error.description or error.name}, error.code or 500


def requests_view(service: str) -> View:
    """The journal of one service as a list that people read."""

    def shape(row: dict[str, Any]) -> dict[str, Any]:
        answer = row.pop("answer")
        return {
            **{key: row[key] for key in ("method", "path", "status", "request_id")},
            "at": iso(row["at"]),
            "answer": answer.decode("utf-8", "replace") if answer else None,
        }

    query = select(journal).where(journal.c.service == service).order_by(journal.c.seq)
    return view(f"{service}.requests", "every call this service was made, and its answer", query, shape)


_ADD = Statement(
    insert(journal), "service", "at", "method", "path", "status", "request_id", "body", "answer"
)
