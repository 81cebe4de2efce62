"""Commands that run a sandbox and say how it is set: serve, ready, config."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from inkstand.simulator.errors import CannotStartError
from inkstand.simulator.settings import DEFAULT_HOST, DEFAULT_PORT, resolve

from .common import (
    as_json_option,
    client_of,
    print_json,
    say,
    url_option,
)


@click.command()
@click.option("--host", help=f"Address to listen on.  [default: {DEFAULT_HOST}]")
@click.option("--port", type=click.IntRange(0, 65535), help=f"Port; 0 takes a free one.  [default: {DEFAULT_PORT}]")
@click.option("--port-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the port into this file.")
@click.option("--data-dir", type=click.Path(file_okay=False), help="Keep everything here; else nothing is kept.")
@click.option("--public-url", help="What absolute addresses begin with.")
@click.option("--allow-host", "allowed_hosts", multiple=True, help="A further name to be asked for by; repeatable.")
@click.option("--analytics-js", type=click.Path(), help="The npm package @segment/analytics-next, to serve to pages.")
@click.option("--fakes", multiple=True, type=click.Path(), help="A folder with further vendors; repeatable.")
@click.option("--config", type=click.Path(dir_okay=False), help="The configuration file.  [default: inkstand.yaml]")
@click.option("--while-stdin", is_flag=True, help="End when standard input does: with the program that started it.")
def serve(
    port_file: Path | None, config: str | None, *, while_stdin: bool, **flags: Any
) -> None:  # each flag is a setting of its name
    """Serve until stopped; prints one line, READY and the address, once it is up."""
    import gc  # noqa: PLC0415  # collecting while modules load costs a tenth of the start; `serve` turns it on again

    gc.disable()
    from inkstand.simulator.serve import serve as run_server  # noqa: PLC0415  # the other commands need no server

    settings = resolve(os.environ, flags, config).settings

    def ready(address: str) -> None:
        if settings.data_dir is None:
            say("nothing is kept after it stops; give --data-dir DIR to keep it")
        click.echo(f"READY {address}")
        sys.stdout.flush()

    run_server(settings, ready, port_file, while_stdin=while_stdin)


@click.command()
@url_option
def ready(url: str | None) -> None:
    """Exit 0 if the sandbox is ready, 3 if not."""
    client = client_of(url)
    if client.request("GET", "/readyz").status_code != 200:  # noqa: PLR2004  # ready
        message = f"{client.base_url} is not ready."
        raise CannotStartError(message)
    click.echo("ready")


@click.command()
@click.option("--config", type=click.Path(dir_okay=False), help="The configuration file.  [default: inkstand.yaml]")
@click.option("--schema", is_flag=True, help="Print the JSON Schema of inkstand.yaml, for editors.")
@as_json_option
def config(config: str | None, *, schema: bool, as_json: bool) -> None:
    """Show each setting and where it comes from: flag, INKSTAND_* variable, inkstand.yaml or default."""
    if schema:
        from inkstand.simulator.configfile import json_schema  # noqa: PLC0415  # only asked for here

        print_json(json_schema(resolve(os.environ, file=config).settings.fakes))
        return
    found = resolve(os.environ, file=config)
    values = {name: getattr(found.settings, name) for name in found.origins}
    if as_json:
        print_json({name: {"value": value, "from": found.origins[name]} for name, value in values.items()})
        return
    for name, value in values.items():
        click.echo(f"{name:<14} {_shown(value):<34} {found.origins[name]}")


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(value) or "as the vendors bring it"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return "none" if value is None else str(value)
