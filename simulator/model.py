"""The plain facts that rooms of the simulator hand each other."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from inkstand.fakes.kit.ledger import Reason

IN_PROCESS = "http://inkstand.invalid"
"""Where the fakes of this process live for a delivery; a name that by RFC 2606 leads nowhere else."""

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""What a workspace and a snapshot may be called: good as a file's name and in an address."""

DISCARD_CODES = (
    *("no_user_anon_id", "id_not_string", "id_required", "event_not_defined", "event_not_string"),
    *("properties_not_object", "traits_not_object", "name_not_string", "category_not_string"),
    *("previous_id_required", "multi_user_error", "empty_batch", "payload_too_large", "duplicate_message"),
    *("source_disabled", "locked_workspace", "device_advertisingid_should_be_string"),
    *("consent_version_should_be_number", "consent_categorypreferences_should_exist"),
    *("consent_categorypreferences_fields_should_be_object", "consent_categorypreferences_fields_should_be_bool"),
)
"""The codes under which a call is dropped at the door: Segment's own, and ours (decision 7)."""

DELIVERY_CODES = (
    *("FILTERED_BY_INTEGRATIONS_OBJECT", "UNSUPPORTED_EVENT_TYPE", "INVALID_SETTINGS", "BAD_REQUEST", "INTERNAL"),
    *("EREFUSED", "ECONNRESET", "ETIMEDOUT", "ENOTFOUND"),
    *("unplanned", "schema_violation", "common_schema_violation", "unplanned_and_schema_violation"),
)
"""Codes of deliveries, beside the statuses that destinations answer."""

Refusal = Literal["source_disabled", "locked_workspace"]
"""The codes under which a source takes nothing at all."""

CALL_TYPES: frozenset[str] = frozenset({"identify", "track", "page", "screen", "group", "alias"})


@dataclass(frozen=True)
class Connection:
    """One source joined to one destination.

    `destination` is the slug of a destination in a vendor's folder; `base_url` None means the fake in this process.
    """

    id: str
    destination: str
    source: str
    settings: Mapping[str, str]
    enabled: bool = True
    base_url: str | None = None


@dataclass(frozen=True)
class Source:
    """Where messages come from, and the write key that names it.

    `tracking_plan` is the plan that its messages are held to, in the form in which plans are kept; `settings` are what
    becomes of violations, named as Segment's Public API names them. One that is not `enabled` takes nothing.
    """

    id: str
    write_key: str
    enabled: bool = True
    tracking_plan: dict[str, Any] | None = None
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Dedupe:
    """For how long (milliseconds of the workspace's clock) a messageId counts once, and whether in all of a workspace.

    Source: Segment's page on duplicate data: at least 24 hours, not tied to a source; its partners' page: near 170
    days, per source (contradictory).
    """

    window: int = 86_400_000
    scope: Literal["workspace", "source"] = "workspace"


@dataclass(frozen=True)
class Configuration:
    """How a workspace is set up; what a reset puts back.

    `clock` is `real` or `frozen` (at 2026-01-01T00:00:00Z), `delivery` is `auto` (a worker delivers while serving)
    or `manual` (only settle and advance do). `dedupe` says for how long and among whose calls a messageId counts once.
    A `locked` workspace takes nothing; `explain_headers` are those of every answer that say where its reason can be
    read. `vendors` holds what is set up at each vendor, by its service.
    """

    seed: int = 1
    clock: Literal["real", "frozen"] = "real"
    delivery: Literal["auto", "manual"] = "auto"
    dedupe: Dedupe = Dedupe()
    locked: bool = False
    explain_headers: bool = True
    sources: tuple[Source, ...] = ()
    connections: tuple[Connection, ...] = ()
    vendors: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Receipt:
    """Under which source calls were received, when (milliseconds), and in which life of the workspace.

    `dedupe` is how the workspace knows a messageId again; `refused` is the code under which the source takes nothing.
    """

    source: str
    at: int
    epoch: int
    dedupe: Dedupe = Dedupe()
    refused: Refusal | None = None


class Taken(msgspec.Struct, frozen=True):
    """A call that became a message: the columns it is found by, its bytes as they came, what its batch said beside."""

    message_id: str
    type: str
    event: str | None
    user_id: str | None
    anonymous_id: str | None
    raw: bytes
    envelope: str | None
    notes: tuple[Reason, ...] = ()


class Dropped(msgspec.Struct, frozen=True):
    """A call that Segment answers with 200 and keeps nothing of; we keep it with its code and reason."""

    message_id: str
    type: str | None
    event: str | None
    user_id: str | None
    anonymous_id: str | None
    code: str
    reason: Reason
    raw: bytes
