"""A pretend vendor as the simulator finds it: names, loaded when first used."""

from __future__ import annotations

import pkgutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from inkstand import fakes

from .ledger import Ledger, load

if TYPE_CHECKING:
    from flask import Flask
    from marshmallow import Schema
    from sqlalchemy import MetaData

    from .destination import Destination, Setting
    from .errands import Errand, Send
    from .ledger import Reason
    from .storage import Door, Tenant, Tx
    from .verbs import Verb
    from .views import View
    from .world import World


@dataclass(frozen=True)
class Vendor:
    """One pretend service.

    `slug` is its address prefix and `hosts` are the host names it answers without prefix. `package` is the folder's
    import name; its modules are fixed by name: `destination.DESTINATIONS`, `api.create_app()`, `tables.METADATA`,
    `views.VIEWS`. Where there is a module `seed`, `seed.seed(tx, world, setup)` puts into a fresh workspace what it
    should hold; where there is a module `setup`, its marshmallow schema `SetupSchema` says what can be set up there,
    and where that brings credentials, its `credentials` and `with_credentials` tell and make them;
    where there is a module `verbs`, its `VERBS` are what a person can do there; where there is a module `errands`, its
    `perform` does what falls due there, and its `PARTS` name what of the vendor can be struck by a fault of its own.
    """

    slug: str
    title: str
    package: str
    hosts: tuple[str, ...] = ()

    @property
    def service(self) -> str:
        """Its name where a name must be a word: in views, rules and credentials."""
        return self.slug.replace("-", "_")

    @property
    def destinations(self) -> tuple[Destination, ...]:
        """Segment's catalogue entries of this vendor."""
        return cast("tuple[Destination, ...]", self._load("destination").DESTINATIONS)

    @property
    def tables(self) -> MetaData:
        """The vendor's own tables."""
        return cast("MetaData", self._load("tables").METADATA)

    @property
    def views(self) -> tuple[View, ...]:
        """The lists that the vendor shows."""
        return cast("tuple[View, ...]", self._load("views").VIEWS)

    @property
    def ledger(self) -> Ledger:
        """The rules that the vendor decides by."""
        return load(self.package)

    def create_app(self) -> Flask:
        """The vendor's own web application."""
        return cast("Flask", self._load("api").create_app())

    @property
    def pictures(self) -> Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str] | None]]:
        """Where a row of a view can be seen: by view, the paths of a picture of it, and of the whole, if it has one."""
        found = getattr(self._load("views"), "PICTURES", {})
        return cast("Mapping[str, Callable[[Mapping[str, Any]], tuple[str, str] | None]]", found)

    def seed(self, tx: Tx, world: World, setup: Mapping[str, Any]) -> None:
        """Put into a fresh workspace what it should hold: samples, and what is set up."""
        module = self._optional("seed")
        if module is not None:
            module.seed(tx, world, setup)

    def told(self, door: Door, message_id: str) -> Sequence[tuple[str, Reason]]:
        """What its own rows tell about a message beside the recorded reasons: stages and reasons, oldest first.

        From a module `telling`, where there is one: for what is decided about so many messages at once that a reason
        for each would cost more than the decision.
        """
        module = self._optional("telling")
        return cast("Sequence[tuple[str, Reason]]", module.told(door, message_id) if module else ())

    def newest_of(self, door: Door, user_id: str, event: str | None) -> str | None:
        """The messageId of the newest event that this vendor books on a user, whatever ids it came with."""
        module = self._optional("telling")
        return cast("str | None", module.newest_of(door, user_id, event) if module else None)

    @property
    def parts(self) -> Mapping[str, str]:
        """What of the vendor can be struck by a fault of its own, each with what it does."""
        return cast("Mapping[str, str]", getattr(self._optional("errands"), "PARTS", {}))

    def perform(self, tenant: Tenant, epoch: int, errand: Errand, send: Send) -> None:
        """Do what has fallen due, in the life of the workspace in which that was seen."""
        self._load("errands").perform(tenant, epoch, errand, send)

    @property
    def has_setup(self) -> bool:
        """Whether something can be set up at this vendor."""
        return find_spec(f"{self.package}.setup") is not None

    @property
    def verbs(self) -> Mapping[str, Verb]:
        """What a person can do there, by the verb's whole name: `inkit.open`."""
        module = self._optional("verbs")
        return {f"{self.service}.{verb.name}": verb for verb in module.VERBS} if module else {}

    @property
    def setup_schema(self) -> Schema:
        """What can be set up at this vendor."""
        return cast("Schema", self._load("setup").SetupSchema())

    def read_setup(self, section: Mapping[str, Any]) -> Mapping[str, Any]:
        """A setup as the vendor reads it; raises marshmallow's ValidationError for a wrong one."""
        return cast("Mapping[str, Any]", self.setup_schema.load(section))

    @property
    def requirements(self) -> Sequence[Mapping[str, Any]]:
        """What its destinations require of messages, as rules of a tracking plan (`requirements.yaml`)."""
        return cast("Sequence[Mapping[str, Any]]", self._yaml("requirements.yaml") or ())

    @property
    def examples(self) -> Mapping[str, Any]:
        """The vendor's demo chapters and sample calls (`examples.yaml`)."""
        return cast("Mapping[str, Any]", self._yaml("examples.yaml") or {})

    def credentials(self, section: Mapping[str, Any]) -> tuple[str, ...]:
        """The credentials that a setup brings, beside those of the connections' settings."""
        found = getattr(self._optional("setup"), "credentials", None) if section else None
        return cast("tuple[str, ...]", found(section)) if found else ()

    def with_credentials(self, section: Mapping[str, Any], make: Callable[[str, str], str]) -> Mapping[str, Any]:
        """A setup with every credential that it lacks; `make` is given what one is for, and the one that was given."""
        found = getattr(self._optional("setup"), "with_credentials", None) if section else None
        return cast("Mapping[str, Any]", found(section, make)) if found else section

    def load(self, module: str, what: str) -> object:
        """Something in one of its modules; raises whatever loading it raises."""
        return getattr(self._load(module), what)

    def _yaml(self, file: str) -> Any:  # what the file holds; None where there is none
        from importlib.resources import files  # noqa: PLC0415  # only the demo, plans and tests read these

        import yaml  # noqa: PLC0415  # likewise

        path = files(self.package) / file
        return yaml.safe_load(path.read_text("utf-8")) if path.is_file() else None

    def _optional(self, module: str) -> Any:  # a module is anything; None where the folder has none of that name
        return self._load(module) if find_spec(f"{self.package}.{module}") is not None else None

    def _load(self, module: str) -> Any:  # a module is anything
        return import_module(f"{self.package}.{module}")


def known_by(vendors: Sequence[Vendor]) -> dict[tuple[str, str], tuple[Vendor, Setting]]:
    """The vendor that knows its customer by a setting, and that setting: by destination and setting's name."""
    return {
        (destination.slug, setting.name): (vendor, setting)
        for vendor in vendors
        for destination in vendor.destinations
        for setting in destination.settings
        if setting.credential
    }


class VendorError(Exception):
    """A folder of vendors holds none, or one that is not right; the text says what was wanted."""


def discover(folders: Sequence[str] = (), names: Sequence[str] | None = None) -> tuple[Vendor, ...]:
    """The vendors found beside this kit and in further folders, by slug: every package that holds a `VENDOR`.

    Each of `folders` holds one folder for each of its vendors, as ours does; they are imported as `inkstand.fakes.…`.
    `names` narrows it to these slugs. Raises VendorError for a folder that is not there or holds no vendor, and for a
    vendor that takes the name of another.
    """
    own = {module.name for module in pkgutil.iter_modules(fakes.__path__[:1])}
    for folder in folders:
        path = str(Path(folder).resolve())
        taken = own & {module.name for module in pkgutil.iter_modules([path])}
        if taken:
            message = f"{folder}: the folder name {taken.pop()!r} is taken here already; choose another."
            raise VendorError(message)
        if path not in fakes.__path__:
            fakes.__path__.append(path)
    packages = [module.name for module in pkgutil.iter_modules(fakes.__path__) if module.ispkg]
    found = {name: getattr(import_module(f"{fakes.__name__}.{name}"), "VENDOR", None) for name in packages}
    vendors = [vendor for vendor in found.values() if isinstance(vendor, Vendor)]
    for folder in folders:
        _check_folder(folder, found)
    _check_names(vendors)
    return tuple(sorted((v for v in vendors if names is None or v.slug in names), key=lambda vendor: vendor.slug))


def _check_folder(folder: str, found: Mapping[str, object]) -> None:
    path = Path(folder)
    if not path.is_dir():
        message = f"There is no folder {folder} to find vendors in."
        raise VendorError(message)
    here = [module.name for module in pkgutil.iter_modules([str(path)]) if module.ispkg]
    if not any(isinstance(found.get(name), Vendor) for name in here):
        is_package = (path / "__init__.py").is_file()
        hint = f" Did you mean the folder around it, {path.resolve().parent}?" if is_package else ""
        message = f"No folder in {folder} is a vendor: a package whose __init__.py holds VENDOR = Vendor(…).{hint}"
        raise VendorError(message)


def _check_names(vendors: Sequence[Vendor]) -> None:
    owners: dict[str, str] = {}
    for vendor in vendors:
        other = owners.setdefault(vendor.service, vendor.package)
        if other != vendor.package:
            message = f"Two vendors have the slug {vendor.slug!r}: {other} and {vendor.package}. Change one of them."
            raise VendorError(message)
