"""What Segment's Parrot destination sends: track calls, whole, one request each."""

from inkstand.fakes.kit.destination import Destination, HttpCall, Setting, Settings, WireMessage


def translate(message: WireMessage, settings: Settings) -> tuple[HttpCall, ...]:
    """One POST of the message as Segment holds it."""
    headers = {"Authorization": f"Bearer {settings['token']}", "Content-Type": "application/json"}
    return (HttpCall("POST", "/say", headers, message.body),)


DESTINATIONS = (
    Destination(
        name="Parrot",
        slug="parrot",
        types=frozenset({"track"}),
        settings=(Setting("token", "Token", credential=True, demo="inkstand-demo-parrot-token"),),
        translate=translate,
    ),
)
