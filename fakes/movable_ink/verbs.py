"""What a person does at Movable Ink: opens a message, whose content is made then."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode

from marshmallow import Schema, fields

from inkstand.fakes.kit.verbs import Verb, Visit


class OpenSchema(Schema):
    """Which app is in the message, and to whom it was sent."""

    app = fields.String(
        required=True, metadata={"description": "recently-viewed, abandoned-cart, last-purchase, or yours"}
    )
    mi_u = fields.String(required=True, metadata={"description": "the known id in the content's address: the userId"})


def open_message(visit: Visit, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Fetch an app's content as it is made now; what it shows, to whom, and why not more."""
    path = f"/{quote(visit.settings['apiKey'], safe='')}/content/{quote(given['app'], safe='')}"
    answer = visit.ask("GET", f"{path}?{urlencode({'mi_u': given['mi_u'], 'format': 'json'})}")
    told = json.loads(answer.content)
    return {
        "profile": told["profile"],
        "shown": told["shown"],
        "fallback": not told["shown"],
        "why": [reason["say"] for reason in told["why"]],
        "rules": [reason["rule"] for reason in told["why"]],
    }


VERBS = (Verb("open", "a person opens a message: an app's content is made at that moment", OpenSchema, open_message),)
