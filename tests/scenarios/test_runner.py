import pytest

from inkstand.simulator.scenarios.load import loads
from inkstand.simulator.scenarios.report import told
from inkstand.simulator.scenarios.runner import play, run

FLOW = """
name: flow
people: [ana]
products: [lamp]
steps:
  - track: {anonymousId: $ana.anonymous_id, event: Product Viewed, properties: {sku: $lamp.sku, url: $lamp.url}}
  - identify: {anonymousId: $ana.anonymous_id, userId: $ana.user_id, traits: {template_id: tmpl_demoNotice}}
  - settle:
"""
WRONG = FLOW + "  - expect:\n      movable_ink.events:\n        - {owner: {user_id: somebody}}\n"
VIEWS = ("messages", "discards", "deliveries", "attempts", "reasons", "movable_ink.events", "inkit.documents")


def seen(client, seed):
    workspace = client.create("same", seed=seed, clock="frozen", delivery="manual")
    assert play(workspace, loads(FLOW, "flow.yaml"), seed).status == "passed"
    return {view: workspace.view(view) for view in VIEWS}


def test_same_seed_same_bytes(client):
    """The same story with the same seed, twice: byte-identical views; with another seed other people and ids."""
    first = seen(client, 1)

    assert seen(client, 1) == first
    assert seen(client, 2) != first


def test_a_failure_names_place_values_and_journey(client):
    """A failed claim tells file, line, view, field, both values, and how the message got there."""
    outcome = run(client, loads(WRONG, "flow.yaml"))

    (failure,) = outcome.failures
    assert (outcome.status, failure.line, failure.view) == ("failed", 11, "movable_ink.events")
    assert failure.mismatch.field == "owner.user_id"
    text = "\n".join(told(outcome))
    assert "flow.yaml:11: movable_ink.events: owner.user_id: wanted 'somebody', came 'user-" in text
    assert "A later identify moved the event to user-" in text
    assert "inkstand run flow.yaml --seed 1" in text


def test_a_value_nobody_saved(client):
    """A reference to nothing is told with what there is."""
    outcome = run(client, loads("name: n\nsteps:\n  - track: {userId: $bob.user_id}\n", "f.yaml"))

    assert outcome.failures[0].line == 3
    assert "$bob is no person" in outcome.failures[0].text


def test_an_unknown_view(client):
    """A claim about a view that is not there names the nearest."""
    outcome = run(client, loads("name: n\nsteps:\n  - expect: {movable_ink.event: []}\n", "f.yaml"))

    assert "Did you mean 'movable_ink.events'" in outcome.failures[0].text


def test_a_misspelt_field_of_an_empty_view(client):
    """Absence is not claimed by accident: a view tells its fields also while it is empty."""
    claim = "movable_ink.events: {where: {signl: usable}, count: 0}"
    outcome = run(client, loads(f"name: n\nsteps:\n  - expect: {{{claim}}}\n", "f.yaml"))

    assert "no such field. Did you mean 'signal'" in outcome.failures[0].text


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("{service: inkitt, status: 500}", "Did you mean 'inkit'"),
        ("{service: inkit}", "Say what happens"),
        ("{service: inkit, delay: soon}", "A duration is written like"),
    ],
)
def test_a_fault_that_cannot_be(client, fault, told):
    """It is told with the sandbox's own words, on its line."""
    outcome = run(client, loads(f"name: n\nsteps:\n  - fault: {fault}\n", "f.yaml"))

    assert outcome.failures[0].line == 3
    assert told in outcome.failures[0].text


def test_a_bad_duration(client):
    """A duration that cannot be read is told with what one looks like."""
    outcome = run(client, loads("name: n\nsteps:\n  - advance: soon\n", "f.yaml"))

    assert "90s, 5m, 6h" in outcome.failures[0].text


def test_the_workspace_is_gone_afterwards(client):
    """A story leaves nothing behind."""
    run(client, loads(FLOW, "flow.yaml"))

    assert [told["name"] for told in client.workspaces()] == ["default"]
