"""Commands about scenario files: scenario new, lint, list, from-log, schema."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inkstand.simulator.errors import InkstandError
from inkstand.simulator.settings import resolve

from .common import (
    NOTHING,
    PASSED,
    WRONG_USE,
    as_json_option,
    near_option,
    near_or_far,
    print_json,
    say,
    url_option,
    workspace_of,
    workspace_option,
)

if TYPE_CHECKING:
    from inkstand.simulator.scenarios.client import Workspace
    from inkstand.simulator.scenarios.language.load import Scenario

_FORWARDED = "forwardedFromProject"
_files_argument = click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))


@click.group()
def scenario() -> None:
    """Write scenarios, check them, list them."""


@scenario.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", help="What the story is called (default: the file's name).")
def new(file: Path, name: str | None) -> None:
    """Write a story that plays, to be changed; or, for FILE.contract.yaml, a contract."""
    from inkstand.simulator.scenarios.language.load import CONTRACT_SUFFIX, SUFFIX  # noqa: PLC0415  # only asked for here
    from inkstand.simulator.scenarios.language.starter import contract_starter, starter  # noqa: PLC0415  # likewise

    is_contract = file.name.endswith(CONTRACT_SUFFIX)
    if not is_contract and not file.name.endswith(SUFFIX):
        file = file.with_name(f"{file.name.removesuffix('.yaml').removesuffix('.yml')}{SUFFIX}")
    stem = file.name.removesuffix(CONTRACT_SUFFIX).removesuffix(SUFFIX)
    words = name or stem.replace("-", " ").replace("_", " ").capitalize()
    _write_new(file, (contract_starter if is_contract else starter)(words, str(file)))
    use = (
        f"hold it with: inkstand exec --contract {file} -- COMMAND"
        if is_contract
        else f"play it with: inkstand run {file}"
    )
    click.echo(f"{file}  {use}")


@scenario.command()
@_files_argument
@near_option
@as_json_option
def lint(files: tuple[Path, ...], url: str | None, *, as_json: bool) -> None:
    """Check scenarios and contracts without playing them: the language, and what there is in a sandbox; 2 if wrong."""
    from inkstand.simulator.scenarios.language.load import CONTRACT_SUFFIX, SUFFIX  # noqa: PLC0415  # likewise
    from inkstand.simulator.scenarios.play.collecting import collect  # noqa: PLC0415  # only asked for here
    from inkstand.simulator.scenarios.play.runner import lint as linted  # noqa: PLC0415  # likewise

    collected = collect(files, SUFFIX, CONTRACT_SUFFIX)
    failures = [failure for outcome in collected.broken for failure in outcome.failures]
    with near_or_far(url) as client:
        for one in collected.scenarios:
            failures += linted(client, one, contract=one.file.endswith(CONTRACT_SUFFIX))
    wrong = [f"{found.file}:{found.line}:{found.column}: {found.text}" for found in failures]
    number = len(collected.scenarios) + len(collected.broken)
    if as_json:
        print_json({"scenarios": number, "wrong": wrong})
    else:
        for line in wrong:
            click.echo(line)
        click.echo(f"{number} scenario{'' if number == 1 else 's'}, {len(wrong) or 'nothing'} wrong")
    sys.exit(WRONG_USE if wrong else PASSED if number else NOTHING)


@scenario.command(name="list")
@_files_argument
@as_json_option
def list_scenarios(files: tuple[Path, ...], *, as_json: bool) -> None:
    """List scenarios: their names, what they are about, how many steps."""
    from inkstand.simulator.scenarios.play.collecting import collect  # noqa: PLC0415  # only asked for here

    collected = collect(files)
    for failure in (found for outcome in collected.broken for found in outcome.failures):
        say(f"{failure.file}:{failure.line}:{failure.column}: {failure.text}")
    if as_json:
        print_json([_brief(one) for one in collected.scenarios])
    else:
        for one in collected.scenarios:
            click.echo(f"{one.file}  {one.name}" + (f"  (skipped: {one.skip})" if one.skip else ""))
            if one.about:
                click.echo(f"    {one.about}")
    if not collected.scenarios:
        say("no *.scenario.yaml was found there; inkstand scenario new FILE writes one")
    sys.exit(WRONG_USE if collected.broken else PASSED if collected.scenarios else NOTHING)


@scenario.command(name="from-log")
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.option("--name", help="What the story is called (default: recorded in the workspace).")
@click.option("--last", type=click.IntRange(1), default=200, show_default=True, help="The newest calls, so many.")
@url_option
@workspace_option
def from_log(file: Path | None, name: str | None, last: int, url: str | None, workspace: str) -> None:
    """Write a story from what a workspace recorded: its calls, and what became of them; to FILE, else to stdout."""
    from inkstand.simulator.scenarios.language.fromlog import story  # noqa: PLC0415  # only asked for here

    found = workspace_of(url, workspace)
    found.settle()
    calls = [*found.newest("messages", last), *found.newest("discards", last)]
    calls = [row for row in calls if _FORWARDED not in row]
    calls = sorted(calls, key=lambda row: str(row["receivedAt"]))[-last:]
    if not calls:
        say(f"workspace {workspace} recorded no call yet; a story is made of calls")
        sys.exit(NOTHING)
    whole = sum(found.count(view) for view in ("messages", "discards")) == len(calls)
    _say_what_is_left_out(found)
    if not whole:
        say(f"only the newest {last} calls are taken, so nothing is claimed of what became of them; see --last")
    about = f"Recorded in workspace {workspace}; the claims are what came of it then."
    text = story(name or f"Recorded in {workspace}", about, calls, dict(_claims(found)) if whole else {})
    if file is None:
        click.echo(text, nl=False)
    else:
        _write_new(file, text)
        click.echo(f"{file}  {len(calls)} calls; play it with: inkstand run {file}")


@scenario.command()
def schema() -> None:
    """Print the JSON Schema of scenario files, for editors; your vendors' views and verbs stand in it too."""
    print_json(_schema())


def _schema() -> dict[str, Any]:
    from inkstand.simulator.sandbox import every_view  # noqa: PLC0415  # likewise
    from inkstand.simulator.scenarios.language.jsonschema import json_schema  # noqa: PLC0415  # only asked for here

    vendors = resolve(os.environ).settings.vendors()
    return json_schema(vendors, [view.name for view in every_view(vendors)])


def _say_what_is_left_out(found: Workspace) -> None:
    """What a story of one source, as every workspace has it, does not say."""
    sources = found.told["sources"]
    if len(sources) > 1:
        say(f"workspace {found.name} has {len(sources)} sources; the story posts every call with its first write key")
    for source in sources:
        if source["trackingPlan"]:
            say(f"the source {source['id']} has a tracking plan, {source['trackingPlan']}; name it under workspace")


def _claims(found: Workspace) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """What each view that tells what became of calls holds, in brief."""
    from inkstand.simulator.scenarios.language.fromlog import in_brief  # noqa: PLC0415  # only asked for here

    gists = ((view, gist) for view, gist in found.client.gists.items() if view != "messages")
    for view, gist in gists:
        yield view, in_brief(found.view(view), gist)


def _brief(one: Scenario) -> Mapping[str, Any]:
    return {
        "file": one.file,
        "name": one.name,
        "about": one.about,
        "steps": sum(1 for _ in one.all_steps()),
        "skip": one.skip,
        "needs": list(one.needs),
    }


def _write_new(file: Path, text: str) -> None:
    if file.exists():
        message = f"{file} is there already; choose another name, or delete it."
        raise InkstandError(message)
    try:
        file.write_text(text, "utf-8")
    except OSError as error:
        message = f"{file} cannot be written: {error}"
        raise InkstandError(message) from error
