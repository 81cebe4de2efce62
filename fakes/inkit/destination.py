"""What Segment's Inkit destination sends: identify calls, whole, one request each.

Sources: Segment's page of the destination ("Segment sends Identify calls to Inkit as an `identify` event"; one
setting, the API key). Address and wire form are decision 3; nothing public names them. What a template needs is the
vendor's business and is not checked here. The setup steps of that page paste a template's id into a field of the
destination that its table of settings lacks: the optional setting `templateId` (section 13 of the facts).
"""

from __future__ import annotations

import base64

from inkstand.fakes.kit.destination import (
    Destination,
    HttpCall,
    Setting,
    Settings,
    WireMessage,
    subscription_headers,
)
from inkstand.fakes.kit.http import dump_json


def translate(message: WireMessage, settings: Settings) -> tuple[HttpCall, ...]:
    """One POST of the message as Segment holds it; the other settings travel in a header, as partners are told."""
    headers = subscription_headers(settings["apiKey"])
    if settings.get("templateId"):
        told = base64.b64encode(dump_json({"templateId": settings["templateId"]})).decode()
        headers["X-Segment-Settings"] = told
    return (HttpCall("POST", "/integrations/segment", headers, message.body),)


DESTINATIONS = (
    Destination(
        name="Inkit",
        slug="inkit",
        types=frozenset({"identify"}),
        settings=(
            Setting("apiKey", "API Key", credential=True, demo="inkstand-demo-inkit-key"),
            Setting("templateId", "Default template_id", required=False),
        ),
        translate=translate,
    ),
)
