"""Webhooks: who wants to know of which events, what they are sent, and when it is tried again.

Source: Inkit's pages on webhooks (name, URL and chosen events; the codes; a POST of `{event_type, resource_id}` with
the header Inkit-Signature, an HMAC-SHA256 by the webhook's secret). That the digest is lowercase hex of the raw body,
that an answer is waited for five seconds, and that three tries are made, is our choice: nothing public tells it.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import bindparam, delete, select, update

from inkstand.fakes.kit import errands
from inkstand.fakes.kit.destination import HttpCall
from inkstand.fakes.kit.errands import Errand, Send, Sent
from inkstand.fakes.kit.faults import strike
from inkstand.fakes.kit.http import dump_json, dump_text, storable
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Door, Row, Statement, Tenant, Tx, adding, loads
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.world import World

from .tables import webhook_events, webhooks

SERVICE, PART, KIND = "inkit", "inkit.webhooks", "webhook"
DOCUMENT_CREATED, DOCUMENT_FAILED = "DOCUMENT_CREATE_FINISHED", "DOCUMENT_CREATE_FAILED"
DOCUMENT_DELETED, DOCUMENT_VIEWED = "DOCUMENT_DELETED", "DOCUMENT_PDF_ACCESS"
RENDER_CREATED, RENDER_FAILED, RENDER_READ = "RENDER_CREATE_FINISHED", "RENDER_CREATE_FAILED", "RENDER_METADATA_ACCESS"
LINK_CREATED, LINK_FAILED = "MAGIC_LINK_CREATED", "MAGIC_LINK_CREATE_FAILED"
LINK_OPENED, LINK_REFUSED = "MAGIC_LINK_ACCESS", "MAGIC_LINK_ACCESS_FAILED"
MAIL_CREATED, MAIL_FAILED = "MAIL_CREATE_FINISHED", "MAIL_CREATE_FAILED"
FOLDER_CREATED, FOLDER_DELETED = "FOLDER_CREATED", "FOLDER_DELETED"
DOCUSIGN_CREATED, DOCUSIGN_FAILED = "DOCUSIGN_CREATE_FINISHED", "DOCUSIGN_CREATE_FAILED"
SALESFORCE_CREATED, SALESFORCE_FAILED = "SALESFORCE_CREATE_FINISHED", "SALESFORCE_CREATE_FAILED"
CODES = (
    *(DOCUMENT_FAILED, DOCUMENT_CREATED, DOCUMENT_DELETED, DOCUMENT_VIEWED, DOCUSIGN_FAILED, DOCUSIGN_CREATED),
    *(FOLDER_CREATED, FOLDER_DELETED, LINK_OPENED, LINK_REFUSED, LINK_FAILED, LINK_CREATED, MAIL_FAILED, MAIL_CREATED),
    *(RENDER_FAILED, RENDER_CREATED, RENDER_READ, SALESFORCE_FAILED, SALESFORCE_CREATED),
)
"""The events that Inkit lists."""

PENDING, RETRYING, DELIVERED, FAILED = "pending", "retrying", "delivered", "failed"
TIMEOUT_SECONDS = 5.0
GAPS = (60_000, 300_000)
"""How long to wait after the first and the second try, in milliseconds; after the third there is no more."""

MOST = 50
"""How many webhooks there may be."""

LONGEST_URL = 2_000
_SUCCESS = range(200, 300)


@dataclass(frozen=True)
class Webhook:
    """A receiver: its address (None: the sandbox keeps what it is told, and answers 200), and what it wants to know."""

    name: str
    url: str | None = None
    events: Collection[str] = CODES
    secret: str | None = None


def wrong_url(url: str) -> str | None:
    """What is wrong with a receiver's address; None for a good one."""
    try:
        parts = urlsplit(url)
        known = parts.scheme in {"http", "https"} and parts.hostname and (parts.port or 1)
    except ValueError:
        known = None
    printable = url.isascii() and url.isprintable() and " " not in url
    if known and printable and len(url) <= LONGEST_URL:
        return None
    return f"the address of your receiver was wanted, like http://127.0.0.1:5000/inkit; {url[:80]!r} came"


def signature(secret: str, body: bytes) -> str:
    """What the header Inkit-Signature says: HMAC-SHA256 of the body as it is sent, in lowercase hex."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def body_of(event_type: str, resource_id: str) -> bytes:
    """What a receiver is sent."""
    return dump_json({"event_type": event_type, "resource_id": resource_id})


def next_try(number: int, now: int) -> int | None:
    """When to try again after a try of this number, counted from 1; None after the last."""
    return now + GAPS[number - 1] if number <= len(GAPS) else None


def register(tx: Tx, world: World, given: Webhook) -> Row:
    """Keep a webhook, with a secret if it brings none; its row."""
    number = tx.number("inkit.webhooks")
    seq = tx.insert(
        _ADD,
        webhook_id=world.id("wh_", "webhook", number),
        name=storable(given.name),
        url=given.url,
        events=dump_text(list(given.events)),
        secret=storable(given.secret or _new_secret(world, number)),
        created_at=world.now(),
    )
    return tx.run(_BY_SEQ, seq=seq)[0]


def new_secret(tx: Tx, world: World, row: Row) -> Row:
    """Give a webhook another secret, by which everything is signed from now on; its row."""
    secret = _new_secret(world, tx.number("inkit.webhooks"))
    tx.change(_CHANGE_SECRET, key=row["seq"], secret=secret)
    return tx.run(_BY_SEQ, seq=row["seq"])[0]


def remove(tx: Tx, row: Row) -> None:
    """End a webhook; what it was told stays to be seen, and nothing is tried again."""
    tx.change(_REMOVE, key=row["seq"])


def every(place: Tx | Door) -> list[Row]:
    """Every webhook, oldest first."""
    return place.read(_EVERY)


def find(place: Tx | Door, webhook_id: str) -> Row | None:
    """A webhook by its id."""
    rows = place.read(_BY_ID, webhook_id=storable(webhook_id))
    return rows[0] if rows else None


def wanted(place: Tx | Door, code: str) -> bool:
    """Whether anybody wants to know of an event."""
    return any(code in loads(row["events"]) for row in every(place))


def tell(tx: Tx, events: Iterable[tuple[str, str]], subject: str, now: int) -> None:
    """Have the webhooks told of events, each a code and the id of what it is about.

    `subject` is what the reasons are recorded under.
    """
    receivers = every(tx)
    for code, resource_id in events if receivers else ():
        for row in receivers:
            if code in loads(row["events"]):
                _plan(tx, row, (code, resource_id), subject, now)


def _plan(tx: Tx, row: Row, event: tuple[str, str], subject: str, now: int) -> None:
    seq = tx.insert(
        _ADD_EVENT,
        webhook_id=row["webhook_id"],
        webhook=row["name"],
        url=row["url"],
        event_type=event[0],
        resource_id=event[1],
        subject=subject,
        status=PENDING,
        tries="[]",
        signature=None,
        created_at=now,
    )
    errands.plan(tx, SERVICE, KIND, str(seq), now)


def attempt(tenant: Tenant, epoch: int, errand: Errand, send: Send) -> None:
    """Tell a webhook of an event, once; and write down how that ended and whether it is tried again."""
    row = tenant.door.read(_EVENT, seq=int(errand.about))[0]
    receiver = find(tenant.door, row["webhook_id"])
    begun = tenant.world.now()
    signed, fault, ends = row["signature"], None, True
    if receiver is None:
        sent = Sent(error="the webhook was ended")
    else:
        call = _call(row, receiver)
        signed = call.headers["Inkit-Signature"]
        sent, fault = _sent(tenant, epoch, errand, call if receiver["url"] else None, send)
        ends = sent.status in _SUCCESS
    tries = [*loads(row["tries"]), {"at": iso(begun), "status": sent.status, "error": sent.error, "fault": fault}]
    now = begun + sent.late
    due_at = None if ends else next_try(len(tries), now)
    with tenant.door.write(epoch) as tx:
        if errands.done(tx, errand) if due_at is None else errands.again(tx, errand, due_at):
            status = DELIVERED if sent.status in _SUCCESS else (RETRYING if due_at else FAILED)
            tx.change(_TRIED, key=row["seq"], status=status, tries=dump_text(tries), signature=signed)
            tx.because(row["subject"], "webhook", [_reason(row, sent, len(tries), due_at and due_at - now)])


def _call(row: Row, receiver: Row) -> HttpCall:
    body = body_of(row["event_type"], row["resource_id"])
    signed = signature(receiver["secret"], body)
    headers = {"Content-Type": "application/json", "Inkit-Signature": signed, "User-Agent": "Inkit"}
    return HttpCall("POST", receiver["url"] or "", headers, body)


def _sent(tenant: Tenant, epoch: int, errand: Errand, call: HttpCall | None, send: Send) -> tuple[Sent, str | None]:
    """What came of one try, and the fault that struck it; without a call the sandbox itself is the receiver."""
    cause = f"{errand.about}/{errand.due_at}"
    effect = strike(tenant, PART, epoch, cause) if PART in tenant.faulty else None
    late = effect.delay if effect else 0
    if late >= TIMEOUT_SECONDS * 1_000:
        seconds = f"no answer within {TIMEOUT_SECONDS:.0f} s"
        return Sent(error=seconds, late=int(TIMEOUT_SECONDS * 1_000)), effect.fault if effect else None
    if effect is not None and effect.instead:
        said = Sent(effect.status) if effect.status else Sent(error="the connection was dropped")
        return replace(said, late=late), effect.fault
    answered = send(call, TIMEOUT_SECONDS) if call else Sent(200)
    if effect is not None and effect.drop:
        answered = Sent(error="the connection was dropped")
    return replace(answered, late=late), effect.fault if effect else None


def _reason(row: Row, sent: Sent, number: int, wait: int | None) -> Reason:
    facts: dict[str, Any] = {"webhook": row["webhook"], "event": row["event_type"], "resource": row["resource_id"]}
    if sent.status in _SUCCESS:
        return Reason("inkit.webhook.told", facts)
    facts |= {"answer": sent.status or sent.error, "try": number}
    if wait is None:
        return Reason("inkit.webhook.given_up", facts)
    return Reason("inkit.webhook.again", {**facts, "seconds": wait // 1_000})


def told(row: Row | Mapping[str, Any]) -> dict[str, Any]:
    """A webhook as people read it."""
    return {
        "id": row["webhook_id"],
        "name": row["name"],
        "url": row["url"],
        "events": loads(row["events"]),
        "secret": row["secret"],
        "created_at": iso(row["created_at"]),
    }


def _new_secret(world: World, number: int) -> str:
    return world.id("whs_", "webhook secret", number)


_ADD = adding(webhooks)
_BY_SEQ = Statement(select(webhooks).where(webhooks.c.seq == bindparam("seq")))
_BY_ID = Statement(select(webhooks).where(webhooks.c.webhook_id == bindparam("webhook_id")))
_EVERY = Statement(select(webhooks).order_by(webhooks.c.seq))
_REMOVE = Statement(delete(webhooks).where(webhooks.c.seq == bindparam("key")))
_CHANGE_SECRET = Statement(
    update(webhooks).where(webhooks.c.seq == bindparam("key")).values(secret=bindparam("secret"))
)
_ADD_EVENT = adding(webhook_events)
_EVENT = Statement(select(webhook_events).where(webhook_events.c.seq == bindparam("seq")))
_TRIED = Statement(
    update(webhook_events)
    .where(webhook_events.c.seq == bindparam("key"))
    .values({name: bindparam(name) for name in ("status", "tries", "signature")})
)
