"""One base page and stylesheet for everything that people look at, and the front page of every vendor."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, Response, request
from jinja2 import ChoiceLoader, Environment, PackageLoader, select_autoescape

from inkstand.fakes.kit import current
from inkstand.fakes.kit.http import drawable, dump_text
from inkstand.fakes.kit.views import View, Wanted

if TYPE_CHECKING:
    from inkstand.fakes.kit.storage import Tenant
    from inkstand.fakes.kit.vendor import Vendor

_ROWS_SHOWN = 20
_LONGEST_CELL = 120
_NOTHING: tuple[object, ...] = (None, "", [], {})
"""Values that say nothing: a column of them is left out."""

_LONGEST_COLUMN = frozenset({"raw", "normalised", "html", "signal_reasons"})


@cache
def environment(package: str | None = None) -> Environment:
    """The templates of the kit, and those in a package's folder `templates`, which may extend `base.html`."""
    kit = PackageLoader("inkstand.fakes.kit", "pages")
    loader = ChoiceLoader([PackageLoader(package), kit]) if package else kit
    made = Environment(loader=loader, autoescape=select_autoescape(["html"]), trim_blocks=True, lstrip_blocks=True)
    made.filters["shown"] = _shown
    made.filters["sentence"] = lambda text: text[:1].upper() + text[1:]
    return made


def page(template: str, package: str | None = None, **context: Any) -> str:
    """A page made of a template; `home` is where the first page lies, seen from an application under a prefix.

    What no page can show (NUL, lone surrogates) becomes the replacement character.
    """
    return drawable(environment(package).get_template(template).render(home="/", **context))


def add_front_page(app: Flask, vendor: Vendor) -> None:
    """Give a vendor's application its front page at `/`: what it keeps, its addresses, its rules, what is not faked.

    With `?key=` and a credential the rows are those of that workspace; without, none are shown.
    """

    def front() -> Response:
        tenant = current.whose(vendor.service, request.args.get("key", ""))
        rules = vendor.ledger.rules
        text = page(
            "front.html",
            title=vendor.title,
            rules=rules,
            confidences=Counter(rule.confidence for rule in rules.values()),
            known=tenant is not None,
            asked=bool(request.args.get("key")),
            views=[_told(view, vendor, tenant) for view in vendor.views],
            routes=sorted(_routes(app)),
            not_faked=vendor.ledger.not_faked,
            base=f"/{vendor.slug}",
            known_by=urlencode({"key": request.args.get("key", "")}),
        )
        return Response(text, 200, content_type="text/html; charset=utf-8")

    if not any(rule.rule == "/" for rule in app.url_map.iter_rules()):
        app.add_url_rule("/", "inkstand_front", front, methods=["GET"])


def _told(view: View, vendor: Vendor, tenant: Tenant | None) -> Mapping[str, Any]:
    told: dict[str, Any] = {"name": view.name, "about": view.about, "rows": None, "pictures": []}
    if tenant is None:
        return told
    found = view.read(tenant.door, Wanted(limit=_ROWS_SHOWN + 1, newest=True)).rows
    rows = found[-_ROWS_SHOWN:][::-1]
    seen = vendor.pictures.get(view.name, _no_picture)
    told_of = (name for name in view.fields if name not in _LONGEST_COLUMN)
    return {
        **told,
        "rows": rows,
        "more": len(found) > _ROWS_SHOWN,
        "names": [name for name in told_of if any(row[name] not in _NOTHING for row in rows)],
        "pictures": [tuple(map(_with_key, one)) for one in map(seen, rows) if one],
    }


def _no_picture(_: Mapping[str, Any]) -> None:
    """Most views have none."""


def _with_key(path: str) -> str:
    """An address of the vendor's, for the one who asked this page."""
    return f"{request.script_root}{path}?{urlencode({'key': request.args['key']})}"


def _routes(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        methods = sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if rule.rule != "/":
            yield ", ".join(methods), rule.rule.replace("<", "{").replace(">", "}")


def _shown(value: Any) -> str:  # any JSON value
    if isinstance(value, Mapping) and not any(isinstance(one, Mapping | list) for one in value.values()):
        text = ", ".join(f"{name} {one}" for name, one in value.items())
    else:
        text = "" if value is None else value if isinstance(value, str) else dump_text(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
