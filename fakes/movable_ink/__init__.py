"""The fake Movable Ink: behavioural events, whose they are, and whether Signals can use them."""

from inkstand.fakes.kit.vendor import Vendor

VENDOR = Vendor(
    slug="movable-ink",
    title="Movable Ink",
    package=__name__,
    hosts=("collector.movableink-dmz.com", "collector.micpn.com", "collector.micpn-eu.com"),
)
