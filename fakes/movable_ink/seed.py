"""What a fresh workspace holds at Movable Ink: the endpoints, apps and choices that are set up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.storage import Statement, Tx, adding
from inkstand.fakes.kit.world import World

from . import ACCESS_KEY, ACCESS_SECRET
from .setup import APP_WIDTH
from .tables import apps, choices, endpoints


def seed(tx: Tx, world: World, setup: Mapping[str, Any]) -> None:  # noqa: ARG001  # every vendor's seed is given both
    """Put endpoints, apps and choices in place."""
    for name, one in setup.get("endpoints", {}).items():
        tx.insert(
            _ADD_ENDPOINT,
            name=name,
            key=one["key"],
            access_key=one.get("access_key", ACCESS_KEY),
            access_secret=one.get("access_secret", ACCESS_SECRET),
            lenient=int(one.get("lenient", False)),
            mappings=dump_text(one.get("mappings", [])),
        )
    for name, app in setup.get("apps", {}).items():
        html = app.get("file") or app.get("html", "")
        tx.insert(_ADD_APP, name=name, html=html, width=app.get("width", APP_WIDTH))
    tx.insert(_CHOOSE, name="count_repeats", value=dump_text(setup.get("count_repeats", False)))


_ADD_ENDPOINT = adding(endpoints)
_ADD_APP = Statement(insert(apps), "name", "html", "width")
_CHOOSE = Statement(insert(choices), "name", "value")
