"""What Segment's two Movable Ink destinations send: the classic one, and Movable Ink (Actions).

Sources of the classic one: Segment's page of it (identify and track are passed on); its wire form is inferred from
Segment's subscription webhook guide (decision 1), which fits a partner-run destination with the one setting `apiKey`.
Source of the other: segmentio/action-destinations, `movable-ink` ("Send Entire Event"), at 970a17ee.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote, urlsplit

from inkstand.fakes.kit.destination import (
    Destination,
    HttpCall,
    Setting,
    Settings,
    Skip,
    WireMessage,
    subscription_headers,
)
from inkstand.fakes.kit.http import BadJsonError, basic_authorization, dump_json, dump_text, parse_json
from inkstand.fakes.kit.ledger import Reason

from . import ACCESS_KEY, ACCESS_SECRET, VENDOR
from .expressions import ExpressionError, condition, path

PRESET_TRIGGER = 'type = "identify" or type = "track" or type = "page" or type = "screen" or type = "group"'
"""When "Send Entire Event" sends, unless the customer changes it."""

ALL_CALLS = frozenset({"identify", "track", "page", "screen", "group", "alias"})
_ENDPOINT = re.compile(r"(?:/movable-ink)?(/behavioral/[^/?#]+)/?\Z")
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def translate(message: WireMessage, settings: Settings) -> tuple[HttpCall, ...]:
    """One POST of the message as Segment holds it to the endpoint that the API key names."""
    key = settings["apiKey"]
    return (HttpCall("POST", f"/behavioral/{quote(key, safe='')}", subscription_headers(key), message.body),)


def send_entire_event(message: WireMessage, settings: Settings) -> tuple[HttpCall, ...] | Skip:
    """One POST of what `data` takes of the message, if the trigger lets it, to the Movable Ink URL."""
    address = settings.get("movable_ink_url", "")
    if not address:
        return Skip("MISSING_DESTINATION_URL", Reason("movable_ink.actions.url_missing"))
    where = _where(address)
    if where is None:
        return Skip("INVALID_SETTINGS", Reason("movable_ink.actions.url_not_web", {"came": address[:200]}))
    try:
        trigger = condition(settings.get("trigger") or PRESET_TRIGGER)
        data = path(settings.get("data") or "$.")
        headers = _headers(settings.get("headers", ""))
    except (ExpressionError, BadJsonError) as error:
        return Skip("INVALID_SETTINGS", Reason("movable_ink.actions.setting_unreadable", {"error": str(error)}))
    if not trigger.holds(message):
        failed = "; ".join(f"{text} ({_shown(came)} came)" for text, came in trigger.failed(message))
        facts = {"trigger": settings.get("trigger") or PRESET_TRIGGER, "failed": failed}
        return Skip("NO_MATCHING_MAPPING", Reason("movable_ink.actions.no_matching_mapping", facts))
    found = data.of(message)
    body = message.body if found is message else b"" if found is None else dump_json(found)
    authorization = basic_authorization(settings["username"], settings["password"])
    set_here = {"Authorization": authorization, "User-Agent": "Segment (Actions)"}
    kind = {"Content-Type": "application/json"} if body else {}
    return (HttpCall("POST", where, {**headers, **set_here, **kind}, body),)


def _where(address: str) -> str | None:
    """Where an address is reached: Movable Ink's own hosts, and this sandbox, are played in this process."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return None
    endpoint = _ENDPOINT.fullmatch(parts.path)
    played = parts.hostname in VENDOR.hosts
    here = parts.hostname in _LOCAL and parts.path.startswith(f"/{VENDOR.slug}/")
    if played or (here and endpoint):
        return endpoint[1] if endpoint else parts.path or "/"
    return address.strip()


def _headers(text: str) -> dict[str, str]:
    """Further headers, as a JSON object; raises BadJsonError for another text and for a name that is not ASCII."""
    if not text:
        return {}
    found = parse_json(text.encode())
    if not isinstance(found, dict) or not all(isinstance(value, str) for value in found.values()):
        message = 'headers are a JSON object of texts, like {"X-Team": "web"}'
        raise BadJsonError(message)
    if not all((name + value).isascii() and (name + value).isprintable() for name, value in found.items()):
        message = "headers may hold only ASCII"
        raise BadJsonError(message)
    return found


def _shown(value: Any) -> str:
    return "nothing" if value is None else dump_text(value)[:80]


DESTINATIONS = (
    Destination(
        name="Movable Ink",
        slug="movable-ink",
        aliases=frozenset({"MovableInk"}),
        types=frozenset({"identify", "track"}),
        settings=(Setting("apiKey", "API Key", credential=True, demo="inkstand-demo-movable-ink-key"),),
        translate=translate,
    ),
    Destination(
        name="Movable Ink (Actions)",
        slug="movable-ink-actions",
        types=ALL_CALLS,
        settings=(
            Setting("username", "Username", demo=ACCESS_KEY),
            Setting("password", "Access Secret", demo=ACCESS_SECRET),
            Setting(
                "movable_ink_url",
                "Movable Ink URL",
                required=False,
                credential=True,
                demo="https://collector.movableink-dmz.com/behavioral/inkstand-demo-movable-ink-stories",
                around="https://collector.movableink-dmz.com/behavioral/{}",
            ),
            Setting("trigger", "Trigger", required=False),
            Setting("data", "Data", required=False),
            Setting("headers", "Headers", required=False),
        ),
        translate=send_entire_event,
        on_by_default=False,
    ),
)
