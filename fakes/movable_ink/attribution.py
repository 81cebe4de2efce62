"""Whose an event is, and what an identify changes. Pure: what was heard and what was known in, decisions out.

Source: Segment's page of Movable Ink, "Identify", "Track" and "Example Flow"; what it leaves open is decided as
listed in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from inkstand.fakes.kit.ledger import Reason

OwnerKind = Literal["anonymous_id", "user_id", "email", "nobody"]


@dataclass(frozen=True)
class Owner:
    """Whose an event is: an anonymous visitor, a user by id, a user by e-mail, or nobody."""

    kind: OwnerKind
    id: str = ""

    def __str__(self) -> str:
        return self.id or "nobody"

    @property
    def named(self) -> dict[str, str]:
        """The owner as people read it: `{user_id: u-1}`; nothing for nobody."""
        return {} if self.kind == "nobody" else {self.kind: self.id}


@dataclass(frozen=True)
class Heard:
    """Who one call speaks of; absent and empty are None. `email` counts on an identify only."""

    user_id: str | None = None
    anonymous_id: str | None = None
    email: str | None = None


@dataclass(frozen=True)
class Known:
    """What earlier calls said about the same ids.

    `linked` is the user that the anonymous id is tied to now, with `linked_by` the identify that did it;
    `email_profile` says that a profile keyed by the e-mail alone exists, `email_user` the user that such a profile
    was joined into; `same_email` is another user id that carries the same e-mail.
    """

    linked: Owner | None = None
    linked_by: str | None = None
    email_profile: bool = False
    email_user: str | None = None
    same_email: str | None = None


@dataclass(frozen=True)
class Attribution:
    """Whose an event is and why; `hints` are worth telling and change nothing."""

    owner: Owner
    reason: Reason
    hints: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class Identification:
    """What an identify changes: who it is about, which visitor's events move there, which profile joins it."""

    owner: Owner
    link: str | None = None
    move_visitor: str | None = None
    join_email: str | None = None
    reasons: tuple[Reason, ...] = field(default_factory=tuple)


NOBODY = Owner("nobody")


def attribute(heard: Heard, known: Known) -> Attribution:
    """Whose a behavioural event is when it arrives."""
    if heard.user_id:
        return Attribution(
            Owner("user_id", heard.user_id),
            Reason("movable_ink.owner.user_id", {"userId": heard.user_id}),
            _only_identify_links(heard, known),
        )
    if not heard.anonymous_id:
        return Attribution(NOBODY, Reason("movable_ink.owner.nobody"))
    if known.linked:
        facts = {"anonymousId": heard.anonymous_id, "user": known.linked.id}
        return Attribution(known.linked, Reason("movable_ink.owner.linked", facts, known.linked_by))
    facts = {"anonymousId": heard.anonymous_id}
    return Attribution(Owner("anonymous_id", heard.anonymous_id), Reason("movable_ink.owner.anonymous", facts))


def identify(heard: Heard, known: Known) -> Identification:
    """What an identify call changes."""
    owner = _identified(heard, known)
    if owner is NOBODY:
        return Identification(NOBODY, reasons=(Reason("movable_ink.identify.nobody"),))
    joins = heard.email if heard.user_id and known.email_profile else None
    reasons = [Reason("movable_ink.identify.user", {"user": owner.id})]
    if heard.anonymous_id:
        facts = {"anonymousId": heard.anonymous_id, "user": owner.id}
        reasons.append(Reason("movable_ink.identify.moves", facts))
    if heard.anonymous_id and known.linked and known.linked != owner and known.linked.id != joins:
        facts = {"anonymousId": heard.anonymous_id, "first": known.linked.id, "second": owner.id}
        reasons.append(Reason("movable_ink.identify.shared_device", facts, known.linked_by))
    if known.email_user and not heard.user_id and owner.id == known.email_user:
        reasons.append(
            Reason("movable_ink.identify.email_of_user", {"email": heard.email or "", "user": known.email_user})
        )
    if joins:
        reasons.append(Reason("movable_ink.identify.joins_email", {"email": joins, "user": owner.id}))
    if known.same_email:
        facts = {"email": heard.email or "", "first": known.same_email, "second": owner.id}
        reasons.append(Reason("movable_ink.identify.same_email", facts))
    return Identification(owner, heard.anonymous_id, heard.anonymous_id, joins, tuple(reasons))


def _identified(heard: Heard, known: Known) -> Owner:
    if heard.user_id:
        return Owner("user_id", heard.user_id)
    if known.linked and known.linked.kind == "user_id":
        return known.linked
    if known.email_user:
        return Owner("user_id", known.email_user)
    if heard.email:
        return Owner("email", heard.email)
    return known.linked or NOBODY


def _only_identify_links(heard: Heard, known: Known) -> tuple[Reason, ...]:
    if not heard.anonymous_id or (known.linked and known.linked.id == heard.user_id):
        return ()
    facts = {"anonymousId": heard.anonymous_id, "userId": heard.user_id or ""}
    return (Reason("movable_ink.owner.both_ids_link_nothing", facts),)
