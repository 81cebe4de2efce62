import pytest

from inkstand.simulator.errors import BrokenFileError
from inkstand.simulator.scenarios.load import loads

STEP = "name: n\nsteps:\n  - track: {event: E}\n"


def complaint(text):
    with pytest.raises(BrokenFileError) as caught:
        loads(text, "f.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("", "f.yaml:1:1:", "empty"),
        ("name: [", "f.yaml:", "not YAML"),
        ("- a", "f.yaml:1:1:", "Invalid"),
        ("steps: []", "f.yaml:1:", "name"),
        (STEP + "stepps: []\n", "f.yaml:4:1:", "stepps"),
        (STEP + "  - trakc: {}\n", "f.yaml:4:5:", "Did you mean 'track'"),
        (STEP + "  - {track: {}, page: {}}\n", "f.yaml:4:5:", "one key"),
        (STEP + "  - track: 7\n", "f.yaml:4:5:", "Not a valid mapping"),
        (STEP + "  - expect: {}\n", "f.yaml:4:5:", "at least one view"),
        (STEP + "  - expect: {messages: {counts: 1}}\n", "f.yaml:4:", "Did you mean 'count'"),
        (STEP + "  - expect: {messages: {count: -1}}\n", "f.yaml:4:", "whole number"),
        (STEP + "  - expect: {messages: {where: {a: 1}}}\n", "f.yaml:4:", "count, all"),
        (STEP + "  - settle: now\n", "f.yaml:4:", "nothing"),
        (STEP + "  - connection: {enabled: false}\n", "f.yaml:4:", "id"),
        (STEP + "name: m\n", "f.yaml:4:1:", "comes twice"),
        (STEP + "people: 7\n", "f.yaml:4:", "list of names"),
    ],
)
def test_mistakes_are_told_with_their_place(text, where, words):
    """Every mistake names file, line and column, and what was wanted."""
    told = complaint(text)

    assert told.startswith(where)
    assert words in told


def test_times_stay_text():
    """A timestamp in YAML reaches the wire as it is written."""
    scenario = loads("name: n\nsteps:\n  - track: {timestamp: 2026-01-01T00:00:00Z}\n", "f.yaml")

    assert scenario.steps[0].argument == {"timestamp": "2026-01-01T00:00:00Z"}


def test_lines_are_kept():
    """Each step, and each thing in it, knows its line."""
    scenario = loads("name: n\nsteps:\n  - settle:\n  - expect:\n      messages:\n        - event: E\n", "f.yaml")

    step = scenario.steps[1]
    assert (step.line, step.line_of("messages"), step.line_of("messages", 0, "event")) == (4, 5, 6)
    assert step.line_of("messages", 7, "nothing") == 5


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("- settle", "write settle: with a colon"),
        ("- track: {userid: u}", "Did you mean 'userId'"),
        ("- track: {userId: u, evnt: E}", "Did you mean 'event'"),
    ],
)
def test_slips_of_the_pen(step, words):
    """A verb without its colon and a member that is nearly one of Segment's are told."""
    assert words in complaint(f"name: n\nsteps:\n  {step}\n")


def test_other_members_pass_through():
    """A member that Segment does not know and nobody can have meant otherwise is sent as it is."""
    assert loads("name: n\nsteps:\n  - track: {email: x, zebra: 1}\n", "f.yaml").steps


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("- track: {userId: !!binary aGk=}", "f.yaml:3:21: text, numbers"),
        ("- track: {properties: {a: .inf}}", "f.yaml:3:29: inf is not a number"),
        ("- track: {properties: !!set {a, b}}", "JSON has no"),
        ("- track: {<<: {a: 1}}", "merge keys"),
        ("- batch: [{type: track, userID: u}]", "Did you mean 'userId'"),
        ("- connection: {id: inkit}", "Say what to change"),
        ("- expect: {messages: {all: {}}}", "claims nothing"),
        ("- expect: {messages: {count: 0, all: {type: track}}}", "claims nothing"),
        ("- expect:\n      messages:\n        cuont: 1", "f.yaml:5:9:"),
        ("- track:\n      propertys: {}", "f.yaml:4:7:"),
    ],
)
def test_what_cannot_be_meant(step, words):
    """Values that JSON does not have, claims of nothing and changes of nothing are told at their place."""
    told = complaint(f"name: n\nsteps:\n  {step}\n")

    assert words in told
    assert "value" not in told
    assert "{'" not in told


@pytest.mark.parametrize("text", ["name: {{ u }}\n", "name: n\nsteps: &a [*a]\n", "? [a]\n: b\n"])
def test_yaml_that_is_more_than_text(text):
    """Keys that are no text and things that contain themselves are told, not crashed on."""
    assert complaint(text).startswith("f.yaml:")
