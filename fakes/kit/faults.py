"""Arranged misbehaviour of a service: a status, a slow answer, a dropped connection, for some or all of its calls.

Kept in the workspace, so that a reset ends it; which calls it strikes follows from its count and the workspace's seed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from sqlalchemy import Column, Integer, Table, Text, bindparam, delete, insert, select, update

from .http import dump_text
from .storage import Door, Statement, Tenant, Tx, loads
from .tables import KIT
from .times import LAST, iso
from .views import Listed
from .world import World

EFFECT_KEY = "inkstand.effect"
"""WSGI environment key under which a service leaves what is to be done with its answer."""

ENACT_KEY = "inkstand.enact"
"""WSGI environment key by which a caller in this process does that itself: no real time passes for it."""

CAUSE_KEY = "inkstand.cause"
"""WSGI environment key that names what a call is made for; chance follows from it, whatever thread makes the call."""

faults = Table(
    "faults",
    KIT,
    Column("seq", Integer, primary_key=True),
    Column("fault_id", Text, nullable=False),
    Column("service", Text, nullable=False),
    Column("spec", Text, nullable=False),
    Column("until", Integer),
    Column("calls", Integer, nullable=False),
    Column("struck", Integer, nullable=False),
)


@dataclass(frozen=True)
class Effect:
    """What happens to one call.

    `status` is answered instead of the service's own answer; `drop` breaks the connection off `before` the service
    did anything or `after` it did; `delay` is how many milliseconds the answer comes late.
    """

    fault: str
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    drop: Literal["before", "after"] | None = None
    delay: int = 0

    @property
    def instead(self) -> bool:
        """Whether the service does nothing at all."""
        return self.status is not None or self.drop == "before"

    @property
    def told(self) -> str:
        """What is answered in words."""
        return self.body if self.body is not None else dump_text({"message": f"arranged by {self.fault}"})


class StruckError(Exception):
    """This call is struck by a fault before the service does anything."""

    def __init__(self, effect: Effect) -> None:
        super().__init__(f"arranged by {effect.fault}")
        self.effect = effect


def arrange(tx: Tx, world: World, service: str, spec: Mapping[str, Any]) -> str:
    """Arrange a fault; its id.

    `spec` holds an effect (`status` with `headers` and `body`, `drop`, `delay` in milliseconds), which calls it strikes
    (`next`, `every` or `share`; all without), and `for`, how many milliseconds of the workspace's clock it lasts.
    """
    fault_id = f"fault-{tx.number('fault')}"
    until = min(world.now() + spec["for"], LAST) if spec.get("for") is not None else None
    tx.insert(_ADD, fault_id=fault_id, service=service, spec=dump_text(spec), until=until, calls=0, struck=0)
    return fault_id


def end(tx: Tx, fault_id: str | None = None) -> int:
    """End a fault, or all of them; how many ended."""
    return tx.change(_END_ALL) if fault_id is None else tx.change(_END, fault_id=fault_id)


def faulty(tx: Tx) -> frozenset[str]:
    """The services that have a fault."""
    return frozenset(row["service"] for row in tx.run(_SERVICES))


def faulty_in(door: Door) -> frozenset[str]:
    """The services that have a fault, read without writing anything."""
    return frozenset(row["service"] for row in door.read(_SERVICES))


def strike(tenant: Tenant, service: str, epoch: int, cause: str | None) -> Effect | None:
    """Count a call of a service; what its faults do to it, the oldest that strikes first.

    `cause` names what the call is made for. Raises WorkspaceGoneError when that life of the workspace is over.
    """
    world = tenant.world
    with tenant.door.write(epoch) as tx:
        effect = None
        for row in tx.run(_OF_SERVICE, service=service):
            if row["until"] is not None and world.now() >= row["until"]:
                continue
            spec = loads(row["spec"])
            number = row["calls"] + 1
            hit = effect is None and strikes(spec, number, world.chance("fault", row["fault_id"], cause or number))
            tx.change(_COUNT, key=row["seq"], hit=int(hit))
            if hit:
                effect = _effect(row["fault_id"], spec)
    return effect


def strikes(spec: Mapping[str, Any], number: int, chance: float) -> bool:
    """Whether a fault strikes the call of this number, counted from 1 since it was arranged. Pure."""
    if spec.get("next") is not None:
        return number <= int(spec["next"])
    if spec.get("every") is not None:
        return number % int(spec["every"]) == 0
    return spec.get("share") is None or chance < float(spec["share"])


def _effect(fault_id: str, spec: Mapping[str, Any]) -> Effect:
    names = ("status", "headers", "body", "drop", "delay")
    return Effect(fault_id, **{name: spec[name] for name in names if spec.get(name) is not None})


def _shape(row: dict[str, Any]) -> dict[str, Any]:
    spec = loads(row["spec"])
    return {
        "id": row["fault_id"],
        "service": row["service"],
        **{name: spec.get(name) for name in _SPEC},
        "until": None if row["until"] is None else iso(row["until"]),
        "calls": row["calls"],
        "struck": row["struck"],
    }


_SPEC = ("status", "headers", "body", "drop", "delay", "next", "every", "share")
FAULTS = Listed(
    "faults",
    "arranged misbehaviour, how many calls it has seen and how many it struck",
    select(faults),
    _shape,
    {"id": "fault_id", "service": "service", **dict.fromkeys(_SPEC), "until": None, "calls": None, "struck": None},
)
"""Every fault that was arranged and not ended."""

_ADD = Statement(insert(faults), "fault_id", "service", "spec", "until", "calls", "struck")
_SERVICES = Statement(select(faults.c.service).distinct())
_OF_SERVICE = Statement(select(faults).where(faults.c.service == bindparam("service")).order_by(faults.c.seq))
_COUNT = Statement(
    update(faults)
    .where(faults.c.seq == bindparam("key"))
    .values(calls=faults.c.calls + 1, struck=faults.c.struck + bindparam("hit"))
)
_END = Statement(delete(faults).where(faults.c.fault_id == bindparam("fault_id")))
_END_ALL = Statement(delete(faults))
