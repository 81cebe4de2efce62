"""How a program finds a workspace: its address and keys as environment variables."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from inkstand.simulator.errors import InkstandError, nearest
from inkstand.simulator.scenarios.client import Workspace

_NAMED = re.compile(r"\{([a-z_]+(?:\.\w+)?)\}")


def variables(workspace: Workspace, wanted: Sequence[str] = ()) -> dict[str, str]:
    """The variables by which a command finds a workspace: address, write key, each vendor's address and settings.

    `wanted` are further ones, `NAME=VALUE` with names in braces filled in. Raises InkstandError, naming the nearest,
    for a name that there is not.
    """
    known = {"url": workspace.url, "workspace": workspace.name, "write_key": workspace.write_key}
    for vendor in workspace.client.control("GET", "/vendors"):
        service = vendor["service"]
        known[f"{service}.url"] = f"{workspace.url}{vendor['path']}"
        for connection in reversed(workspace.told["connections"]):
            if connection["destination"] in vendor["slugs"]:
                known |= {f"{service}.{name}": value for name, value in connection["settings"].items() if value}
    found = {f"INKSTAND_{_as_variable(name)}": value for name, value in known.items()}
    for one in wanted:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise InkstandError(f"--env is given NAME=VALUE; {one!r} came.")
        found[name] = _filled(value, known)
    return found


def _as_variable(name: str) -> str:
    """`inkit.apiKey` as `INKIT_API_KEY`."""
    spaced = "".join(f"_{letter}" if letter.isupper() else letter for letter in name)
    return spaced.replace(".", "_").upper()


def _filled(text: str, known: Mapping[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        name = match[1]
        if name not in known:
            hint = nearest(name, list(known))
            raise InkstandError(f"--env: nothing is called {{{name}}}.{hint} Known: {', '.join(known)}.")
        return known[name]

    return _NAMED.sub(value, text)
