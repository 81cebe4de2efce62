"""What becomes of a document after it is made: magic links, signatures, mail pieces; kept, found, moved on.

Source: Inkit's pages on the status of magic links (their columns and states), on digital signatures (signers, in
order or not) and on mail pieces. Pages and addresses of links are our choice: nothing public tells them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import bindparam, func, select, update

from inkstand.fakes.inkit import webhooks
from inkstand.fakes.inkit.kinds import mail
from inkstand.fakes.inkit.kinds.needs import ADDRESS, refusals
from inkstand.fakes.inkit.kinds.pieces import KINDS, MAGIC_LINK, MAIL, SIGNED_KINDS, keeping
from inkstand.fakes.inkit.tables import happenings, sendings
from inkstand.fakes.kit import errands
from inkstand.fakes.kit.http import dump_text, storable
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Door, Row, Statement, Tx, adding, loads

from . import renders

FOLLOWED = (MAGIC_LINK, MAIL, *SIGNED_KINDS)
"""The destinations that go on after the document is made; the others are recorded as they came."""

RETURNING = "returning"
"""The kind of errand by which a mail piece comes back."""

_ALL = "everybody"
OPENED, UNOPENED, EXPIRED = "Opened", "Unopened", "Expired"
OUT, SIGNED = "out_for_signature", "signed"


def keep(tx: Tx, render: Row, person: Mapping[str, Any], now: int, *, comes_back: bool = False) -> None:
    """Send a document off to each of its destinations that goes on; `person` is whom it is of.

    A mail piece that `comes_back` does so when it was to be delivered.
    """
    for kind, body in loads(render["destinations"]).items():
        if kind not in FOLLOWED:
            continue
        stored = keeping(body) if kind == MAGIC_LINK else None
        addressed = {**person, **body}
        unverified = kind == MAIL and bool(refusals({MAIL: body}, person))
        piece_id = body[KINDS[kind][0]]
        ended, ended_at = (mail.UNVERIFIED, now) if unverified else (None, None)
        if comes_back and kind == MAIL and not unverified:
            ended, ended_at = mail.RETURNED, now + mail.STEPS["processed_for_delivery"]
            errands.plan(tx, webhooks.SERVICE, RETURNING, piece_id, ended_at)
        tx.insert(
            _ADD,
            piece_id=piece_id,
            kind=kind,
            render_id=render["render_id"],
            name=render["document_name"],
            recipient=dump_text(_recipient(kind, addressed)),
            body=dump_text(body),
            created_by=render["created_by"],
            created_at=now,
            expire_at=now + stored.retain_for if stored and stored.retain_for else None,
            expire_after_n_views=stored.expire_after_n_views if stored else None,
            opens=0,
            opened_at=None,
            ended=ended,
            ended_at=ended_at,
        )
        happened(tx, piece_id, "created", render["created_by"], now)


def came_back(tx: Tx, piece: Row) -> None:
    """Write down that a mail piece came back to its sender."""
    because(tx, piece, Reason("inkit.mail.returned", {"piece": piece["piece_id"]}))


def find(place: Tx | Door, piece_id: str) -> Row | None:
    """A magic link, signature or mail piece by its id."""
    rows = place.read(_PIECE, piece_id=storable(piece_id))
    return rows[0] if rows else None


def happened(tx: Tx, piece_id: str, what: str, who: str, now: int) -> None:
    """Write down what happened to a piece, and by whom."""
    tx.insert(_HAPPENED, piece_id=piece_id, what=what, who=storable(who)[:200], at=now)


def because(tx: Tx, piece: Row, reason: Reason) -> None:
    """Record a reason about a piece with those of what it belongs to."""
    tx.because(subject(tx, piece), "sent", [reason])


def subject(tx: Tx, piece: Row) -> str:
    """What the reasons about a piece are recorded under: as those of its render."""
    render = renders.by_render(tx, piece["render_id"])
    return renders.subject(render) if render else str(piece["piece_id"])


def opened(tx: Tx, piece: Row, who: str, now: int) -> int:
    """Count an opening; how many there have been with it."""
    happened(tx, piece["piece_id"], "opened", who, now)
    return int(tx.run(_OPEN, key=piece["seq"], now=now)[0]["opens"])


def end(tx: Tx, piece: Row, how: str, who: str, now: int) -> bool:
    """End a piece on its way; False where it had ended before."""
    if tx.change(_END, key=piece["seq"], how=how, now=now) == 0:
        return False
    happened(tx, piece["piece_id"], how, who, now)
    return True


def link_status(piece: Row | Mapping[str, Any], now: int) -> str:
    """Where a magic link stands, in Inkit's words."""
    seen = piece["expire_after_n_views"] is not None and piece["opens"] >= piece["expire_after_n_views"]
    if seen or is_over(piece, now):
        return EXPIRED
    return OPENED if piece["opens"] else UNOPENED


def is_over(piece: Row | Mapping[str, Any], now: int) -> bool:
    """Whether a link has expired by time or by hand: then also for who opened it before."""
    return bool(piece["ended"]) or (piece["expire_at"] is not None and piece["expire_at"] <= now)


def steps(piece: Row | Mapping[str, Any], now: int) -> dict[str, int]:
    """The steps that a mail piece has taken, each with its moment."""
    return mail.taken(piece["created_at"], piece["ended"], piece["ended_at"], now)


def signers(piece: Row | Mapping[str, Any]) -> list[dict[str, Any]]:
    """Who has to sign, in their order."""
    told = loads(piece["recipient"])["signers"]
    return sorted(told, key=lambda one: one["signer_number"])


def have_signed(place: Tx | Door, piece_id: str) -> list[int]:
    """The numbers of the signers who have signed."""
    return [int(row["who"]) for row in place.read(_SIGNED, piece_id=piece_id)]


def whose_turn(piece: Row | Mapping[str, Any], done: list[int]) -> list[int]:
    """The numbers of the signers who can sign now: the next one, or all that are left where no order is wanted."""
    left = [one["signer_number"] for one in signers(piece) if one["signer_number"] not in done]
    is_free = loads(piece["body"]).get("order") == "unordered"
    return left if is_free else left[:1]


def sign(tx: Tx, piece: Row, number: int, now: int) -> bool:
    """Let a signer sign; False when it is not their turn. With the last one the document is signed."""
    done = have_signed(tx, piece["piece_id"])
    if piece["ended"] or number not in whose_turn(piece, done):
        return False
    happened(tx, piece["piece_id"], "signed", str(number), now)
    if len(done) + 1 == len(signers(piece)):
        end(tx, piece, SIGNED, _ALL, now)
    return True


def history(door: Door, piece_id: str) -> list[Row]:
    """What happened to a piece, oldest first."""
    return door.read(_HISTORY, piece_id=piece_id)


def _recipient(kind: str, person: Mapping[str, Any]) -> dict[str, Any]:
    email = person.get("email") if isinstance(person.get("email"), str) else None
    if kind == MAGIC_LINK:
        return {"email": email}
    if kind == MAIL:
        names = ("first_name", "last_name", "company", "address_line_2", *ADDRESS)
        return {name: person.get(name) for name in names}
    told = person.get("signers")
    name = " ".join(str(person[part]) for part in ("first_name", "last_name") if person.get(part))
    return {"signers": told if isinstance(told, list) else [{"signer_number": 1, "full_name": name, "email": email}]}


_ADD = adding(sendings)
_HAPPENED = adding(happenings)
_PIECE = Statement(select(sendings).where(sendings.c.piece_id == bindparam("piece_id")))
_OPEN = Statement(
    update(sendings)
    .where(sendings.c.seq == bindparam("key"))
    .values(opens=sendings.c.opens + 1, opened_at=func.coalesce(sendings.c.opened_at, bindparam("now")))
    .returning(sendings.c.opens)
)
_END = Statement(
    update(sendings)
    .where(sendings.c.seq == bindparam("key"), sendings.c.ended.is_(None))
    .values(ended=bindparam("how"), ended_at=bindparam("now"))
)
_HISTORY = Statement(
    select(happenings).where(happenings.c.piece_id == bindparam("piece_id")).order_by(happenings.c.seq)
)
_SIGNED = Statement(
    select(happenings.c.who)
    .where(happenings.c.piece_id == bindparam("piece_id"), happenings.c.what == "signed", happenings.c.who != _ALL)
    .order_by(happenings.c.seq)
)
