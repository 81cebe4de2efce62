"""Rows as Inkit's API tells them. Pure.

Source: Inkit's pages for documents, templates, folders and batches; the Go client's schema for a render. What of a
render is not public (`destinations` with their states) is our choice, so that the filters have something to read.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from inkstand.fakes.inkit.documents.catalogue import file_of
from inkstand.fakes.inkit.documents.formats import placed
from inkstand.fakes.inkit.documents.renders import COMPLETED, FAILED, IN_PROGRESS, sent_to, status
from inkstand.fakes.inkit.kinds import pieces
from inkstand.fakes.kit.storage import Row, loads
from inkstand.fakes.kit.times import iso

Told = dict[str, Any]
HIDDEN = ("destinations", "template_id")
"""Members of a document by which a list is narrowed, and which it does not show."""

_COUNTED = (pieces.STORAGE, "salesforce", pieces.MAIL, "docusign", pieces.MAGIC_LINK)
"""The destinations that every batch counts, also where it has none of them."""


def person(name: str) -> Told:
    """Who made something: for a key, its name."""
    return {"first_name": name, "last_name": "", "name": name}


def new_render(row: Row, now: int) -> Told:
    """The answer to a generate call: the render's id, and that of each piece."""
    given = sent_to(row, now)
    ids = {pieces.KINDS[name][0]: body[pieces.KINDS[name][0]] for name, body in given.items()}
    return {"id": row["render_id"], **ids}


def render(row: Row, now: int, base: str) -> Told:
    """A render; `base` is the address of the API."""
    address = f"{base}/render/{row['render_id']}"
    return {
        "id": row["render_id"],
        "name": row["name"],
        "description": row["description"],
        "template_id": row["template_id"] or None,
        "document_id": row["document_id"],
        "folder_id": row["folder_id"],
        "batch_id": row["batch_id"],
        "status": status(row, now),
        "destinations": sent_to(row, now),
        **{name: row[name] for name in ("width", "height", "unit")},
        **(_whole(row) if "html" in row.keys() else {}),  # noqa: SIM118  # a row of the database
        "pdf_url": f"{address}/pdf",
        "html_url": f"{address}/html",
        **_expiry(row),
        "created_by": person(row["created_by"]),
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def _whole(row: Row) -> Told:
    return {"merge_parameters": loads(row["merge_parameters"]), "html": row["html"]}


def document(row: Row, now: int) -> Told:
    """One document."""
    left = None if row["expire_after_n_views"] is None else row["expire_after_n_views"] - row["views"]
    return {
        "id": row["document_id"],
        "name": row["document_name"],
        "description": row["description"],
        "render_id": row["render_id"],
        "folder_id": row["folder_id"],
        "status": status(row, now),
        "created_at": iso(row["created_at"]),
        "created_by": person(row["created_by"]),
        **_expiry(row),
        "expire_views_left": left,
        "overridden_fields": [],
    }


def listed_document(row: Row, now: int) -> Told:
    """A document in a list; with it what lists are narrowed by."""
    whole = document(row, now)
    names = ("id", "name", "description", "created_at", "created_by", "render_id", "folder_id", "status")
    return {
        **{name: whole[name] for name in names},
        "modified_at": iso(row["updated_at"]),
        "destinations": sent_to(row, now),
        "template_id": row["template_id"],
    }


def folder(row: Row) -> Told:
    """One folder."""
    return {
        "id": row["folder_id"],
        "name": row["name"],
        "description": row["description"],
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["created_at"]),
        "created_by": person(row["created_by"]),
    }


def folder_among_documents(row: Row) -> Told:
    """A folder as it stands in the list of documents."""
    told = folder(row)
    told["modified_at"] = told.pop("updated_at")
    return told


def new_template(row: Row) -> Told:
    """The answer to a template that was made."""
    names = ("id", "name", "source", "version", "merge_variables", "destinations", "created_at", "updated_at")
    whole = template(row)
    return {name: whole[name] for name in names}


def template(row: Row) -> Told:
    """One template: of HTML its text, of another its file; of a PDF where its form fields are."""
    told = {**listed_template(row), "merge_variables": dict.fromkeys(loads(row["fields"]), "")}
    told["destinations"] = loads(row["destinations"])
    if row["source"] == "html":
        return {**told, "html": file_of(row).decode("utf-8-sig")}
    told |= {"file": base64.b64encode(file_of(row)).decode(), "file_name": row["file_name"]}
    if row["source"] == "pdf":
        told["merge_params"] = placed(file_of(row))
    return told


def listed_template(row: Row) -> Told:
    """A template in a list."""
    versions = [{**one, "created_at": iso(one["created_at"])} for one in loads(row["versions"])]
    size = {name: row[name] if row["source"] == "html" else None for name in ("width", "height", "unit")}
    return {
        "id": row["template_id"],
        "name": row["name"],
        "description": row["description"],
        "source": row["source"],
        "version": row["version"],
        "version_history": versions,
        "created_by": person(row["created_by"]),
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
        **size,
    }


def batch(row: Row, of_it: Iterable[Row], now: int) -> Told:
    """One batch: how far each destination has come, failures counted with what they were meant for."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in _COUNTED}
    told = [(name, body["status"]) for one in of_it for name, body in sent_to(one, now).items()]
    failures = loads(row["failures"])
    told += [(name, FAILED) for failure in failures for name in failure["destinations"]]
    for name, where in told:
        counts.setdefault(name, Counter())[where] += 1
    going = any(where == IN_PROGRESS for _, where in told)
    ended = FAILED if len(failures) == row["total"] else COMPLETED
    return {
        "id": row["batch_id"],
        "name": row["name"],
        "template_id": row["template_id"],
        "status": IN_PROGRESS if going else ended,
        "total": row["total"],
        "created_at": iso(row["created_at"]),
        "created_by": person(row["created_by"]),
        "destinations": {name: _counted(found) for name, found in counts.items()},
        "errors": [{name: failure[name] for name in ("number", "message", "errors")} for failure in failures],
    }


def _counted(found: Mapping[str, int]) -> dict[str, int]:
    return {"count": sum(found.values()), **{name: found.get(name, 0) for name in (COMPLETED, FAILED, IN_PROGRESS)}}


def _expiry(row: Row) -> Told:
    at = row["expire_at"]
    return {"expire_after_n_views": row["expire_after_n_views"], "expire_at": None if at is None else iso(at)}
