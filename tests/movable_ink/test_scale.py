"""An identify over very many events costs what writing their new owners costs."""

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


@pytest.mark.slow
def test_an_identify_costs_at_most_twice_the_bare_insert():
    """100,000 anonymous events move with one identify in at most twice the time of inserting as many rows."""
    with browsed("big") as (sandbox, browser, told):
        key = next(one for one in told["connections"] if one["id"] == "movable-ink")["settings"]["apiKey"]
        door = sandbox.sandbox.registry.get("big").door

        def post(body):
            answer = browser.post(f"/movable-ink/behavioral/{key}", json=body, auth=(key, ""))
            assert answer.status_code == 200

        def timed(what):
            begin = time.perf_counter()
            what()
            return time.perf_counter() - begin

        def bare():
            with door.write() as tx:
                tx.run(_BARE)

        for number in range(0, MANY, BATCH):
            post(
                {
                    "events": [
                        {
                            "type": "track",
                            "event": "E",
                            "anonymousId": "a",
                            "messageId": f"m-{place}",
                            "timestamp": MOMENT,
                        }
                        for place in range(number, number + BATCH)
                    ]
                }
            )
        who = {"type": "identify", "userId": "u", "anonymousId": "a", "messageId": "m-i", "timestamp": MOMENT}
        moved = timed(lambda: post(who))
        assert door.read(_COUNT)[0]["count"] == MANY
        inserted = max(timed(bare) for _ in range(2))

        assert moved < 2 * inserted, (moved, inserted)
