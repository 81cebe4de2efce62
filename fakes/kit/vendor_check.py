"""Whether a vendor's folder is right: everything in it is loaded once, so that a mistake is told at the start."""

from __future__ import annotations

import re

from .ledger import LedgerError
from .vendor import Vendor, VendorError

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_WANTED = {"destination": "DESTINATIONS", "api": "create_app", "tables": "METADATA", "views": "VIEWS"}


def check(vendor: Vendor) -> None:
    """Load everything of a vendor.

    Raises VendorError, naming the file, for what cannot be loaded, and for a name that another vendor could have.
    """
    for module, what in _WANTED.items():
        try:
            vendor.load(module, what)
        except Exception as error:
            message = f"{vendor.package}/{module}.py: {what} cannot be loaded: {type(error).__name__}: {error}"
            raise VendorError(message) from error
    try:
        ledger, examples, _ = vendor.ledger, vendor.examples, (vendor.verbs, vendor.requirements)
    except LedgerError as error:
        raise VendorError(str(error)) from error
    except Exception as error:
        files = "ledger.yaml, examples.yaml, requirements.yaml or verbs.py"
        message = f"{vendor.package}: {files} cannot be read: {' '.join(str(error).split())}"
        raise VendorError(message) from error
    own = vendor.service
    named = [
        *(("view", view.name, f"{own}.") for view in vendor.views),
        *(("table", table, f"{own}_") for table in vendor.tables.tables),
        *(("rule", rule, f"{own}.") for rule in ledger.rules),
    ]
    for kind, name, prefix in named:
        if not name.startswith(prefix):
            message = f"{vendor.package}: the {kind} {name!r} must begin with {prefix!r}: two vendors never meet."
            raise VendorError(message)
    for beat in examples.get("beats", ()):
        if "do" not in beat or "save" not in beat:
            message = f"{vendor.package}/examples.yaml: each beat has title, save (names its message) and do (a call)."
            raise VendorError(message)
    if not _SLUG.fullmatch(vendor.slug):
        message = f"{vendor.package}: a slug is lower-case letters, digits and dashes; {vendor.slug!r} came."
        raise VendorError(message)
