"""What can be set from outside: flag over `INKSTAND_*` variable over `inkstand.yaml` over default (decision 27)."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inkstand.fakes.kit.vendor import Vendor, VendorError, discover

from .errors import CannotStartError, InkstandError

DEFAULT_PORT = 4650
DEFAULT_HOST = "127.0.0.1"
FILE = "inkstand.yaml"
_LARGEST_PORT = 65_535


@dataclass(frozen=True)
class Settings:
    """How one process runs.

    `data_dir` None means a temporary directory; `public_url` is what absolute addresses begin with when the request's
    Host should not decide; `url` is the server that client commands speak to; `allowed_hosts` are further names that
    the controls may be asked for by; `analytics_js` is the npm package of the browser library, to serve to pages;
    `fakes` are folders with further vendors; `fonts` are folders with further fonts for documents; `workspace` is how
    each one is set up.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    data_dir: str | None = None
    public_url: str | None = None
    url: str = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"
    allowed_hosts: tuple[str, ...] = ()
    analytics_js: str | None = None
    fakes: tuple[str, ...] = ()
    fonts: tuple[str, ...] = ()
    workspace: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hosts(self) -> frozenset[str]:
        """Every name that the controls may be asked for by, beside those that are always ours."""
        public = urlsplit(self.public_url).hostname if self.public_url else None
        return frozenset(name.lower() for name in (*self.allowed_hosts, self.host, public) if name)

    def vendors(self) -> tuple[Vendor, ...]:
        """Every vendor that is found; with folders of one's own all are checked first (ours alone are, by tests).

        Raises CannotStartError for a folder that holds none, or one that is not right.
        """
        try:
            found = discover(self.fakes)
            if self.fakes:
                from inkstand.fakes.kit.vendor_check import check  # noqa: PLC0415  # brings the ledgers' YAML

                for vendor in found:
                    check(vendor)
        except VendorError as error:
            raise CannotStartError(str(error)) from error
        return found


@dataclass(frozen=True)
class Resolved:
    """The settings, and where each comes from: `default`, a file, a variable or a flag."""

    settings: Settings
    origins: Mapping[str, str]


def port(text: str) -> int:
    """A port as text; raises ValueError for anything but a number from 0 to 65535."""
    if not text.isdecimal() or int(text) > _LARGEST_PORT:
        message = f"a number from 0 to {_LARGEST_PORT}; {text!r} came"
        raise ValueError(message)
    return int(text)


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _folders(text: str) -> tuple[str, ...]:
    return tuple(name for name in text.split(os.pathsep) if name)


VARIABLES: Mapping[str, Callable[[str], Any]] = {
    "host": str,
    "port": port,
    "data_dir": str,
    "public_url": str,
    "url": str,
    "allowed_hosts": _names,
    "analytics_js": str,
    "fakes": _folders,
    "fonts": _folders,
}
"""Each setting that a variable `INKSTAND_<NAME>` can give, and how its text is read."""


def resolve(environ: Mapping[str, str], flags: Mapping[str, Any] | None = None, file: str | None = None) -> Resolved:
    """The settings of this process; flags that are None were not given.

    `file` is the configuration file to read, else `INKSTAND_CONFIG`, else `inkstand.yaml` here if there is one.
    Raises InkstandError, naming the variable, for a value that cannot be one; BrokenFileError for a wrong file;
    CannotStartError for a file that was asked for and is not there.
    """
    values: dict[str, Any] = {}
    origins = dict.fromkeys((*VARIABLES, "workspace"), "default")
    for source in (_from_file(file or environ.get("INKSTAND_CONFIG")), _from_variables(environ), _from_flags(flags)):
        for name, (value, origin) in source.items():
            values[name], origins[name] = value, origin
    settings = Settings(**values)
    if "url" not in values:
        settings = replace(settings, url=f"http://{settings.host}:{settings.port}")
    return Resolved(settings, origins)


def _from_file(asked: str | None) -> dict[str, tuple[Any, str]]:
    path = Path(asked or FILE)
    if not path.is_file():
        if asked:
            message = f"There is no configuration file {asked}."
            raise CannotStartError(message)
        return {}
    from .configfile import read  # noqa: PLC0415  # brings marshmallow and yaml, which only a file needs

    return {name: (value, str(path)) for name, value in read(path).items()}


def _from_variables(environ: Mapping[str, str]) -> dict[str, tuple[Any, str]]:
    found = {}
    for name, parse in VARIABLES.items():
        variable = f"INKSTAND_{name.upper()}"
        text = environ.get(variable)
        if not text:
            continue
        try:
            found[name] = (parse(text), variable)
        except ValueError as error:
            message = f"{variable} must be {error}."
            raise InkstandError(message) from error
    return found


def _from_flags(flags: Mapping[str, Any] | None) -> dict[str, tuple[Any, str]]:
    given = {name: value for name, value in (flags or {}).items() if value not in (None, ())}
    return {name: (value, "flag") for name, value in given.items()}
