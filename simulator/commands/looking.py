"""Commands that look: status, explain, ledger."""

from __future__ import annotations

import os
import shlex
import sys

import click

from inkstand.simulator.scenarios.client import Workspace
from inkstand.simulator.settings import resolve

from .common import (
    FAILED,
    PASSED,
    as_json_option,
    print_json,
    url_option,
    workspace_of,
    workspace_option,
)
from .environment import variables


@click.command()
@click.option("--snippets", is_flag=True, help="Show how to point curl and the Segment SDKs here.")
@click.option("--env", "as_env", is_flag=True, help="Print addresses and keys as export lines for a shell.")
@url_option
@workspace_option
@as_json_option
def status(url: str | None, workspace: str, *, snippets: bool, as_env: bool, as_json: bool) -> None:
    """Show addresses, keys and what is stored of a running sandbox."""
    from inkstand.simulator.snippets import snippets_for  # noqa: PLC0415  # only shown here

    found = workspace_of(url, workspace)
    if as_env:
        _export(found)
        return
    base = found.client.base_url
    shown = snippets_for(base, found.write_key) if snippets else {}
    stored = found.counts()
    if as_json:
        print_json({"url": base, **found.told, "views": stored, **({"snippets": shown} if snippets else {})})
        return
    counts = found.told["counts"]
    click.echo(f"{base}  workspace {found.name}  {counts['messages']} messages, {counts['discards']} discards")
    click.echo(f"  Tracking API  {base}/v1")
    for source in found.told["sources"]:
        click.echo(f"  write key     {source['writeKey']}  (source {source['id']})")
    for connection in found.told["connections"]:
        state = "on" if connection["enabled"] else "off"
        secrets = ", ".join(f"{name} {value}" for name, value in connection["settings"].items() if value)
        click.echo(f"  connection    {connection['id']} ({state})  {secrets}")
    for view in found.client.views:
        click.echo(f"  view {stored[view['name']]:>8}  {view['name']:<24} {view['about']}")
    for title, text in shown.items():
        click.echo(f"\n--- {title}\n{text}")


def _export(found: Workspace) -> None:
    """A workspace's address and keys, for `eval "$(inkstand status --env)"`."""
    for name, value in variables(found).items():
        click.echo(f"export {name}={shlex.quote(value)}")


@click.command()
@click.argument("message_id", required=False, default="last")
@click.option("--event", help="The name of the event.")
@click.option("--user", help="The userId.")
@click.option("--anonymous", help="The anonymousId.")
@url_option
@workspace_option
@as_json_option
def explain(
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
    found = workspace_of(url, workspace)
    asked = {"event": event, "userId": user, "anonymousId": anonymous}
    given = {name: value for name, value in asked.items() if value}
    if given and message_id != "last":
        raise click.UsageError("Give a messageId, or what you remember of the call; not both.")
    told = found.explain(message_id) if message_id != "last" and not given else found.explain_newest(**given)
    if as_json:
        print_json(told)
    else:
        for line in told.get("story") or [told["headline"], *told["hints"]]:
            click.echo(line)
    sys.exit(PASSED if told["found"] else FAILED)


@click.command()
@click.argument("rule", required=False)
@as_json_option
def ledger(rule: str | None, *, as_json: bool) -> None:
    """List the rules that anything here is decided by, with source and confidence; or one of them, or one part's."""
    from inkstand.simulator.ledger_report import asked, listed  # noqa: PLC0415  # only this command reads ledgers

    vendors = resolve(os.environ).settings.vendors()
    told = asked(vendors, rule) if rule else listed(vendors)
    if as_json:
        print_json(told.data)
    else:
        for line in told.lines:
            click.echo(line)
