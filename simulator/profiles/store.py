"""Segment profiles out of a workspace's log: as they stand, as they stood, and what one message did to them."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import bindparam, exists, select

from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Door, Statement
from inkstand.fakes.kit.views import Computed, places
from inkstand.simulator.messages import held
from inkstand.simulator.storage.tables import messages, violations
from inkstand.simulator.workspaces.log import processed

from .identity import Graph, Profile

STAGE = "profile"
_CHUNK = 1_000


class _Heard:
    """A graph that has heard the log up to a place, and what it noted on the way."""

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.graph = Graph()
        self.upto = 0
        self.notes: dict[str, list[Reason]] = {}

    def hear(self, door: Door, upto: int) -> None:
        """Go on up to a place in the log."""
        while self.upto < upto:
            found = door.read(_LOG, after=self.upto, upto=upto, limit=_CHUNK)
            for row in found:
                if not row["blocked"] and (notes := self.graph.hear(row["seq"], held(row))):
                    self.notes[row["message_id"]] = notes
            self.upto = found[-1]["seq"] if len(found) == _CHUNK else upto


class _Now:
    """The newest graph of each workspace: worked out once, and on from there."""

    def __init__(self) -> None:
        self._of: WeakKeyDictionary[Door, _Heard] = WeakKeyDictionary()
        self._lock = threading.Lock()

    def rows(self, door: Door, upto: int) -> list[tuple[int, dict[str, Any]]]:
        """The profiles, as of a place in the log that is not before the newest one asked so far."""
        with self._lock:
            return list(_rows(self._heard(door, upto).graph))

    def notes(self, door: Door, message_id: str) -> list[Reason]:
        """What the newest message of that id did."""
        with self._lock:
            return list(self._heard(door, processed(door)).notes.get(message_id, ()))

    def _heard(self, door: Door, upto: int) -> _Heard:
        epoch = door.epoch
        known = self._of.get(door)
        if known is None or known.epoch != epoch:
            known = _Heard(epoch)
        known.hear(door, upto)
        if door.epoch == epoch:
            self._of[door] = known
        return known


_NOW = _Now()


def told(door: Door, message_id: str) -> list[tuple[str, Reason]]:
    """What is worth telling of what a message did to the profiles, as its journey has it."""
    return [(STAGE, reason) for reason in _NOW.notes(door, message_id)]


def _found(door: Door, upto: int) -> list[tuple[int, dict[str, Any]]]:
    newest = processed(door)
    if upto >= newest:
        return _NOW.rows(door, newest)
    then = _Heard(door.epoch)
    then.hear(door, upto)
    return list(_rows(then.graph))


def _rows(graph: Graph) -> Iterator[tuple[int, dict[str, Any]]]:
    for profile in graph.profiles():
        yield profile.place, _row(profile)


def _row(profile: Profile) -> dict[str, Any]:
    ids: dict[str, list[str]] = {}
    for kind, value in profile.ids:
        ids.setdefault(kind, []).append(value)
    return {
        "userId": profile.user_id,
        "externalIds": ids,
        "traits": profile.traits,
        "messages": profile.messages,
        "merges": profile.merges,
        "createdAt": profile.created_at,
        "updatedAt": profile.updated_at,
    }


PROFILES = Computed(
    "profiles",
    "people as Segment itself knows them (Segment profiles): their external ids and traits",
    _found,
    ("userId", "externalIds", "traits", "messages", "merges", "createdAt", "updatedAt"),
    history=places(messages, "received_at"),
)

_blocked = exists().where(violations.c.message_seq == messages.c.seq, violations.c.outcome == "blocked")
_LOG = Statement(
    select(messages, _blocked.label("blocked"))
    .where(messages.c.seq > bindparam("after"), messages.c.seq <= bindparam("upto"))
    .order_by(messages.c.seq)
    .limit(bindparam("limit"))
)
