"""The two plans that ship: Segment's Ecommerce specification, version 2, and what the vendors' destinations require."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

import yaml

from inkstand.fakes.kit.vendor import Vendor

from .plan import read_plan

ECOMMERCE = "ecommerce-v2"
REQUIREMENTS = "destination-requirements"


def shipped(name: str, vendors: Sequence[Vendor]) -> dict[str, Any]:
    """A shipped plan, as it is kept; the requirements are those that the vendors' folders bring."""
    if name == REQUIREMENTS:
        rules = [rule for vendor in vendors for rule in vendor.requirements]
        return read_plan({"name": "Destination requirements", "id": REQUIREMENTS, "complete": False, "rules": rules})
    text = (files(__package__) / "plans" / f"{ECOMMERCE}.yaml").read_text("utf-8")
    found: Mapping[str, Any] = yaml.safe_load(text)
    return read_plan(found)
