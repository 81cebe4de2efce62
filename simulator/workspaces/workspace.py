"""One open workspace: its database, its World and its configuration, in one of its lives."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING, Any

from sqlalchemy import MetaData, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from inkstand.fakes.kit import faults
from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.storage import Door, Statement, Tx, connect, loads
from inkstand.fakes.kit.tables import KIT, create_tables
from inkstand.fakes.kit.vendor import Vendor
from inkstand.fakes.kit.world import Clock, World
from inkstand.simulator.errors import SetupError
from inkstand.simulator.model import Configuration, Receipt, Refusal, Source
from inkstand.simulator.storage.tables import WORKSPACE, omissions, state

from . import configuration as configurations
from .configuration import SCENARIO_START

if TYPE_CHECKING:
    from inkstand.simulator.protocols.plan import Plan

_BASES_KEPT = 16
_ONE_BY_ONE, _AT_ONCE = 8, 256
"""How many ids are taken from the door one by one, and how many at once for a batch that needs more."""


class Workspace:
    """An open workspace; satisfies the kit's `Tenant`.

    Configuration, clock and life change only while its door is held, so that nobody sees two of different lives.
    """

    configuration: Configuration
    world: World
    faulty: frozenset[str]
    omits: bool

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.door = Door(str(path), now=lambda: self.world.now())  # noqa: PLW0108  # the world changes
        self.settling = RLock()
        values = {row["name"]: row["value"] for row in self.door.read(_STATE)}
        self.door.epoch = int(values["epoch"])
        self._adopt(configurations.read(values["configuration"]), Clock(**loads(values["clock"])))
        self.faulty = faults.faulty_in(self.door)
        self.omits = bool(self.door.read(_OMISSION))

    def receipt(self, write_key: str) -> Receipt:
        """What to remember of calls that come now with a write key of this workspace."""
        epoch, source = self.door.epoch, self._sources.get(write_key, write_key)
        refused = self._refused(source) if self._refuses else None
        return Receipt(source, self.world.now(), epoch, self.configuration.dedupe, refused)

    def new_message_id(self) -> str:
        """An id for a call that came without one."""
        return next(self.new_message_ids())

    def new_message_ids(self) -> Iterator[str]:
        """Ids for calls that came without one; after the first few they are taken from the door many at once."""
        taken = 0
        while True:
            number = 1 if taken < _ONE_BY_ONE else _AT_ONCE
            with self.door.write() as tx:
                numbers = [tx.number("message") for _ in range(number)]
            for one in numbers:
                yield self.world.id("inkstand-", "message", one)
            taken += number

    def move_clock(self, milliseconds: int, epoch: int) -> None:
        """Move the clock, durably, in the life that this was decided in."""
        self.set_clock(lambda clock: clock.moved(milliseconds), epoch)

    def configure(self, change: Callable[[Configuration], Configuration]) -> None:
        """Change the configuration of this life; a reset brings back the one the workspace was made with."""
        with self.door.write() as tx:
            changed = change(self.configuration)
            put(tx, "configuration", configurations.dump(changed))
            self._adopt(changed, self.world.clock)

    def arrange(self, service: str, spec: Mapping[str, Any]) -> str:
        """Arrange a fault of a service; its id."""
        with self.door.write() as tx:
            fault_id = faults.arrange(tx, self.world, service, spec)
            self.faulty = faults.faulty(tx)
        return fault_id

    def end_fault(self, fault_id: str | None = None) -> int:
        """End a fault, or all; how many ended."""
        with self.door.write() as tx:
            ended = faults.end(tx, fault_id)
            self.faulty = faults.faulty(tx)
        return ended

    def set_clock(self, change: Callable[[Clock], Clock], epoch: int) -> None:
        """Freeze the clock or let it run, durably, in the life that this was decided in."""
        with self.door.write(epoch) as tx:
            clock = change(self.world.clock)
            put(tx, "clock", dump_text(clock))
            self.world = World(self.world.seed, clock)

    def begin_again(self, image: sqlite3.Connection, configuration: Configuration, clock: Clock, epoch: int) -> None:
        """Begin another life: the image's content, this configuration, this clock."""

        def begin() -> None:
            self._adopt(configuration, clock)
            self.faulty = faults.faulty(Tx(image))
            self.omits = bool(Tx(image).run(_OMISSION))

        self.door.replace_with(image, epoch, begin)

    def _refused(self, source: str) -> Refusal | None:
        """Under which code a source takes nothing."""
        if self.configuration.locked:
            return "locked_workspace"
        off = any(one.id == source and not one.enabled for one in self.configuration.sources)
        return "source_disabled" if off else None

    @property
    def explains(self) -> bool:
        """Whether answers say where their reasons can be read (decision 30)."""
        return self.configuration.explain_headers

    @property
    def has_plans(self) -> bool:
        """Whether messages of a source are held to a tracking plan."""
        return bool(self._planned)

    def plan_of(self, source: str) -> tuple[Source, Plan] | None:
        """The tracking plan that a source's messages are held to, if it has one."""
        return self._plans.get(source) if self._planned else None

    @cached_property
    def _plans(self) -> Mapping[str, tuple[Source, Plan]]:
        from inkstand.simulator.protocols.plan import compiled  # noqa: PLC0415  # brings a validator; few have a plan

        return {one.id: (one, compiled(one.tracking_plan)) for one in self._planned if one.tracking_plan}

    def _adopt(self, configuration: Configuration, clock: Clock) -> None:
        self.configuration = configuration
        self.world = World(configuration.seed, clock)
        self._sources = {source.write_key: source.id for source in configuration.sources}
        self.source_ids = frozenset(self._sources.values())
        self._refuses = configuration.locked or not all(source.enabled for source in configuration.sources)
        self._planned = tuple(source for source in configuration.sources if source.tracking_plan)
        self.__dict__.pop("_plans", None)


def start_of(configuration: Configuration) -> Clock:
    """The clock that a workspace of this configuration begins with."""
    return Clock(frozen_at=SCENARIO_START) if configuration.clock == "frozen" else Clock()


def put(tx: Tx, name: str, value: str) -> None:
    """Set one value of the workspace's state."""
    tx.change(_PUT, name=name, value=value)


def revived(image: sqlite3.Connection, configuration: Configuration, epoch: int) -> Clock:
    """Make an image of another life that of this one; the clock that it was taken at."""
    found = {row["name"]: row["value"] for row in image.execute(_STATE.text)}
    image.execute("BEGIN")
    tx = Tx(image)
    put(tx, "configuration", configurations.dump(configuration))
    put(tx, "epoch", str(epoch))
    image.commit()
    return Clock(**loads(found["clock"]))


def configuration_in(image: sqlite3.Connection) -> Configuration:
    """The configuration that a database holds."""
    found = {row["name"]: row["value"] for row in image.execute(_STATE.text)}
    return configurations.read(found["configuration"])


class Images:
    """Fresh workspaces as databases in memory; what they share is made once and copied."""

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self._vendors = vendors
        self._bases: dict[tuple[int, str], bytes] = {}

    def fresh(self, configuration: Configuration, epoch: int) -> sqlite3.Connection:
        """A fresh workspace: tables, configuration, clock, the vendors' samples."""
        clock = start_of(configuration)
        connection = connect(":memory:")
        connection.deserialize(self._base(configuration))
        connection.execute("BEGIN")
        tx = Tx(connection)
        put(tx, "configuration", configurations.dump(configuration))
        put(tx, "clock", dump_text(clock))
        put(tx, "epoch", str(epoch))
        connection.commit()
        return connection

    def _base(self, configuration: Configuration) -> bytes:
        key = (configuration.seed, dump_text(configuration.vendors))
        if key not in self._bases:
            if len(self._bases) >= _BASES_KEPT:
                self._bases.clear()
            connection = connect(":memory:")
            create_tables(connection, tables(self._vendors))
            connection.execute("BEGIN")
            world = World(configuration.seed, Clock(frozen_at=SCENARIO_START))
            for vendor in self._vendors:
                _seed(vendor, Tx(connection), world, configuration.vendors.get(vendor.service, {}))
            connection.commit()
            self._bases[key] = connection.serialize()
            connection.close()
        return self._bases[key]


def _seed(vendor: Vendor, tx: Tx, world: World, setup: Mapping[str, Any]) -> None:
    try:
        vendor.seed(tx, world, setup)
    except sqlite3.Error as error:
        raise SetupError(("vendors", vendor.service), f"{vendor.title} cannot take this: {error}") from error


def tables(vendors: Sequence[Vendor]) -> list[MetaData]:
    """Every table of a workspace: the kit's, the simulator's, each vendor's."""
    return [KIT, WORKSPACE, *(vendor.tables for vendor in vendors)]


_STATE = Statement(select(state))
_OMISSION = Statement(select(omissions.c.message_seq).limit(1))
_put = upsert(state).values(name=bindparam("name"), value=bindparam("value"))
_PUT = Statement(_put.on_conflict_do_update(index_elements=["name"], set_={"value": _put.excluded.value}))
