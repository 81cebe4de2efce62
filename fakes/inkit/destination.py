"""What Segment's Inkit destination sends: identify calls, whole, one request each.

Sources: Segment's page of the destination ("Segment sends Identify calls to Inkit as an `identify` event"; one
setting, the API key). Address and wire form are decision 3; nothing public names them. What a template needs is the
vendor's business and is not checked here.
"""

from __future__ import annotations

from inkstand.fakes.kit.destination import (
    Destination,
    HttpCall,
    Setting,
    Settings,
    WireMessage,
    subscription_headers,
)


def translate(message: WireMessage, settings: Settings) -> tuple[HttpCall, ...]:
    """One POST of the message as Segment holds it."""
    return (HttpCall("POST", "/integrations/segment", subscription_headers(settings["apiKey"]), message.body),)


DESTINATIONS = (
    Destination(
        name="Inkit",
        slug="inkit",
        types=frozenset({"identify"}),
        settings=(Setting("apiKey", "API Key", credential=True, demo="inkstand-demo-inkit-key"),),
        translate=translate,
    ),
)
