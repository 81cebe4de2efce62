"""What Segment's classic Movable Ink destination sends: identify and track, whole, one request each.

Sources: Segment's page of the destination (identify and track are passed on); its wire form is inferred from
Segment's subscription webhook guide (decision 1), which fits a partner-run destination with the one setting `apiKey`.
"""

from __future__ import annotations

from urllib.parse import quote

from inkstand.fakes.kit.destination import (
    Destination,
    HttpCall,
    Setting,
    Settings,
    WireMessage,
    subscription_headers,
)


def translate(message: WireMessage, settings: Settings) -> tuple[HttpCall, ...]:
    """One POST of the message as Segment holds it to the endpoint that the API key names."""
    key = settings["apiKey"]
    return (HttpCall("POST", f"/behavioral/{quote(key, safe='')}", subscription_headers(key), message.body),)


DESTINATIONS = (
    Destination(
        name="Movable Ink",
        slug="movable-ink",
        aliases=frozenset({"MovableInk"}),
        types=frozenset({"identify", "track"}),
        settings=(Setting("apiKey", "API Key", credential=True, demo="inkstand-demo-movable-ink-key"),),
        translate=translate,
    ),
)
