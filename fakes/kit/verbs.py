"""What a person does at a vendor, as a verb that the vendor's folder brings: over HTTP, as the person would."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from marshmallow import Schema


class Answer(Protocol):
    """What the vendor answered."""

    @property
    def content(self) -> bytes:
        """The body."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers, whatever their case."""


class Visit(Protocol):
    """A person at a vendor: asks its addresses, and has the settings by which the vendor knows the workspace."""

    @property
    def settings(self) -> Mapping[str, str]:
        """The settings of the workspace's connection with the vendor."""

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, json: object = None) -> Answer:
        """Ask an address below the vendor's; raises RefusedVisitError for any answer but success."""


class RefusedVisitError(Exception):
    """The vendor did not let a person do what the verb says; the text is its answer."""


@dataclass(frozen=True)
class Verb:
    """One verb: `name` is what a person does (`open`), `schema` what it is given, `perform` does it.

    What `perform` returns can be saved by a scenario, and is what the control API answers.
    """

    name: str
    about: str
    schema: Callable[[], Schema]
    perform: Callable[[Visit, Mapping[str, Any]], Mapping[str, Any]]
