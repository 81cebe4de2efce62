"""How many bytes of files a workspace keeps at Inkit: counted as they come and go, and bounded by our choice."""

from __future__ import annotations

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert as upsert

from inkstand.fakes.inkit.tables import space
from inkstand.fakes.kit.storage import Statement, Tx

from .formats import TemplateError

MOST = 1_000_000_000
"""How many bytes the files of all templates and documents of a workspace may have."""

_WHAT = "files"


def take(tx: Tx, size: int) -> None:
    """Count files that come. Raises TemplateError when there is no room for them."""
    held = tx.one(_HELD, what=_WHAT)
    if size + (held["bytes"] if held else 0) > MOST:
        message = (
            f"A workspace keeps {MOST:,} bytes of documents and templates at most; this one has no room for {size:,} "
            "more. Delete documents, or reset it."
        )
        raise TemplateError(message)
    tx.change(_ADD, what=_WHAT, bytes=size)


def give_back(tx: Tx, size: int) -> None:
    """Count files that went."""
    tx.change(_ADD, what=_WHAT, bytes=-size)


_HELD = Statement(select(space.c.bytes).where(space.c.what == bindparam("what")))
_added = upsert(space).values(what=bindparam("what"), bytes=bindparam("bytes"))
_ADD = Statement(
    _added.on_conflict_do_update(index_elements=["what"], set_={"bytes": space.c.bytes + _added.excluded.bytes})
)
