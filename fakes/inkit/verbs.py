"""What a person does at Inkit: opens documents and links, signs, makes templates; and the post."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from pathlib import PurePath
from typing import Any
from urllib.parse import quote, urlencode

from marshmallow import Schema, fields, validate
from requests.utils import parse_header_links

from inkstand.fakes.inkit.documents.formats import kind_of_content
from inkstand.fakes.kit.fields import AnyFile
from inkstand.fakes.kit.http import parse_json
from inkstand.fakes.kit.verbs import RefusedVisitError, Verb, Visit

from .setup import FileOfTemplateSchema, WebhookSetupSchema


class DocumentSchema(Schema):
    """A document that there is."""

    document = fields.String(required=True, metadata={"description": "its document_id: $doc.document_id"})


class OpenSchema(DocumentSchema):
    """Which document is opened; `refused: true` says that it is not there to be opened any more."""

    refused = fields.Boolean(load_default=False)


def open_document(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fetch a document's PDF with the workspace's key; how large it is, and of which kind."""
    path = f"/v1/download/{quote(given['document'], safe='')}"
    if given["refused"]:
        return _refused(visit, path, _key(visit))
    answer = visit.ask("GET", path, _key(visit))
    return {"document": given["document"], "type": answer.headers["Content-Type"], "bytes": len(answer.content)}


class GenerateSchema(Schema):
    """A document that a program asks for, as `POST /v1/generate` takes it."""

    template_id = fields.String(required=True)
    merge_parameters = fields.Dict(keys=fields.String())
    name = fields.String()
    description = fields.String()
    destinations = fields.Dict(keys=fields.String())


def generate(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a document by the API: the ids that it answers."""
    told: Mapping[str, Any] = parse_json(visit.ask("POST", "/v1/generate", _key(visit), dict(given)).content)
    return told


def delete_document(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Delete a document by the API."""
    visit.ask("DELETE", f"/v1/document/{quote(given['document'], safe='')}", _key(visit))
    return dict(given)


class LinkSchema(Schema):
    """Which magic link is opened; `email` is what the person says where the link asks.

    `refused: true` says that it opens nothing.
    """

    magic_link = fields.String(required=True, metadata={"description": "its magic_link_piece_id"})
    email = fields.String()
    refused = fields.Boolean(load_default=False)


def open_link(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Open a magic link and look at its document."""
    known = urlencode({"key": visit.settings["apiKey"], **({"email": given["email"]} if "email" in given else {})})
    path = f"/link/{quote(given['magic_link'], safe='')}"
    if given["refused"]:
        return _refused(visit, f"{path}?{known}")
    page = visit.ask("GET", f"{path}?{known}")
    answer = visit.ask("GET", parse_header_links(page.headers["Link"])[0]["url"].removeprefix("/inkit"))
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
    visit.ask("POST", path, _key(visit))
    return dict(given)


class TemplateSchema(FileOfTemplateSchema):
    """A template's file; with the id of a template that is there it is its next version."""

    file = AnyFile(required=True)
    template_id = fields.String(validate=validate.Length(min=1, max=100))


def add_template(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a template, as in Inkit's web app; its id, version and merge fields."""
    name = given.get("name") or PurePath(given.get("file_name", "Template")).stem
    file = base64.b64encode(given["file"]).decode()
    body = {"source": kind_of_content(given["file"]), **given, "name": name, "file": file}
    answer = visit.ask("POST", "/_web/template", _key(visit), body)
    made = parse_json(answer.content)
    return {
        "template": made["id"],
        "name": made["name"],
        "source": made["source"],
        "version": made["version"],
        "merge_fields": list(made["merge_variables"]),
    }


class ExpireSchema(Schema):
    """Which magic link is expired by hand."""

    magic_link = fields.String(required=True, metadata={"description": "its magic_link_piece_id"})


def expire_link(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Expire a magic link, as in Inkit's web app."""
    visit.ask("POST", f"/_web/magic-link/{quote(given['magic_link'], safe='')}/expire", _key(visit))
    return dict(given)


def add_webhook(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Register a webhook, as in Inkit's web app; its id and secret."""
    made = parse_json(visit.ask("POST", "/_web/webhook", _key(visit), dict(given)).content)
    return {"webhook": made["id"], "name": made["name"], "secret": made["secret"]}


class FolderSchema(Schema):
    """A folder that is made."""

    name = fields.String(required=True, validate=validate.Length(min=1, max=200))
    description = fields.String(validate=validate.Length(max=1000))


def add_folder(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Make a folder, as in Inkit's web app; its id."""
    made = parse_json(visit.ask("POST", "/_web/folder", _key(visit), dict(given)).content)
    return {"folder": made["id"], "name": made["name"]}


class DeleteFolderSchema(Schema):
    """Which folder is removed."""

    folder = fields.String(required=True, metadata={"description": "its folder_id"})


def delete_folder(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Remove a folder, as in Inkit's web app."""
    visit.ask("DELETE", f"/_web/folder/{quote(given['folder'], safe='')}", _key(visit))
    return dict(given)


def _refused(visit: Visit, path: str, headers: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """What is said to a person who is refused; raises RefusedVisitError where they are not."""
    try:
        visit.ask("GET", path, headers)
    except RefusedVisitError as error:
        return {"said": str(error)}
    message = f"{path.partition('?')[0]} was opened, and a refusal was expected."
    raise RefusedVisitError(message)


def _key(visit: Visit) -> Mapping[str, str]:
    return {"X-Inkit-API-Token": visit.settings["apiKey"]}


VERBS = (
    Verb("generate", "a program makes a document by the API", GenerateSchema, generate),
    Verb("delete_document", "a program deletes a document by the API", DocumentSchema, delete_document),
    Verb("add_webhook", "a person registers a webhook", WebhookSetupSchema, add_webhook),
    Verb("expire_link", "a person expires a magic link by hand", ExpireSchema, expire_link),
    Verb("add_folder", "a person makes a folder", FolderSchema, add_folder),
    Verb("delete_folder", "a person removes a folder", DeleteFolderSchema, delete_folder),
    Verb("open", "a person opens a document: its PDF is fetched, which counts as a view", OpenSchema, open_document),
    Verb("open_link", "a person opens a magic link and looks at the document", LinkSchema, open_link),
    Verb("sign", "a person signs a document on its page", SignSchema, sign),
    Verb("return_mail", "a mail piece comes back to its sender", MailSchema, return_mail),
    Verb("add_template", "a person makes a template, or a new version of one", TemplateSchema, add_template),
)
