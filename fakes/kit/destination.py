"""The contract of Segment's half of a vendor: what a destination in its catalogue sends, or why it sends nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from .http import basic_authorization, dump_json
from .ledger import Reason

Settings = Mapping[str, str]


@dataclass(frozen=True)
class HttpCall:
    """One request that a destination wants made.

    `url` is a path below the connection's base address, or an address elsewhere; `body` are the bytes to send.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Skip:
    """Nothing is sent: Segment's own discard code and the reason."""

    code: str
    reason: Reason


@dataclass(frozen=True)
class Setting:
    """One setting of a destination, as Segment's app would show it.

    `credential` says that the vendor knows the customer by it; `demo` is its value in the default workspace. `around`
    is what stands around a credential in its setting, such as the address that ends with it.
    """

    name: str
    label: str
    required: bool = True
    credential: bool = False
    demo: str = ""
    around: str = "{}"

    def credential_in(self, value: str) -> str:
        """The credential in a value: the value itself, or the last part of the address that it is."""
        return value if self.around == "{}" else value.partition("?")[0].rstrip("/").rpartition("/")[2]


class WireMessage(Mapping[str, Any]):
    """A message as Segment spells it on the wire: read-only, camelCase; `body` are its bytes."""

    def __init__(self, members: Mapping[str, Any]) -> None:
        self._members = members

    @cached_property
    def body(self) -> bytes:
        """It as compact JSON."""
        return dump_json(dict(self._members))

    def __getitem__(self, key: str) -> Any:  # what a customer put on the wire
        return self._members[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    def __len__(self) -> int:
        return len(self._members)


@dataclass(frozen=True)
class Destination:
    """A receiver in Segment's catalogue.

    `name` is its title there; `aliases` are further names it answers to in a message's `integrations` object
    (case matters); `types` are the calls it accepts; `translate` turns a message into requests.
    """

    name: str
    slug: str
    types: frozenset[str]
    settings: tuple[Setting, ...]
    translate: Callable[[WireMessage, Settings], tuple[HttpCall, ...] | Skip]
    aliases: frozenset[str] = field(default_factory=frozenset)
    on_by_default: bool = True

    @property
    def names(self) -> frozenset[str]:
        """Every name by which a message's `integrations` object may speak of this destination."""
        return self.aliases | {self.name}


def subscription_headers(api_key: str) -> dict[str, str]:
    """The headers of a partner's subscription webhook: the key is the user, the password is empty, the colon stays.

    Source: segment-docs partners/subscriptions/build-webhook.md.
    """
    return {
        "Accept": "*/*",
        "Authorization": basic_authorization(api_key),
        "Cache-Control": "no-cache",
        "Content-Type": "application/json",
        "User-Agent": "Segment.io/1.0",
    }
