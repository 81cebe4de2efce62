"""The only source of time, ids and chance in one workspace."""

from __future__ import annotations

import hashlib
import threading
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from faker import Faker

Cause = str | int
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ID_LENGTH = 22
_fakers = threading.local()
"""A Faker takes milliseconds to make: each thread keeps one for each locale, and seeds it anew."""


@dataclass(frozen=True)
class Clock:
    """Where a workspace's time stands.

    `frozen_at` is milliseconds since 1970 while the clock stands still, else None;
    `offset` is how many milliseconds it is ahead of the machine while it runs.
    """

    frozen_at: int | None = None
    offset: int = 0

    @property
    def kind(self) -> Literal["real", "frozen"]:
        """Whether it runs with the machine's clock or stands still."""
        return "real" if self.frozen_at is None else "frozen"

    def now(self) -> int:
        """The time in milliseconds since 1970, UTC."""
        return machine_now() + self.offset if self.frozen_at is None else self.frozen_at

    def moved(self, milliseconds: int) -> Clock:
        """This clock, moved forward (or, for a negative value, back)."""
        if self.frozen_at is None:
            return replace(self, offset=self.offset + milliseconds)
        return replace(self, frozen_at=self.frozen_at + milliseconds)


@dataclass(frozen=True)
class World:
    """Clock, ids and chance of one workspace: the same seed and the same causes give the same answers."""

    seed: int
    clock: Clock = Clock()

    def now(self) -> int:
        """The workspace's time in milliseconds since 1970, UTC."""
        return self.clock.now()

    def id(self, prefix: str, *cause: Cause) -> str:
        """An id that follows from the seed and its cause alone, such as `evt_4fJ…`."""
        return prefix + identifier(self.seed, prefix, *cause)

    def chance(self, *cause: Cause) -> float:
        """A number in [0, 1) that follows from the seed and its cause alone."""
        return chance(self.seed, *cause)


def machine_now() -> int:
    """The machine's time in milliseconds since 1970, UTC: for what a person waits for, never for a rule."""
    return time.time_ns() // 1_000_000  # noqa: TID251  # this is the World


def identifier(seed: int, *cause: Cause) -> str:
    """Twenty-two letters and digits (the length of Inkit's ids) that follow from seed and cause."""
    number = int.from_bytes(_digest(seed, *cause), "big")
    letters = []
    for _ in range(_ID_LENGTH):
        number, index = divmod(number, 62)
        letters.append(_ALPHABET[index])
    return "".join(letters)


def chance(seed: int, *cause: Cause) -> float:
    """A number in [0, 1) that follows from seed and cause."""
    return (int.from_bytes(_digest(seed, *cause)[:8], "big") >> 11) / 2**53


def faker(seed: int, *cause: Cause, locale: str = "en_US") -> Faker:
    """A Faker whose people follow from seed and cause; good until this thread asks for the next one of the locale."""
    from faker import Faker  # noqa: PLC0415  # slow to import, and only stories with people need it

    known: dict[str, Faker] = _fakers.__dict__
    fake = known.get(locale) or known.setdefault(locale, Faker(locale))
    fake.seed_instance(int.from_bytes(_digest(seed, *cause)[:8], "big"))
    return fake


def _digest(seed: int, *cause: Cause) -> bytes:
    text = "\x1f".join(f"{type(part).__name__[0]}{part}" for part in (seed, *cause))
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20).digest()
