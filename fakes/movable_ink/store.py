"""Keeps events and carries out what attribution decides: the one impure room of this vendor."""

from __future__ import annotations

from sqlalchemy import and_, bindparam, exists, func, insert, literal, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Row, Statement, Tx, loads
from inkstand.fakes.kit.times import DAY
from inkstand.fakes.kit.world import World

from . import attribution
from .attribution import Heard, Identification, Known, Owner
from .reading import Event
from .signals import MAX_AGE, Signal, judge
from .tables import events, links, ownerships, profiles


def keep(tx: Tx, world: World, endpoint: str, event: Event, raw: bytes) -> str:
    """Store one posted event and its consequences; its event id.

    A message id that was seen before is stored as a repeat and has no consequences (decision 10).
    """
    now = world.now()
    first = _first_seen(tx, event, endpoint)
    signal = _signal(event, now)
    event_id = _new_id(tx, world, endpoint, event, again=first is not None)
    seq = tx.insert(
        _ADD_EVENT,
        event_id=event_id,
        endpoint=endpoint,
        message_id=event.message_id,
        repeat=int(first is not None),
        call=event.call,
        name=event.name,
        kind=event.kind,
        user_id=event.heard.user_id,
        anonymous_id=event.heard.anonymous_id,
        email=event.heard.email,
        occurred_at=now if event.occurred_at is None else event.occurred_at,
        received_at=now,
        normalised=dump_text(event.normalised),
        signal=signal.verdict,
        signal_reasons=dump_text([{"rule": reason.rule, "facts": reason.facts} for reason in signal.reasons]),
        raw=raw,
    )
    subject = event.message_id or event_id
    if first is not None:
        tx.because(subject, "attribution", [Reason("movable_ink.event.repeat", {"event": first["event_id"]})])
    elif event.call == "identify":
        _identify(tx, event, now, subject)
    elif event.call == "track":
        _attribute(tx, event, seq, subject, signal)
    else:
        tx.because(subject, "attribution", [Reason("movable_ink.event.other_call", {"type": event.call})])
    tx.because(subject, "time", _about_time(event, now))
    return event_id


def _about_time(event: Event, now: int) -> list[Reason]:
    if event.occurred_at is None:
        return [Reason("movable_ink.time.receipt", {"came": event.time_came})]
    ahead = event.occurred_at - now
    return [Reason("movable_ink.time.future", {"days": ahead // DAY})] if ahead > DAY else []


def _new_id(tx: Tx, world: World, endpoint: str, event: Event, *, again: bool) -> str:
    if event.message_id is not None and not again:
        return world.id("evt_", endpoint, event.message_id)
    return world.id("evt_", endpoint, tx.number("movable_ink.event"))


def _first_seen(tx: Tx, event: Event, endpoint: str) -> Row | None:
    if event.message_id is None:
        return None
    return tx.one(_SAME_MESSAGE, message_id=event.message_id, endpoint=endpoint)


def _signal(event: Event, now: int) -> Signal:
    if event.call != "track":
        return Signal("no_requirement", ())
    age = 0 if event.occurred_at is None else now - event.occurred_at
    return judge(event.name, event.properties, event.context, age)


def _attribute(tx: Tx, event: Event, seq: int, subject: str, signal: Signal) -> None:
    decided = attribution.attribute(event.heard, _known(tx, event.heard))
    tx.insert(
        _ADD_OWNER,
        event_seq=seq,
        kind=decided.owner.kind,
        owner=decided.owner.id,
        cause=subject,
        rule=decided.reason.rule,
    )
    if decided.owner.kind == "user_id":
        tx.change(_MEET_PROFILE, kind="user_id", owner=decided.owner.id, at=_at(event), traits="{}", email=None)
    tx.because(subject, "attribution", [decided.reason, *decided.hints, *signal.reasons])


def _identify(tx: Tx, event: Event, now: int, subject: str) -> None:
    decided = attribution.identify(event.heard, _known(tx, event.heard))
    tx.because(subject, "attribution", decided.reasons)
    if decided.owner.kind == "nobody":
        return
    owner = decided.owner
    row = tx.one(_TRAITS, kind=owner.kind, owner=owner.id)
    traits = {**(loads(row["traits"]) if row else {}), **event.traits}
    profile = {"kind": owner.kind, "owner": owner.id, "email": event.heard.email, "at": _at(event)}
    tx.change(_TOUCH_PROFILE, **profile, traits=dump_text(traits))
    moved = _move_visitor(tx, decided, now - MAX_AGE, subject) + _join_email(tx, decided, subject)
    if decided.link:
        tx.insert(_ADD_LINK, anonymous_id=decided.link, kind=owner.kind, owner=owner.id, cause=subject)
    for message_id, rule in moved:
        tx.because(message_id, "attribution", [Reason(rule, {"user": owner.id}, subject)])


def _move_visitor(tx: Tx, decided: Identification, since: int, cause: str) -> list[tuple[str, str]]:
    if not decided.move_visitor:
        return []
    return _move(tx, Owner("anonymous_id", decided.move_visitor), decided.owner, since, cause)


def _join_email(tx: Tx, decided: Identification, cause: str) -> list[tuple[str, str]]:
    if not decided.join_email:
        return []
    email = Owner("email", decided.join_email)
    tx.change(_JOIN_PROFILE, email=email.id, user=decided.owner.id)
    tx.change(_RELINK, from_owner=email.id, kind=decided.owner.kind, owner=decided.owner.id, cause=cause)
    return _move(tx, email, decided.owner, 0, cause)


def _move(tx: Tx, giver: Owner, taker: Owner, since: int, cause: str) -> list[tuple[str, str]]:
    rule = "movable_ink.owner.moved" if giver.kind == "anonymous_id" else "movable_ink.owner.joined"
    moved = tx.run(_OWNED, from_kind=giver.kind, from_owner=giver.id, since=since)
    tx.many(
        _ADD_OWNER,
        [
            {"event_seq": row["seq"], "kind": taker.kind, "owner": taker.id, "cause": cause, "rule": rule}
            for row in moved
        ],
    )
    return [(row["message_id"] or row["event_id"], rule) for row in moved]


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


def _at(event: Event) -> int:
    return event.occurred_at or 0


_later = ownerships.alias("later")
_superseded = exists().where(and_(_later.c.event_seq == ownerships.c.event_seq, _later.c.seq > ownerships.c.seq))
_newer_link = links.alias("newer_link")
_replaced = exists().where(and_(_newer_link.c.anonymous_id == links.c.anonymous_id, _newer_link.c.seq > links.c.seq))
_ADD_EVENT = Statement(insert(events), *(column.name for column in events.c if column.name != "seq"))
_ADD_OWNER = Statement(insert(ownerships), "event_seq", "kind", "owner", "cause", "rule")
_ADD_LINK = Statement(insert(links), "anonymous_id", "kind", "owner", "cause")
_SAME_MESSAGE = Statement(
    select(events.c.event_id)
    .where(events.c.message_id == bindparam("message_id"), events.c.endpoint == bindparam("endpoint"))
    .where(events.c.repeat == 0)
)
_LINK = Statement(
    select(links.c.kind, links.c.owner, links.c.cause)
    .where(links.c.anonymous_id == bindparam("anonymous_id"))
    .order_by(links.c.seq.desc())
    .limit(1)
)
_OWNED = Statement(
    select(events.c.seq, events.c.message_id, events.c.event_id)
    .join(ownerships, ownerships.c.event_seq == events.c.seq)
    .where(ownerships.c.kind == bindparam("from_kind"), ownerships.c.owner == bindparam("from_owner"))
    .where(~_superseded, events.c.occurred_at >= bindparam("since"))
    .order_by(events.c.seq)
)
_PROFILES_OF_EMAIL = Statement(
    select(profiles.c.kind, profiles.c.owner, profiles.c.joined_into)
    .where(profiles.c.email == bindparam("email"))
    .order_by(profiles.c.seq.desc())
)
_touched = upsert(profiles).values(
    kind=bindparam("kind"),
    owner=bindparam("owner"),
    email=bindparam("email"),
    traits=bindparam("traits"),
    updated_at=bindparam("at"),
)
_TOUCH_PROFILE = Statement(
    _touched.on_conflict_do_update(
        index_elements=["kind", "owner"],
        set_={
            "email": func.coalesce(_touched.excluded.email, profiles.c.email),
            "traits": _touched.excluded.traits,
            "updated_at": _touched.excluded.updated_at,
        },
    )
)
_TRAITS = Statement(
    select(profiles.c.traits).where(profiles.c.kind == bindparam("kind"), profiles.c.owner == bindparam("owner"))
)
_MEET_PROFILE = Statement(_touched.on_conflict_do_nothing(index_elements=["kind", "owner"]))
_JOIN_PROFILE = Statement(
    update(profiles)
    .where(profiles.c.kind == "email", profiles.c.owner == bindparam("email"))
    .values(joined_into=bindparam("user"))
)
_RELINK = Statement(
    insert(links).from_select(
        ["anonymous_id", "kind", "owner", "cause"],
        select(links.c.anonymous_id, bindparam("kind"), bindparam("owner"), bindparam("cause")).where(
            links.c.kind == literal("email"), links.c.owner == bindparam("from_owner"), ~_replaced
        ),
    )
)
