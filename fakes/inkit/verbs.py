"""What a person does at Inkit: opens a document."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from marshmallow import Schema, fields

from inkstand.fakes.kit.verbs import Verb, Visit


class OpenSchema(Schema):
    """Which document is opened."""

    document = fields.String(required=True, metadata={"description": "its document_id: $doc.document_id"})


def open_document(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fetch a document's PDF with the workspace's key; how large it is, and of which kind."""
    path = f"/v1/download/{quote(given['document'], safe='')}"
    answer = visit.ask("GET", path, {"X-Inkit-API-Token": visit.settings["apiKey"]})
    return {"document": given["document"], "type": answer.headers["Content-Type"], "bytes": len(answer.content)}


VERBS = (
    Verb("open", "a person opens a document: its PDF is fetched, which counts as a view", OpenSchema, open_document),
)
