"""What playing stories costs beside the same requests sent bare, in process, one after the other."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import requests

from inkstand.simulator.app import NEAR, Inkstand
from inkstand.simulator.scenarios.client import Client
from inkstand.simulator.scenarios.language.load import loads
from inkstand.simulator.scenarios.play.runner import run

STORY = """
name: story {number}
people: [ana]
products: [lamp]
steps:
  - track: {{anonymousId: $ana.anonymous_id, event: Product Viewed, properties: {{sku: $lamp.sku, url: $lamp.url}}}}
  - advance: 5m
  - identify: {{anonymousId: $ana.anonymous_id, userId: $ana.user_id, traits: {{email: $ana.email}}}}
  - expect:
      movable_ink.events: [{{event: product, owner: {{user_id: $ana.user_id}}, signal: usable}}]
  - track: {{userId: $ana.user_id, event: Product Added, properties: {{sku: $lamp.sku, url: $lamp.url}}}}
  - track:
      userId: $ana.user_id
      event: Order Completed
      properties: {{total: 30, products: [{{sku: $lamp.sku, price: 30}}]}}
  - page: {{userId: $ana.user_id, name: Home}}
  - settle:
  - track: {{userId: $ana.user_id, event: Custom}}
  - expect:
      messages: {{count: 6}}
      movable_ink.events: {{count: 4, all: {{owner: {{user_id: $ana.user_id}}}}}}
"""


class Recording(Client):
    """A client that keeps what it asks."""

    def __init__(self, session: requests.Session) -> None:
        super().__init__(NEAR, session)
        self.asked: list[tuple[str, str, dict[str, Any]]] = []

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        self.asked.append((method, path, options))
        return super().request(method, path, **options)


def story_cost(stories: int, rounds: int) -> tuple[float, float]:
    """Reading and playing stories of ten steps over their requests sent bare; and milliseconds a story."""
    texts = [STORY.format(number=number) for number in range(stories)]
    with Inkstand() as sandbox:
        session = sandbox.session()
        session.trust_env = False

        def played(client: Client) -> None:
            for text in texts:
                assert run(client, loads(text, "story.scenario.yaml")).status == "passed"

        recording = Recording(session)
        _ = recording.shapes
        played(recording)

        def bare() -> None:
            for method, path, options in recording.asked:
                session.request(method, NEAR + path, timeout=120, **options)

        client = Client(NEAR, session)
        ratios = [(timed(lambda: played(client)), timed(bare)) for _ in range(rounds)]
    ours = sorted(ours / plain for ours, plain in ratios)[len(ratios) // 2]
    return ours, min(one for one, _ in ratios) / stories * 1000


def timed(act: Callable[[], None]) -> float:
    """How many seconds something takes."""
    begun = time.perf_counter()
    act()
    return time.perf_counter() - begun
