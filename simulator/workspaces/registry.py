"""Which workspaces there are, which credential opens which, and what came with a credential nobody has."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from sqlalchemy import bindparam, delete, func, insert, select, update

from inkstand.fakes.kit.http import storable
from inkstand.fakes.kit.storage import Door, Row, Statement, Tx, connect
from inkstand.fakes.kit.tables import KIT, TableChangedError, create_tables
from inkstand.fakes.kit.vendor import Vendor, known_by
from inkstand.fakes.kit.world import identifier, machine_now
from inkstand.simulator.errors import (
    CannotStartError,
    InkstandError,
    NameTakenError,
    NotNowError,
    UnknownNameError,
    nearest,
)
from inkstand.simulator.model import NAME, Configuration
from inkstand.simulator.storage.tables import REGISTRY, credentials, refused, unclaimed, workspaces

from . import configuration as configurations
from .configuration import DEFAULT_WORKSPACE, Setup, configured, own
from .snapshots import Snapshots, opened, with_credentials_of
from .workspace import Images, Workspace, configuration_in, revived, start_of, tables

SEGMENT = "segment"
"""The service whose credentials are write keys."""

OPEN_AT_ONCE = 64
_KEEP_BYTES = 4_000
KEPT_STRANGERS = 500
"""How many unclaimed calls, and how many refused requests, are kept: the newest."""


class Registry:
    """The workspaces of one data directory; the only one who opens, resets and deletes them.

    `on_open` is given each workspace when this process opens it for the first time.
    """

    def __init__(
        self,
        folder: Path,
        vendors: Sequence[Vendor],
        setup: Setup | None = None,
        on_open: Callable[[Workspace], None] = lambda _: None,
    ) -> None:
        self._on_open = on_open
        self.folder = folder
        self.vendors = vendors
        self._images = Images(vendors)
        self._lock = threading.RLock()
        self._known: dict[str, Workspace] = {}
        self._awake: OrderedDict[str, Workspace] = OrderedDict()
        connection = connect(str(folder / "registry.db"))
        create_tables(connection, [KIT, REGISTRY])
        connection.close()
        self.door = Door(str(folder / "registry.db"))
        self._owners = {(row["service"], row["credential"]): row["workspace"] for row in self.door.read(_OWNERS)}
        wanted = configured(DEFAULT_WORKSPACE, vendors, setup)
        if DEFAULT_WORKSPACE not in self.names():
            self.create(DEFAULT_WORKSPACE, wanted)
        elif configurations.dump(wanted) != self._row(DEFAULT_WORKSPACE)["config"]:
            self._set_up_again(DEFAULT_WORKSPACE, wanted)
        self.get(DEFAULT_WORKSPACE)  # one that another version wrote is told at once

    def names(self) -> list[str]:
        """Every workspace, by name."""
        return [row["name"] for row in self.door.read(_NAMES)]

    def get(self, name: str) -> Workspace:
        """An open workspace.

        Raises UnknownNameError, naming the nearest, when there is none of that name.
        """
        with self._lock:
            workspace = self._known.get(name) or self._opened(name)
            self._awake[name] = workspace
            self._awake.move_to_end(name)
            while len(self._awake) > OPEN_AT_ONCE:
                self._awake.popitem(last=False)[1].door.rest()
            return workspace

    def find(self, service: str, credential: str) -> Workspace | None:
        """The workspace that a credential of this service belongs to, if any."""
        name = self._owners.get((service, credential))
        try:
            return None if name is None else self.get(name)
        except UnknownNameError:
            return None  # deleted between the two looks

    def unclaimed(self, service: str, credential: str, what: str, body: bytes | None = None, calls: int = 1) -> None:
        """Keep a request whose credential belongs to no workspace; `calls` is how many calls it held."""
        with self.door.write() as tx:
            last = tx.one(_LAST_UNCLAIMED)
            tx.insert(
                _ADD_UNCLAIMED,
                service=service,
                credential=storable(credential[:200]),
                what=storable(what[:200]),
                at=machine_now(),
                body=body[:_KEEP_BYTES] if body else None,
                calls=calls,
                total=(last["total"] if last else 0) + (calls if service == SEGMENT else 0),
            )
            tx.change(_FORGET_UNCLAIMED, keep=KEPT_STRANGERS)

    def refused(  # noqa: PLR0913, PLR0917  # a row has as many parts
        self, what: str, code: str, message: str, credential: str | None, body: bytes, fault: str | None = None
    ) -> None:
        """Keep a request that the Tracking API refused: why, with which key, what came, and the fault that did it."""
        with self.door.write() as tx:
            tx.insert(
                _ADD_REFUSED,
                what=storable(what[:200]),
                code=code,
                message=storable(message[:_KEEP_BYTES]),
                credential=None if credential is None else storable(credential[:200]),
                at=machine_now(),
                body=body[:_KEEP_BYTES],
                fault=fault,
            )
            tx.change(_FORGET_REFUSED, keep=KEPT_STRANGERS)

    def strangers(self) -> tuple[int, int]:
        """How many calls of nobody there were, and how many refused requests, forgotten ones included."""
        unclaimed_, refused_ = self.door.read(_LAST_UNCLAIMED), self.door.read(_REFUSED_SO_FAR)
        return (unclaimed_[0]["total"] if unclaimed_ else 0), refused_[0]["seq"] or 0

    def _set_up_again(self, name: str, configuration: Configuration) -> None:
        """Set a kept workspace up as it is wanted now: sources and connections at once, all of it at its next reset."""
        self._check_credentials(name, configuration)
        self._owners = {key: owner for key, owner in self._owners.items() if owner != name}
        with self.door.write() as tx:
            tx.change(_DELETE_CREDENTIALS, workspace=name)
            tx.change(_SET_UP, name=name, config=configurations.dump(configuration))
            self._claim(tx, name, configuration)
        self.get(name).configure(
            lambda old: replace(old, sources=configuration.sources, connections=configuration.connections)
        )

    def create(self, name: str, configuration: Configuration) -> Workspace:
        """Make a workspace.

        Raises InkstandError for a name that cannot be one, NameTakenError for one that is in use, and for a credential
        that another workspace has.
        """
        if not NAME.fullmatch(name):
            message = (
                f"A workspace is named with up to 80 letters, digits, dots, dashes and underscores, beginning with a "
                f"letter or digit; {name!r} came."
            )
            raise InkstandError(message)
        with self._lock:
            if self.door.read(_WORKSPACE, name=name):
                message = f"There is a workspace {name!r} already. Reset it, delete it, or choose another name."
                raise NameTakenError(message)
            self._check_credentials(name, configuration)
            file = f"{name}.{identifier(0, name, machine_now())[:8]}.db"
            self._write_file(file, configuration)
            with self.door.write() as tx:
                text = configurations.dump(configuration)
                tx.insert(_ADD_WORKSPACE, name=name, file=file, config=text)
                self._claim(tx, name, configuration)
            self._take_in(Workspace(name, self.folder / file))
            return self.get(name)

    def reset(self, name: str) -> Workspace:
        """Put a workspace back to the configuration it was made with, in a new life: one atomic step."""
        with self._lock:
            workspace = self.get(name)
            configuration = configurations.read(self._row(name)["config"])
            epoch = self._new_life()
            fresh = self._images.fresh(configuration, epoch)
            workspace.begin_again(fresh, configuration, start_of(configuration), epoch)
            fresh.close()
        threading.Thread(target=workspace.door.checkpoint, name="checkpoint", daemon=True).start()
        return workspace

    def snapshots(self, name: str) -> Snapshots:
        """The snapshots of a workspace; they go when it is deleted, and stay when it is reset."""
        return Snapshots(self.folder / f"{self._row(name)['file']}.snapshots")

    def restore(self, name: str, snapshot: Path) -> Workspace:
        """Put a workspace back to a snapshot, its own or another's, in a new life: one atomic step.

        Its credentials stay those of now; a source or connection that it did not have gets one of its own.
        Raises InkstandError for a snapshot that another version took.
        """
        image = opened(snapshot)
        try:
            create_tables(image, tables(self.vendors))
            with self._lock:
                workspace = self.get(name)
                configuration = with_credentials_of(
                    workspace.configuration,
                    configuration_in(image),
                    known_by(self.vendors),
                    lambda what: own(name, what),
                )
                with self.door.write() as tx:
                    self._claim(tx, name, configuration)
                epoch = self._new_life()
                clock = revived(image, configuration, epoch)
                workspace.begin_again(image, configuration, clock, epoch)
        except TableChangedError as error:
            message = f"The snapshot {snapshot.name} cannot be restored: {error}"
            raise InkstandError(message) from error
        finally:
            image.close()
        return workspace

    def delete(self, name: str) -> None:
        """Delete a workspace and everything in it.

        Raises UnknownNameError when there is none, NotNowError for the default one.
        """
        if name == DEFAULT_WORKSPACE:
            message = "The default workspace cannot be deleted; reset it instead."
            raise NotNowError(message)
        with self._lock:
            file, snapshots = self._row(name)["file"], self.snapshots(name)
            workspace = self._known.pop(name, None)
            self._awake.pop(name, None)
            with self.door.write() as tx:
                tx.change(_DELETE_WORKSPACE, name=name)
                tx.change(_DELETE_CREDENTIALS, workspace=name)
            self._owners = {key: owner for key, owner in self._owners.items() if owner != name}
        if workspace is not None:
            workspace.door.close()
        snapshots.forget()
        for suffix in ("", "-wal", "-shm"):
            (self.folder / f"{file}{suffix}").unlink(missing_ok=True)

    def let_go(self) -> None:
        """Let everybody go who waits for something to change."""
        for workspace in list(self._known.values()):
            workspace.door.let_go()

    def close(self) -> None:
        """Close every database."""
        with self._lock:
            while self._known:
                self._known.popitem()[1].door.close()
            self.door.close()

    def _opened(self, name: str) -> Workspace:
        path = self.folder / self._row(name)["file"]
        connection = connect(str(path))
        try:
            create_tables(connection, tables(self.vendors))
        except TableChangedError as error:
            message = f"Workspace {name}: {error} Remove {path} to begin it anew, or use that version."
            raise CannotStartError(message) from error
        finally:
            connection.close()
        return self._take_in(Workspace(name, path))

    def _take_in(self, workspace: Workspace) -> Workspace:
        self._on_open(workspace)
        self._known[workspace.name] = workspace
        return workspace

    def _new_life(self) -> int:
        """A number that no life of any workspace of this directory has had, a deleted one's included."""
        with self.door.write() as tx:
            return tx.number("life")

    def _row(self, name: str) -> Row:
        rows = self.door.read(_WORKSPACE, name=name)
        if not rows:
            hint = nearest(name, self.names())
            message = f"There is no workspace {name!r}.{hint}"
            raise UnknownNameError(message)
        return rows[0]

    def _write_file(self, file: str, configuration: Configuration) -> None:
        fresh = self._images.fresh(configuration, self._new_life())
        unfinished = self.folder / f"{file}.new"
        unfinished.write_bytes(fresh.serialize())
        fresh.close()
        unfinished.rename(self.folder / file)

    def _credentials(self, configuration: Configuration) -> list[tuple[str, str]]:
        """Every credential of a workspace, with the service that knows it by it."""
        secret = known_by(self.vendors)
        owned = {(SEGMENT, source.write_key) for source in configuration.sources}
        for connection in configuration.connections:
            for setting, value in connection.settings.items():
                found = secret.get((connection.destination, setting))
                if found and value:
                    vendor, one = found
                    owned.add((vendor.service, one.credential_in(value)))
        for vendor in self.vendors:
            section = configuration.vendors.get(vendor.service, {})
            owned.update((vendor.service, credential) for credential in vendor.credentials(section))
        return sorted(owned)

    def _check_credentials(self, name: str, configuration: Configuration) -> None:
        """Raises NameTakenError for a credential that another workspace has."""
        for service, credential in self._credentials(configuration):
            owner = self._owners.get((service, credential), name)
            if owner != name:
                message = f"The {service} key {credential!r} belongs to workspace {owner!r} already."
                raise NameTakenError(message)

    def _claim(self, tx: Tx, name: str, configuration: Configuration) -> None:
        """Claim the credentials of a configuration that nobody has yet."""
        wanted = [pair for pair in self._credentials(configuration) if pair not in self._owners]
        tx.many(_ADD_CREDENTIAL, [{"service": s, "credential": c, "workspace": name} for s, c in wanted])
        self._owners = {**self._owners, **dict.fromkeys(wanted, name)}


_NAMES = Statement(select(workspaces.c.name).order_by(workspaces.c.name))
_WORKSPACE = Statement(select(workspaces).where(workspaces.c.name == bindparam("name")))
_ADD_WORKSPACE = Statement(insert(workspaces), "name", "file", "config")
_SET_UP = Statement(update(workspaces).where(workspaces.c.name == bindparam("name")).values(config=bindparam("config")))
_DELETE_WORKSPACE = Statement(delete(workspaces).where(workspaces.c.name == bindparam("name")))
_OWNERS = Statement(select(credentials))
_ADD_CREDENTIAL = Statement(insert(credentials), "service", "credential", "workspace")
_DELETE_CREDENTIALS = Statement(delete(credentials).where(credentials.c.workspace == bindparam("workspace")))
_ADD_REFUSED = Statement(insert(refused), "what", "code", "message", "credential", "at", "body", "fault")
_REFUSED_SO_FAR = Statement(select(func.max(refused.c.seq).label("seq")))
_ADD_UNCLAIMED = Statement(insert(unclaimed), "service", "credential", "what", "at", "body", "calls", "total")
_LAST_UNCLAIMED = Statement(select(unclaimed.c.total).order_by(unclaimed.c.seq.desc()).limit(1))
_FORGET_REFUSED = Statement(
    delete(refused).where(refused.c.seq <= select(func.max(refused.c.seq)).scalar_subquery() - bindparam("keep"))
)
_FORGET_UNCLAIMED = Statement(
    delete(unclaimed).where(unclaimed.c.seq <= select(func.max(unclaimed.c.seq)).scalar_subquery() - bindparam("keep"))
)
