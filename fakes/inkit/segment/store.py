"""What Segment tells: profiles, and the documents that identify calls ask for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from inkstand.fakes.inkit.documents import catalogue
from inkstand.fakes.inkit.documents.drawing import Drawn
from inkstand.fakes.inkit.documents.filing import Press, filed, made
from inkstand.fakes.inkit.documents.formats import TemplateError
from inkstand.fakes.inkit.documents.renders import Order, known_as, of_message
from inkstand.fakes.inkit.kinds.needs import refusals, warnings
from inkstand.fakes.inkit.kinds.pieces import of_template, overridden
from inkstand.fakes.inkit.merge_fields import missing_fields, used_values
from inkstand.fakes.inkit.merge_values import TooMuchError
from inkstand.fakes.inkit.tables import heard, profiles
from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Statement, Tx, loads
from inkstand.fakes.kit.world import World

from .reading import Identify


@dataclass(frozen=True)
class Made:
    """A document, made now or by an earlier delivery of the same message."""

    document_id: str | None
    render_id: str


@dataclass(frozen=True)
class NoDocument:
    """Why no document was made; `refused` says that the call is answered as a bad one."""

    reasons: tuple[Reason, ...]
    refused: bool


def take(press: Press, call: Identify) -> Made | NoDocument:
    """Update the profile, then make the document that the call asks for, if it asks for one and can have it."""
    with press.write() as tx:
        decided = _decide(tx, press.world, call)
    if not isinstance(decided, Order):
        return decided
    try:
        drawn = press.draw(decided)
        with press.write() as tx:
            return _made_before(tx, call) or _file(tx, press.world, call, decided, drawn)
    except TemplateError as error:
        refusal = _too_much(error)
        with press.write() as tx:
            tx.because(call.subject, "document", refusal.reasons)
        return refusal


def _too_much(error: Exception) -> NoDocument:
    return NoDocument((Reason("inkit.document.too_much", {"error": str(error)}),), refused=True)


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
    found = of_message(tx, call.message_id) if call.message_id else None
    if found is None:
        return None
    tx.because(call.subject, "document", [Reason("inkit.document.repeat", {"document": known_as(found)})])
    return Made(found["document_id"], found["render_id"])


def _order(tx: Tx, call: Identify, profile: Mapping[str, Any]) -> Order | NoDocument:
    if call.wrong_template_id:
        reason = Reason("inkit.template_id.not_text", {"came": call.wrong_template_id})
        return NoDocument((reason,), refused=True)
    if call.template_id is None:
        return _no_template(call)
    template = catalogue.find(tx, call.template_id)
    if template is None:
        return NoDocument((catalogue.unknown(tx, call.template_id),), refused=True)
    fields, destinations = catalogue.fields(template), overridden(of_template(loads(template["destinations"])), None)
    try:
        missing = missing_fields(call.template_id, fields, profile, catalogue.optional(template))
    except TooMuchError as error:
        return _too_much(error)
    lacking = refusals(destinations, profile)
    if missing or lacking:
        told = {reason.facts["field"] for reason in missing}
        return NoDocument((*missing, *(one for one in lacking if one.facts["field"] not in told)), refused=True)
    values = used_values(fields, profile)
    return Order(template, values, destinations, profile=call.profile, message_id=call.message_id, created_by="Segment")


def _no_template(call: Identify) -> NoDocument:
    if call.from_engage:
        return NoDocument((Reason("inkit.template_id.engage"),), refused=False)
    return NoDocument((Reason("inkit.template_id.missing"),), refused=True)


def _file(tx: Tx, world: World, call: Identify, order: Order, drawn: Drawn) -> Made:
    profile = _profile(tx, call)
    own = () if call.message_id else (tx.number("inkit.renders"),)
    row = filed(tx, world, order, drawn, profile, (call.subject, order.template["template_id"], *own))
    warned = warnings(order.destinations, profile)
    tx.because(call.subject, "document", made(row, order, drawn, warned))
    return Made(row["document_id"], row["render_id"])


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
