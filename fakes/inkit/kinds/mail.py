"""A mail piece on its way: which steps it has taken by now, and how the API tells it. Pure.

Source: Inkit's page on the status of mail pieces for the fields and the names of the steps. The values of
`latest_delivery_status` follow the steps' names, and how long each takes is our choice: nothing public tells either.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inkstand.fakes.kit.times import iso

_DAY = 86_400_000
STEPS = {
    "created": 0,
    "mailed": 1 * _DAY,
    "in_transit": 2 * _DAY,
    "in_local_area": 4 * _DAY,
    "processed_for_delivery": 5 * _DAY,
}
"""When each step is taken after a piece was made, in milliseconds."""

RETURNED, REROUTED, UNVERIFIED = "returned_to_sender", "rerouted", "address_verification_failed"
ADDRESS = (
    *("first_name", "last_name", "company", "address_line_1", "address_line_2"),
    *("address_city", "address_state", "address_zip", "address_country"),
)
_OPTIONS: Mapping[str, Any] = {
    "address_placement": "top_first_page",
    "color": True,
    "double_sided": False,
    "mail_type": "usps_first_class",
    "mail_product_name": "letter",
    "perforated": 0,
    "return_envelope": False,
    "width": 8.5,
    "height": 11,
}


def taken(created_at: int, ended: str | None, ended_at: int | None, now: int) -> dict[str, int]:
    """The steps that a piece has taken by now, in their order, each with its moment in milliseconds.

    One that could not be addressed goes nowhere; one that was returned takes no step after that.
    """
    if ended == UNVERIFIED:
        return {"created": created_at, UNVERIFIED: created_at}
    until = now if ended_at is None else min(now, ended_at)
    steps = {name: created_at + after for name, after in STEPS.items() if created_at + after <= until}
    return steps | ({ended: ended_at} if ended and ended_at is not None and ended_at <= now else {})


def status(steps: Mapping[str, int]) -> str:
    """The last step taken."""
    return list(steps)[-1]


def told(
    piece_id: str, render_id: str, recipient: Mapping[str, Any], body: Mapping[str, Any], steps: Mapping[str, int]
) -> dict[str, Any]:
    """A mail piece as the API tells it."""
    named = {f"{name}_at": None for name in (*STEPS, REROUTED, RETURNED, UNVERIFIED)}
    return {
        "id": piece_id,
        "render_id": render_id,
        **{name: recipient.get(name) for name in ADDRESS},
        **{name: body.get(name, usual) for name, usual in _OPTIONS.items()},
        "imb": None,
        "latest_delivery_status": status(steps),
        **named,
        **{f"{name}_at": iso(at) for name, at in steps.items()},
    }
