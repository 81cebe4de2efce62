"""A workspace's configuration: made from what the vendors bring and what somebody sets up; its form as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec

from inkstand.fakes.kit.destination import Destination, Setting
from inkstand.fakes.kit.vendor import Vendor
from inkstand.fakes.kit.world import identifier
from inkstand.simulator.errors import SetupError, nearest
from inkstand.simulator.model import Configuration, Connection, Dedupe, Source

DEFAULT_WORKSPACE = "default"
DEMO_WRITE_KEY = "inkstand-demo-write-key"
SCENARIO_START = 1_767_225_600_000
"""2026-01-01T00:00:00Z, where a frozen clock begins (decision 9)."""

_FIRST_SOURCE = "website"
_CHOICES = ("seed", "clock", "delivery", "locked", "explain_headers")
Setup = Mapping[str, Any]


class Understood(dict[str, Any]):
    """What is set up at the vendors, as their own schemas have read it already."""


def configured(
    name: str, vendors: Sequence[Vendor], setup: Setup | None = None, asked: Setup | None = None
) -> Configuration:
    """The configuration of a workspace: what the vendors bring, changed by `setup`, changed by what is `asked`.

    Both are of the form that `workspaces.setup.SetupSchema` reads. Without sources there is one; every source is joined
    to every destination. The workspace `default` has the credentials of the setup, or the documented demo ones; every
    other one has credentials of its own, but for those that are asked for.
    Raises SetupError, with the place, for a destination, source or setting that there is not.
    """
    setup, asked = setup or {}, asked or {}
    merged = {**setup, **asked, **{key: _merged(setup.get(key), asked.get(key)) for key in ("sources", "connections")}}
    sources = _sources(name, merged["sources"], asked.get("sources") or {}, vendors)
    catalogue = {destination.slug: destination for vendor in vendors for destination in vendor.destinations}
    settings = _Settings(name, merged["connections"], asked.get("connections") or {})
    connections = {one.id: one for one in _joined(sources, catalogue, settings)}
    for ident, given in merged["connections"].items():
        connections[ident] = _connection(ident, given, connections.get(ident), sources, catalogue, settings)
    return Configuration(
        sources=forwarding_somewhere(list(sources.values())),
        connections=tuple(connections.values()),
        dedupe=Dedupe(**{**(setup.get("dedupe") or {}), **(asked.get("dedupe") or {})}),
        vendors=_with_credentials(name, vendors, _sections(vendors, merged.get("vendors") or {}), asked),
        **{key: merged[key] for key in _CHOICES if key in merged},
    )


def dump(configuration: Configuration) -> str:
    """A configuration as JSON text."""
    return msgspec.json.encode(configuration).decode()


def read(text: str) -> Configuration:
    """A configuration from JSON text."""
    return msgspec.json.decode(text, type=Configuration)


def _merged(setup: Setup | None, asked: Setup | None) -> dict[str, dict[str, Any]]:
    """Two mappings of named things as one, thing by thing; their settings too."""
    found: dict[str, dict[str, Any]] = {name: dict(one or {}) for name, one in (setup or {}).items()}
    for name, one in (asked or {}).items():
        old = found.get(name, {})
        found[name] = {**old, **(one or {})}
        if "settings" in old and "settings" in (one or {}):
            found[name]["settings"] = {**old["settings"], **one["settings"]}
    return found


def _sources(workspace: str, given: Setup, asked: Setup, vendors: Sequence[Vendor]) -> dict[str, Source]:
    found: dict[str, Source] = {}
    for ident, one in (given or {_FIRST_SOURCE: {}}).items():
        key = (asked.get(ident) or {}).get("write_key")
        if key is None and workspace == DEFAULT_WORKSPACE:
            demo = DEMO_WRITE_KEY if not found else f"inkstand-demo-{ident}-write-key"
            key = one.get("write_key") or demo
        key = key or own(workspace, "write-key" if not found else f"{ident}-write-key")
        plan = whole_plan(one.get("tracking_plan"), vendors)
        found[ident] = Source(ident, key, one.get("enabled", True), plan, dict(one.get("settings") or {}))
    return found


def whole_plan(plan: Any, vendors: Sequence[Vendor]) -> dict[str, Any] | None:  # as a schema has read it
    """A tracking plan as it is kept: a shipped one for its name."""
    if not isinstance(plan, str):
        return dict(plan) if plan else None
    from inkstand.simulator.protocols.shipped import shipped  # noqa: PLC0415  # brings a validator; few have a plan

    return shipped(plan, vendors)


def forwarding_somewhere(sources: Sequence[Source]) -> tuple[Source, ...]:
    """The same sources; raises SetupError when one forwards to a source that there is not."""
    known = [source.id for source in sources]
    for source in sources:
        for name in ("forwardingViolationsTo", "forwardingBlockedEventsTo"):
            to = source.settings.get(name)
            if to and to not in known:
                message = f"There is no source {to!r}.{nearest(to, known)} There is {', '.join(known)}."
                raise SetupError(("sources", source.id, "settings", name), message)
    return tuple(sources)


class _Settings:
    """What the settings of a workspace's connections are."""

    def __init__(self, workspace: str, given: Setup, asked: Setup) -> None:
        self.workspace = workspace
        self._given = given
        self._asked = asked

    def of(self, ident: str, destination: Destination) -> dict[str, str]:
        """Every setting of a destination as a connection of this id has it."""
        given: Setup = self._given.get(ident, {}).get("settings", {})
        asked: Setup = (self._asked.get(ident) or {}).get("settings", {})
        known = [setting.name for setting in destination.settings]
        for name in given:
            if name not in known:
                message = (
                    f"{destination.name} has no setting {name!r}.{nearest(name, known)} It has {', '.join(known)}."
                )
                raise SetupError(("connections", ident, "settings", name), message)
        return {setting.name: self._value(ident, setting, given, asked) for setting in destination.settings}

    def _value(self, ident: str, setting: Setting, given: Setup, asked: Setup) -> str:
        if setting.name in asked:
            return str(asked[setting.name])
        value = str(given.get(setting.name, setting.demo))
        if self.workspace == DEFAULT_WORKSPACE or (not setting.credential and (value or not setting.required)):
            return value
        return setting.around.format(own(self.workspace, f"{ident}-{setting.name}"))


def _joined(
    sources: Mapping[str, Source], catalogue: Mapping[str, Destination], settings: _Settings
) -> Iterator[Connection]:
    """Every source joined to every destination."""
    for number, source in enumerate(sources):
        for slug, destination in catalogue.items():
            ident = slug if number == 0 else f"{slug}-{source}"
            yield Connection(ident, slug, source, settings.of(ident, destination), destination.on_by_default)


def _connection(  # noqa: PLR0913, PLR0917  # a connection is made of all of these
    ident: str,
    given: Setup,
    old: Connection | None,
    sources: Mapping[str, Source],
    catalogue: Mapping[str, Destination],
    settings: _Settings,
) -> Connection:
    slug = given.get("destination") or (old.destination if old else ident)
    if slug not in catalogue:
        message = f"There is no destination {slug!r}.{nearest(slug, list(catalogue))} There is {', '.join(catalogue)}."
        raise SetupError(("connections", ident, "destination"), message)
    source = given.get("source") or (old.source if old else next(iter(sources)))
    if source not in sources:
        message = f"There is no source {source!r}.{nearest(source, list(sources))} There is {', '.join(sources)}."
        raise SetupError(("connections", ident, "source"), message)
    enabled = given.get("enabled", old.enabled if old else catalogue[slug].on_by_default)
    return Connection(ident, slug, source, settings.of(ident, catalogue[slug]), enabled, given.get("base_url"))


def _sections(vendors: Sequence[Vendor], given: Setup) -> dict[str, Any]:
    """What is set up at each vendor, as the vendor's own schema reads it."""
    if isinstance(given, Understood):
        return given
    known = {vendor.service: vendor for vendor in vendors}
    for service in given:
        if service not in known:
            message = f"There is no vendor {service!r}.{nearest(service, list(known))} There is {', '.join(known)}."
            raise SetupError(("vendors", service), message)
        if not known[service].has_setup:
            raise SetupError(("vendors", service), f"Nothing can be set up at {known[service].title} itself.")
    return Understood({service: _section(known[service], section) for service, section in given.items()})


def _with_credentials(name: str, vendors: Sequence[Vendor], sections: dict[str, Any], asked: Setup) -> dict[str, Any]:
    """What is set up at each vendor with its credentials: those given for this workspace, or of its own."""
    literal = name == DEFAULT_WORKSPACE or bool(asked.get("vendors"))

    def make(what: str, given: str) -> str:
        if given and literal:
            return given
        return f"inkstand-demo-{what}" if name == DEFAULT_WORKSPACE else own(name, what)

    found = {vendor.service: vendor for vendor in vendors}
    return Understood({service: found[service].with_credentials(one, make) for service, one in sections.items()})


def _section(vendor: Vendor, given: Setup) -> Mapping[str, Any]:
    from marshmallow import ValidationError  # noqa: PLC0415  # only a setup brings it

    from inkstand.simulator.yamlfile import flat  # noqa: PLC0415  # likewise

    try:
        return vendor.read_setup(given)
    except ValidationError as error:
        path, text = next(flat(error.messages, ("vendors", vendor.service)))
        raise SetupError(path, text) from error


def own(workspace: str, what: str) -> str:
    """A credential that only this workspace has."""
    return f"inkstand-{what.lower()}-{identifier(0, workspace, what)}"
