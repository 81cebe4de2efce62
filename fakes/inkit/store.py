"""Keeps profiles and makes documents: the one impure room of this vendor."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.sqlite import insert as upsert

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.rendering import Paper, Pdf, to_pdf
from inkstand.fakes.kit.storage import Row, Statement, Tenant, Tx, adding, loads
from inkstand.fakes.kit.world import World

from .merge_fields import merge_fields, merged, missing_fields, used_values
from .reading import Identify
from .tables import documents, heard, profiles, templates


@dataclass(frozen=True)
class Made:
    """A document, made now or by an earlier delivery of the same message."""

    document_id: str
    render_id: str


@dataclass(frozen=True)
class NoDocument:
    """Why no document was made; `refused` says that the call is answered as a bad one."""

    reasons: tuple[Reason, ...]
    refused: bool


@dataclass(frozen=True)
class Order:
    """A document that can be made: its template and the values for its fields."""

    template: Row
    values: Mapping[str, Any]


Writing = Callable[[], AbstractContextManager[Tx]]


def take(write: Writing, world: World, call: Identify) -> Made | NoDocument:
    """Update the profile, then make the document that the call asks for, if it asks for one and can have it.

    The page is drawn between two transactions: drawing is slow, and nobody should wait at the door for it.
    """
    with write() as tx:
        decided = _decide(tx, world, call)
    if not isinstance(decided, Order):
        return decided
    html = merged(decided.template["html"], decided.values)
    paper = Paper(decided.template["width"], decided.template["height"], decided.template["unit"])
    pdf = to_pdf(html, paper, world.now())
    with write() as tx:
        return _made_before(tx, call) or _file(tx, world, call, decided, (html, pdf))


def find_render(tenant: Tenant, column: str, value: str) -> Row | None:
    """A document by its `render_id` or `document_id`."""
    rows = tenant.door.read(_BY_RENDER if column == "render_id" else _BY_DOCUMENT, id=value)
    return rows[0] if rows else None


def count_view(tx: Tx, found: Row) -> None:
    """Count a view of a document."""
    tx.change(_COUNT_VIEW, key=found["seq"])
    tx.because(
        found["message_id"] or found["document_id"],
        "view",
        [Reason("inkit.document.viewed", {"document": found["document_id"]})],
    )


def paper_of(tenant: Tenant, template_id: str) -> Paper:
    """The size of a template's page; the usual one for a template that is not there any more."""
    rows = tenant.door.read(_PAPER, template_id=template_id)
    return Paper(rows[0]["width"], rows[0]["height"], rows[0]["unit"]) if rows else Paper()


def _update_profile(tx: Tx, world: World, call: Identify) -> Mapping[str, Any]:
    kind, owner = call.profile
    traits = {**_profile(tx, call), **call.traits}
    tx.change(_TOUCH_PROFILE, kind=kind, owner=owner, traits=dump_text(traits), at=world.now())
    return traits


def _profile(tx: Tx, call: Identify) -> Mapping[str, Any]:
    kind, owner = call.profile
    row = tx.one(_PROFILE, kind=kind, owner=owner)
    found: Mapping[str, Any] = loads(row["traits"]) if row else {}
    return found


def _decide(tx: Tx, world: World, call: Identify) -> Order | Made | NoDocument:
    first_time = _first_time(tx, call)
    profile = _update_profile(tx, world, call) if first_time else _profile(tx, call)
    made = _made_before(tx, call)
    if made:
        return made
    decided = _order(tx, call, profile)
    if isinstance(decided, NoDocument) and first_time:
        tx.because(call.subject, "document", decided.reasons)
    return decided


def _first_time(tx: Tx, call: Identify) -> bool:
    """Whether the call's traits are still to be taken: a repeated message must not overtake a newer one."""
    return call.message_id is None or tx.change(_HEAR, message_id=call.message_id) == 1


def _made_before(tx: Tx, call: Identify) -> Made | None:
    found = tx.one(_DOCUMENT_OF_MESSAGE, message_id=call.message_id) if call.message_id else None
    if found is None:
        return None
    tx.because(call.subject, "document", [Reason("inkit.document.repeat", {"document": found["document_id"]})])
    return Made(found["document_id"], found["render_id"])


def _order(tx: Tx, call: Identify, profile: Mapping[str, Any]) -> Order | NoDocument:
    if call.wrong_template_id:
        reason = Reason("inkit.template_id.not_text", {"came": call.wrong_template_id})
        return NoDocument((reason,), refused=True)
    if call.template_id is None:
        return _no_template(call)
    template = tx.one(_TEMPLATE, template_id=call.template_id)
    if template is None:
        return NoDocument((_unknown_template(tx, call.template_id),), refused=True)
    fields = merge_fields(template["html"])
    missing = missing_fields(call.template_id, fields, profile)
    if missing:
        return NoDocument(missing, refused=True)
    return Order(template, used_values(fields, profile))


def _no_template(call: Identify) -> NoDocument:
    if call.from_engage:
        return NoDocument((Reason("inkit.template_id.engage"),), refused=False)
    return NoDocument((Reason("inkit.template_id.missing"),), refused=True)


def _unknown_template(tx: Tx, wanted: str) -> Reason:
    known = [row["template_id"] for row in tx.run(_TEMPLATE_IDS)]
    near = get_close_matches(wanted, known, 1, 0.6)
    return Reason("inkit.template.unknown", {"template": wanted, **({"near": near[0]} if near else {})})


def _file(tx: Tx, world: World, call: Identify, order: Order, drawn: tuple[str, Pdf]) -> Made:
    html, pdf = drawn
    template_id = order.template["template_id"]
    made = Made(world.id("doc_", call.subject, template_id), world.id("rend_", call.subject, template_id))
    kind, owner = call.profile
    tx.insert(
        _ADD_DOCUMENT,
        document_id=made.document_id,
        render_id=made.render_id,
        message_id=call.message_id,
        template_id=template_id,
        name=order.template["name"],
        profile_kind=kind,
        profile=owner,
        status="completed",
        merge_parameters=dump_text(dict(order.values)),
        html=html,
        pdf=pdf.content,
        pages=pdf.pages,
        created_at=world.now(),
        views=0,
    )
    facts = {"document": made.document_id, "template": template_id, "fields": len(order.values)}
    given = [Reason("inkit.document.made", facts)]
    given += [Reason("inkit.document.resource_not_fetched", {"address": address[:200]}) for address in pdf.refused]
    tx.because(call.subject, "document", given)
    return made


_touched = upsert(profiles).values(
    kind=bindparam("kind"), owner=bindparam("owner"), traits=bindparam("traits"), updated_at=bindparam("at")
)
_TOUCH_PROFILE = Statement(
    _touched.on_conflict_do_update(
        index_elements=["kind", "owner"],
        set_={
            "traits": _touched.excluded.traits,
            "updated_at": _touched.excluded.updated_at,
        },
    )
)
_HEAR = Statement(upsert(heard).on_conflict_do_nothing(), "message_id")
_PROFILE = Statement(
    select(profiles.c.traits).where(profiles.c.kind == bindparam("kind"), profiles.c.owner == bindparam("owner"))
)
_TEMPLATE = Statement(select(templates).where(templates.c.template_id == bindparam("template_id")))
_TEMPLATE_IDS = Statement(select(templates.c.template_id).order_by(templates.c.seq))
_DOCUMENT_OF_MESSAGE = Statement(
    select(documents.c.document_id, documents.c.render_id).where(documents.c.message_id == bindparam("message_id"))
)
_ADD_DOCUMENT = adding(documents)
_BY_RENDER = Statement(select(documents).where(documents.c.render_id == bindparam("id")))
_BY_DOCUMENT = Statement(select(documents).where(documents.c.document_id == bindparam("id")))
_COUNT_VIEW = Statement(
    update(documents).where(documents.c.seq == bindparam("key")).values(views=documents.c.views + 1)
)
_PAPER = Statement(
    select(templates.c.width, templates.c.height, templates.c.unit).where(
        templates.c.template_id == bindparam("template_id")
    )
)
