"""Which rules and which events the calls of a workspace have touched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import func, select

from inkstand.fakes.kit.storage import Statement
from inkstand.fakes.kit.tables import reasons
from inkstand.simulator.storage.tables import discards, messages
from inkstand.simulator.workspaces.workspace import Workspace

Name = tuple[str, str]
_BY_NAME = ("track", "page", "screen")


def touched(workspace: Workspace) -> dict[str, Any]:
    """Rules with how often they decided, events with how often they came, and those of the sources' tracking plans."""
    came: Counter[Name] = Counter()
    by_source: dict[str, Counter[Name]] = {}
    for query in _EVENTS:
        for row in workspace.door.read(query):
            name = (row["type"] or "", row["event"] or "" if row["type"] in _BY_NAME else "")
            came[name] += row["count"]
            by_source.setdefault(row["source"], Counter())[name] += row["count"]
    return {
        "rules": {row["rule"]: row["count"] for row in workspace.door.read(_RULES)},
        "events": list(_told(came)),
        "plans": list(_plans(workspace, by_source)),
    }


def _plans(workspace: Workspace, came: Mapping[str, Counter[Name]]) -> Iterator[dict[str, Any]]:
    for source in workspace.source_ids:
        found = workspace.plan_of(source)
        if found is not None:
            counts = came.get(source, Counter())
            yield {"plan": found[1].name, "events": list(_told({name: counts[name] for name in found[1].events}))}


def _told(counts: Mapping[Name, int]) -> Iterator[dict[str, Any]]:
    for (kind, event), count in sorted(counts.items()):
        yield {"type": kind, "event": event, "count": count}


_RULES = Statement(select(reasons.c.rule, func.count().label("count")).group_by(reasons.c.rule))
_EVENTS = tuple(
    Statement(
        select(table.c.source, table.c.type, table.c.event, func.count().label("count")).group_by(
            table.c.source, table.c.type, table.c.event
        )
    )
    for table in (messages, discards)
)
