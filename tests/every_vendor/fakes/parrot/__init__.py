"""The fake Parrot: repeats the phrase of every track call that has one."""

from inkstand.fakes.kit.vendor import Vendor

VENDOR = Vendor(slug="parrot", title="Parrot", package=__name__, hosts=("api.parrot.example",))
