"""What people see of a document that was sent to them: the page of a magic link, and the page on which they sign.

The addresses are ours (nothing public tells Inkit's): `/link/{id}?key=` and `/sign/{id}/{signer}?key=`, with a key of
the workspace, by which the sandbox knows whose they are.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from flask import Flask, Response, make_response, redirect, request
from werkzeug.exceptions import Gone, NotFound
from werkzeug.wrappers import Response as Answer

from inkstand.fakes.inkit import webhooks
from inkstand.fakes.inkit.documents import renders, sending
from inkstand.fakes.inkit.documents.drawing import first_page
from inkstand.fakes.inkit.kinds.pieces import MAGIC_LINK, SIGNED_KINDS
from inkstand.fakes.kit import current
from inkstand.fakes.kit.ledger import Reason
from inkstand.fakes.kit.pages import page
from inkstand.fakes.kit.storage import Row, Tenant, loads
from inkstand.fakes.kit.times import iso

from .answers import SERVICE

_PACKAGE = "inkstand.fakes.inkit"
_FILES = {"address": "document.pdf", "picture": "page.png"}
_WIDTH = 900


def register(app: Flask) -> None:
    """Give an application the pages."""
    app.add_url_rule("/link/<id>", view_func=open_link)
    app.add_url_rule("/link/<id>/<any('document.pdf', 'page.png'):what>", view_func=linked_document)
    app.add_url_rule("/sign/<id>", view_func=next_to_sign)
    app.add_url_rule("/sign/<id>/<int:number>", view_func=signing)
    app.add_url_rule("/sign/<id>/<int:number>", "sign", sign, methods=["POST"])
    app.add_url_rule("/sign/<id>/<int:number>/<any('document.pdf', 'page.png'):what>", view_func=document_to_sign)


def open_link(id: str) -> Response:  # noqa: A002  # the route's own name for it
    """`GET /link/{id}`: a page that opens the document, once the right email is given where one is asked for."""
    tenant, piece = _found(id, (MAGIC_LINK,))
    now, email = tenant.world.now(), request.args.get("email", "").strip()
    render = renders.find(tenant.door, piece["render_id"], now)
    why = _why_not(piece, render, now)
    wanted = _email_wanted(piece)
    if why is None and wanted is not None and email.casefold() != wanted.casefold():
        if email:
            _refuse(tenant, piece, f"the email {email} is not the one it was sent to")
        return _page("link.html", 200, piece=_shown(piece, now), ask=True, wrong=bool(email))
    if why is not None or render is None:
        _refuse(tenant, piece, why or "the document is gone")
        return _page("link.html", 410, piece=_shown(piece, now), why=why or "the document is gone")
    with tenant.door.write(tenant.door.epoch) as tx:
        opening = sending.opened(tx, piece, email or request.remote_addr or "somebody", now)
        renders.looked_at(tx, render, now)
        sending.because(tx, piece, Reason("inkit.link.opened", {"piece": id, "who": email or "somebody"}))
        webhooks.tell(tx, [(webhooks.LINK_OPENED, id)], renders.subject(render), now)
    files = _addresses(f"/link/{id}", view=_ticket(tenant, id, opening))
    shown = _page("link.html", 200, piece=_shown(piece, now), pages=render["pages"], **files)
    shown.headers["Link"] = f'<{files["address"]}>; rel="item"; type="application/pdf"'
    return shown


def linked_document(id: str, what: str) -> Response:  # noqa: A002  # as above
    """`GET /link/{id}/document.pdf`, `/page.png`: the PDF, its first page, for who opened the page: that was the view.

    The page hands out their addresses, each good until the next opening, and no longer than the link and the document.
    """
    tenant, piece = _found(id, (MAGIC_LINK,))
    if sending.is_over(piece, tenant.world.now()):
        raise Gone(f"The magic link {id} opens nothing any more.")
    if piece["opens"] == 0 or request.args.get("view") != _ticket(tenant, id, piece["opens"]):
        raise NotFound(f"Open the magic link {id} first.")
    return _file(tenant, piece, what)


def _ticket(tenant: Tenant, link: str, opening: int) -> str:
    """By what the files of a link are asked for after an opening, the first is 1."""
    return tenant.world.id("view_", link, opening)


def next_to_sign(id: str) -> Answer:  # noqa: A002  # as above
    """`GET /sign/{id}`: the page of whoever is to sign next; of the first one when everybody has."""
    tenant, piece = _found(id, SIGNED_KINDS)
    turn = sending.whose_turn(piece, sending.have_signed(tenant.door, id))
    number = (turn or [one["signer_number"] for one in sending.signers(piece)])[0]
    return redirect(f"{request.script_root}/sign/{id}/{number}?{request.query_string.decode()}")


def signing(id: str, number: int) -> Response:  # noqa: A002  # as above
    """`GET /sign/{id}/{signer}`: the document, and the button by which a demo person signs."""
    tenant, piece = _found(id, SIGNED_KINDS)
    signer = _signer(piece, number)
    done = sending.have_signed(tenant.door, id)
    render = renders.by_render(tenant.door, piece["render_id"])
    return _page(
        "sign.html",
        200,
        piece=_shown(piece, tenant.world.now()),
        signer=signer,
        signers=[{**one, "has_signed": one["signer_number"] in done} for one in sending.signers(piece)],
        has_signed=number in done,
        is_next=number in sending.whose_turn(piece, done),
        ended=piece["ended"],
        pages=render["pages"] if render else 0,
        **_addresses(request.path),
    )


def sign(id: str, number: int) -> Answer:  # noqa: A002  # as above
    """`POST /sign/{id}/{signer}`: sign it; then the page again. 410 when it is not this signer's turn."""
    tenant, piece = _found(id, SIGNED_KINDS)
    signer = _signer(piece, number)
    with tenant.door.write(tenant.door.epoch) as tx:
        if not sending.sign(tx, piece, number, tenant.world.now()):
            raise Gone(f"It is not the turn of signer {number} of {id}.")
        left = len(sending.signers(piece)) - len(sending.have_signed(tx, id))
        facts = {"who": signer["full_name"], "piece": id, "left": left}
        sending.because(tx, piece, Reason("inkit.signature.signed", facts))
    return redirect(f"{request.script_root}/sign/{id}/{number}?{request.query_string.decode()}", 303)


def document_to_sign(id: str, number: int, what: str) -> Response:  # noqa: A002, ARG001  # as above
    """`GET /sign/{id}/{signer}/document.pdf`, `/page.png`: what is to be signed."""
    return _file(*_found(id, SIGNED_KINDS), what)


def _found(piece_id: str, kinds: tuple[str, ...]) -> tuple[Tenant, Row]:
    tenant = current.whose(SERVICE, request.args.get("key", ""))
    piece = sending.find(tenant.door, piece_id) if tenant else None
    if tenant is None or piece is None or piece["kind"] not in kinds or piece["created_at"] > tenant.world.now():
        hint = "of that key" if request.args.get("key") else "without a key: add ?key= and the workspace's key"
        raise NotFound(f"There is no {piece_id} {hint}.")
    return tenant, piece


def _signer(piece: Row, number: int) -> dict[str, Any]:
    for one in sending.signers(piece):
        if one["signer_number"] == number:
            return one
    raise NotFound(f"{piece['piece_id']} has no signer {number}.")


def _why_not(piece: Row, render: Row | None, now: int) -> str | None:
    if sending.link_status(piece, now) == sending.EXPIRED:
        return "the link has expired"
    return None if render is not None else "the document was deleted, or has expired"


def _email_wanted(piece: Row) -> str | None:
    """The email that a link asks for; None where it opens for everybody."""
    body = loads(piece["body"])
    if body.get("auth_type") != "email":
        return None
    found = body.get("auth_email") or loads(piece["recipient"]).get("email")
    return found if isinstance(found, str) else None


def _refuse(tenant: Tenant, piece: Row, why: str) -> None:
    piece_id, now = piece["piece_id"], tenant.world.now()
    with tenant.door.write(tenant.door.epoch) as tx:
        sending.happened(tx, piece_id, "refused", why, now)
        sending.because(tx, piece, Reason("inkit.link.refused", {"piece": piece_id, "why": why}))
        webhooks.tell(tx, [(webhooks.LINK_REFUSED, piece_id)], sending.subject(tx, piece), now)


def _addresses(path: str, **more: str) -> dict[str, str]:
    """Where a page's document is, with the key that the page was asked with."""
    asked = urlencode({"key": request.args.get("key", ""), **more})
    return {name: f"{request.script_root}{path}/{file}?{asked}" for name, file in _FILES.items()}


def _file(tenant: Tenant, piece: Row, what: str) -> Response:
    render = renders.by_render(tenant.door, piece["render_id"])
    if render is None or render["pdf"] is None or not renders.is_kept(render, tenant.world.now()):
        raise Gone(f"The document of {piece['piece_id']} was deleted, or has expired.")
    if what == _FILES["picture"]:
        content, kind = first_page(render, _WIDTH), "image/png"
    else:
        content, kind = render["pdf"], "application/pdf"
    return make_response((content, 200, {"Content-Type": kind, "Cache-Control": "no-store"}))


def _shown(piece: Row, now: int) -> dict[str, Any]:
    return {"name": piece["name"], "id": piece["piece_id"], "sent": iso(piece["created_at"]), "now": iso(now)}


def _page(template: str, status: int, **context: Any) -> Response:
    text = page(template, _PACKAGE, **context)
    return make_response((text, status, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}))
