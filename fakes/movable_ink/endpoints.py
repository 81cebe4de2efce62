"""An endpoint of the collector: which credentials it takes, which mappings it has, how strict it is."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import bindparam, select

from inkstand.fakes.kit.storage import Door, Statement, loads

from . import ACCESS_KEY, ACCESS_SECRET
from .mapping import EventMapping, mapping_of
from .reading import Generation
from .tables import endpoints


@dataclass(frozen=True)
class Endpoint:
    """One customer data endpoint; `lenient` keeps what no mapping matches as a custom event."""

    key: str
    name: str = ""
    access_key: str = ACCESS_KEY
    access_secret: str = ACCESS_SECRET
    lenient: bool = False
    mappings: tuple[EventMapping, ...] = ()

    def admits(self, credentials: tuple[str, str] | None) -> Generation | None:
        """Which generation of sender has these credentials; None where nobody has.

        The classic one sends its key as the user, and no password (Segment's subscription webhooks); the current one an
        access key and its secret.
        """
        if credentials == (self.key, ""):
            return "classic"
        return "current" if credentials == (self.access_key, self.access_secret) else None

    def takes_faults(self, generation: Generation) -> bool:
        """Whether an event that no mapping makes whole is kept nevertheless."""
        return self.lenient or generation == "classic"


def endpoint_of(door: Door, key: str) -> Endpoint:
    """The endpoint of a key of this workspace: as it is set up, else as every connection's key makes one."""
    found = door.read(_BY_KEY, key=key)
    if not found:
        return Endpoint(key)
    row = found[0]
    mappings = tuple(map(mapping_of, loads(row["mappings"])))
    return Endpoint(key, row["name"], row["access_key"], row["access_secret"], bool(row["lenient"]), mappings)


_BY_KEY = Statement(select(endpoints).where(endpoints.c.key == bindparam("key")))
