"""The command line: results on stdout, everything else on stderr, exit codes as in decision 25."""

from __future__ import annotations

import io
import json
import os
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

import inkstand

from .errors import BrokenFileError, CannotStartError, InkstandError, SandboxFailedError
from .settings import DEFAULT_HOST, DEFAULT_PORT, Settings

if TYPE_CHECKING:
    from .scenarios.client import Client, Workspace

PASSED, FAILED, WRONG_USE, CANNOT_START, INTERNAL, NOTHING, INTERRUPTED = 0, 1, 2, 3, 4, 5, 130


class _Commands(click.Group):
    """Commands in the order they are written; every error becomes one line and the exit code of its kind."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands in the order they are written."""
        del ctx
        return list(self.commands)

    def main(self, *args: Any, **extra: Any) -> Any:  # click's own signature
        """Run, and turn what goes wrong into a line and an exit code."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            super().main(*args, **{**extra, "standalone_mode": False})
        except click.exceptions.Exit as done:
            sys.exit(done.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            sys.stdout = None  # nobody reads it any more
            sys.exit(PASSED)
        except Exception as error:  # noqa: BLE001  # whatever it is, it has an exit code
            sys.exit(_told(error))


def _told(error: Exception) -> int:
    """Tell an error; its exit code."""
    kinds = ((CannotStartError, CANNOT_START), (SandboxFailedError, INTERNAL), (InkstandError, WRONG_USE))
    for kind, code in (*kinds, (ValueError, WRONG_USE)):
        if isinstance(error, kind):
            _say(error)
            return code
    traceback.print_exception(error)
    _say("this is a fault of Inkstand, not yours")
    return INTERNAL


def _say(what: object) -> None:
    click.echo(f"inkstand: {what}", err=True)


def _print_json(value: object) -> None:
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


@contextmanager
def _near_or_far(url: str | None) -> Iterator[Client]:
    from .scenarios.client import Client  # noqa: PLC0415  # brings `requests`; not every command needs it

    if url:
        yield Client(url)
        return
    from .app import NEAR, Inkstand  # noqa: PLC0415  # likewise for the sandbox itself

    with Inkstand() as sandbox:
        yield Client(NEAR, sandbox.session())


def _client(url: str | None) -> Client:
    from .scenarios.client import Client  # noqa: PLC0415  # as above

    return Client(url or Settings.from_env(os.environ).url)


def _workspace(url: str | None, name: str) -> Workspace:
    return _client(url).workspace(name)


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
_url = click.option("--url", help="The sandbox to speak to (default: INKSTAND_URL, else http://127.0.0.1:4650).")
_near = click.option("--url", help="Play against a sandbox that is running there instead of one of its own.")
_in = click.option("--workspace", "-w", default="default", show_default=True, help="The workspace.")


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Inkstand: a local Segment with fake Inkit and Movable Ink, for tests and demos."""


@main.command()
@click.option("--seed", default=1, show_default=True, help="Another seed, another person and other products.")
@click.option("--save", type=click.Path(file_okay=False, path_type=Path), help="Write the documents into this folder.")
@_near
@_json
def demo(seed: int, save: Path | None, url: str | None, *, as_json: bool) -> None:
    """Play the documented example flow and tell it from what is stored; 1 if a verdict is not as documented."""
    from .scenarios import demo as story  # noqa: PLC0415  # brings `requests`

    with _near_or_far(url) as client:
        workspace = client.create(story.WORKSPACE, seed=seed, clock="frozen", delivery="manual")
        teller = story.Teller(workspace, seed, save)
        brought = client.control("GET", "/examples")["items"]
        chapters = [teller.chapter(told) for told in _in_order(brought) if "chapter" in told]
    right = story.holds(chapters)
    if as_json:
        _print_json({"seed": seed, "workspace": story.WORKSPACE, "holds": right, "chapters": story.as_json(chapters)})
    else:
        for line in story.lines(chapters):
            click.echo(line)
        told = sum(len(beat.statements) for chapter in chapters for beat in chapter.beats)
        verdict = "all as documented" if right else "NOT all as documented"
        click.echo(f"{told} statements from workspace {story.WORKSPACE}, seed {seed}: {verdict}.")
    sys.exit(PASSED if right else FAILED)


def _in_order(brought: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(brought, key=lambda told: -len(told.get("beats", ())))


@main.command()
@click.option("--host", default=None, help=f"Address to listen on.  [default: {DEFAULT_HOST}]")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=None, help=f"Port; 0 takes a free one.  [default: {DEFAULT_PORT}]"
)
@click.option("--port-file", type=click.Path(dir_okay=False, path_type=Path), help="Write the port into this file.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False),
    default=None,
    help="Keep everything here; without it nothing is kept.",
)
def serve(host: str | None, port: int | None, port_file: Path | None, data_dir: str | None) -> None:
    """Serve until stopped; prints one line, READY and the address, once it is up."""
    import gc  # noqa: PLC0415  # collecting while modules load costs a tenth of the start; `serve` turns it on again
    from dataclasses import replace  # noqa: PLC0415  # the other commands start without it

    gc.disable()
    from .serve import serve as run_server  # noqa: PLC0415  # the other commands need no server

    known = Settings.from_env(os.environ)
    settings = replace(
        known,
        host=host or known.host,
        port=known.port if port is None else port,
        data_dir=data_dir or known.data_dir,
    )

    def ready(address: str) -> None:
        if settings.data_dir is None:
            _say("nothing is kept after it stops; give --data-dir DIR to keep it")
        click.echo(f"READY {address}")
        sys.stdout.flush()

    run_server(settings, ready, port_file)


@main.command()
@_url
def ready(url: str | None) -> None:
    """Exit 0 if the sandbox is ready, 3 if not."""
    client = _client(url)
    if client.request("GET", "/readyz").status_code != 200:  # noqa: PLR2004  # ready
        message = f"{client.base_url} is not ready."
        raise CannotStartError(message)
    click.echo("ready")


@main.command()
@click.option("--snippets", is_flag=True, help="Show how to point curl and the Segment SDKs here.")
@_url
@_in
@_json
def status(url: str | None, workspace: str, *, snippets: bool, as_json: bool) -> None:
    """Show addresses, keys and counts of a running sandbox."""
    from .snippets import snippets_for  # noqa: PLC0415  # only shown here

    found = _workspace(url, workspace)
    base = found.client.base_url
    shown = snippets_for(base, found.write_key) if snippets else {}
    if as_json:
        _print_json({"url": base, **found.told, **({"snippets": shown} if snippets else {})})
        return
    counts = found.told["counts"]
    click.echo(f"{base}  workspace {found.name}  {counts['messages']} messages, {counts['discards']} discards")
    click.echo(f"  Tracking API  {base}/v1")
    for source in found.told["sources"]:
        click.echo(f"  write key     {source['writeKey']}  (source {source['id']})")
    for connection in found.told["connections"]:
        state = "on" if connection["enabled"] else "off"
        secrets = ", ".join(f"{name} {value}" for name, value in connection["settings"].items())
        click.echo(f"  connection    {connection['id']} ({state})  {secrets}")
    for title, text in shown.items():
        click.echo(f"\n--- {title}\n{text}")


@main.command()
@click.argument("message_id", required=False, default="last")
@click.option("--event", help="The name of the event.")
@click.option("--user", help="The userId.")
@click.option("--anonymous", help="The anonymousId.")
@_url
@_in
@_json
def explain(  # noqa: PLR0917  # click gives options by name
    message_id: str,
    event: str | None,
    user: str | None,
    anonymous: str | None,
    url: str | None,
    workspace: str,
    *,
    as_json: bool,
) -> None:  # one per option
    """Tell what became of a call and why: by messageId, by what you remember of it, or the last one."""
    found = _workspace(url, workspace)
    asked = {"event": event, "userId": user, "anonymousId": anonymous}
    given = {name: value for name, value in asked.items() if value}
    if given and message_id != "last":
        raise click.UsageError("Give a messageId, or what you remember of the call; not both.")
    told = found.explain(message_id) if message_id != "last" and not given else found.explain_newest(**given)
    if as_json:
        _print_json(told)
    else:
        for line in told.get("story") or [told["headline"], *told["hints"]]:
            click.echo(line)
    sys.exit(PASSED if told["found"] else FAILED)


@main.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--seed", type=int, help="The seed of people and ids (default: the scenario's own, else 1).")
@_near
@_json
def run(files: tuple[Path, ...], seed: int | None, url: str | None, *, as_json: bool) -> None:
    """Play scenarios (files, or folders of *.scenario.yaml); 1 if one fails, 5 if there is none."""
    from .scenarios import report  # noqa: PLC0415  # the other commands need no scenarios
    from .scenarios.load import load  # noqa: PLC0415  # likewise
    from .scenarios.runner import run as play  # noqa: PLC0415  # likewise

    paths = list(_scenario_files(files))
    if not paths:
        _say("no *.scenario.yaml was found there")
        sys.exit(NOTHING)
    outcomes, broken = [], []
    with _near_or_far(url) as client:
        for path in paths:
            try:
                outcomes.append(play(client, load(path), seed))
            except BrokenFileError as error:
                broken.append(str(error))
                _say(error)
                continue
            if not as_json:
                for line in report.told(outcomes[-1]):
                    click.echo(line)
    if as_json:
        _print_json([*report.as_json(outcomes), *({"status": "broken", "text": text} for text in broken)])
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


@main.command()
@_url
@_in
def settle(url: str | None, workspace: str) -> None:
    """Deliver everything that is due, then return."""
    _workspace(url, workspace).settle()
    click.echo("settled")


@main.command(context_settings={"ignore_unknown_options": True})
@click.argument("duration")
@_url
@_in
def advance(duration: str, url: str | None, workspace: str) -> None:
    """Move a workspace's clock forward (90s, 5m, 6h, 2d), delivering what falls due on the way."""
    found = _workspace(url, workspace)
    found.advance(duration)
    click.echo(f"it is now {_workspace(url, workspace).told['now']} in {found.name}")


@main.command()
@_url
@_in
@click.option("--all", "every", is_flag=True, help="Every workspace.")
def reset(url: str | None, workspace: str, *, every: bool) -> None:
    """Put a workspace back to what it was made with."""
    client = _client(url)
    names = [told["name"] for told in client.control("GET", "/workspaces")] if every else [workspace]
    for name in names:
        client.workspace(name).reset()
        click.echo(f"reset {name}")


@main.group()
def workspace() -> None:
    """Make, list and delete workspaces."""


@workspace.command("new")
@click.argument("name")
@click.option("--seed", type=int, default=1, show_default=True, help="The seed of ids and chance.")
@_url
@_json
def workspace_new(name: str, seed: int, url: str | None, *, as_json: bool) -> None:
    """Make a workspace with credentials of its own."""
    told = _client(url).control("POST", "/workspaces", json={"name": name, "seed": seed})
    if as_json:
        _print_json(told)
    else:
        click.echo(f"made {name}; write key {told['sources'][0]['writeKey']}")


@workspace.command("list")
@_url
@_json
def workspace_list(url: str | None, *, as_json: bool) -> None:
    """List workspaces."""
    told = _client(url).control("GET", "/workspaces")
    if as_json:
        _print_json(told)
        return
    for one in told:
        click.echo(f"{one['name']}  {one['counts']['messages']} messages, {one['counts']['discards']} discards")


@workspace.command("delete")
@click.argument("name")
@_url
def workspace_delete(name: str, url: str | None) -> None:
    """Delete a workspace and everything in it."""
    _workspace(url, name).delete()
    click.echo(f"deleted {name}")


@main.command()
@click.argument("rule", required=False)
@_json
def ledger(rule: str | None, *, as_json: bool) -> None:
    """List the rules that anything here is decided by, with source and confidence; or one of them."""
    from inkstand.fakes.kit.vendor import discover  # noqa: PLC0415  # only this command reads ledgers

    from .ledger_report import listed, one_rule  # noqa: PLC0415  # likewise

    told = one_rule(discover(), rule) if rule else listed(discover())
    if as_json:
        _print_json(told.data)
    else:
        for line in told.lines:
            click.echo(line)


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(inkstand.__version__)
