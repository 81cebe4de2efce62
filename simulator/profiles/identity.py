"""Identity resolution as Segment's Unify does it: external ids, profiles, merges, traits. Pure.

Source: Segment's pages on identity resolution (external ids; settings; onboarding) and its product limits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from inkstand.fakes.kit.ledger import Reason

MOST_MERGES = 100
_MOST, _MOST_USER_IDS = 5, 1
_FIRST = ("user_id", "email")
_BLOCKED = frozenset({"-1", "null", "anonymous"})
_EMAILS = (("traits", "email"), ("context", "traits", "email"), ("properties", "email"))
_DEVICES = ("android", "ios")

Message = Mapping[str, Any]
ExternalId = tuple[str, str]
"""A type of id and its value: `("user_id", "u-1")`."""


@dataclass
class Profile:
    """A person as Segment knows them: external ids in the order in which they came, and traits.

    `place` is that of the message that made it; `traits` has each trait with the place of the message that told it,
    also one that is taken away, which is None.
    """

    place: int
    created_at: str
    updated_at: str
    ids: list[ExternalId] = field(default_factory=list)
    told: dict[str, tuple[Any, int]] = field(default_factory=dict)
    messages: int = 0
    merges: int = 0

    @property
    def traits(self) -> dict[str, Any]:
        """What is known of the person."""
        return {name: value for name, (value, _) in self.told.items() if value is not None}

    @property
    def user_id(self) -> str | None:
        """The one userId, if there is one."""
        return next((value for kind, value in self.ids if kind == "user_id"), None)

    @property
    def name(self) -> str:
        """The id that a person would know the profile by."""
        kind, value = min(self.ids, key=_priority)
        return f"{kind} {value}"


class Graph:
    """The profiles that messages make, heard one after the other in the order of the log."""

    def __init__(self) -> None:
        self._of: dict[ExternalId, Profile] = {}

    def hear(self, place: int, message: Message) -> list[Reason]:
        """Take a message at its place in the log; what is worth telling of what it did to the profiles."""
        if message["type"] == "alias":
            return [Reason("profiles.alias_merges_nothing")]
        ids, notes = _usable(external_ids(message))
        if not ids:
            return [*notes, Reason("profiles.no_id")]
        found, ids, left_out = self._matched(ids)
        notes += left_out
        profile = self._joined(found, place, message, notes)
        for one in ids:
            if one not in self._of:
                profile.ids.append(one)
                self._of[one] = profile
        profile.messages += 1
        profile.updated_at = message["receivedAt"]
        if message["type"] == "identify" and isinstance(message.get("traits"), Mapping):
            profile.told.update({name: (value, place) for name, value in message["traits"].items()})
        return notes

    def profiles(self) -> list[Profile]:
        """Every profile, in the order in which they came about."""
        return sorted({id(one): one for one in self._of.values()}.values(), key=lambda one: one.place)

    def _matched(self, ids: list[ExternalId]) -> tuple[list[Profile], list[ExternalId], list[Reason]]:
        """The profiles that a message's ids name, oldest first; over a limit without its lowest ids."""
        left_out: list[Reason] = []
        while True:
            named = {id(self._of[one]): self._of[one] for one in ids if one in self._of}
            found = sorted(named.values(), key=lambda one: one.place)
            over = _over(found, ids)
            if over is None:
                return found, ids, left_out
            (kind, value), ids = ids[-1], ids[:-1]
            facts = {"type": kind, "id": value, "why": over}
            stays = self._of.get((kind, value))
            left_out.append(Reason("profiles.id_left_out", {**facts, **({"profile": stays.name} if stays else {})}))

    def _joined(self, found: list[Profile], place: int, message: Message, notes: list[Reason]) -> Profile:
        """The one profile of a message: a new one, the one that it names, or those that it names made one."""
        if not found:
            return Profile(place, message["receivedAt"], message["receivedAt"])
        first, *others = found
        for other in others:
            notes.append(Reason("profiles.merged", {"profile": first.name, "other": other.name}))
            newer = {name: told for name, told in other.told.items() if told[1] > first.told.get(name, (None, -1))[1]}
            first.told.update(newer)
            first.ids += other.ids
            first.messages += other.messages
            first.merges += other.merges + 1
            self._of.update(dict.fromkeys(other.ids, first))
        return first


def external_ids(message: Message) -> list[ExternalId]:
    """The external ids that a message carries, by priority: user_id, email, then by the names of their types."""
    found = dict.fromkeys(chain(_own(message), _emails(message), _of_device(message), _custom(message)))
    return sorted(found, key=_priority)


def _own(message: Message) -> Iterator[ExternalId]:
    for kind, member in (("user_id", "userId"), ("anonymous_id", "anonymousId"), ("group_id", "groupId")):
        if value := _text(message.get(member)):
            yield kind, value


def _emails(message: Message) -> Iterator[ExternalId]:
    for path in _EMAILS:
        if value := _text(_at(message, path)):
            yield "email", value


def _of_device(message: Message) -> Iterator[ExternalId]:
    device = _at(message, ("context", "device"))
    if not isinstance(device, Mapping) or device.get("type") not in _DEVICES:
        return
    os = device["type"]
    tracked = os == "ios" or device.get("adTrackingEnabled") is True
    for kind, member in (("id", "id"), ("idfa", "advertisingId"), ("push_token", "token")):
        if (value := _text(device.get(member))) and (kind != "idfa" or tracked):
            yield f"{os}.{kind}", value


def _custom(message: Message) -> Iterator[ExternalId]:
    told = _at(message, ("context", "externalIds"))
    for one in told if isinstance(told, list) else ():
        if not isinstance(one, Mapping) or one.get("collection") != "users" or one.get("encoding") != "none":
            continue
        if (value := _text(one.get("id"))) and (kind := _text(one.get("type"))):
            yield kind, value


def _usable(ids: list[ExternalId]) -> tuple[list[ExternalId], list[Reason]]:
    blocked = [one for one in ids if one[1] in _BLOCKED or not one[1].strip("0-")]
    notes = [Reason("profiles.id_blocked", {"type": kind, "id": value}) for kind, value in blocked]
    return [one for one in ids if one not in blocked], notes


def _over(found: list[Profile], ids: list[ExternalId]) -> str | None:
    """Which limit one profile of all these would break; one profile as it is breaks none."""
    together = set(chain(ids, *(profile.ids for profile in found)))
    for kind in {kind for kind, _ in ids} | {kind for profile in found[1:] for kind, _ in profile.ids}:
        number, most = sum(1 for one in together if one[0] == kind), _MOST_USER_IDS if kind == "user_id" else _MOST
        if number > most:
            return f"one profile would have {number} of the type {kind}, and has at most {most}"
    merges = sum(profile.merges for profile in found) + len(found) - 1
    if merges > MOST_MERGES:
        return f"one profile would be merged of more than {MOST_MERGES}"
    return None


def _priority(one: ExternalId) -> tuple[int, str, str]:
    kind, value = one
    return (_FIRST.index(kind) if kind in _FIRST else len(_FIRST), kind, value)


def _at(message: Message, path: tuple[str, ...]) -> object:
    found: object = message
    for name in path:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found


def _text(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int):
        return None
    return str(value) or None
