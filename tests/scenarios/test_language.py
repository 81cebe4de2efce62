import json
from pathlib import Path

import pytest
import yaml
from jsonschema_rs import validator_for

from inkstand.fakes.kit.vendor import discover
from inkstand.simulator.errors import BrokenFileError
from inkstand.simulator.sandbox import every_view
from inkstand.simulator.scenarios.language.jsonschema import json_schema
from inkstand.simulator.scenarios.language.load import loads
from inkstand.simulator.scenarios.language.schema import VERBS

ROOT = Path(__file__).parents[2]

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
        (STEP + "  - expect: {messages: {where: {a: 1}}}\n", "f.yaml:4:", "count, atLeast"),
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
    assert (step.line, step.place_of("messages"), step.place_of("messages", 0, "event")) == (4, (5, 7), (6, 11))
    assert step.place_of("messages", 7, "nothing") == (5, 7)


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


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("- track: {userId: $bob.user_id}", "f.yaml:4:", "Known here: ana, lamp"),
        ("- track: {userId: $anna.user_id}", "f.yaml:4:", "Did you mean 'ana'"),
        ("- track: {userId: $ana.userid}", "f.yaml:4:", "Did you mean 'user_id'"),
        ("- track: {properties: {n: $lamp.prise}}", "f.yaml:4:", "Did you mean 'price'"),
        ("- expect: {messages: {count: 1, as: m}}\n  - track: {userId: $n.userId}", "f.yaml:5:", "Known here"),
        ("- repeat: {times: 1, as: s, steps: [{track: {userId: $s.nmber}}]}", "f.yaml:4:", "'number'"),
        (
            "- repeat: {times: 1, as: s, steps: [{settle: }]}\n  - track: {userId: $s.email}",
            "f.yaml:5:",
            "$s is nobody",
        ),
    ],
)
def test_a_reference_to_nothing(text, where, words):
    """What nobody made or saved before is told before the story is played, with what there is."""
    told = complaint(f"name: n\npeople: [ana]\nsteps:\n  {text}\nproducts: [lamp]\n")

    assert words in told
    assert told.startswith(where)


def test_saved_values_are_known_behind():
    """What a step saves may be read by those behind it, also inside a repeated step."""
    text = """
name: n
steps:
  - seed: {people: 2, as: crowd}
  - expect: {messages: {where: {type: identify}, count: 2, contains: [{userId: $crowd.0.user_id}]}}
  - repeat: {each: $crowd, as: one, steps: [{track: {userId: $one.user_id, event: E}}]}
"""
    assert len(list(loads(text, "f.yaml").all_steps())) == 4


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
        ("- expect: {messages: {where: {a: {approx: 1}}, count: 1}}", "f.yaml:3:"),
        ("- expect: {messages: {count: 1, within: soon}}", "A duration is written like"),
        ("- expect: {messages: {rows: [], contains: []}}", "cannot stand beside"),
        ("- expect: {messages: {rows: [], as: x}}", "One row is saved"),
        ("- expect: {messages: {never: {}}}", "claims nothing"),
        ("- advance: soon", "f.yaml:3:"),
        ("- fault: {end: all, service: inkit}", "stands alone"),
        ("- fault: {status: 500}", "Missing data"),
        ("- seed: {people: 0}", "greater than or equal to 1"),
        ("- seed: {people: 2, locle: de_DE}", "Did you mean 'locale'"),
        ("- repeat: {steps: [{settle: }]}", "Say how often"),
        ("- repeat: {times: 2, each: $x, steps: [{settle: }]}", "Say how often"),
        ("- repeat:\n      times: 2\n      steps:\n        - trakc: {}", "f.yaml:6:11:"),
        ("- inkit.open: 7", "given a mapping"),
        ("- expect: {messages: {count: 1, as: 1st}}", "saved under a word"),
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


def test_the_schema_for_editors_is_the_languages():
    """The JSON Schema that ships is made of what reads the files: `inkstand scenario schema` writes it anew."""
    made = drawn()

    assert json.loads((ROOT / "scenarios" / "scenario.schema.json").read_text("utf-8")) == made
    assert set(made["$defs"]["Step"]["properties"]) == {*VERBS, *(v for one in discover() for v in one.verbs)}


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").rglob("*.scenario.yaml")), ids=lambda path: path.stem)
def test_shipped_stories_fit_the_schema(path):
    """What plays is not marked by an editor."""
    assert not list(validator_for(drawn()).iter_errors(yaml.safe_load(path.read_text("utf-8"))))


@pytest.mark.parametrize(
    "story",
    [
        {"name": "n"},
        {"name": "n", "steps": []},
        {"name": "n", "steps": [{"trakc": {}}]},
        {"name": "n", "steps": [{"expect": {"messages": {"cuont": 1}}}]},
        {"name": "n", "steps": [{"expect": {"mesages": []}}]},
        {"name": "n", "steps": [{"repeat": {"times": 1, "steps": [{"trakc": {}}]}}]},
        {"name": "n", "steps": [{"inkit.open": {"documnet": "x"}}]},
        {"name": "n", "steps": [{"settle": None}], "stepps": []},
    ],
)
def test_an_editor_marks_mistakes(story):
    """What is no scenario does not fit the schema."""
    assert list(validator_for(drawn()).iter_errors(story))


def drawn():
    vendors = discover()
    return json_schema(vendors, [view.name for view in every_view(vendors)])


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("- track: {userId: u, event: N $ana.first_name}", "a reference is a whole value"),
        ("- expect: {messages: {never: [a]}}", "mapping of the fields that must match"),
        ("- expect: {messages: {rows: {a: 1}}}", "list of rows"),
        ("- repeat: {times: 1, steps: []}", "at least one step"),
    ],
)
def test_what_was_probably_meant(step, words):
    """A reference inside other text, and claims of another kind, say what is wanted."""
    assert words in complaint(f"name: n\npeople: [ana]\nsteps:\n  {step}\n")


def test_members_as_they_came():
    """With strict: false a member that is nearly Segment's is sent as it is."""
    assert loads("name: n\nstrict: false\nsteps:\n  - track: {user_id: u}\n", "f.yaml").steps
