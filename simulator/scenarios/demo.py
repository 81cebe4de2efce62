"""Plays the chapters that the vendors bring and tells them from what is stored; a wrong verdict is shown as wrong."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from html import unescape
from pathlib import Path
from typing import Any

from .client import Workspace
from .compare.expect import compare as _compare
from .compare.matching import Mismatch, fits
from .language.people import cast_of
from .language.values import filled

WORKSPACE = "demo"
_WIDTH = 80
_FIELD = re.compile(r"\{([\w.]+)\}")


@dataclass(frozen=True)
class Statement:
    """One sentence of the story, taken from a stored row (or file), and whether it is as the documents say."""

    text: str
    holds: bool
    wanted: str | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Beat:
    """One thing that was done and what is stored of it."""

    title: str
    call: str
    message_id: str
    statements: tuple[Statement, ...]


@dataclass(frozen=True)
class Chapter:
    """A vendor's part of the story."""

    title: str
    source: str
    beats: tuple[Beat, ...]


def in_order(vendors: Sequence[Mapping[str, Any]]) -> tuple[list[Mapping[str, Any]], list[str]]:
    """The chapters that vendors bring, in the order of `scenarios/demo.yaml`; the vendors that it names in vain."""
    from importlib.resources import files  # noqa: PLC0415  # only the demo has an order

    import yaml  # noqa: PLC0415  # likewise

    order = yaml.safe_load((files("inkstand.scenarios") / "demo.yaml").read_text("utf-8"))["chapters"]
    brought = {vendor["slug"]: vendor["examples"] for vendor in vendors if "chapter" in vendor["examples"]}
    later = [slug for slug in brought if slug not in order]
    chapters = [brought[slug] for slug in (*order, *later) if slug in brought]
    return chapters, [slug for slug in order if slug not in brought]


class Teller:
    """Plays chapters in one workspace; `folder`, if given, is where the documents are written."""

    def __init__(self, workspace: Workspace, seed: int, folder: Path | None = None) -> None:
        self.workspace = workspace
        self.seed = seed
        self.folder = folder

    def chapter(self, told: Mapping[str, Any]) -> Chapter:
        """Play one chapter."""
        people = dict.fromkeys(told.get("people", ()), "en_US")
        saved: dict[str, Any] = cast_of(self.seed, people, told.get("products", []))
        beats = tuple(self._beat(beat, saved) for beat in told["beats"])
        return Chapter(told["chapter"], told["source"], beats)

    def _beat(self, beat: Mapping[str, Any], saved: dict[str, Any]) -> Beat:
        ((call_type, call),) = beat["do"].items()
        message_id = f"demo-{self.seed}-{beat['save'].replace('_', '-')}"
        saved[beat["save"]] = message_id
        self.workspace.post(call_type, {**filled(call, saved), "messageId": message_id})
        self.workspace.settle()
        statements = [statement for tell in beat.get("tell", ()) for statement in self._tell(filled(tell, saved))]
        return Beat(beat["title"], call_type, message_id, tuple(statements))

    def _tell(self, tell: Mapping[str, Any]) -> Iterator[Statement]:
        if "explain" in tell:
            yield self._explained(tell)
            return
        rows = [row for row in self.workspace.view(tell["view"]) if fits(tell["where"], row)]
        if len(rows) != 1:
            text = f"{tell['view']} holds {len(rows)} rows of {next(iter(tell['where'].values()))}"
            yield Statement(text, holds=False, wanted="one row")
            return
        wrong = list(_compare([tell["must"]], rows))
        yield Statement(_told(tell["says"], rows[0]), not wrong, _wanted(wrong))
        for file in tell.get("files", ()):
            yield self._file(file, tell["key"], rows[0])

    def _explained(self, tell: Mapping[str, Any]) -> Statement:
        causes = self.workspace.explain(tell["explain"])["causes"]
        cause = next((one for one in causes if fits(tell["must"], one)), causes[0] if causes else None)
        if cause is None:
            return Statement(f"nothing stopped {tell['explain']}", holds=False, wanted=f"{tell['must']}")
        wrong = list(_compare([tell["must"]], [cause]))
        mend = (f"Mend: {cause['mend']['say']}",) if cause["mend"] else ()
        return Statement(f"{tell['explain']}: {cause['say']}", not wrong, _wanted(wrong), mend)

    def _file(self, file: Mapping[str, Any], key: Mapping[str, str], row: Mapping[str, Any]) -> Statement:
        path = _told(file["path"], row)
        secret = self.workspace.connection(key["connection"])["settings"][key["setting"]]
        response = self.workspace.client.request("GET", path, headers={key["header"]: secret})
        content = response.content
        found = file["holds"] in unescape(content.decode("utf-8", "replace"))
        kind = path.rpartition("/")[2]
        text = f"{row['render_id']} as {kind.upper()}: {len(content)} bytes, with {file['holds']!r}"
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True)
            target = self.folder / f"{row['document_id']}.{kind}"
            target.write_bytes(content)
            text += f", saved as {target}"
        status = response.status_code
        wanted = f"a file that holds {file['holds']!r}; {status} came"
        return Statement(text if found else f"{path}: {status}", found, None if found else wanted)


def lines(chapters: Sequence[Chapter]) -> Iterator[str]:
    """The story for people."""
    for chapter in chapters:
        yield f"{chapter.title}  ({chapter.source})"
        for beat in chapter.beats:
            yield f"  {beat.title}"
            for statement in beat.statements:
                yield from _wrapped(f"    {'ok ' if statement.holds else 'NOT'} {statement.text}")
                yield from (line for detail in statement.details for line in _wrapped(f"        {detail}"))
                if statement.wanted and not statement.holds:
                    yield from _wrapped(f"        but the documents say: {statement.wanted}")
        yield ""


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, subsequent_indent=" " * 10, break_long_words=False, break_on_hyphens=False)


def as_json(chapters: Sequence[Chapter]) -> list[dict[str, Any]]:
    """The same for programs."""
    return [asdict(chapter) for chapter in chapters]


def holds(chapters: Sequence[Chapter]) -> bool:
    """Whether everything stored is as the documents say."""
    return all(statement.holds for chapter in chapters for beat in chapter.beats for statement in beat.statements)


def _wanted(wrong: Sequence[Mismatch]) -> str | None:
    return "; ".join(f"{one.field} {one.wanted!r} (came {one.came!r})" for one in wrong) or None


def _told(template: str, row: Mapping[str, Any]) -> str:
    return _FIELD.sub(lambda match: _spoken(_member(row, match[1])), template)


def _member(row: Any, path: str) -> Any:  # any JSON value
    for name in path.split("."):
        row = row.get(name) if isinstance(row, Mapping) else None
    return row


def _spoken(value: Any) -> str:  # any JSON value
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {item}" for key, item in value.items()) or "nobody"
    return "nothing" if value is None else str(value)
