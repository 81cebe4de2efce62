"""The command that plays and tells the documented example flow: demo."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from .common import FAILED, PASSED, as_json_option, near_option, near_or_far, print_json


@click.command()
@click.option("--seed", default=1, show_default=True, help="Another seed, another person and other products.")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Write the documents into this folder.")
@near_option
@as_json_option
def demo(seed: int, save: Path | None, url: str | None, *, as_json: bool) -> None:
    """Play the documented example flow and tell it from what is stored; 1 if a verdict is not as documented."""
    from inkstand.simulator.scenarios import demo as story  # noqa: PLC0415  # brings `requests`

    with near_or_far(url, plain=True) as client:
        workspace = client.create(story.WORKSPACE, seed=seed, clock="frozen", delivery="manual")
        teller = story.Teller(workspace, seed, save)
        brought, skipped = story.in_order(client.control("GET", "/vendors"))
        chapters = [teller.chapter(told) for told in brought]
    right = story.holds(chapters)
    if as_json:
        told_in = {"seed": seed, "workspace": story.WORKSPACE}
        print_json({**told_in, "holds": right, "chapters": story.as_json(chapters), "skipped": skipped})
    else:
        for line in story.lines(chapters):
            click.echo(line)
        for slug in skipped:
            click.echo(f"Skipped: the chapter of {slug}; there is no such vendor here.")
        told = sum(len(beat.statements) for chapter in chapters for beat in chapter.beats)
        verdict = "all as documented" if right else "NOT all as documented"
        click.echo(f"{told} statements from workspace {story.WORKSPACE}, seed {seed}: {verdict}.")
    sys.exit(PASSED if right else FAILED)
