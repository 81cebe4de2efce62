"""What an answer means for a delivery: one table for every destination. Pure.

Sources: Segment's pages on destinations (four hours, exponential back-off with jitter) and integration error codes;
the figures of the back-off are our choice (decision 8).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from inkstand.fakes.kit.ledger import Reason

FIRST_WAIT = 10_000
LONGEST_WAIT = 3_600_000
JITTER = 0.2
LAST_ATTEMPT_AFTER = 4 * 3_600_000
_UNKNOWN_THERE = frozenset({401, 403, 404})
_RETRIED = frozenset({408, 423, 429})
_CODES = {400: "BAD_REQUEST", 501: "UNSUPPORTED_EVENT_TYPE"}

Failure = Literal["EREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTFOUND"]


@dataclass(frozen=True)
class Answer:
    """How an attempt ended: an HTTP status with what it said about waiting, or a failure of the connection.

    `late` is how many milliseconds of the workspace's time an arranged fault made it last; `fault` names that fault.
    """

    status: int | None = None
    failure: Failure | None = None
    headers: Mapping[str, str] | None = None
    late: int = 0
    fault: str | None = None

    @property
    def code(self) -> str:
        """Segment's code for it."""
        if self.status is None:
            return self.failure or "INTERNAL"
        return _CODES.get(self.status, str(self.status))


@dataclass(frozen=True)
class Tried:
    """The attempts so far: how many, when the first began and what time it is now (milliseconds)."""

    number: int
    first_at: int
    now: int


@dataclass(frozen=True)
class Delivered:
    """Any 2xx: the destination has it."""


@dataclass(frozen=True)
class Retrying:
    """Another attempt at `due_at` (milliseconds)."""

    due_at: int
    code: str
    reason: Reason


@dataclass(frozen=True)
class GivenUp:
    """No further attempt: Segment's code and why."""

    code: str
    reason: Reason


def judge(answer: Answer, tried: Tried, chance: float, connection: str = "") -> Delivered | Retrying | GivenUp:
    """What becomes of a delivery of a connection after an attempt; `chance` in [0, 1) places the jitter."""
    if answer.status is not None and 200 <= answer.status < 300:  # noqa: PLR2004  # any 2xx
        return Delivered()
    if not _retryable(answer):
        return GivenUp(answer.code, _final(answer, connection))
    due_at = tried.now + max(wait(tried.number, chance), _asked_wait(answer))
    if due_at > tried.first_at + LAST_ATTEMPT_AFTER:
        facts = {"answer": answer.code, "attempts": tried.number, "hours": LAST_ATTEMPT_AFTER // 3_600_000}
        return GivenUp(answer.code, Reason("delivery.retries_exhausted", facts))
    facts = {"answer": answer.code, "attempt": tried.number, "seconds": (due_at - tried.now) // 1000}
    return Retrying(due_at, answer.code, Reason("delivery.retry", facts))


def wait(number: int, chance: float) -> int:
    """How long to wait after attempt `number`, in milliseconds: 10 s doubling to 60 min, plus or minus a fifth."""
    plain = min(FIRST_WAIT << min(number - 1, 20), LONGEST_WAIT)
    return int(plain * (1 + JITTER * (2 * chance - 1)))


def _final(answer: Answer, connection: str) -> Reason:
    if answer.status in _UNKNOWN_THERE:
        return Reason("delivery.credentials_refused", {"answer": answer.code, "connection": connection})
    return Reason("delivery.final_answer", {"answer": answer.code})


def _retryable(answer: Answer) -> bool:
    if answer.status is None:
        return answer.failure is not None
    return answer.status in _RETRIED or (answer.status >= 500 and answer.status != 501)  # noqa: PLR2004  # 501 is final


def _asked_wait(answer: Answer) -> int:
    value = next((v for k, v in (answer.headers or {}).items() if k.lower() == "retry-after"), "")
    return int(value) * 1000 if value.isdecimal() else 0
