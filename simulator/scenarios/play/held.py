"""What a whole run of a program is held to beside its contracts: that no call was lost, that no plan was violated."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from inkstand.simulator.scenarios.client import Workspace
from inkstand.simulator.scenarios.compare.matching import Mismatch, Said
from inkstand.simulator.scenarios.language.load import Scenario, plan_file
from inkstand.simulator.yamlfile import Places

from .outcome import Failure, Outcome, Why
from .why import journey

_NO_FILE = "no file"
_BY_NAME = ("track", "page", "screen")
_STEP = re.compile(r"([^.\[\]]+)|\[(\d+)\]")


def nothing_lost(workspace: Workspace) -> Outcome | None:
    """A failed outcome where calls came that no workspace has: with an unknown key, or refused; else None."""
    control = workspace.client.control
    keys = ", ".join(source["writeKey"] for source in workspace.told["sources"])
    lost = Counter(
        f"{row['what']} came with the key {row['credential']!r}, which nobody here has; the write key is {keys}"
        for row in control("GET", "/unclaimed")["items"]
    )
    refused = (row for row in control("GET", "/refused")["items"] if row["fault"] is None)
    lost.update(f"{row['what']} was refused: {row['message']}" for row in refused)
    if not lost:
        return None
    told = (text if times == 1 else f"{times} times: {text}" for text, times in lost.items())
    failures = tuple(Failure(_NO_FILE, 0, 0, text) for text in told)
    return Outcome(_story("Every call reached a source", _NO_FILE), _seed(workspace), "failed", failures)


class HeldPlan:
    """A tracking plan to which a workspace's sources are held.

    `name` is a shipped plan's, or a file's. Raises BrokenFileError for a file that holds none, InkstandError for a name
    that no shipped plan has.
    """

    def __init__(self, workspace: Workspace, name: str) -> None:
        plan = plan_file(name)
        self.file = name if plan else f"tracking plan {name}"
        self._places: Places = plan.places if plan else {}
        self._name = name
        content = plan.written if plan else name
        for source in workspace.told["sources"]:
            workspace.change_source(source["id"], {"trackingPlan": content})

    def outcome(self, workspace: Workspace) -> Outcome:
        """Whether nothing has violated it: each violation once, where the plan speaks of its event."""
        found: dict[tuple[Any, ...], list[dict[str, Any]]] = {}
        for row in workspace.view("violations"):
            key = tuple(row[name] for name in ("type", "event", "kind", "field", "description"))
            found.setdefault(key, []).append(row)
        failures = tuple(self._failure(workspace, rows) for rows in found.values())
        if not any(workspace.count(view) for view in ("messages", "discards")):
            text = "No call arrived, so nothing was held to the plan. Does the program post to INKSTAND_URL?"
            failures = (Failure(self.file, 1, 1, text),)
        story = _story(f"Nothing violates the tracking plan {self._name}", self.file)
        return Outcome(story, _seed(workspace), "failed" if failures else "passed", failures)

    def _failure(self, workspace: Workspace, rows: list[dict[str, Any]]) -> Failure:
        first = rows[0]
        event = f" {first['event']!r}" if first["event"] else ""
        who = ", ".join(dict.fromkeys(_who(workspace, row["messageId"]) for row in rows[:3]))
        times = f", {len(rows)} times" if len(rows) > 1 else ""
        field = "" if first["field"] in first["description"] or first["field"] == "event" else f"{first['field']}: "
        text = f"{first['type']}{event} of {who}{times}: {first['kind']}: {field}{first['description']}"
        why = Why(journey=journey(workspace.explain(first["messageId"])))
        mismatch = Mismatch((), first["field"], Said("no violation"), Said(first["description"]))
        return Failure(self.file, *self._place(first), text, mismatch, "violations", why)

    def _place(self, violation: dict[str, Any]) -> tuple[int, int]:
        """Where a plan of plain schemas speaks of what is violated, as near as it does; else its beginning."""
        kind, event = violation["type"], violation["event"]
        path: tuple[str | int, ...] = (kind, event) if kind in _BY_NAME else (kind,)
        known = self._places.get(path) or self._places.get((kind,)) or (1, 1)
        steps = _STEP.findall(violation["field"])[1:]
        if violation["kind"] == "Required":
            steps = steps[:-1]
        for name, index in steps:
            path = (*path, "items") if index else (*path, "properties", name)
            known = self._places.get(path, known)
        return self._places.get((*path, "required"), known) if violation["kind"] == "Required" else known


def _who(workspace: Workspace, message_id: str) -> str:
    message = next(iter(workspace.view("messages", messageId=message_id)), {})
    return str(message.get("userId") or message.get("anonymousId") or "nobody")


def _story(name: str, file: str) -> Scenario:
    return Scenario(name, "", file, None, {}, [], ())


def _seed(workspace: Workspace) -> int:
    seed: int = workspace.told["seed"]
    return seed
