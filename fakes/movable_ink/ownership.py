"""Carries out what attribution decides: a row for every change of an owner, a link or a profile, never updated.

Each row carries the place of the event that brought it about (`by_seq`), so that everything can be asked as it stood
after any event (decision 15).
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, bindparam, exists, insert, literal, select

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Row, Statement, Tx, adding, loads

from . import attribution
from .attribution import Heard, Identification, Known, Owner
from .reading import Event
from .signals import MAX_AGE, Signal
from .tables import links, ownerships, profiles


@dataclass(frozen=True)
class Arrived:
    """An event that is stored: its place, by what it is asked about, when it came and happened (milliseconds)."""

    event: Event
    seq: int
    subject: str
    at: int
    occurred_at: int


def attribute(tx: Tx, arrived: Arrived, signal: Signal) -> None:
    """Book a behavioural event on its owner."""
    decided = attribution.attribute(arrived.event.heard, _known(tx, arrived.event.heard))
    tx.insert(
        _ADD_OWNER,
        event_seq=arrived.seq,
        occurred_at=arrived.occurred_at,
        kind=decided.owner.kind,
        owner=decided.owner.id,
        cause=arrived.subject,
        rule=decided.reason.rule,
        by_seq=arrived.seq,
    )
    if decided.owner.kind == "user_id" and _profile(tx, decided.owner) is None:
        _write_profile(tx, arrived, decided.owner, {}, None)
    tx.because(arrived.subject, "attribution", [decided.reason, *decided.hints, *signal.reasons])


def identify(tx: Tx, arrived: Arrived) -> None:
    """Carry out what an identify changes: profile, link, the events that move."""
    heard = arrived.event.heard
    decided = attribution.identify(heard, _known(tx, heard))
    tx.because(arrived.subject, "attribution", decided.reasons)
    if decided.owner.kind == "nobody":
        return
    row = _profile(tx, decided.owner)
    traits = {**(loads(row["traits"]) if row else {}), **arrived.event.traits}
    email = heard.email or (row["email"] if row else None)
    _write_profile(tx, arrived, decided.owner, traits, email)
    moved = _move_visitor(tx, arrived, decided)
    joined = _join_email(tx, arrived, decided)
    if decided.link:
        owner = decided.owner
        tx.insert(
            _ADD_LINK,
            anonymous_id=decided.link,
            kind=owner.kind,
            owner=owner.id,
            cause=arrived.subject,
            by_seq=arrived.seq,
        )
    if moved or joined:
        facts = {"events": moved + joined, "user": decided.owner.id}
        tx.because(arrived.subject, "attribution", [Reason("movable_ink.identify.moved", facts)])


def _move_visitor(tx: Tx, arrived: Arrived, decided: Identification) -> int:
    if not decided.move_visitor:
        return 0
    visitor = Owner("anonymous_id", decided.move_visitor)
    return _move(tx, arrived, visitor, decided.owner, arrived.at - MAX_AGE, "movable_ink.owner.moved")


def _join_email(tx: Tx, arrived: Arrived, decided: Identification) -> int:
    if not decided.join_email:
        return 0
    email = Owner("email", decided.join_email)
    row = _profile(tx, email)
    if row is not None:
        _write_profile(tx, arrived, email, loads(row["traits"]), row["email"], joined_into=decided.owner.id)
    tx.change(
        _RELINK,
        from_owner=email.id,
        kind=decided.owner.kind,
        owner=decided.owner.id,
        cause=arrived.subject,
        by_seq=arrived.seq,
    )
    return _move(tx, arrived, email, decided.owner, 0, "movable_ink.owner.joined")


def _move(tx: Tx, arrived: Arrived, giver: Owner, taker: Owner, since: int, rule: str) -> int:  # noqa: PLR0913, PLR0917  # a move is made of all of these
    """Give every event of one owner since a moment to another; how many. One statement, however many they are."""
    return tx.change(
        _MOVE,
        from_kind=giver.kind,
        from_owner=giver.id,
        since=since,
        kind=taker.kind,
        owner=taker.id,
        cause=arrived.subject,
        rule=rule,
        by_seq=arrived.seq,
    )


def _write_profile(  # noqa: PLR0913  # as above
    tx: Tx,
    arrived: Arrived,
    owner: Owner,
    traits: dict[str, object],
    email: str | None,
    *,
    joined_into: str | None = None,
) -> None:
    tx.insert(
        _ADD_PROFILE,
        kind=owner.kind,
        owner=owner.id,
        email=email,
        traits=dump_text(traits),
        joined_into=joined_into,
        by_seq=arrived.seq,
    )


def _profile(tx: Tx, owner: Owner) -> Row | None:
    return tx.one(_PROFILE, kind=owner.kind, owner=owner.id)


def _known(tx: Tx, heard: Heard) -> Known:
    link = tx.one(_LINK, anonymous_id=heard.anonymous_id) if heard.anonymous_id else None
    email_profile, email_user, same_email = False, None, None
    if heard.email:
        for row in tx.run(_PROFILES_OF_EMAIL, email=heard.email):
            if row["kind"] == "email":
                email_profile, email_user = row["joined_into"] is None, row["joined_into"]
            elif row["owner"] != heard.user_id:
                same_email = row["owner"]
    return Known(
        linked=Owner(link["kind"], link["owner"]) if link else None,
        linked_by=link["cause"] if link else None,
        email_profile=email_profile,
        email_user=email_user,
        same_email=same_email if heard.user_id else None,
    )


_later = ownerships.alias("later")
_superseded = exists().where(and_(_later.c.event_seq == ownerships.c.event_seq, _later.c.seq > ownerships.c.seq))
_newer_link = links.alias("newer_link")
_replaced = exists().where(and_(_newer_link.c.anonymous_id == links.c.anonymous_id, _newer_link.c.seq > links.c.seq))
_newer_profile = profiles.alias("newer_profile")
_rewritten = exists().where(
    and_(
        _newer_profile.c.kind == profiles.c.kind,
        _newer_profile.c.owner == profiles.c.owner,
        _newer_profile.c.seq > profiles.c.seq,
    )
)
_ADD_OWNER = adding(ownerships)
_ADD_LINK = adding(links)
_ADD_PROFILE = adding(profiles)
_LINK = Statement(
    select(links.c.kind, links.c.owner, links.c.cause)
    .where(links.c.anonymous_id == bindparam("anonymous_id"))
    .order_by(links.c.seq.desc())
    .limit(1)
)
_NEW_OWNER = ("kind", "owner", "cause", "rule", "by_seq")
_MOVE = Statement(
    insert(ownerships).from_select(
        ["event_seq", "occurred_at", *_NEW_OWNER],
        select(ownerships.c.event_seq, ownerships.c.occurred_at, *(bindparam(name) for name in _NEW_OWNER))
        .where(ownerships.c.kind == bindparam("from_kind"), ownerships.c.owner == bindparam("from_owner"))
        .where(~_superseded, ownerships.c.occurred_at >= bindparam("since"))
        .order_by(ownerships.c.event_seq),
    )
)
_PROFILE = Statement(
    select(profiles)
    .where(profiles.c.kind == bindparam("kind"), profiles.c.owner == bindparam("owner"))
    .order_by(profiles.c.seq.desc())
    .limit(1)
)
_PROFILES_OF_EMAIL = Statement(
    select(profiles.c.kind, profiles.c.owner, profiles.c.joined_into)
    .where(profiles.c.email == bindparam("email"), ~_rewritten)
    .order_by(profiles.c.seq.desc())
)
_RELINK = Statement(
    insert(links).from_select(
        ["anonymous_id", "kind", "owner", "cause", "by_seq"],
        select(
            links.c.anonymous_id, bindparam("kind"), bindparam("owner"), bindparam("cause"), bindparam("by_seq")
        ).where(links.c.kind == literal("email"), links.c.owner == bindparam("from_owner"), ~_replaced),
    )
)
