"""Who may do what: a call's key, its rights, how many calls a minute; and what it takes to make documents."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, g, request

from inkstand.fakes.inkit.documents import filing, renders
from inkstand.fakes.kit import current
from inkstand.fakes.kit.http import basic_credentials

from . import keys
from .answers import SERVICE, ApiError


def with_key(view: Callable[..., Response], right: str | None) -> Callable[..., Response]:
    """A view for calls with a key that has a right; any key will do for None."""

    def guarded(**values: str) -> Response:
        given = (
            request.headers.get("X-Inkit-API-Token")
            or (basic_credentials(request.headers.get("Authorization")) or ("",))[0]
        )
        if not given or not current.enter(SERVICE, given):
            raise ApiError(401, "The API key in X-Inkit-API-Token is missing or unknown.")
        key = keys.find(current.tenant().door, given)
        g.key_name = key.name
        if right is not None and not key.may(right):
            raise ApiError(403, f"The API key {key.name!r} lacks the right {right!r}.")
        _within_rate()
        return view(**values)

    return guarded


def _within_rate() -> None:
    limit = renders.choice(current.tenant().door, "rate_limit")
    if limit is None:
        return
    minute, second = divmod(current.world().now() // 1_000, 60)
    with current.write() as tx:
        number = tx.number(f"inkit.calls.{minute}")
    left = 60 - second
    told_ = {"Limit": limit, "Remaining": max(0, limit - number), "Reset": left}
    g.inkit_headers = {f"X-RateLimit-{name}": str(value) for name, value in told_.items()}
    if number > limit:
        g.inkit_headers["Retry-After"] = str(left)
        raise ApiError(429, f"More than {limit} calls came in this minute; try again in {left} s.")


def key_name() -> str:
    """The name of the key that this call came with."""
    return str(g.key_name)


def press() -> filing.Press:
    """What it takes to make the documents of this request."""
    plainly = renders.choice(current.tenant().door, "office_pdf") == "plain"
    return filing.Press(current.write, current.world(), current.strike_part, plainly=plainly)
