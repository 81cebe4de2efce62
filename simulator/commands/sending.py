"""The command that posts one call as an SDK would: send."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

import click

from inkstand.fakes.kit.world import identifier, machine_now
from inkstand.simulator.errors import InkstandError

from .common import FAILED, PASSED, as_json_option, print_json, url_option, workspace_of, workspace_option

_CALLS = ("identify", "track", "page", "screen", "group", "alias")
_NAMED_BY = {"track": "event", "page": "name", "screen": "name", "group": "groupId"}
_SUCCESS = 200


@click.command()
@click.argument("call_type", metavar="CALL", type=click.Choice(_CALLS))
@click.argument("name", required=False)
@click.option("--user", help="The userId.")
@click.option("--anonymous", help="The anonymousId.")
@click.option("--prop", "-p", "properties", multiple=True, metavar="NAME=VALUE", help="A property; repeatable.")
@click.option("--trait", "-t", "traits", multiple=True, metavar="NAME=VALUE", help="A trait; repeatable.")
@click.option("--call", "more", metavar="JSON", help="Further members of the call, as JSON.")
@url_option
@workspace_option
@as_json_option
def send(
    call_type: str,
    name: str | None,
    user: str | None,
    anonymous: str | None,
    properties: tuple[str, ...],
    traits: tuple[str, ...],
    more: str | None,
    url: str | None,
    workspace: str,
    *,
    as_json: bool,
) -> None:
    """Post one call as an SDK would, and tell its messageId; 1 if it was not answered with 200.

    NAME is the event of a track, the name of a page or screen, the groupId of a group. Values are read as JSON where
    they are (30, true, [1]), else as text.

    \b
    inkstand send track "Product Viewed" --user u-1 -p sku=S-1 -p url=https://shop.test/s-1
    """  # noqa: D301  # \b is click's
    given = {
        _NAMED_BY.get(call_type, "event"): name,
        "userId": user,
        "anonymousId": anonymous,
        "properties": _members(properties, "--prop"),
        "traits": _members(traits, "--trait"),
    }
    if name is not None and call_type not in _NAMED_BY:
        message = f"{call_type} has no name; {name!r} came. Say who it is about with --user and --anonymous."
        raise click.UsageError(message)
    call = {"messageId": f"send-{identifier(0, 'send', machine_now())[:12]}"}
    call |= {member: value for member, value in given.items() if value not in (None, {})} | _object(more)
    answer = workspace_of(url, workspace).post(call_type, call)
    if as_json:
        print_json({"status": answer.status_code, "body": answer.text, "call": call})
    else:
        click.echo(f"{answer.status_code} {answer.text.strip()}")
        click.echo(f"messageId {call['messageId']}; why it went where it went: inkstand explain {call['messageId']}")
    sys.exit(PASSED if answer.status_code == _SUCCESS else FAILED)


def _members(given: Iterable[str], option: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in given:
        name, equals, text = one.partition("=")
        if not equals or not name:
            raise InkstandError(f"{option} is given NAME=VALUE; {one!r} came.")
        found[name] = _value(text)
    return found


def _value(text: str) -> Any:  # any JSON value
    try:
        return json.loads(text)
    except ValueError:
        return text


def _object(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        found = json.loads(text)
    except ValueError as error:
        message = f"--call is given a JSON object: {error}."
        raise InkstandError(message) from error
    if not isinstance(found, dict):
        message = f"--call is given a JSON object; {text[:80]!r} came."
        raise InkstandError(message)
    return found
