"""An identify over very many events costs what writing their new owners costs."""

import threading
import time

import pytest
from sqlalchemy import func, insert, literal, select
from tests.conftest import browsed

from inkstand.fakes.kit.storage import Statement
from inkstand.fakes.movable_ink.tables import events, ownerships

MANY, BATCH = 100_000, 1_000
MOMENT = "2026-01-01T00:00:00Z"
_BARE = Statement(
    insert(ownerships).from_select(
        ["event_seq", "occurred_at", "kind", "owner", "cause", "rule", "by_seq"],
        select(
            events.c.seq,
            literal(1),
            literal("user_id"),
            literal("nobody"),
            literal("m-i"),
            literal("movable_ink.owner.moved"),
            literal(1),
        ).where(events.c.call == "track"),
    )
)
_COUNT = Statement(select(func.count().label("count")).where(ownerships.c.owner == "u"))


IDENTIFY = {"type": "identify", "userId": "u", "anonymousId": "a", "messageId": "m-i", "timestamp": MOMENT}


@pytest.fixture
def big():
    """A collector that holds very many events of one visitor, as its door and what posts to it."""
    with browsed("big") as (sandbox, browser, told):
        post = poster(browser, told)
        for number in range(0, MANY, BATCH):
            post({"events": [event(place) for place in range(number, number + BATCH)]})
        yield sandbox.sandbox.registry.get("big").door, post, browser


def event(place):
    return {"type": "track", "event": "E", "anonymousId": "a", "messageId": f"m-{place}", "timestamp": MOMENT}


def poster(browser, told):
    key = next(one for one in told["connections"] if one["id"] == "movable-ink")["settings"]["apiKey"]

    def post(body):
        answer = browser.post(f"/movable-ink/behavioral/{key}", json=body, auth=(key, ""))
        assert answer.status_code == 200

    return post


def timed(what):
    begin = time.perf_counter()
    what()
    return time.perf_counter() - begin


@pytest.mark.slow
def test_an_identify_costs_at_most_twice_the_bare_insert(big):
    """100,000 anonymous events move with one identify in at most twice the time of inserting as many rows."""
    door, post, _ = big

    def bare():
        with door.write() as tx:
            tx.run(_BARE)

    moved = timed(lambda: post(IDENTIFY))
    assert door.read(_COUNT)[0]["count"] == MANY
    inserted = max(timed(bare) for _ in range(2))

    assert moved < 2 * inserted, (moved, inserted)


@pytest.mark.slow
def test_another_workspace_does_not_notice(big):
    """While one identify moves 100,000 events, no call of another workspace takes as long as half of it."""
    _, post, browser = big
    setup = {"name": "neighbour", "clock": "frozen", "delivery": "manual"}
    neighbour = poster(browser, browser.post("/_sandbox/v1/workspaces", json=setup).json)
    neighbour(event("first"))
    took = []
    moving = threading.Thread(target=lambda: took.append(timed(lambda: post(IDENTIFY))))
    moving.start()
    calls = []
    while moving.is_alive():
        calls.append(timed(lambda: neighbour(event(f"n-{len(calls)}"))))

    assert len(calls) > 5
    assert max(calls) < took[0] / 2, (max(calls), took[0])
