"""What Segment takes, and what it answers with 200 and drops. Pure: a call in, reasons out.

Source: Segment's HTTP API page, its spec pages, and the delivery overview's list of discard codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason
from inkstand.simulator.messages import not_object
from inkstand.simulator.model import CALL_TYPES

Call = Mapping[str, Any]
LARGEST_SAFE_INTEGER = 2**53 - 1
LONGEST_MESSAGE_ID = 100
CONSENT_UPDATED = "Segment Consent Preference Updated"
"""The event that tells a visitor's consent; it must hold it."""


@dataclass(frozen=True)
class Discarded:
    """The call goes no further: Segment's code (or one of our three) and why."""

    code: str
    reason: Reason


def check(call_type: str, call: Call) -> Discarded | None:
    """Why a call is dropped at the door, or None when it is taken, as far as its own members tell."""
    if call_type not in CALL_TYPES:
        return _discard("multi_user_error", "type_unknown", came=call.get("type", call_type or None))
    return _check_ids(call_type, call) or _CHECKS[call_type](call)


def warn(call: Call) -> list[Reason]:
    """What is taken but worth telling."""
    found: list[Reason] = []
    get = call.get
    if type(get("userId")) is int or type(get("anonymousId")) is int or "groupId" in call or "previousId" in call:
        numbers = [name for name in _NUMBERED if type(get(name)) is int]
        found += [Reason("tracking.numeric_id", {"member": name, "came": call[name]}) for name in numbers]
    for name in ("context", "integrations"):
        value = get(name)
        if type(value) is not dict and value is not None:
            found.append(not_object(name, value))
    message_id = get("messageId")
    if message_id is None:
        return found
    if not message_id or not isinstance(message_id, str):
        found.append(Reason("tracking.message_id_not_text", {"came": _shown(message_id)}))
    elif len(message_id) > LONGEST_MESSAGE_ID:
        found.append(Reason("tracking.long_message_id", {"length": len(message_id)}))
    return found


def _check_ids(call_type: str, call: Call) -> Discarded | None:
    user_id, anonymous_id = call.get("userId"), call.get("anonymousId")
    if user_id is None and anonymous_id is None:
        return _discard("no_user_anon_id", "no_user_anon_id", type=call_type)
    for name, value in (("userId", user_id), ("anonymousId", anonymous_id)):
        if value is not None and not _is_id(value):
            return _discard("id_not_string", "id_not_string", member=name, came=value)
    return None


def _is_id(value: object) -> bool:
    if isinstance(value, str):
        return value != ""
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) <= LARGEST_SAFE_INTEGER


def _check_track(call: Call) -> Discarded | None:
    event = call.get("event")
    if event is None or event == "":
        return _discard("event_not_defined", "event_not_defined")
    if not isinstance(event, str):
        return _discard("event_not_string", "event_not_string", came=event)
    return _check_object(call, "properties")


def _check_identify(call: Call) -> Discarded | None:
    return _check_object(call, "traits")


def _check_page(call: Call) -> Discarded | None:
    for name, code in _NOT_STRING.items():
        value = call.get(name)
        if value is not None and (not isinstance(value, str) or value == ""):
            return _discard(code, code, came=value)
    return _check_object(call, "properties")


def _check_group(call: Call) -> Discarded | None:
    group = call.get("groupId")
    if group is None:
        return _discard("id_required", "group_id_required")
    if not _is_id(group):
        return _discard("id_not_string", "id_not_string", member="groupId", came=group)
    return _check_object(call, "traits")


def _check_alias(call: Call) -> Discarded | None:
    previous = call.get("previousId")
    if previous is None:
        return _discard("previous_id_required", "previous_id_required")
    if not _is_id(previous):
        return _discard("id_not_string", "id_not_string", member="previousId", came=previous)
    return None


def check_context(call: Call, around: object) -> Discarded | None:
    """Why a call is dropped for what its context, or the one `around` it, says of the device or of consent."""
    own = call.get("context")
    device, consent = _member(own, around, "device"), _member(own, around, "consent")
    if device is None and consent is None and call.get("event") != CONSENT_UPDATED:
        return None
    if isinstance(device, dict) and not isinstance(device.get("advertisingId"), str | None):
        code = "device_advertisingid_should_be_string"
        return _discard(code, code, came=device["advertisingId"])
    return _check_consent(call, consent)


def _member(own: object, around: object, name: str) -> object:
    """A member of a call's context, else of the one around it: what merging both would give, without merging them."""
    if isinstance(own, dict) and name in own:
        return own[name]
    return around.get(name) if isinstance(around, dict) else None


def _check_consent(call: Call, consent: object) -> Discarded | None:
    if consent is None and call.get("event") != CONSENT_UPDATED:
        return None
    given = consent if isinstance(consent, dict) else {}
    preferences, version = given.get("categoryPreferences"), given.get("version")
    code = None
    if preferences is None:
        code = "consent_categorypreferences_should_exist"
    elif not isinstance(preferences, dict):
        code = "consent_categorypreferences_fields_should_be_object"
    elif not all(isinstance(value, bool) for value in preferences.values()):
        code = "consent_categorypreferences_fields_should_be_bool"
    if code is not None:
        return _discard(code, code, came=preferences)
    if version is not None and (isinstance(version, bool) or not isinstance(version, int | float)):
        return _discard("consent_version_should_be_number", "consent_version_should_be_number", came=version)
    return None


def _check_object(call: Call, member: str) -> Discarded | None:
    value = call.get(member)
    if value is None or isinstance(value, dict):
        return None
    return _discard(_NOT_OBJECT[member], _NOT_OBJECT[member], came=value)


def _discard(code: str, rule: str, **facts: object) -> Discarded:
    return Discarded(code, Reason(f"tracking.{rule}", {name: _shown(value) for name, value in facts.items()}))


def _shown(value: object) -> str:
    if isinstance(value, str):
        return value or "empty text"
    return "nothing" if value is None else dump_text(value)[:80]


_NOT_STRING = {"name": "name_not_string", "category": "category_not_string"}
_NOT_OBJECT = {"properties": "properties_not_object", "traits": "traits_not_object"}
_IDS = ("userId", "anonymousId")
_NUMBERED = (*_IDS, "groupId", "previousId")
_CHECKS = {
    "track": _check_track,
    "identify": _check_identify,
    "page": _check_page,
    "screen": _check_page,
    "group": _check_group,
    "alias": _check_alias,
}
