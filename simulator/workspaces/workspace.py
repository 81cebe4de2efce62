"""One open workspace: its database, its World and its configuration, in one of its lives."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path
from threading import RLock

from sqlalchemy import MetaData, bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.storage import KIT, Door, Statement, Tx, connect, create_tables, loads
from inkstand.fakes.kit.vendor import Vendor
from inkstand.fakes.kit.world import Clock, World
from inkstand.simulator.model import Configuration, Receipt
from inkstand.simulator.storage.tables import WORKSPACE, state

from . import configuration as configurations
from .configuration import SCENARIO_START

_BASES_KEPT = 16


class Workspace:
    """An open workspace; satisfies the kit's `Tenant`.

    Configuration, clock and life change only while its door is held, so that nobody sees two of different lives.
    """

    configuration: Configuration
    world: World

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self.door = Door(str(path))
        self.settling = RLock()
        values = {row["name"]: row["value"] for row in self.door.read(_STATE)}
        self.door.epoch = int(values["epoch"])
        self._adopt(configurations.read(values["configuration"]), Clock(**loads(values["clock"])))

    def receipt(self, write_key: str) -> Receipt:
        """What to remember of calls that come now with a write key of this workspace."""
        epoch = self.door.epoch
        return Receipt(self._sources.get(write_key, write_key), self.world.now(), epoch)

    def new_message_id(self) -> str:
        """An id for a call that came without one."""
        with self.door.write() as tx:
            return self.world.id("inkstand-", "message", tx.number("message"))

    def move_clock(self, milliseconds: int, epoch: int) -> None:
        """Move the clock, durably, in the life that this was decided in."""
        with self.door.write(epoch) as tx:
            clock = self.world.clock.moved(milliseconds)
            put(tx, "clock", dump_text(clock))
            self.world = World(self.world.seed, clock)

    def configure(self, change: Callable[[Configuration], Configuration]) -> None:
        """Change the configuration of this life; a reset brings back the one the workspace was made with."""
        with self.door.write() as tx:
            changed = change(self.configuration)
            put(tx, "configuration", configurations.dump(changed))
            self._adopt(changed, self.world.clock)

    def begin_again(self, image: sqlite3.Connection, configuration: Configuration, epoch: int) -> None:
        """Begin another life: the image's content, this configuration, a clock set anew."""
        clock = start_of(configuration)
        self.door.replace_with(image, epoch, lambda: self._adopt(configuration, clock))

    def _adopt(self, configuration: Configuration, clock: Clock) -> None:
        self.configuration = configuration
        self.world = World(configuration.seed, clock)
        self._sources = {source.write_key: source.id for source in configuration.sources}


def start_of(configuration: Configuration) -> Clock:
    """The clock that a workspace of this configuration begins with."""
    return Clock(frozen_at=SCENARIO_START) if configuration.clock == "frozen" else Clock()


def put(tx: Tx, name: str, value: str) -> None:
    """Set one value of the workspace's state."""
    tx.change(_PUT, name=name, value=value)


class Images:
    """Fresh workspaces as databases in memory; what they share is made once and copied."""

    def __init__(self, vendors: Sequence[Vendor]) -> None:
        self._vendors = vendors
        self._bases: dict[int, bytes] = {}

    def fresh(self, configuration: Configuration, epoch: int) -> sqlite3.Connection:
        """A fresh workspace: tables, configuration, clock, the vendors' samples."""
        clock = start_of(configuration)
        connection = connect(":memory:")
        connection.deserialize(self._base(configuration.seed))
        connection.execute("BEGIN")
        tx = Tx(connection)
        put(tx, "configuration", configurations.dump(configuration))
        put(tx, "clock", dump_text(clock))
        put(tx, "epoch", str(epoch))
        connection.commit()
        return connection

    def _base(self, seed: int) -> bytes:
        if seed not in self._bases:
            if len(self._bases) >= _BASES_KEPT:
                self._bases.clear()
            connection = connect(":memory:")
            create_tables(connection, tables(self._vendors))
            connection.execute("BEGIN")
            for vendor in self._vendors:
                vendor.seed(Tx(connection), World(seed, Clock(frozen_at=SCENARIO_START)))
            connection.commit()
            self._bases[seed] = connection.serialize()
            connection.close()
        return self._bases[seed]


def tables(vendors: Sequence[Vendor]) -> list[MetaData]:
    """Every table of a workspace: the kit's, the simulator's, each vendor's."""
    return [KIT, WORKSPACE, *(vendor.tables for vendor in vendors)]


_STATE = Statement(select(state))
_put = upsert(state).values(name=bindparam("name"), value=bindparam("value"))
_PUT = Statement(_put.on_conflict_do_update(index_elements=["name"], set_={"value": _put.excluded.value}))
