"""A story written from what a workspace recorded plays again, with the same end."""

import re
from pathlib import Path

import pytest

from inkstand.simulator.scenarios.language.fromlog import duration, in_brief, story
from inkstand.simulator.scenarios.language.load import load, loads
from inkstand.simulator.scenarios.play.runner import DEFAULT_SEED, play, run

ROOT = Path(__file__).parents[2]
STORIES = sorted((ROOT / "scenarios").rglob("*.scenario.yaml"))
OF_THEIR_OWN = {"retries", "a-vendor-that-fails", "opened", "tracking-plan", "never-twice", "actions"}
OF_THEIR_OWN |= {"default-template", "last-name-only", "magic-link", "mail", "new-version", "signature"}
OF_THEIR_OWN |= {"expiry", "webhooks", "webhook-receiver-fails", "late-and-failing", "cloud-storages"}
OF_THEIR_OWN |= {"signature-needs", "links-and-folders", "mail-comes-back", "missing-values"}
"""Stories whose end hangs on more than calls: a fault, a plan, a connection, a person at a vendor."""


def recorded(workspace):
    workspace.settle()
    calls = [*workspace.view("messages"), *workspace.view("discards")]
    gists = {view: gist for view, gist in workspace.client.gists.items() if view != "messages"}
    claims = {view: in_brief(workspace.view(view), gist) for view, gist in gists.items()}
    return story("again", "recorded", calls, claims)


@pytest.mark.slow
@pytest.mark.parametrize("path", STORIES, ids=lambda path: path.name.partition(".")[0])
def test_a_story_told_again(client, path):
    """What a shipped story leaves behind, written as a story, plays to the same end."""
    if path.name.partition(".")[0] in OF_THEIR_OWN:
        pytest.skip("its end hangs on more than calls")
    workspace = client.create("first", clock="frozen", delivery="manual")
    assert play(workspace, load(path), DEFAULT_SEED).status == "passed"

    written = loads(recorded(workspace), "again.scenario.yaml")

    outcome = run(client, written)
    assert outcome.status == "passed", outcome.failures


def test_it_is_readable(client):
    """Ids that were made here, times that follow from the clock and what a device tells are left out."""
    workspace = client.create("first", clock="frozen", delivery="manual")
    workspace.post("track", {"userId": "u", "event": "E", "context": {"library": {"name": "x"}, "ip": "1.1.1.1"}})
    workspace.advance("1h30m")
    workspace.post("page", {"userId": "u", "name": "Home", "timestamp": "2025-12-31T00:00:00Z"})

    text = recorded(workspace)

    assert "- track: {userId: u, event: E}" in text
    assert "- advance: 1h30m" in text
    assert "timestamp: '2025-12-31T00:00:00.000Z'" in text
    assert not re.search("messageId|receivedAt|library|1\\.1\\.1\\.1", text)


def test_what_was_no_call_leaves_a_step_that_does_nothing(client):
    """A body that was no call at all cannot be made again; the rest of the story can."""
    workspace = client.create("first", clock="frozen", delivery="manual")
    workspace.post("batch", {"batch": [7, {"type": "track", "userId": "u", "event": "E"}]})

    steps = loads(recorded(workspace), "f.yaml").steps

    assert [step.verb for step in steps[:2]] == ["track", "settle"]


@pytest.mark.parametrize(("milliseconds", "text"), [(0, "0s"), (90_000, "1m30s"), (93_600_000, "1d2h"), (1_000, "1s")])
def test_durations(milliseconds, text):
    """Durations are written as people write them."""
    assert duration(milliseconds) == text


@pytest.mark.parametrize(
    "call",
    [
        {"userId": "u", "event": "E", "properties": {"currency": "$USD", "of": ["$x", {"$k": 1}]}},
        {"userId": "u", "user_id": "v", "event": "E"},
        {"userId": "u", "event": "a\x85b\u2028c"},
        {"userId": "u", "event": "'quoted': [x] # y"},
    ],
)
def test_odd_calls_are_written_so_that_they_play(client, call):
    """Dollars, members nearly Segment's, letters that YAML takes for line ends: the story plays and says the same."""
    first = client.create("first", clock="frozen", delivery="manual")
    first.post("track", call)
    written = loads(recorded(first), "again.scenario.yaml")
    again = client.create("again", clock="frozen", delivery="manual")

    outcome = play(again, written, DEFAULT_SEED)

    assert outcome.status == "passed", outcome.failures
    for name in ("event", "properties", "user_id"):
        assert again.view("messages")[0].get(name) == first.view("messages")[0].get(name)
