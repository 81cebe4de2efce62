"""What Parrot shows."""

from typing import Any

from sqlalchemy import select

from inkstand.fakes.kit.furnishing import refusals_view
from inkstand.fakes.kit.times import iso
from inkstand.fakes.kit.views import Listed

from .tables import phrases


def _phrase(row: dict[str, Any]) -> dict[str, Any]:
    return {"message_id": row["message_id"], "phrase": row["phrase"], "said_at": iso(row["said_at"])}


VIEWS = (
    Listed(
        "parrot.phrases",
        "phrases that were repeated",
        select(phrases),
        _phrase,
        {"message_id": "message_id", "phrase": "phrase", "said_at": None},
        "said_at",
    ),
    refusals_view("parrot"),
)
