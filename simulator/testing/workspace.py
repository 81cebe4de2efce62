"""A workspace as a test uses it: claims about views that say what was nearest, and the journey, when they fail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from inkstand.simulator.scenarios.client import Workspace
from inkstand.simulator.scenarios.language.claims import checked
from inkstand.simulator.scenarios.play.verbs import look

_ROWS_SHOWN = 5


class InkstandWorkspace(Workspace):
    """A workspace of one test; `url` and `write_key` are what an SDK is given."""

    def one(
        self, view: str, where: Mapping[str, Any] | None = None, timeout: str = "5s", **fields: Any
    ) -> dict[str, Any]:
        """The one row of a view that fits; waits for it, for an SDK sends when it likes.

        `where` and further keywords are fields with the values they must have; a mapping must be contained. Raises
        AssertionError, with what was nearest and its journey, when none came in time, or more than one.
        """
        __tracebackhide__ = True
        wanted = {**(where or {}), **fields}
        told = self.wait(view, timeout, where=wanted)
        if not told["met"]:
            raise AssertionError("\n".join(self._missed(view, wanted, told, timeout)))
        rows: list[dict[str, Any]] = told["rows"]
        if len(rows) > 1:
            shown = "\n".join(f"  {row}" for row in rows[:_ROWS_SHOWN])
            raise AssertionError(f"{view}: one row of {wanted} was wanted, {len(rows)} came:\n{shown}")
        return rows[0]

    def expect(self, view: str, claim: object) -> None:
        """Settle, then claim something of a view, as `expect` of a scenario does: rows in order, or where, count, all.

        Raises AssertionError with each field that differs, and the journey of the first message concerned;
        InkstandError for what is no claim, or no view.
        """
        __tracebackhide__ = True
        checked(view, claim)
        self.settle()
        wrong = look(self, view, claim).wrong
        if wrong:
            lines = [f"{view}: {one.text}" + (f"\n  {one.hint}" if one.hint else "") for one in wrong]
            raise AssertionError("\n".join([*lines, *self.journey(wrong[0].row)]))

    def journey(self, row: Mapping[str, Any] | None = None) -> Iterator[str]:
        """What became of the message of a row, or else of the last call, in lines."""
        message_id = (row or {}).get("message_id") or (row or {}).get("messageId")
        told = self.explain(str(message_id)) if message_id else self.explain_newest()
        yield from told.get("story") or (told["headline"], *told.get("hints", ()))

    def _missed(self, view: str, wanted: object, told: Mapping[str, Any], timeout: str) -> Iterator[str]:
        yield f"{view}: no row of {wanted} within {timeout}."
        near = told["nearest"]
        if near is not None:
            differs = ", ".join(f"{one['field']} {one['came']!r}" for one in near["differs"])
            yield f"The nearest row has {differs}."
        yield from told["hints"]
        yield from self.journey(near["row"] if near else None)
