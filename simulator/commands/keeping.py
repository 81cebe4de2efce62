"""Commands that change a workspace: settle, advance, reset, workspace, snapshot."""

from __future__ import annotations

import click

from .common import (
    as_json_option,
    client_of,
    print_json,
    url_option,
    workspace_of,
    workspace_option,
)


@click.command()
@url_option
@workspace_option
def settle(url: str | None, workspace: str) -> None:
    """Deliver everything that is due, then return."""
    workspace_of(url, workspace).settle()
    click.echo("settled")


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("duration")
@url_option
@workspace_option
def advance(duration: str, url: str | None, workspace: str) -> None:
    """Move a workspace's clock forward (90s, 5m, 6h, 2d), delivering what falls due on the way."""
    found = workspace_of(url, workspace)
    found.advance(duration)
    click.echo(f"it is now {workspace_of(url, workspace).told['now']} in {found.name}")


@click.command()
@url_option
@workspace_option
@click.option("--all", "every", is_flag=True, help="Every workspace.")
def reset(url: str | None, workspace: str, *, every: bool) -> None:
    """Put a workspace back to what it was made with."""
    client = client_of(url)
    names = [told["name"] for told in client.workspaces()] if every else [workspace]
    for name in names:
        client.workspace(name).reset()
        click.echo(f"reset {name}")


@click.group()
def workspace() -> None:
    """Make, list and delete workspaces."""


@workspace.command("new")
@click.argument("name")
@click.option("--seed", type=int, default=1, show_default=True, help="The seed of ids and chance.")
@url_option
@as_json_option
def workspace_new(name: str, seed: int, url: str | None, *, as_json: bool) -> None:
    """Make a workspace with credentials of its own."""
    told = client_of(url).control("POST", "/workspaces", json={"name": name, "seed": seed})
    if as_json:
        print_json(told)
    else:
        click.echo(f"made {name}; write key {told['sources'][0]['writeKey']}")


@workspace.command("list")
@url_option
@as_json_option
def workspace_list(url: str | None, *, as_json: bool) -> None:
    """List workspaces."""
    told = list(client_of(url).workspaces())
    if as_json:
        print_json(told)
        return
    for one in told:
        click.echo(f"{one['name']}  {one['counts']['messages']} messages, {one['counts']['discards']} discards")


@workspace.command("delete")
@click.argument("name")
@url_option
def workspace_delete(name: str, url: str | None) -> None:
    """Delete a workspace and everything in it."""
    workspace_of(url, name).delete()
    click.echo(f"deleted {name}")


@click.group()
def snapshot() -> None:
    """Keep copies of a workspace, and put it back to one."""


@snapshot.command("save")
@click.argument("name")
@url_option
@workspace_option
def snapshot_save(name: str, url: str | None, workspace: str) -> None:
    """Keep a copy under a name, in place of one of the same name."""
    workspace_of(url, workspace).snapshot(name)
    click.echo(f"saved {name} of {workspace}")


@snapshot.command("restore")
@click.argument("name")
@click.option("--of", help="The workspace whose snapshot it is, if another.")
@url_option
@workspace_option
def snapshot_restore(name: str, of: str | None, url: str | None, workspace: str) -> None:
    """Put a workspace back to a copy."""
    workspace_of(url, workspace).restore(name, of)
    click.echo(f"restored {workspace} to {name}")


@snapshot.command("list")
@url_option
@workspace_option
@as_json_option
def snapshot_list(url: str | None, workspace: str, *, as_json: bool) -> None:
    """List a workspace's copies."""
    told = workspace_of(url, workspace).snapshots()
    if as_json:
        print_json(told)
        return
    for one in told:
        click.echo(f"{one['name']}  {one['takenAt']}  {one['bytes']} bytes")
    if not told:
        click.echo(f"{workspace} has no snapshot; inkstand snapshot save NAME keeps one")
