"""The templates that every fresh workspace holds: samples, and those that are set up."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from inkstand.fakes.kit.storage import Tx, adding
from inkstand.fakes.kit.world import World

from .tables import templates

SAMPLES = {
    "tmpl_demoLetter": ("Welcome letter", "letter.html"),
    "tmpl_demoNotice": ("Privacy notice", "notice.html"),
    "tmpl_demoMembership": ("Membership card", "membership.html"),
    "tmpl_demoInvoice": ("Invoice", "invoice.html"),
}
"""Template ids of the samples, their names and files; visibly not ids that Inkit would make."""


def seed(tx: Tx, world: World, setup: Mapping[str, Any]) -> None:
    """Put the sample templates in place, and those that are set up; a template of a sample's id stands in its place."""
    folder = files(__package__) / "samples"
    samples = {
        template_id: {"template_id": template_id, "name": name, "html": (folder / file).read_text("utf-8")}
        for template_id, (name, file) in SAMPLES.items()
    }
    given = {template["template_id"]: template for template in setup.get("templates", ())}
    plain = {"source": "html", "width": 8.5, "height": 11.0, "unit": "in", "created_at": world.now()}
    tx.many(_ADD, [{**plain, **template} for template in {**samples, **given}.values()])


_ADD = adding(templates)
