"""What a document is sent to: the destinations of a generate call, each with the piece that becomes of it. Pure.

Source: Inkit's pages (generate a document; API request objects; digital signature). The bodies of magic_link, sepire,
docusign and of cloud storages are not public; what is taken there is our choice, and said so in the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from inkstand.fakes.kit.near import nearest

STORAGE, MAGIC_LINK, MAIL, SIGNATURE = "inkit_storage", "magic_link", "sepire", "digital_signature"
KINDS: Mapping[str, tuple[str, str]] = {
    STORAGE: ("document_id", "doc_"),
    "amazon_s3": ("amazon_s3_piece_id", "as3_"),
    "box": ("box_piece_id", "box_"),
    "docusign": ("docusign_piece_id", "ds_"),
    "dropbox": ("dropbox_piece_id", "dbx_"),
    "google_drive": ("google_drive_piece_id", "gd_"),
    MAGIC_LINK: ("magic_link_piece_id", "ml_"),
    MAIL: ("mail_piece_id", "mail_"),
    "salesforce": ("salesforce_piece_id", "sf_"),
    SIGNATURE: ("digital_signature_piece_id", "sig_"),
}
"""Each destination's key in the answer, and the beginning of its pieces' ids."""

SIGNED_KINDS = (SIGNATURE, "docusign")
"""The destinations by which a document is signed."""

MOST = 1_000_000_000
"""The largest number of views, or of a signer."""

MOST_SIGNERS = 50
_MAIL_CHOICES = {
    "mail_product_name": ("letter", "postcard"),
    "mail_type": ("usps_first_class", "usps_standard"),
    "address_placement": ("top_first_page", "insert_blank_page"),
}
_ALIASES = {"amazon_s_3": "amazon_s3"}
_UNITS = {"minutes": 60, "hours": 3_600, "days": 86_400, "months": 30 * 86_400, "years": 365 * 86_400}
_LONGEST = 100 * 365 * 86_400


class PieceError(ValueError):
    """A destination is not one, or its body is not right; `field` is where."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


@dataclass(frozen=True)
class Keeping:
    """How the document in Inkit Storage is kept; `retain_for` in milliseconds."""

    name: str | None = None
    description: str | None = None
    folder_id: str | None = None
    expire_after_n_views: int | None = None
    retain_for: int | None = None


def read(given: object, where: str = "destinations") -> dict[str, dict[str, Any]]:
    """The destinations of a call, by name; storage alone where none are given.

    Raises PieceError for one that there is not, and for a body that is no object.
    """
    if given is None:
        return {STORAGE: {}}
    if not isinstance(given, Mapping):
        raise PieceError(where, "destinations is an object: the name of each destination, and its body")
    found: dict[str, dict[str, Any]] = {}
    for key, body in given.items():
        name = _ALIASES.get(str(key), str(key))
        if name not in KINDS:
            near = nearest(name, KINDS)
            hint = f" Did you mean {near}?" if near else ""
            said = f"there is no destination {str(key)[:100]!r}.{hint} There are {', '.join(KINDS)}."
            raise PieceError(f"{where}.{str(key)[:100]}", said)
        if not isinstance(body, Mapping | None):
            raise PieceError(f"{where}.{key}", "a destination's body is an object")
        found[name] = dict(body or {})
    for name, body in found.items():
        if name in {STORAGE, MAGIC_LINK}:
            keeping(body, f"{where}.{name}")
        elif name in SIGNED_KINDS and body.get("signers") is not None:
            signers(body, f"{where}.{name}")
        elif name == MAIL:
            _check_mail(body, f"{where}.{name}")
    return found or {STORAGE: {}}


def _check_mail(body: Mapping[str, Any], where: str) -> None:
    for name, choices in _MAIL_CHOICES.items():
        value = body.get(name)
        if value is not None and value not in choices:
            raise PieceError(f"{where}.{name}", f"one of {', '.join(choices)} was wanted; {str(value)[:80]!r} came")


def of_template(given: object) -> dict[str, dict[str, Any]] | None:
    """What a template says of destinations: an object as calls have it, or a list of connected ones; None for nothing.

    A list says how the document is stored: its first entry with a folder or an expiry.
    """
    if not given:
        return None
    if not isinstance(given, Sequence) or isinstance(given, str):
        return read(given)
    members = ("folder_id", "expire_after_n_views", "retain_for", "name", "description")
    told = (one for one in given if isinstance(one, Mapping))
    stored = next((one for one in told if any(name in one for name in members)), {})
    return read({STORAGE: {name: stored[name] for name in members if name in stored}})


def overridden(template: Mapping[str, Mapping[str, Any]] | None, call: object) -> dict[str, dict[str, Any]]:
    """Those of the call, each over what the template says of it; without any the template's, else storage."""
    if call is None:
        return {name: dict(body) for name, body in template.items()} if template else read(None)
    found = {name: {**(template or {}).get(name, {}), **body} for name, body in read(call).items()}
    if SIGNATURE in found:
        signers(found[SIGNATURE], f"destinations.{SIGNATURE}")
    return found


def keeping(body: Mapping[str, Any], where: str = f"destinations.{STORAGE}") -> Keeping:
    """How Inkit Storage is to keep a document.

    Raises PieceError for a member of another type than Inkit's page says.
    """
    views = body.get("expire_after_n_views")
    if views is not None and not _is_number(views):
        raise PieceError(f"{where}.expire_after_n_views", f"a whole number from 1 to {MOST:,} was wanted")
    texts: dict[str, str | None] = {}
    for name in ("name", "description", "folder_id"):
        value = body.get(name)
        if not isinstance(value, str | None):
            raise PieceError(f"{where}.{name}", "text was wanted")
        texts[name] = value
    return Keeping(**texts, expire_after_n_views=views, retain_for=_retained(body.get("retain_for"), where))


def _retained(given: object, where: str) -> int | None:
    if given is None:
        return None
    field = f"{where}.retain_for"
    if not isinstance(given, Mapping):
        raise PieceError(field, f"an object was wanted, with {', '.join(_UNITS)}")
    seconds = 0
    for unit, number in given.items():
        if unit not in _UNITS:
            raise PieceError(f"{field}.{unit}", f"the units are {', '.join(_UNITS)}")
        if isinstance(number, bool) or not isinstance(number, int | None) or (number or 0) < 0:
            raise PieceError(f"{field}.{unit}", "a whole number was wanted")
        seconds += (number or 0) * _UNITS[unit]
    if seconds > _LONGEST:
        raise PieceError(field, "a hundred years at most")
    return seconds * 1_000 or None


def signers(body: Mapping[str, Any], where: str) -> None:
    """Raises PieceError for a signature whose signers are not told as Inkit's page wants them, each with a number."""
    told = body.get("signers")
    if not isinstance(told, list) or not 0 < len(told) <= MOST_SIGNERS:
        said = f"a list of up to {MOST_SIGNERS} signers was wanted, each with signer_number, full_name and email"
        raise PieceError(f"{where}.signers", said)
    numbers: set[int] = set()
    for place, signer in enumerate(told):
        given = signer if isinstance(signer, Mapping) else {}
        for name in ("full_name", "email"):
            if not isinstance(given.get(name), str):
                raise PieceError(f"{where}.signers.{place}.{name}", "every signer has signer_number, full_name, email")
        number = given.get("signer_number")
        if not _is_number(number) or number in numbers:
            said = f"every signer has a number of its own, from 1 to {MOST:,}"
            raise PieceError(f"{where}.signers.{place}.signer_number", said)
        numbers.add(number)


def _is_number(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST


def made(wanted: Mapping[str, Mapping[str, Any]], make_id: Callable[[str], str]) -> dict[str, dict[str, Any]]:
    """The destinations with the id of the piece that each one gets; `make_id` is given the beginning of an id."""
    return {name: {**body, KINDS[name][0]: make_id(KINDS[name][1])} for name, body in wanted.items()}
