"""Writes a story from what a workspace recorded: the calls as they came, and what became of them as claims."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from inkstand.fakes.kit.times import iso, parse_iso

from .schema import CALLS, misspelt

Row = Mapping[str, Any]
START = 1_767_225_600_000
"""2026-01-01T00:00:00Z, where a story's clock begins (decision 9)."""

_MADE_HERE = ("receivedAt", "sentAt", "originalTimestamp", "timestamp", "type")
_OF_THE_DEVICE = frozenset({"library", "userAgent", "userAgentData", "ip", "locale", "timezone", "screen"})
_SECOND = 1_000
_LONGEST_LINE = 110
_UNITS = (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000))
_NO_CALL = "was no call that a story can make"


class _Dumper(yaml.SafeDumper):
    """Indents lists below their keys, as people do."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002  # yaml's own signature
        super().increase_indent(flow, indentless=False)


class _Block(dict[str, Any]):
    """A mapping that is written with each member on a line of its own."""


class _Line(dict[str, Any]):
    """A mapping that is written on one line, where it is short enough."""


def _represent(dumper: yaml.SafeDumper, value: dict[str, Any]) -> yaml.Node:
    short = isinstance(value, _Line) and len(json.dumps(value)) < _LONGEST_LINE
    style = False if isinstance(value, _Block) else True if short else None
    return dumper.represent_mapping("tag:yaml.org,2002:map", value.items(), flow_style=style)


def _represent_text(dumper: yaml.SafeDumper, value: str) -> yaml.Node:
    style = '"' if _LINE_ENDS.search(value) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_LINE_ENDS = re.compile("[\x85\u2028\u2029]")
_Dumper.add_representer(str, _represent_text)
_Dumper.add_representer(_Block, _represent)
_Dumper.add_representer(_Line, _represent)


def story(name: str, about: str, calls: Sequence[Row], claims: Mapping[str, Sequence[Row]]) -> str:
    """The text of a story: `calls` are rows of the views messages and discards, `claims` rows of views in brief."""
    steps = list(_steps(sorted(calls, key=_arrived)))
    expected = {view: [_Line(_written(row)) for row in rows] for view, rows in claims.items() if rows}
    if expected:
        steps.append({"expect": _Block(expected)})
    free = any(_is_misspelt(call) for step in steps for call in step.values())
    told = _Block(name=name, about=about, **({"strict": False} if free else {}), steps=[_Block(one) for one in steps])
    text: str = yaml.dump(told, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    return text


def _written(value: Any) -> Any:  # any JSON value
    """A value as a story writes it: a dollar at its beginning doubled, what no text can hold replaced."""
    if isinstance(value, str):
        text = _writable(value)
        return f"${text}" if text.startswith("$") else text
    if isinstance(value, Mapping):
        return {_writable(key): _written(inner) for key, inner in value.items()}
    return [_written(inner) for inner in value] if isinstance(value, list) else value


def _writable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


def _is_misspelt(call: object) -> bool:
    """Whether a call has a member that the language takes for a slip of the pen."""
    return isinstance(call, Mapping) and misspelt(call) is not None


def in_brief(rows: Iterable[Row], gist: Sequence[str]) -> list[dict[str, Any]]:
    """Rows with the fields that tell what became of something."""
    return [{name: row[name] for name in gist if row.get(name) is not None} for row in rows]


def _arrived(row: Row) -> tuple[str, bool]:
    return str(row["receivedAt"]), "code" in row


def _steps(calls: Iterable[Row]) -> Iterator[dict[str, Any]]:
    now, clock = None, START
    for row in calls:
        received = parse_iso(row["receivedAt"]) or 0
        gap = 0 if now is None else (received - now) // _SECOND * _SECOND
        if gap > 0:
            clock += gap
            yield {"advance": duration(gap)}
        now = received if now is None or gap > 0 else now
        call = _discarded(row) if "code" in row else _accepted(row, received, clock)
        if call is None:
            yield {"settle": None}
        elif call[0] in CALLS:
            yield {call[0]: _Line(_written(call[1]))}
        else:
            yield {"batch": [_Line(_written({"type": call[0], **call[1]}))]}


def _accepted(row: Row, received: int, clock: int) -> tuple[str, dict[str, Any]]:
    """A message as the call that it was: without what Segment added."""
    call = {name: value for name, value in row.items() if name not in _MADE_HERE and value not in (None, {})}
    if str(call.get("messageId", "")).startswith("inkstand-"):
        del call["messageId"]
    context = {name: value for name, value in (row.get("context") or {}).items() if name not in _OF_THE_DEVICE}
    call.pop("context", None)
    timestamp = parse_iso(row.get("timestamp"))
    if timestamp is not None and abs(timestamp - received) > _SECOND:
        call["timestamp"] = iso(clock + timestamp - received)
    return row["type"], {**call, **({"context": context} if context else {})}


def _discarded(row: Row) -> tuple[str, dict[str, Any]] | None:
    """A discarded call as it came; None for what was none."""
    try:
        call = json.loads(row["raw"])
    except ValueError:
        return None
    if not isinstance(call, dict):
        return None
    kind = str(row["type"] or call.get("type") or "")
    return kind, {name: value for name, value in call.items() if name not in {"type", "sentAt", "writeKey"}}


def duration(milliseconds: int) -> str:
    """A number of milliseconds, whole seconds of them, as a duration: `1h30m`."""
    parts = []
    for unit, size in _UNITS:
        number, milliseconds = divmod(milliseconds, size)
        parts += [f"{number}{unit}"] if number else []
    return "".join(parts) or "0s"
