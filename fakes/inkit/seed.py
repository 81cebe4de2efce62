"""What every fresh workspace holds at Inkit: samples, the default folder, and what is set up."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from sqlalchemy import insert

from inkstand.fakes.inkit.documents import folders
from inkstand.fakes.inkit.documents.catalogue import NewTemplate, add
from inkstand.fakes.inkit.kinds.pieces import MAGIC_LINK, MAIL, STORAGE
from inkstand.fakes.inkit.web.keys import OWN_NAME
from inkstand.fakes.kit.http import dump_text
from inkstand.fakes.kit.rendering import Paper
from inkstand.fakes.kit.storage import Statement, Tx
from inkstand.fakes.kit.world import World

from . import webhooks
from .tables import choices, keys

_NAME = ("first_name", "last_name")
_ADDRESS = ("address_line_1", "address_line_2", "address_city", "address_state", "address_zip", "address_country")


def _sample(template_id: str, name: str, file: str, *fields: str, **more: Any) -> NewTemplate:
    ending = file.rpartition(".")[2]
    return NewTemplate(name, ending, b"", fields, template_id, file_name=file, sample=file, created_by=OWN_NAME, **more)


SAMPLES = (
    _sample("tmpl_demoLetter", "Welcome letter", "letter.html", *_NAME, *_ADDRESS),
    _sample("tmpl_demoNotice", "Privacy notice", "notice.html"),
    _sample(
        "tmpl_demoMembership",
        "Membership card",
        "membership.html",
        *("company", "subscription", "email", "phone", "custom_field_example"),
    ),
    _sample("tmpl_demoInvoice", "Invoice", "invoice.html", "invoice_number", *_NAME, "amount_due"),
    _sample(
        "tmpl_demoPostcard",
        "Postcard",
        "postcard.html",
        *_NAME,
        *_ADDRESS,
        paper=Paper(6, 4, "in"),
        destinations={STORAGE: {}, MAIL: {"mail_product_name": "postcard"}},
    ),
    _sample(
        "tmpl_demoStatement",
        "Statement by magic link",
        "statement.html",
        *("month", "first_name", "payments.day", "payments.what", "payments.amount"),
        destinations={STORAGE: {}, MAGIC_LINK: {}},
    ),
    _sample(
        "tmpl_demoAgreement",
        "Service agreement",
        "agreement.docx",
        *("customer.name", "customer.city", "start_date", "monthly_fee", "lamps.name", "lamps.room", "lamps.visits"),
    ),
    _sample(
        "tmpl_demoReport",
        "Sales report",
        "report.xlsx",
        *("title", *_NAME, "lines.product", "lines.sold", "lines.revenue"),
    ),
    _sample(
        "tmpl_demoYear",
        "Your year",
        "year.pptx",
        *("first_name", "orders", "saved", "favourites.name", "favourites.why"),
    ),
    _sample(
        "tmpl_demoRegistration",
        "Registration",
        "registration.pdf",
        *(*_NAME, "email", "serial_number", "newsletter", "product"),
        optional=("newsletter",),
    ),
)
"""The samples; visibly not with ids that Inkit would make. A test holds their fields against their files."""

_CHOICES = ("render_time", "blank_missing", "office_pdf", "rate_limit")


def seed(tx: Tx, world: World, setup: Mapping[str, Any]) -> None:
    """Put the samples in place, and what is set up; a template of a sample's id stands in its place."""
    given = {one["template_id"]: _set_up(one) for one in setup.get("templates", ())}
    for template in {**{one.template_id: one for one in SAMPLES}, **given}.values():
        add(tx, world, template)
    folders.add(tx, world, folders.default(world), "Default", "", OWN_NAME)
    for folder in setup.get("folders", ()):
        folders.add(tx, world, folder["folder_id"], folder["name"], folder.get("description", ""), OWN_NAME)
    for webhook in setup.get("webhooks", ()):
        webhooks.register(tx, world, webhooks.Webhook(**webhook))
    for name, key in setup.get("keys", {}).items():
        rights = dump_text(key["rights"]) if "rights" in key else None
        tx.insert(_ADD_KEY, key=key["key"], name=name, rights=rights)
    for name in _CHOICES:
        if setup.get(name) is not None:
            tx.insert(_CHOOSE, name=name, value=dump_text(setup[name]))


def _set_up(given: Mapping[str, Any]) -> NewTemplate:
    usual = Paper()
    return NewTemplate(
        name=given["name"],
        source=given["source"],
        file=base64.b64decode(given["content"]),
        fields=given["fields"],
        template_id=given["template_id"],
        description=given.get("description", ""),
        file_name=given.get("file_name"),
        paper=Paper(given.get("width", usual.width), given.get("height", usual.height), given.get("unit", usual.unit)),
        destinations=given.get("destinations"),
        optional=given.get("optional", ()),
        created_by=OWN_NAME,
    )


_ADD_KEY = Statement(insert(keys), "key", "name", "rights")
_CHOOSE = Statement(insert(choices), "name", "value")
