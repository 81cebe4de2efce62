"""What the fake Inkit shows: profiles, templates, documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import case, func, select

from inkstand.fakes.inkit.documents import sending
from inkstand.fakes.inkit.documents.renders import COMPLETED
from inkstand.fakes.inkit.kinds import mail
from inkstand.fakes.inkit.kinds.needs import problems
from inkstand.fakes.inkit.kinds.pieces import MAGIC_LINK, MAIL, SIGNED_KINDS
from inkstand.fakes.kit.furnishing import refusals_view
from inkstand.fakes.kit.storage import Door, Statement, loads
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.views import Computed, Listed, View

from .merge_fields import STANDARD_FIELDS
from .tables import batches, folders, profiles, renders, sendings, templates, webhook_events, webhooks
from .webhooks import CODES, DELIVERED, FAILED, PENDING, RETRYING, body_of
from .webhooks import told as told_webhook


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


def _webhook_event(row: dict[str, Any]) -> dict[str, Any]:
    same = ("webhook", "url", "event_type", "resource_id", "status", "signature")
    return {
        **{name: row[name] for name in same},
        "tries": loads(row["tries"]),
        "body": body_of(row["event_type"], row["resource_id"]).decode(),
        "created_at": iso(row["created_at"]),
    }


def _when(milliseconds: int | None) -> str | None:
    return None if milliseconds is None else iso(milliseconds)


def _of_kinds(door: Door, *kinds: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """What was sent in one of these ways: a document that is late is sent when it is ready."""
    now = door.now()
    for row in door.read(_SENDINGS):
        if row["kind"] in kinds and row["created_at"] <= now:
            yield row["seq"], dict(row)


def _mails(door: Door, _: int) -> Iterator[tuple[int, dict[str, Any]]]:
    for place, row in _of_kinds(door, MAGIC_LINK, *SIGNED_KINDS):
        mail_ = {"piece_id": row["piece_id"], "render_id": row["render_id"], "sent_at": iso(row["created_at"])}
        recipient = loads(row["recipient"])
        if row["kind"] == MAGIC_LINK:
            if recipient["email"]:
                subject = f"{row['name']} is ready for you"
                yield place, {"to": recipient["email"], "subject": subject, "path": _link(row), **mail_}
            continue
        for one in sending.signers(row):
            path = f"/inkit/sign/{row['piece_id']}/{one['signer_number']}"
            yield place, {"to": one["email"], "subject": f"Please sign {row['name']}", "path": path, **mail_}


def _links(door: Door, _: int) -> Iterator[tuple[int, dict[str, Any]]]:
    now = door.now()
    for place, row in _of_kinds(door, MAGIC_LINK):
        yield (
            place,
            {
                "piece_id": row["piece_id"],
                "name": row["name"],
                "status": sending.link_status(row, now),
                "views": row["opens"],
                "email": loads(row["recipient"])["email"],
                "created_by": row["created_by"],
                "expire_at": _when(row["expire_at"]),
                "auth_type": loads(row["body"]).get("auth_type", "none"),
                "first_opened_at": _when(row["opened_at"]),
                "path": _link(row),
                "render_id": row["render_id"],
                "log": [
                    {"what": one["what"], "who": one["who"], "at": iso(one["at"])}
                    for one in sending.history(door, row["piece_id"])
                ],
            },
        )


def _signatures(door: Door, _: int) -> Iterator[tuple[int, dict[str, Any]]]:
    for place, row in _of_kinds(door, *SIGNED_KINDS):
        done = sending.have_signed(door, row["piece_id"])
        people = [{**one, "signed": one["signer_number"] in done} for one in sending.signers(row)]
        yield (
            place,
            {
                "piece_id": row["piece_id"],
                "name": row["name"],
                "status": row["ended"] or sending.OUT,
                "signers": people,
                "path": f"/inkit/sign/{row['piece_id']}",
                "render_id": row["render_id"],
                "created_at": iso(row["created_at"]),
            },
        )


def _mail_pieces(door: Door, _: int) -> Iterator[tuple[int, dict[str, Any]]]:
    now = door.now()
    for place, row in _of_kinds(door, MAIL):
        steps = sending.steps(row, now)
        yield (
            place,
            {
                "piece_id": row["piece_id"],
                "status": mail.status(steps),
                "steps": {name: iso(at) for name, at in steps.items()},
                "recipient": loads(row["recipient"]),
                "problems": problems(loads(row["recipient"])) if row["ended"] == mail.UNVERIFIED else [],
                "mail_product_name": loads(row["body"]).get("mail_product_name", "letter"),
                "render_id": row["render_id"],
                "created_at": iso(row["created_at"]),
            },
        )


def _link(row: dict[str, Any]) -> str:
    return f"/inkit/link/{row['piece_id']}"


_SENDINGS = Statement(select(sendings).order_by(sendings.c.seq))
LONGEST_SHOWN = 500_000
"""How long the HTML and the values of a document may be to be shown in a list, in characters; longer ones are null."""

_LONG = ("html", "merge_parameters")
_without_files = select(
    *(column for column in renders.c if column.name not in {"pdf", "native", *_LONG}),
    *(case((func.length(renders.c[name]) <= LONGEST_SHOWN, renders.c[name])).label(name) for name in _LONG),
)
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
    Computed(
        "inkit.mailbox",
        "e-mails that were sent: a magic link each, or the page on which to sign",
        _mails,
        ("to", "subject", "path", "piece_id", "render_id", "sent_at"),
    ),
    Computed(
        "inkit.magic_links",
        "magic links as Inkit's web app shows them, and who opened them",
        _links,
        (
            *("piece_id", "name", "status", "views", "email", "created_by"),
            *("expire_at", "auth_type", "first_opened_at", "path", "render_id", "log"),
        ),
    ),
    Computed(
        "inkit.signatures",
        "documents that are to be signed, by whom, and how far that has come",
        _signatures,
        ("piece_id", "name", "status", "signers", "path", "render_id", "created_at"),
    ),
    Computed(
        "inkit.mail_pieces",
        "postcards and letters, and the step that each has reached",
        _mail_pieces,
        ("piece_id", "status", "steps", "recipient", "problems", "mail_product_name", "render_id", "created_at"),
    ),
    Listed(
        "inkit.webhooks",
        "webhooks: receivers of events, each with the secret that signs what it is told",
        select(webhooks),
        told_webhook,
        {"id": "webhook_id", "name": "name", "url": "url"} | dict.fromkeys(("events", "secret", "created_at")),
        "created_at",
    ),
    Listed(
        "inkit.webhook_events",
        "what webhooks were told, and how each try ended",
        select(webhook_events),
        _webhook_event,
        {
            **{name: name for name in ("webhook", "url", "event_type", "resource_id", "status", "signature")},
            **dict.fromkeys(("tries", "body", "created_at")),
        },
        "created_at",
        ("webhook", "event_type", "status"),
        {"event_type": CODES, "status": (PENDING, RETRYING, DELIVERED, FAILED)},
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


def _seen(row: Mapping[str, Any]) -> tuple[str, str] | None:
    """A document's first page as a picture, and its PDF: ours, for people who look; Inkit has no such address."""
    if row["status"] != COMPLETED or row["deleted_at"]:
        return None
    return f"/preview/{row['document_id']}.png", f"/preview/{row['document_id']}.pdf"


PICTURES = {"inkit.documents": _seen}
