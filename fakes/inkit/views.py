"""What the fake Inkit shows: profiles, templates, documents."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from inkstand.fakes.kit.furnishing import refusals_view
from inkstand.fakes.kit.storage import loads
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.views import Listed, View

from .merge_fields import STANDARD_FIELDS, merge_fields
from .tables import documents, profiles, templates


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
        "merge_fields": list(merge_fields(row["html"])),
        "created_at": iso(row["created_at"]),
    }


def _document(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "document_id": row["document_id"],
        "render_id": row["render_id"],
        "message_id": row["message_id"],
        "template_id": row["template_id"],
        "name": row["name"],
        "profile": {row["profile_kind"]: row["profile"]},
        "status": row["status"],
        "merge_parameters": loads(row["merge_parameters"]),
        "pages": row["pages"],
        "html": row["html"],
        "views": row["views"],
        "created_at": iso(row["created_at"]),
    }


_all_but_pdf = select(*(column for column in documents.c if column.name != "pdf"))

VIEWS: tuple[View, ...] = (
    Listed(
        "inkit.documents",
        "documents made of templates",
        _all_but_pdf,
        _document,
        {
            **{name: name for name in ("document_id", "render_id", "message_id", "template_id", "name")},
            "profile": None,
            "status": "status",
            "merge_parameters": None,
            "pages": None,
            "html": None,
            "views": None,
            "created_at": None,
        },
        "created_at",
        ("template_id", "profile", "status"),
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
        select(templates),
        _template,
        {"template_id": "template_id", "name": "name", "source": None, "merge_fields": None, "created_at": None},
        "created_at",
    ),
    refusals_view("inkit"),
)

PICTURES = {"inkit.documents": lambda row: f"/preview/{row['document_id']}.png"}
"""A document's first page as a picture: ours, for people who look; Inkit has no such address."""
