"""The sample templates that every fresh workspace holds."""

from __future__ import annotations

from importlib.resources import files

from sqlalchemy import insert

from inkstand.fakes.kit.storage import Statement, Tx
from inkstand.fakes.kit.world import World

from .tables import templates

SAMPLES = {
    "tmpl_demoLetter": ("Welcome letter", "letter.html"),
    "tmpl_demoNotice": ("Privacy notice", "notice.html"),
    "tmpl_demoMembership": ("Membership card", "membership.html"),
    "tmpl_demoInvoice": ("Invoice", "invoice.html"),
}
"""Template ids of the samples, their names and files; visibly not ids that Inkit would make."""


def seed(tx: Tx, world: World) -> None:
    """Put the sample templates in place."""
    folder = files(__package__) / "samples"
    tx.many(
        _ADD,
        [
            {
                "template_id": template_id,
                "name": name,
                "source": "html",
                "html": (folder / file).read_text("utf-8"),
                "width": 8.5,
                "height": 11.0,
                "unit": "in",
                "created_at": world.now(),
            }
            for template_id, (name, file) in SAMPLES.items()
        ],
    )


_ADD = Statement(insert(templates), *(column.name for column in templates.c if column.name != "seq"))
