"""Which write key a request speaks with: the body's, else the Basic user's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inkstand.fakes.kit.http import basic_credentials

from .limits import RefusedError


def write_key(body: Mapping[str, Any], authorization: str | None) -> str:
    """The write key of a call or batch.

    Raises RefusedError when there is none, or an empty one.
    """
    key = body.get("writeKey")
    if isinstance(key, str) and key:
        return key
    credentials = basic_credentials(authorization)
    if credentials and credentials[0]:
        return credentials[0]
    raise RefusedError(
        "no_write_key", "A write key is needed: as the user of Basic authorization, or as writeKey in the body."
    )
