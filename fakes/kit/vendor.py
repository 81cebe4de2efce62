"""A pretend vendor as the simulator finds it: names, loaded when first used."""

from __future__ import annotations

import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, cast

from inkstand import fakes

from .ledger import Ledger, load

if TYPE_CHECKING:
    from flask import Flask
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
    `views.VIEWS`, and `seed.seed(tx, world)` where a fresh workspace should hold samples.
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

    def seed(self, tx: Tx, world: World) -> None:
        """Put the samples of a fresh workspace in place."""
        if self.seeds:
            self._load("seed").seed(tx, world)

    @property
    def examples(self) -> Mapping[str, Any]:
        """The vendor's demo chapters and sample calls (`examples.yaml`)."""
        from importlib.resources import files  # noqa: PLC0415  # only the demo and tests read examples

        import yaml  # noqa: PLC0415  # likewise

        path = files(self.package) / "examples.yaml"
        return cast("Mapping[str, Any]", yaml.safe_load(path.read_text("utf-8"))) if path.is_file() else {}

    def _load(self, module: str) -> Any:  # a module is anything
        return import_module(f"{self.package}.{module}")


def discover(names: Sequence[str] | None = None) -> tuple[Vendor, ...]:
    """The vendors found beside this kit, by slug: every folder whose package holds a `VENDOR`.

    `names` narrows it to these slugs. A folder outside is found once its parent is on `inkstand.fakes.__path__`.
    """
    packages = (f"{fakes.__name__}.{module.name}" for module in pkgutil.iter_modules(fakes.__path__) if module.ispkg)
    found = (getattr(import_module(package), "VENDOR", None) for package in packages)
    vendors = [vendor for vendor in found if isinstance(vendor, Vendor) and (names is None or vendor.slug in names)]
    return tuple(sorted(vendors, key=lambda vendor: vendor.slug))
