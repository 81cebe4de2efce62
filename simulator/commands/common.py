"""What commands share: their options, whom they speak to, how they print."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from inkstand.simulator.settings import resolve

if TYPE_CHECKING:
    from inkstand.simulator.scenarios.client import Client, Workspace

PASSED, FAILED, WRONG_USE, CANNOT_START, INTERNAL, NOTHING, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130
"""Exit codes (decision 25)."""

BY_SIGNAL = 128
"""What a shell adds to the number of the signal that ended a program."""


def say(what: object) -> None:
    """A line on stderr."""
    click.echo(f"inkstand: {what}", err=True)


def print_json(value: object) -> None:
    """A value as JSON on stdout."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def near_or_far(url: str | None, *, plain: bool = False) -> Iterator[Client]:
    """The sandbox at an address, or one of this process while the block lasts; `plain` is one that nobody set up."""
    from inkstand.simulator.scenarios.client import Client  # noqa: PLC0415  # brings `requests`; not every command needs it

    if url:
        yield Client(url)
        return
    from inkstand.simulator.app import NEAR, Inkstand  # noqa: PLC0415  # likewise for the sandbox itself

    settings = replace(resolve(os.environ).settings, data_dir=None)
    if plain:
        settings = replace(settings, workspace={})
    with Inkstand(settings) as sandbox:
        yield Client(NEAR, sandbox.session())


def client_of(url: str | None) -> Client:
    """The sandbox that client commands speak to."""
    from inkstand.simulator.scenarios.client import Client  # noqa: PLC0415  # as above

    return Client(url or resolve(os.environ).settings.url)


def workspace_of(url: str | None, name: str) -> Workspace:
    """A workspace of it."""
    return client_of(url).workspace(name)


as_json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
url_option = click.option("--url", help="The sandbox to speak to (default: INKSTAND_URL, else http://127.0.0.1:4650).")
fault_plan_option = click.option(
    "--fault-plan",
    metavar="SEED|FILE",
    help="Play under faults: drawn from a seed (the plan is printed), or those of a YAML file.",
)
near_option = click.option("--url", help="Play against a sandbox that is running there instead of one of its own.")
workspace_option = click.option("--workspace", "-w", default="default", show_default=True, help="The workspace.")
