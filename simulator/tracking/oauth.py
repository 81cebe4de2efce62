"""OAuth tokens for the Tracking API: a signed assertion for a token, a token for a day.

Source: Segment's OAuth page (form, claims, scope), its Python and Node clients (which descriptions they try again
after). Whose key signed an assertion is not checked: nobody registers one here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import jwt

from inkstand.fakes.kit.times import DAY
from inkstand.fakes.kit.world import identifier

SCOPE = "tracking_api:write"
LIFETIME = DAY
"""Milliseconds that a token is good for: the shortest that Segment offers."""

_GRANT = "client_credentials"
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_CLAIMS = ("sub", "aud", "iat", "exp", "jti")
_LONGEST_LIFE_SECONDS = 60
_CLOCKS_DIFFER_SECONDS = 5
_LAST = 253_402_300_800
"""The end of the year 9999, in seconds."""

_TOKEN = re.compile(r"inkstand-token-([0-9]{1,15})-([0-9A-Za-z]+)")


@dataclass
class TokenError(Exception):
    """No token is given: `error` and its description are those that Segment's clients read."""

    error: str
    description: str
    status: int = 400


def token_for(form: Mapping[str, str], now: int) -> str:
    """The token that a form asks for, at a moment in milliseconds; raises TokenError."""
    if not form:
        raise TokenError("invalid_request", "A form is wanted: application/x-www-form-urlencoded.")
    if form.get("grant_type") != _GRANT:
        raise TokenError("unsupported_grant_type", _must("grant_type", _GRANT, form))
    if form.get("client_assertion_type") != _ASSERTION:
        raise TokenError("invalid_request", _must("client_assertion_type", _ASSERTION, form))
    if SCOPE not in form.get("scope", "").split():
        raise TokenError("invalid_scope", _must("scope", SCOPE, form))
    _check_assertion(form.get("client_assertion", ""), now // 1000)
    return f"inkstand-token-{now + LIFETIME}-{_mark(now + LIFETIME)}"


def is_good(token: str, now: int) -> bool:
    """Whether a token was given here, and is not too old, at a moment in milliseconds."""
    found = _TOKEN.fullmatch(token)
    return found is not None and found[2] == _mark(int(found[1])) and now < int(found[1])


def _check_assertion(assertion: str, now: int) -> None:
    """Raises TokenError for text that is no assertion, or not one of this moment (in seconds)."""
    if not assertion:
        raise TokenError("invalid_request", "client_assertion is missing: a JWT signed with the client's key.")
    try:
        header = jwt.get_unverified_header(assertion)
        claims = jwt.decode(assertion, options={"verify_signature": False})
    except (jwt.PyJWTError, ValueError, RecursionError) as error:
        raise TokenError("invalid_client", f"client_assertion is no JWT: {error}", 401) from error
    if header.get("alg") != "RS256" or not header.get("kid"):
        raise TokenError("invalid_client", "The assertion's header needs alg RS256 and a kid.", 401)
    missing = [name for name in _CLAIMS if not claims.get(name)]
    if missing:
        raise TokenError("invalid_client", f"The assertion needs the claims {', '.join(missing)}.", 401)
    issued, expires = claims["iat"], claims["exp"]
    if not all(type(one) in {int, float} and abs(one) < _LAST for one in (issued, expires)):
        raise TokenError("invalid_client", "iat and exp are times in seconds.", 401)
    if expires <= now:
        raise TokenError("invalid_request", "Token is expired")
    if issued > now + _CLOCKS_DIFFER_SECONDS:
        raise TokenError("invalid_request", "Token used before issued")
    if expires - issued > _LONGEST_LIFE_SECONDS + _CLOCKS_DIFFER_SECONDS:
        raise TokenError("invalid_client", f"exp is at most {_LONGEST_LIFE_SECONDS} s after iat.", 401)


def _mark(until: int) -> str:
    return identifier(0, "token", until)


def _must(name: str, wanted: str, form: Mapping[str, str]) -> str:
    return f"{name} must be {wanted}; {form.get(name, 'nothing')[:80]} came."
