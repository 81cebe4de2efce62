"""The fake Inkit: profiles, templates with merge fields, and the documents made of them."""

from inkstand.fakes.kit.vendor import Vendor

VENDOR = Vendor(slug="inkit", title="Inkit", package=__name__, hosts=("api.inkit.com",))
