"""What a whole run of a program is held to beside its contracts: that no call was lost, that no plan was violated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from inkstand.simulator.scenarios.client import Workspace
from inkstand.simulator.scenarios.language.load import Scenario, read_plan, read_plan_file
from inkstand.simulator.yamlfile import Places

from .outcome import Failure, Outcome, Why

_BY_NAME = ("track", "page", "screen")


def nothing_lost(workspace: Workspace) -> Outcome | None:
    """A failed outcome where calls came that no workspace has: with an unknown key, or refused; else None."""
    control = workspace.client.control
    lost = [
        f"{row['what']} came with the key {row['credential']!r}, which no source or connection has"
        for row in control("GET", "/unclaimed")["items"]
    ]
    lost += [f"{row['what']} was refused: {row['message']}" for row in control("GET", "/refused")["items"]]
    if not lost:
        return None
    failures = tuple(Failure("the calls", 1, 1, text) for text in dict.fromkeys(lost))
    return Outcome(_story("Every call reached a source", "the calls"), _seed(workspace), "failed", failures)


class HeldPlan:
    """A tracking plan to which a workspace's sources are held.

    `name` is a shipped plan's, or a file's. Raises BrokenFileError for a file that holds none, InkstandError for a name
    that no shipped plan has.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        content = read_plan(name)
        is_file = Path(name).is_file()
        self.file = name if is_file else f"tracking plan {name}"
        self._places: Places = read_plan_file(Path(name))[1] if is_file else {}
        self._name = name
        for source in workspace.told["sources"]:
            workspace.change_source(source["id"], {"trackingPlan": content})

    def outcome(self, workspace: Workspace) -> Outcome:
        """Whether nothing has violated it: each violation once, where the plan speaks of its event."""
        found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in workspace.view("violations"):
            key = tuple(row[name] for name in ("type", "event", "kind", "field", "description"))
            found.setdefault(key, []).append(row)
        failures = tuple(self._failure(workspace, rows) for rows in found.values())
        story = _story(f"Nothing violates the tracking plan {self._name}", self.file)
        return Outcome(story, _seed(workspace), "failed" if failures else "passed", failures)

    def _failure(self, workspace: Workspace, rows: list[dict[str, Any]]) -> Failure:
        first = rows[0]
        event = f" {first['event']!r}" if first["event"] else ""
        who = ", ".join(dict.fromkeys(_who(workspace, row["messageId"]) for row in rows[:3]))
        times = f", {len(rows)} times" if len(rows) > 1 else ""
        field = "" if first["field"] in first["description"] or first["field"] == "event" else f"{first['field']}: "
        text = f"{first['type']}{event} of {who}{times}: {first['kind']}: {field}{first['description']}"
        told = workspace.explain(first["messageId"])
        steps = (f"  {step['stage']:<20} {step['say']}" for step in told["steps"])
        why = Why(journey=(told["headline"], f"  messageId {first['messageId']}", *steps))
        return Failure(self.file, *self._place(first), text, None, "violations", why)

    def _place(self, violation: dict[str, Any]) -> tuple[int, int]:
        """Where a plan of plain schemas speaks of an event; else its beginning."""
        kind, event = violation["type"], violation["event"]
        path = (kind, event) if kind in _BY_NAME else (kind,)
        return self._places.get(path) or self._places.get((kind,)) or (1, 1)


def _who(workspace: Workspace, message_id: str) -> str:
    message = next(iter(workspace.view("messages", messageId=message_id)), {})
    return str(message.get("userId") or message.get("anonymousId") or "nobody")


def _story(name: str, file: str) -> Scenario:
    return Scenario(name, "", file, None, {}, [], ())


def _seed(workspace: Workspace) -> int:
    seed: int = workspace.told["seed"]
    return seed
