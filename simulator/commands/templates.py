"""The command that brings a template to a vendor."""

from __future__ import annotations

from pathlib import Path

import click

from inkstand.simulator.errors import InkstandError
from inkstand.simulator.yamlfile import read_any

from .common import as_json_option, client_of, print_json, url_option, workspace_of, workspace_option

_VERB = ".add_template"


@click.group()
def template() -> None:
    """Bring templates to a vendor."""


@template.command("add")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--id", "template_id", help="The template's id; of one that is there: its next version.")
@click.option("--name", help="What it is called; else as the file.")
@click.option("--optional", multiple=True, help="A merge field that may be blank; may be given several times.")
@url_option
@workspace_option
@as_json_option
def add(  # a command line
    file: Path,
    template_id: str | None,
    name: str | None,
    optional: tuple[str, ...],
    url: str | None,
    workspace: str,
    *,
    as_json: bool,
) -> None:
    """Add an HTML, Word, PDF, Excel or PowerPoint template, or a new version of one, and tell its merge fields."""
    verb = next((verb for verb in client_of(url).verbs if verb.endswith(_VERB)), None)
    if verb is None:
        raise InkstandError("No vendor of this sandbox takes templates.")
    given = {"file": read_any(file), "template_id": template_id, "name": name, "optional": list(optional)}
    made = workspace_of(url, workspace).act(verb, {key: value for key, value in given.items() if value})
    if as_json:
        print_json(made)
        return
    click.echo(f"{made['template']}  version {made['version']}, {made['source']}: {made['name']}")
    fields = ", ".join(made["merge_fields"]) or "none"
    click.echo(f"merge fields: {fields}")
