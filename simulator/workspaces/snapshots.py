"""Snapshots: whole copies of a workspace, kept beside it under a name."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

from inkstand.fakes.kit.destination import Setting
from inkstand.fakes.kit.storage import Door, connect
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.vendor import Vendor
from inkstand.simulator.errors import InkstandError, UnknownNameError, nearest
from inkstand.simulator.model import NAME, Configuration, Connection

_ENDING = ".snapshot"


@dataclass(frozen=True)
class Snapshot:
    """A kept copy: its name, when it was taken (the machine's time, as text) and its size in bytes."""

    name: str
    taken_at: str
    bytes: int


class Snapshots:
    """The snapshots of one workspace; `folder` is made when the first is taken."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where a snapshot of this name is, or would be, kept.

        Raises InkstandError for a name that cannot be one.
        """
        if not NAME.fullmatch(name):
            message = f"A snapshot is named with up to 80 letters, digits, dots, dashes and underscores; {name!r} came."
            raise InkstandError(message)
        return self.folder / f"{name}{_ENDING}"

    def found(self, name: str) -> Path:
        """Where a snapshot is kept; raises UnknownNameError, naming the nearest, when there is none."""
        path = self.path(name) if NAME.fullmatch(name) else None
        if path is None or not path.is_file():
            known = [one.name for one in self.list()]
            message = f"There is no snapshot {name!r}.{nearest(name, known)} There is {', '.join(known) or 'none yet'}."
            raise UnknownNameError(message)
        return path

    def list(self) -> list[Snapshot]:
        """Every snapshot, by name."""
        return [self.described(path) for path in sorted(self.folder.glob(f"*{_ENDING}"))]

    def described(self, path: Path) -> Snapshot:
        """What is told of a snapshot."""
        stat = path.stat()
        return Snapshot(path.name.removesuffix(_ENDING), iso(stat.st_mtime_ns // 1_000_000), stat.st_size)

    def take(self, door: Door, name: str) -> Snapshot:
        """Keep a copy of what is behind a door; one of the same name is replaced, whole or not at all."""
        path = self.path(name)
        self.folder.mkdir(exist_ok=True)
        unfinished = path.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        door.copy_to(str(unfinished))
        unfinished.replace(path)
        return self.described(path)

    def forget(self) -> None:
        """Remove them all."""
        for path in self.folder.glob("*"):
            path.unlink(missing_ok=True)
        if self.folder.is_dir():
            self.folder.rmdir()


def opened(path: Path) -> sqlite3.Connection:
    """A snapshot as a database in memory, free to be changed."""
    image = connect(":memory:")
    kept = sqlite3.connect(f"file:{quote(str(path))}?immutable=1", uri=True)
    try:
        kept.backup(image)
    finally:
        kept.close()
    return image


def with_credentials_of(
    own: Configuration,
    other: Configuration,
    secret: Mapping[tuple[str, str], tuple[Vendor, Setting]],
    new: Callable[[str], str],
) -> Configuration:
    """A configuration with the credentials of one's own: write keys by source, secret settings by connection.

    `secret` are the settings by which a vendor knows its customer, by destination and name; `new` makes a credential
    for a source or connection that one does not have.
    """
    keys = {source.id: source.write_key for source in own.sources}
    settings = {(one.id, one.destination): one.settings for one in own.connections}

    def value(one: Connection, name: str) -> str:
        known = secret.get((one.destination, name))
        if known is None:
            return one.settings[name]
        mine = settings.get((one.id, one.destination), {}).get(name)
        return mine or known[1].around.format(new(f"{one.id}-{name}"))

    return replace(
        other,
        sources=tuple(replace(one, write_key=keys.get(one.id) or new(f"{one.id}-write-key")) for one in other.sources),
        connections=tuple(
            replace(one, settings={name: value(one, name) for name in one.settings}) for one in other.connections
        ),
    )
