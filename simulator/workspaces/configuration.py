"""A workspace's configuration: its default, made from what the vendors bring, and its form as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from inkstand.fakes.kit.destination import Destination
from inkstand.fakes.kit.vendor import Vendor
from inkstand.fakes.kit.world import identifier
from inkstand.simulator.model import Configuration, Connection, Source

DEFAULT_WORKSPACE = "default"
DEMO_WRITE_KEY = "inkstand-demo-write-key"
SCENARIO_START = 1_767_225_600_000
"""2026-01-01T00:00:00Z, where a frozen clock begins (decision 9)."""


def default_configuration(name: str, vendors: Sequence[Vendor], **choices: Any) -> Configuration:
    """One source, connected to every destination that the vendors bring.

    The workspace `default` has the documented demo credentials; every other one has credentials of its own.
    `choices` are further fields of the configuration.
    """
    key = DEMO_WRITE_KEY if name == DEFAULT_WORKSPACE else _own(name, "write-key")
    connections = tuple(
        Connection(
            id=destination.slug,
            destination=destination.slug,
            source="website",
            settings={
                setting.name: _setting(name, destination, setting.name, setting.demo)
                for setting in destination.settings
            },
            enabled=destination.on_by_default,
        )
        for vendor in vendors
        for destination in vendor.destinations
    )
    return Configuration(sources=(Source("website", key),), connections=connections, **choices)


def dump(configuration: Configuration) -> str:
    """A configuration as JSON text."""
    return msgspec.json.encode(configuration).decode()


def read(text: str) -> Configuration:
    """A configuration from JSON text."""
    return msgspec.json.decode(text, type=Configuration)


def _setting(workspace: str, destination: Destination, setting: str, demo: str) -> str:
    return demo if workspace == DEFAULT_WORKSPACE else _own(workspace, f"{destination.slug}-{setting}")


def _own(workspace: str, what: str) -> str:
    return f"inkstand-{what.lower()}-{identifier(0, workspace, what)}"
