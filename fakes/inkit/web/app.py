"""What people do in Inkit's web app and its API cannot: `/_web/…` is ours, and cannot be mistaken for Inkit's.

Templates are changed, folders made and removed, magic links expired, webhooks registered; the post brings mail back.
Source: Inkit's pages on each; that nothing public has an address for them is why these are ours.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from flask import Flask, Response

from inkstand.fakes.inkit import webhooks
from inkstand.fakes.inkit.documents import catalogue, folders, making, sending
from inkstand.fakes.inkit.kinds import mail
from inkstand.fakes.inkit.kinds.pieces import MAGIC_LINK, MAIL
from inkstand.fakes.kit import current
from inkstand.fakes.kit.http import kind_of
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.storage import Row

from . import keys, told
from .access import key_name, with_key
from .answers import ApiError, answer, body_of_call, done, invalid
from .template_calls import new_template

_LONGEST_NAME = 200


def register(app: Flask) -> None:
    """Give an application the routes."""
    for method, path, right, view in _ROUTES:
        app.add_url_rule(f"/_web{path}", f"{method} /_web{path}", with_key(view, right), methods=[method])


def create_or_change_template() -> Response:
    """`POST /_web/template`: what a person does in the web app; ours, for Inkit's API cannot change a template."""
    body = body_of_call()
    optional = body.get("optional")
    blank = [one for one in optional if isinstance(one, str)] if isinstance(optional, list) else []
    own_id = making.text(body, "template_id") or None
    given = replace(new_template(body, key_name()), template_id=own_id, optional=blank)
    with current.write() as tx:
        row = catalogue.add(tx, current.world(), given)
    return answer(201, told.new_template(row))


def create_folder() -> Response:
    """`POST /_web/folder`: make a folder, of a `name` and a `description`."""
    body = body_of_call()
    name, description = _name(body), making.text(body, "description")
    with current.write() as tx:
        row = folders.create(tx, current.world(), name, description, key_name())
    return answer(201, told.folder(row))


def delete_folder(id: str) -> Response:  # noqa: A002  # the route's own name for it
    """`DELETE /_web/folder/{id}`: remove a folder; its documents go to the default one."""
    with current.write() as tx:
        if not folders.delete(tx, current.world(), id):
            raise ApiError(404, f"There is no folder {id} that can be deleted.")
    return done()


def expire_link(id: str) -> Response:  # noqa: A002  # as above
    """`POST /_web/magic-link/{id}/expire`: expire a magic link by hand."""
    piece = _piece(id, MAGIC_LINK)
    with current.write() as tx:
        if not sending.end(tx, piece, "expired", key_name(), current.world().now()):
            raise ApiError(404, f"The magic link {id} has expired already.")
        sending.because(tx, piece, Reason("inkit.link.expired", {"piece": id, "who": key_name()}))
    return done()


def return_mail(id: str) -> Response:  # noqa: A002  # as above
    """`POST /_web/mail-piece/{id}/return`: the piece goes back to its sender."""
    piece = _piece(id, MAIL)
    with current.write() as tx:
        if not sending.end(tx, piece, mail.RETURNED, "the post", current.world().now()):
            raise ApiError(404, f"There is no mail piece {id} on its way.")
        sending.came_back(tx, piece)
    return done()


def create_webhook() -> Response:
    """`POST /_web/webhook`: register a webhook; its id and secret.

    `name`; `url`, or the sandbox keeps what it is told; `events`, or it is told of all; `secret`, or one is made.
    """
    given = _webhook(body_of_call())
    with current.write() as tx:
        if len(webhooks.every(tx)) >= webhooks.MOST:
            raise ApiError(422, f"There are {webhooks.MOST} webhooks already, which is as many as there may be.")
        row = webhooks.register(tx, current.world(), given)
    return answer(201, webhooks.told(row))


def list_webhooks() -> Response:
    """`GET /_web/webhook`: every webhook."""
    return answer(200, {"items": [webhooks.told(row) for row in webhooks.every(current.tenant().door)]})


def delete_webhook(id: str) -> Response:  # noqa: A002  # as above
    """`DELETE /_web/webhook/{id}`: end a webhook; nothing is tried again."""
    row = _found_webhook(id)
    with current.write() as tx:
        webhooks.remove(tx, row)
    return done()


def new_secret(id: str) -> Response:  # noqa: A002  # as above
    """`POST /_web/webhook/{id}/secret`: make a new secret; the old one signs nothing more."""
    row = _found_webhook(id)
    with current.write() as tx:
        return answer(200, webhooks.told(webhooks.new_secret(tx, current.world(), row)))


def _webhook(body: Mapping[str, Any]) -> webhooks.Webhook:
    url, events, secret = body.get("url"), body.get("events"), body.get("secret")
    if not isinstance(url, str | None):
        raise invalid("url", f"text was wanted; {kind_of(url)} came")
    if url is not None and (wrong := webhooks.wrong_url(url)):
        raise invalid("url", wrong)
    if not isinstance(secret, str | None) or secret == "":
        raise invalid("secret", "text was wanted, or nothing for one that is made")
    chosen = webhooks.CODES if events is None else events
    unknown = [one for one in chosen if one not in webhooks.CODES] if isinstance(chosen, list | tuple) else ["none"]
    if unknown or not chosen:
        known = ", ".join(webhooks.CODES)
        raise invalid("events", f"a list of Inkit's events was wanted: {known}; {str(unknown or chosen)[:80]} came")
    return webhooks.Webhook(_name(body), url, tuple(chosen), secret)


def _name(body: Mapping[str, Any]) -> str:
    name = body.get("name")
    if not isinstance(name, str) or not 0 < len(name) <= _LONGEST_NAME:
        raise invalid("name", f"text of 1 to {_LONGEST_NAME} characters was wanted")
    return name


def _found_webhook(webhook_id: str) -> Row:
    row = webhooks.find(current.tenant().door, webhook_id)
    if row is None:
        raise ApiError(404, f"There is no webhook {webhook_id}.")
    return row


def _piece(piece_id: str, kind: str) -> Row:
    row = sending.find(current.tenant().door, piece_id)
    if row is None or row["kind"] != kind:
        raise ApiError(404, f"There is no {piece_id}.")
    return row


_ROUTES: tuple[tuple[str, str, str | None, Callable[..., Response]], ...] = (
    ("POST", "/template", None, create_or_change_template),
    ("POST", "/folder", keys.CREATE_FOLDERS, create_folder),
    ("DELETE", "/folder/<id>", keys.DELETE_FOLDERS, delete_folder),
    ("POST", "/magic-link/<id>/expire", None, expire_link),
    ("POST", "/mail-piece/<id>/return", None, return_mail),
    ("POST", "/webhook", keys.MANAGE_WEBHOOKS, create_webhook),
    ("GET", "/webhook", keys.MANAGE_WEBHOOKS, list_webhooks),
    ("DELETE", "/webhook/<id>", keys.MANAGE_WEBHOOKS, delete_webhook),
    ("POST", "/webhook/<id>/secret", keys.MANAGE_WEBHOOKS, new_secret),
)
