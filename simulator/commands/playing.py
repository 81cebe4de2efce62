"""Commands that play stories: demo, run."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from inkstand.simulator.errors import BrokenFileError

from .common import (
    FAILED,
    NOTHING,
    PASSED,
    WRONG_USE,
    as_json_option,
    near_option,
    near_or_far,
    print_json,
    say,
)


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


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--seed", type=int, help="The seed of people and ids (default: the scenario's own, else 1).")
@near_option
@as_json_option
def run(files: tuple[Path, ...], seed: int | None, url: str | None, *, as_json: bool) -> None:
    """Play scenarios (files, or folders of *.scenario.yaml); 1 if one fails, 5 if there is none."""
    from inkstand.simulator.scenarios import report  # noqa: PLC0415  # the other commands need no scenarios
    from inkstand.simulator.scenarios.load import load  # noqa: PLC0415  # likewise
    from inkstand.simulator.scenarios.runner import run as play  # noqa: PLC0415  # likewise

    paths = list(_scenario_files(files))
    if not paths:
        say("no *.scenario.yaml was found there")
        sys.exit(NOTHING)
    outcomes, broken = [], []
    with near_or_far(url) as client:
        for path in paths:
            try:
                outcomes.append(play(client, load(path), seed))
            except BrokenFileError as error:
                broken.append(str(error))
                say(error)
                continue
            if not as_json:
                for line in report.told(outcomes[-1]):
                    click.echo(line)
    if as_json:
        print_json([*report.as_json(outcomes), *({"status": "broken", "text": text} for text in broken)])
    else:
        click.echo(report.summary(outcomes) + (f", {len(broken)} broken" if broken else ""))
    statuses = {outcome.status for outcome in outcomes}
    sys.exit(FAILED if "failed" in statuses else WRONG_USE if broken or "error" in statuses else PASSED)


def _scenario_files(given: tuple[Path, ...]) -> Iterator[Path]:
    for path in given:
        if path.is_dir():
            yield from sorted(path.rglob("*.scenario.yaml"))
        elif path.exists():
            yield path
        else:
            message = f"{path}: there is no such file or folder."
            raise BrokenFileError(message)
