"""What a document needs of a person beside its merge fields, by how it is sent. Pure.

Source: none public says how Inkit decides; the rules are decision 20 and section 13 of the facts: storage needs none,
a magic link an e-mail address, a signature that and a name, mail a name and an address in the older forms.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from inkstand.fakes.inkit.merge_fields import near_of
from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason

from .pieces import MAGIC_LINK, MAIL, SIGNED_KINDS

ADDRESS = ("address_line_1", "address_city", "address_state", "address_zip", "address_country")
LONGEST_LINE = 64
_LONGEST_TOLD = 80
_STATE, _COUNTRY, _US_ZIP = re.compile("[A-Za-z]{2}"), re.compile("[A-Za-z]{2}"), re.compile(r"\d{5}(-\d{4})?")
_GOOD = {"address_state": "CA", "address_zip": "90250", "address_country": "US"}
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")


def refusals(destinations: Mapping[str, Mapping[str, Any]], person: Mapping[str, Any]) -> tuple[Reason, ...]:
    """Why a document cannot be sent to a person; a reason for each thing that lacks or has not the right form.

    `destinations` are the ways by which it is sent, each with its body: what that says counts before the person.
    """
    return tuple(reason for kind, body in destinations.items() for reason in _refusals(kind, {**person, **body}))


def warnings(destinations: Collection[str], person: Mapping[str, Any]) -> tuple[Reason, ...]:
    """What is worth telling of a document that can be sent."""
    if MAIL in destinations and not _text(person, "first_name") and _text(person, "last_name"):
        return (Reason("inkit.mail.last_name_only", {"last_name": _text(person, "last_name")}),)
    return ()


def _refusals(kind: str, addressed: Mapping[str, Any]) -> Iterator[Reason]:
    if kind in SIGNED_KINDS and addressed.get("signers"):
        return
    if kind in {MAGIC_LINK, *SIGNED_KINDS} and not _EMAIL.fullmatch(_text(addressed, "email")):
        yield _lacks(kind, "email", addressed)
    is_named = bool(_text(addressed, "first_name") or _text(addressed, "last_name"))
    if kind in {MAIL, *SIGNED_KINDS} and not is_named:
        yield _lacks(kind, "first_name", addressed)
    if kind == MAIL:
        yield from (_lacks(kind, name, addressed) for name in ADDRESS if not _text(addressed, name))
        yield from _wrong_address(addressed)


def _wrong_address(person: Mapping[str, Any]) -> Iterator[Reason]:
    line, country = _text(person, "address_line_1"), _text(person, "address_country")
    if len(line) > LONGEST_LINE:
        yield _wrong("address_line_1", line, f"at most {LONGEST_LINE} characters")
    if country and not _COUNTRY.fullmatch(country):
        yield _wrong("address_country", country, "two letters, as ISO 3166 has them")
    state, code = _text(person, "address_state"), _text(person, "address_zip")
    if state and not _STATE.fullmatch(state):
        yield _wrong("address_state", state, "two letters")
    if code and country.upper() == "US" and not _US_ZIP.fullmatch(code):
        yield _wrong("address_zip", code, "five digits, or five and four")


def _lacks(kind: str, name: str, person: Mapping[str, Any]) -> Reason:
    came = {"came": dump_text(person[name])[:_LONGEST_TOLD]} if person.get(name) not in (None, "") else {}
    return Reason("inkit.delivery.field_missing", {"kind": kind, "field": name, **came, **near_of(name, person)})


def _wrong(name: str, came: str, wanted: str) -> Reason:
    good = {"address_line_1": came[:LONGEST_LINE], **_GOOD}[name]
    return Reason("inkit.mail.address_form", {"field": name, "came": came[:100], "wanted": wanted, "good": good})


def problems(recipient: Mapping[str, Any]) -> list[dict[str, str]]:
    """Why mail to a recipient goes nowhere: each field with what is wrong."""
    return [{"field": str(one.facts["field"]), "message": _said(one.facts)} for one in refusals({MAIL: {}}, recipient)]


def _said(facts: Mapping[str, Any]) -> str:
    return f"{facts['wanted']} was wanted; {facts['came']} came" if "wanted" in facts else "it is missing"


def _text(person: Mapping[str, Any], name: str) -> str:
    value = person.get(name)
    return str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
