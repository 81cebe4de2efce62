"""The fake Movable Ink: behavioural events, whose they are, and whether Signals can use them."""

from inkstand.fakes.kit.vendor import Vendor

ACCESS_KEY, ACCESS_SECRET = "inkstand-demo-movable-ink-user", "inkstand-demo-movable-ink-secret"
"""The credentials that every endpoint takes for which none are set up, and that Segment's side has by default."""

VENDOR = Vendor(
    slug="movable-ink",
    title="Movable Ink",
    package=__name__,
    hosts=("collector.movableink-dmz.com", "collector.micpn.com", "collector.micpn-eu.com"),
)
