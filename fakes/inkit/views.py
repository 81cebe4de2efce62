"""What the fake Inkit shows: profiles, templates, documents."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from inkstand.fakes.kit.furnishing import refusals_view
from inkstand.fakes.kit.storage import loads
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.views import Listed, View

from .merge_fields import STANDARD_FIELDS
from .tables import batches, folders, profiles, renders, templates


def _profile(row: dict[str, Any]) -> dict[str, Any]:
    traits = loads(row["traits"])
    return {
        "profile": {row["kind"]: row["owner"]},
        **{name: traits.get(name) for name in STANDARD_FIELDS},
        "custom_fields": {name: value for name, value in traits.items() if name not in STANDARD_FIELDS},
        "updated_at": iso(row["updated_at"]),
    }


def _template(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "template_id": row["template_id"],
        "name": row["name"],
        "source": row["source"],
        "version": row["version"],
        "merge_fields": loads(row["fields"]),
        "destinations": loads(row["destinations"]),
        "created_at": iso(row["created_at"]),
        "updated_at": iso(row["updated_at"]),
    }


def _document(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "document_id": row["document_id"],
        "render_id": row["render_id"],
        "message_id": row["message_id"],
        "batch_id": row["batch_id"],
        "template_id": row["template_id"] or None,
        "version": row["version"],
        "name": row["document_name"],
        "profile": {row["profile_kind"]: row["profile"]} if row["profile_kind"] else None,
        "status": row["status"],
        "merge_parameters": loads(row["merge_parameters"]),
        "destinations": loads(row["destinations"]),
        "folder_id": row["folder_id"],
        "pages": row["pages"],
        "rendered_with": row["rendered_with"],
        "html": row["html"],
        "views": row["views"],
        "expire_after_n_views": row["expire_after_n_views"],
        "expire_at": _when(row["expire_at"]),
        "deleted_at": _when(row["deleted_at"]),
        "ready_at": iso(row["ready_at"]),
        "created_by": row["created_by"],
        "created_at": iso(row["created_at"]),
    }


def _batch(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "batch_id": row["batch_id"],
        "name": row["name"],
        "template_id": row["template_id"],
        "total": row["total"],
        "failures": loads(row["failures"]),
        "created_by": row["created_by"],
        "created_at": iso(row["created_at"]),
    }


def _folder(row: dict[str, Any]) -> dict[str, Any]:
    return {**{name: row[name] for name in ("folder_id", "name", "description")}, "created_at": iso(row["created_at"])}


def _when(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso(milliseconds)


_without_files = select(*(column for column in renders.c if column.name not in {"pdf", "native"}))
_SAME = ("document_id", "render_id", "message_id", "batch_id", "template_id", "folder_id", "rendered_with")
_FIELDS: dict[str, str | None] = {
    **{name: name for name in _SAME},
    "name": "document_name",
    "status": "status",
    **dict.fromkeys(("version", "profile", "merge_parameters", "destinations", "pages", "html", "views", "created_by")),
    **dict.fromkeys(("expire_after_n_views", "expire_at", "deleted_at", "ready_at", "created_at")),
}

VIEWS: tuple[View, ...] = (
    Listed(
        "inkit.documents",
        "documents made of templates, those too that were deleted or have expired",
        _without_files.where(renders.c.document_id.is_not(None)),
        _document,
        _FIELDS,
        "created_at",
        ("template_id", "profile", "status"),
    ),
    Listed(
        "inkit.renders",
        "everything that was made of a template or of HTML, whatever became of it",
        _without_files,
        _document,
        _FIELDS,
        "created_at",
    ),
    Listed(
        "inkit.batches",
        "batches and what of them could not be made",
        select(batches),
        _batch,
        {"batch_id": "batch_id", "name": "name", "template_id": "template_id"}
        | dict.fromkeys(("total", "failures", "created_by", "created_at")),
        "created_at",
    ),
    Listed(
        "inkit.folders",
        "folders for documents",
        select(folders),
        _folder,
        {"folder_id": "folder_id", "name": "name", "description": None, "created_at": None},
        "created_at",
    ),
    Listed(
        "inkit.profiles",
        "Inkit profiles: standard fields and custom fields",
        select(profiles),
        _profile,
        dict.fromkeys(("profile", *STANDARD_FIELDS, "custom_fields", "updated_at")),
        "updated_at",
    ),
    Listed(
        "inkit.templates",
        "templates and their merge fields",
        select(*(column for column in templates.c if column.name != "file")),
        _template,
        {"template_id": "template_id", "name": "name", "source": "source"}
        | dict.fromkeys(("version", "merge_fields", "destinations", "created_at", "updated_at")),
        "created_at",
    ),
    refusals_view("inkit"),
)

PICTURES = {"inkit.documents": lambda row: f"/preview/{row['document_id']}.png"}
"""A document's first page as a picture: ours, for people who look; Inkit has no such address."""
