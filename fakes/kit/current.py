"""Typed doors to what a vendor's request carries: whose workspace it is, and in which of its lives it began."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol, cast
from urllib.parse import quote

from flask import Response, g, request

from .faults import CAUSE_KEY, EFFECT_KEY, Effect, StruckError, strike
from .storage import Tenant, Tx
from .turns import GUEST
from .world import World

LIFE_KEY = "inkstand.life"
"""WSGI environment key by which an in-process delivery names its workspace, and the life of it in which it began."""

TENANTS_KEY = "inkstand.tenants"
"""WSGI environment key under which the composition root hands over who is who."""


class Tenants(Protocol):
    """Who a credential belongs to, as the composition root tells a fake."""

    def find(self, service: str, credential: str) -> Tenant | None:
        """The workspace that a credential of this service belongs to, if any."""

    def unclaimed(self, service: str, credential: str, what: str) -> None:
        """Keep a call whose credential belongs to no workspace."""


def enter(service: str, credential: str) -> bool:
    """Make the credential's workspace the one of this request; False (and kept as unclaimed) when there is none.

    Raises StruckError when a fault of the service is to be answered instead.
    """
    tenants = cast("Tenants", request.environ[TENANTS_KEY])
    found = tenants.find(service, credential)
    if found is None:
        tenants.unclaimed(service, credential, f"{request.method} {request.path}")
        return False
    sender, epoch = request.environ.get(LIFE_KEY, (None, None))
    GUEST.get().name = found.name
    g.tenant = found
    g.epoch = epoch if sender == found.name else found.door.epoch
    meet_faults(found, service, g.epoch)
    return True


def whose(service: str, credential: str) -> Tenant | None:
    """The workspace that a credential belongs to, for a person who looks: nothing is kept of it, no fault is met."""
    found = cast("Tenants", request.environ[TENANTS_KEY]).find(service, credential)
    GUEST.get().name = found.name if found else ""
    return found


def strike_part(part: str, cause: str | None) -> Effect | None:
    """What the faults of a part of the service do to something that is made in this request, and for what."""
    found = tenant()
    return strike(found, part, g.epoch, cause) if part in found.faulty else None


def meet_faults(tenant: Tenant, service: str, epoch: int) -> None:
    """Let the faults of a service have their chance at this request.

    Raises StruckError where the service is to do nothing; what is to be done with its answer stands in the environment.
    """
    if service not in tenant.faulty:
        return
    effect = strike(tenant, service, epoch, request.environ.get(CAUSE_KEY))
    if effect is not None:
        request.environ[EFFECT_KEY] = effect
        if effect.instead:
            raise StruckError(effect)


def struck(error: StruckError) -> Response:
    """The answer to a call that a fault strikes; whether it is sent at all is decided at the door."""
    effect = error.effect
    headers = {"Content-Type": "application/json", **effect.headers, "X-Inkstand-Fault": effect.fault}
    return Response(effect.told, effect.status or 503, headers)


def explain_by(message_id: str | None) -> None:
    """Let the answer name where the reasons of this message can be read, where the workspace does so."""
    if not tenant().explains:
        return
    g.explain = f"/_sandbox/v1/workspaces/{tenant().name}/explain" + (
        f"/{quote(message_id, safe='')}" if message_id else ""
    )


def explained_at() -> str | None:
    """Where the reasons of this request can be read, if its message is known."""
    return cast("str | None", g.get("explain"))


def tenant() -> Tenant:
    """The workspace of this request."""
    return cast("Tenant", g.tenant)


def known_tenant() -> Tenant | None:
    """The workspace of this request, if its credential was good."""
    return cast("Tenant | None", g.get("tenant"))


def world() -> World:
    """Clock, ids and chance of this request's workspace."""
    return tenant().world


@contextmanager
def write() -> Iterator[Tx]:
    """One transaction in this request's workspace, in the life in which the request began."""
    with tenant().door.write(g.epoch) as tx:
        yield tx
