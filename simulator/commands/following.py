"""The command that follows: tail."""

from __future__ import annotations

import json
import queue
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from .common import as_json_option, url_option, workspace_option

if TYPE_CHECKING:
    from inkstand.simulator.scenarios.client import Client

Row = Mapping[str, Any]
DEBUGGER, UNCLAIMED, REFUSED = "debugger", "unclaimed", "refused"
_LONGEST_LINE = 400


@click.command()
@click.argument("view", required=False)
@click.option(
    "--pretty",
    "form",
    flag_value="pretty",
    default=True,
    help="Each call as a library would write it; this is the default.",
)
@click.option("--raw", "form", flag_value="raw", help="Each call as the JSON that is stored, one object a line.")
@click.option("--newest", default=10, show_default=True, help="Begin with so many that are there already.")
@click.option("--for", "seconds", type=click.FloatRange(0), help="End after so many seconds; else with control-C.")
@url_option
@workspace_option
@as_json_option
def tail(
    view: str | None, form: str, newest: int, seconds: float | None, url: str | None, workspace: str, *, as_json: bool
) -> None:
    """Follow calls as they come, as the Source Debugger does: taken or not, and why.

    Beside them stand the calls with a key that no workspace has, and the requests that were refused. With the name of
    a VIEW (messages, deliveries, movable_ink.events, …) its rows are followed instead, one line for each.
    """
    from .common import client_of  # noqa: PLC0415  # brings `requests`

    client = client_of(url)
    end = None if seconds is None else time.monotonic() + seconds
    path = f"/workspaces/{client.workspace(workspace).name}/views/{view or DEBUGGER}"
    lines = _line if view else {"pretty": pretty, "raw": raw}[form]
    sources = {view or DEBUGGER: path, **({} if view else {UNCLAIMED: "/unclaimed", REFUSED: "/refused"})}
    for name, row in _together(client, sources, newest, end):
        if as_json:
            told: Row = row if view else {"from": name, **row}
            click.echo(json.dumps(told, ensure_ascii=False))
        else:
            click.echo(lines(name, row))
        sys.stdout.flush()


def pretty(kind: str, row: Row) -> str:
    """A row of the debugger, of the unclaimed or of the refused as one line."""
    if kind == UNCLAIMED:
        calls = "" if row["calls"] == 1 else f", {row['calls']} calls"
        said = f"the {row['service']} key {row['credential']!r} is not known here{calls}"
        return _told(row["at"], UNCLAIMED, row["what"], said)
    if kind == REFUSED:
        return _told(row["at"], REFUSED, row["what"], f"{row['code']}: {row['message']}")
    who = "  ".join(f"{name}={row[name]}" for name in ("userId", "anonymousId") if row[name])
    why = [f"{row['code']}: {row['reason']}"] if row["code"] else [f"note: {note}" for note in row["notes"]]
    return _told(row["receivedAt"], row["outcome"], row["pretty"], *(part for part in (who, *why) if part))


def raw(kind: str, row: Row) -> str:
    """What was stored of a call, or came of a request, as a line of JSON: what became of it, and the call."""
    what = row["raw"] if kind == DEBUGGER else {"what": row["what"], "body": row["body"]}
    return json.dumps({"outcome": row.get("outcome", kind), "raw": what})


def _told(at: str, outcome: str, what: str, *more: str) -> str:
    """One line: when, what became of it, what it was; too long a call is cut, what is said of it is not."""
    shown = what if len(what) <= _LONGEST_LINE else f"{what[:_LONGEST_LINE]} …"
    return _printable("  ".join((at, f"{outcome:<9}", shown, *more)))


def _line(_: str, row: Row) -> str:
    """A row of any view on one line: its plain members."""
    shown = ((name, value) for name, value in row.items() if isinstance(value, str | int | float) and value != "")
    return _printable("  ".join(f"{name}={value}" for name, value in shown))[:_LONGEST_LINE]


def _printable(text: str) -> str:
    """Text on one line, whatever somebody sent: what a terminal would act on is shown by its number."""
    return "".join(one if one.isprintable() else f"\\u{ord(one):04x}" for one in text)


def _together(client: Client, sources: Mapping[str, str], newest: int, end: float | None) -> Iterator[tuple[str, Row]]:
    """The rows of several lists as they come; what is there already in the order of its time."""
    if len(sources) == 1:
        ((name, path),) = sources.items()
        yield from ((name, row) for row in client.follow(path, newest, end))
        return
    begun = {name: client.newest_of(path, newest) for name, path in sources.items()}
    there = [(name, row) for name, (rows, _) in begun.items() for row in rows]
    yield from sorted(there, key=lambda one: str(one[1].get("at") or one[1]["receivedAt"]))
    found: queue.Queue[tuple[str, Row] | Exception | None] = queue.Queue()
    for name, path in sources.items():
        threading.Thread(target=_follow, args=(client, name, path, begun[name][1], end, found), daemon=True).start()
    open_ones = len(sources)
    while open_ones:
        one = found.get()
        if isinstance(one, Exception):
            raise one
        if one is None:
            open_ones -= 1
        else:
            yield one


def _follow(  # a thread's whole work
    client: Client,
    name: str,
    path: str,
    place: str,
    end: float | None,
    found: queue.Queue[tuple[str, Row] | Exception | None],
) -> None:
    """Put what comes into the queue, then None as there is no more, or what went wrong."""
    try:
        for row in client.another().follow_from(path, place, end):
            found.put((name, row))
        found.put(None)
    except Exception as error:  # noqa: BLE001  # raised again where it is told
        found.put(error)
