"""Whether somebody else's web page asks: by the Host that a browser was led to, and the Origin that it names. Pure.

A page elsewhere can make a browser on this machine post here, and can point a name of its own at 127.0.0.1. Such a
request names a Host with a dot that is not ours, or an Origin that is not the address asked.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from .model import IN_PROCESS

_OURS = ("localhost", ".localhost", ".internal", ".test", ".local")
_IN_PROCESS_HOST = urlsplit(IN_PROCESS).hostname


def stranger(environ: Mapping[str, Any], allowed: Collection[str] = (), public: str | None = None) -> str | None:
    """Why a request is refused, in words; None when it may go on.

    Allowed are numbers, names without a dot (as containers have), names that cannot be had in public
    (`localhost`, `*.localhost`, `*.internal`, `*.test`, `*.local`), and those in `allowed`. An Origin is refused with
    every method, unless it is the address asked or the `public` one.
    """
    asked = environ.get("HTTP_HOST") or environ.get("SERVER_NAME", "")
    why = strange_name(environ, allowed)
    if why:
        return why
    origin = environ.get("HTTP_ORIGIN")
    if origin and _netloc(origin) not in {asked, _netloc(public or "") or asked}:
        return f"A web page of {origin} may not use the sandbox's controls; only its own page ({asked}) may."
    return None


def strange_name(environ: Mapping[str, Any], allowed: Collection[str] = ()) -> str | None:
    """Why a request is refused for the name that it was led here by, in words; None when that is one of ours."""
    host = _name(f"//{environ.get('HTTP_HOST') or environ.get('SERVER_NAME', '')}")
    if _is_ours(host, allowed):
        return None
    return (
        f"This is asked for as {host!r}, a name that a web page may have pointed here. Ask for 127.0.0.1 or "
        "localhost, or allow the name: --allow-host, INKSTAND_ALLOWED_HOSTS or allowed_hosts in inkstand.yaml."
    )


def _netloc(address: str) -> str:
    try:
        return urlsplit(address).netloc
    except ValueError:
        return "?."


def _name(address: str) -> str:
    try:
        return (urlsplit(address).hostname or "").lower()
    except ValueError:
        return "?."


def _is_ours(host: str, allowed: Collection[str]) -> bool:
    if host in allowed or host == _IN_PROCESS_HOST or "." not in host:
        return True
    return host.endswith(_OURS) or _is_number(host)


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True
