"""What a person does at Inkit: opens documents and links, signs, makes templates; and the post."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, urlencode

from marshmallow import Schema, fields, validate

from inkstand.fakes.kit.fields import AnyFile
from inkstand.fakes.kit.http import parse_json
from inkstand.fakes.kit.verbs import Verb, Visit

from .setup import FileOfTemplateSchema


class OpenSchema(Schema):
    """Which document is opened."""

    document = fields.String(required=True, metadata={"description": "its document_id: $doc.document_id"})


def open_document(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fetch a document's PDF with the workspace's key; how large it is, and of which kind."""
    path = f"/v1/download/{quote(given['document'], safe='')}"
    answer = visit.ask("GET", path, {"X-Inkit-API-Token": visit.settings["apiKey"]})
    return {"document": given["document"], "type": answer.headers["Content-Type"], "bytes": len(answer.content)}


class LinkSchema(Schema):
    """Which magic link is opened; `email` is what the person says where the link asks."""

    magic_link = fields.String(required=True, metadata={"description": "its magic_link_piece_id"})
    email = fields.String()


def open_link(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Open a magic link and look at its document."""
    known = urlencode({"key": visit.settings["apiKey"], **({"email": given["email"]} if "email" in given else {})})
    path = f"/link/{quote(given['magic_link'], safe='')}"
    visit.ask("GET", f"{path}?{known}")
    answer = visit.ask("GET", f"{path}/document.pdf?{known}")
    return {"magic_link": given["magic_link"], "type": answer.headers["Content-Type"], "bytes": len(answer.content)}


class SignSchema(Schema):
    """Which document is signed, and by which of its signers."""

    signature = fields.String(required=True, metadata={"description": "its digital_signature_piece_id"})
    signer = fields.Integer(load_default=1)


def sign(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Sign a document on its page."""
    known = urlencode({"key": visit.settings["apiKey"]})
    visit.ask("POST", f"/sign/{quote(given['signature'], safe='')}/{given['signer']}?{known}")
    return dict(given)


class MailSchema(Schema):
    """Which mail piece comes back."""

    mail_piece = fields.String(required=True, metadata={"description": "its mail_piece_id"})


def return_mail(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Let a mail piece come back to its sender."""
    path = f"/_web/mail-piece/{quote(given['mail_piece'], safe='')}/return"
    visit.ask("POST", path, {"X-Inkit-API-Token": visit.settings["apiKey"]})
    return dict(given)


class TemplateSchema(FileOfTemplateSchema):
    """A template's file; with the id of a template that is there it is its next version."""

    file = AnyFile(required=True)
    template_id = fields.String(validate=validate.Length(min=1, max=100))


def add_template(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a template, as in Inkit's web app; its id, version and merge fields."""
    name = given.get("name") or PurePath(given.get("file_name", "Template")).stem
    file = base64.b64encode(given["file"]).decode()
    body = {"source": "html", **given, "name": name, "file": file}
    answer = visit.ask("POST", "/_web/template", {"X-Inkit-API-Token": visit.settings["apiKey"]}, body)
    made = parse_json(answer.content)
    return {
        "template": made["id"],
        "name": made["name"],
        "source": made["source"],
        "version": made["version"],
        "merge_fields": list(made["merge_variables"]),
    }


VERBS = (
    Verb("open", "a person opens a document: its PDF is fetched, which counts as a view", OpenSchema, open_document),
    Verb("open_link", "a person opens a magic link and looks at the document", LinkSchema, open_link),
    Verb("sign", "a person signs a document on its page", SignSchema, sign),
    Verb("return_mail", "a mail piece comes back to its sender", MailSchema, return_mail),
    Verb("add_template", "a person makes a template, or a new version of one", TemplateSchema, add_template),
)
