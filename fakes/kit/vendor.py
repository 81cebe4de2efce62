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

    from .destination import Destination
    from .storage import Tx
    from .views import View
    from .world import World


@dataclass(frozen=True)
class Vendor:
    """One pretend service.

    `slug` is its address prefix and `hosts` are the host names it answers without prefix. `package` is the folder's
    import name; its modules are fixed by name: `destination.DESTINATIONS`, `api.create_app()`, `tables.METADATA`,
    `views.VIEWS`, and, where `seeds` says so, `seed.seed(tx, world, setup)`, which puts into a fresh workspace what it
    should hold. A module `setup` with a marshmallow schema `SetupSchema` says what can be set up there.
    """

    slug: str
    title: str
    package: str
    hosts: tuple[str, ...] = ()
    seeds: bool = False

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
    def pictures(self) -> Mapping[str, Callable[[Mapping[str, Any]], str]]:
        """Where a row of a view can be seen as a picture: by view, the path below the vendor's address."""
        found = getattr(self._load("views"), "PICTURES", {})
        return cast("Mapping[str, Callable[[Mapping[str, Any]], str]]", found)

    def seed(self, tx: Tx, world: World, setup: Mapping[str, Any]) -> None:
        """Put into a fresh workspace what it should hold: samples, and what is set up."""
        if self.seeds:
            self._load("seed").seed(tx, world, setup)

    @property
    def has_setup(self) -> bool:
        """Whether something can be set up at this vendor."""
        return find_spec(f"{self.package}.setup") is not None

    @property
    def setup_schema(self) -> Schema:
        """What can be set up at this vendor."""
        return cast("Schema", self._load("setup").SetupSchema())

    def read_setup(self, section: Mapping[str, Any]) -> Mapping[str, Any]:
        """A setup as the vendor reads it; raises marshmallow's ValidationError for a wrong one."""
        return cast("Mapping[str, Any]", self.setup_schema.load(section))

    @property
    def examples(self) -> Mapping[str, Any]:
        """The vendor's demo chapters and sample calls (`examples.yaml`)."""
        from importlib.resources import files  # noqa: PLC0415  # only the demo and tests read examples

        import yaml  # noqa: PLC0415  # likewise

        path = files(self.package) / "examples.yaml"
        return cast("Mapping[str, Any]", yaml.safe_load(path.read_text("utf-8"))) if path.is_file() else {}

    def _load(self, module: str) -> Any:  # a module is anything
        return import_module(f"{self.package}.{module}")


def discover(folders: Sequence[str] = (), names: Sequence[str] | None = None) -> tuple[Vendor, ...]:
    """The vendors found beside this kit and in further folders, by slug: every package that holds a `VENDOR`.

    Each of `folders` holds one folder for each of its vendors, as ours does; they are imported as `inkstand.fakes.…`.
    `names` narrows it to these slugs. Raises FileNotFoundError for a folder that is not there.
    """
    for folder in folders:
        path = str(Path(folder).resolve())
        if not Path(path).is_dir():
            message = f"There is no folder {folder} to find vendors in."
            raise FileNotFoundError(message)
        if path not in fakes.__path__:
            fakes.__path__.append(path)
    packages = (f"{fakes.__name__}.{module.name}" for module in pkgutil.iter_modules(fakes.__path__) if module.ispkg)
    found = (getattr(import_module(package), "VENDOR", None) for package in packages)
    vendors = [vendor for vendor in found if isinstance(vendor, Vendor) and (names is None or vendor.slug in names)]
    return tuple(sorted(vendors, key=lambda vendor: vendor.slug))
