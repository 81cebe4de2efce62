import pytest

from inkstand.simulator.errors import BrokenFileError
from inkstand.simulator.scenarios.language.load import load, loads
from inkstand.simulator.scenarios.play.faultplan import FaultPlan, draw, read
from inkstand.simulator.scenarios.play.runner import Options, contract, lint, play, run
from inkstand.simulator.scenarios.report.text import told

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
    assert "flow.yaml:11:20: movable_ink.events: owner.user_id: wanted 'somebody', came 'user-" in text
    assert "A later identify moved the event to user-" in text
    assert "inkstand run flow.yaml --seed 1" in text


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


def test_the_workspace_is_gone_afterwards(client):
    """A story leaves nothing behind."""
    run(client, loads(FLOW, "flow.yaml"))

    assert [told["name"] for told in client.workspaces()] == ["default"]


def story(*steps, head=""):
    lines = "".join(f"  - {step}\n" for step in steps)
    return loads(f"name: n\n{head}steps:\n{lines}", "f.yaml")


def passes(client, *steps, head=""):
    outcome = run(client, story(*steps, head=head))
    assert outcome.status == "passed", "\n".join(told(outcome))


VIEWED = "track: {userId: u, event: Product Viewed, properties: {sku: S, url: https://shop.test/s}}"


def test_seeded_people(client):
    """People are made up in a locale, identified, and can be read afterwards; the same seed makes the same ones."""
    passes(
        client,
        "seed: {people: 120, locale: de_DE, traits: {plan: gold}, as: crowd}",
        "expect: {messages: {where: {type: identify}, count: 120, all: {traits: {plan: gold, address_country: DE}}}}",
        "expect: {messages: {contains: [{userId: $crowd.119.user_id, traits: {email: $crowd.119.email}}]}}",
    )


def test_an_unknown_locale(client):
    """A place that Faker does not know is told with the nearest."""
    outcome = run(client, story("seed: {people: 1, locale: de_DD}"))

    assert outcome.status == "error"
    assert "Did you mean 'de_DE'" in outcome.failures[0].text


def test_repeated_steps(client):
    """Steps are taken so many times, each with a new person, or once for each saved one."""
    passes(
        client,
        "repeat: {times: 3, as: s, steps: [{track: {userId: $s.user_id, event: E, properties: {n: $s.number}}}]}",
        "expect: {messages: {rows: [{properties: {n: 1}}, {properties: {n: 2}}, {properties: {n: 3}}]}}",
        "seed: {people: 2, as: crowd}",
        "repeat: {each: $crowd, as: one, steps: [{page: {userId: $one.user_id, name: Home}}]}",
        "expect: {messages: {where: {type: page}, rows: [{userId: $crowd.0.user_id}, {userId: $crowd.1.user_id}]}}",
    )


def test_a_failure_inside_a_repeated_step_names_its_own_line(client):
    """What goes wrong in a repeated step is told where it stands."""
    outcome = run(
        client,
        loads(
            "name: n\nsteps:\n  - repeat:\n      times: 2\n      steps:\n        - inkit.open: {document: none}\n",
            "f.yaml",
        ),
    )

    assert (outcome.status, outcome.failures[0].line) == ("error", 6)
    assert "Inkit answered 404" in outcome.failures[0].text


def test_what_never_happens_within_a_time(client):
    """The clock runs on, and every moment at which something was delivered is looked at."""
    retried = ("fault: {service: movable_ink, status: 503, next: 2}", VIEWED)
    never = "expect: {deliveries: {where: {connection: movable-ink}, never: {status: %s}, within: %s}}"
    passes(client, *retried, never % ("delivered", "5s"))
    passes(client, *retried, never % ("discarded", "4h"))

    outcome = run(client, story(*retried, never % ("delivered", "4h")))

    assert outcome.status == "failed"
    assert "never: wanted {'status': 'delivered'}, came 1 of 1 rows" in outcome.failures[0].text


def test_what_is_only_so_for_a_moment_is_seen(client):
    """A delivery that is at its second attempt only between two moments is seen there."""
    outcome = run(
        client,
        story(
            "fault: {service: movable_ink, status: 503, next: 3}",
            VIEWED,
            "expect: {deliveries: {where: {connection: movable-ink}, never: {attempts: 2}, within: 4h}}",
        ),
    )

    assert outcome.status == "failed"


def test_what_comes_true_within_a_time(client):
    """The clock runs until the claim holds, and no further; what never does is told as it was at the end."""
    retried = ("fault: {service: movable_ink, status: 503, next: 2}", VIEWED)
    claim = "expect: {deliveries: {where: {connection: movable-ink}, all: {status: delivered}, within: %s}}"
    passes(client, *retried, claim % "5m")
    passes(
        client,
        *retried,
        claim % "5m",
        "track: {userId: u, event: E}",
        "expect: {messages: {where: {event: E}, all: {receivedAt: {atMost: 2026-01-01T00:02:00Z}}}}",
    )

    outcome = run(client, story(*retried, claim % "5s"))

    assert outcome.failures[0].mismatch.came == "retrying"


def test_a_saved_row_and_a_vendors_verb(client):
    """A row is saved and read, and a person at a vendor changes what is stored there."""
    passes(
        client,
        "identify: {userId: u, traits: {template_id: tmpl_demoNotice, first_name: Ana}}",
        "expect: {inkit.documents: {as: letter}}",
        "inkit.open: {document: $letter.document_id, as: seen}",
        "expect: {inkit.documents: [{views: 1, document_id: $seen.document}]}",
    )


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("inkit.opne: {}", "Did you mean 'inkit.open'"),
        ("inkit.open: {documnet: x}", "Did you mean 'document'"),
        ("inkit.open: {}", "Missing data"),
        ("expect: {mesages: {count: 0}}", "Did you mean 'messages'"),
    ],
)
def test_what_this_sandbox_does_not_have(client, step, words):
    """Verbs of vendors and views are checked against the sandbox, with the nearest name."""
    outcome = run(client, story(step))

    assert (outcome.status, outcome.failures[0].line) == ("error", 3)
    assert words in outcome.failures[0].text


@pytest.mark.parametrize(("head", "reason"), [("skip: too slow\n", "too slow"), ("needs: [sendgrid]\n", "sendgrid")])
def test_skipped(client, head, reason):
    """A story that is not to be played, or needs what is not there, says why."""
    outcome = run(client, story("expect: {sendgrid.mails: []}", "sendgrid.open: {}", head=head))

    assert outcome.status == "skipped"
    assert reason in outcome.reason


def test_a_workspace_as_the_story_wants_it(client):
    """A story may set its workspace up; what cannot be is told at its place."""
    passes(
        client,
        VIEWED,
        "expect: {deliveries: {count: 1, all: {destination: Inkit}}}",
        head="workspace: {connections: {movable-ink: {enabled: false}}}\n",
    )

    outcome = run(client, story("settle:", head="workspace: {conections: {}}\n"))

    assert (outcome.status, outcome.failures[0].line) == ("error", 2)


def test_an_ended_fault(client):
    """A fault is ended by what was saved of it, or with all others."""
    passes(
        client,
        "fault: {service: movable_ink, status: 500, as: away}",
        "fault: {service: inkit, status: 500}",
        "fault: {end: $away.id}",
        "expect: {faults: [{service: inkit}]}",
        "fault: {end: all}",
        "expect: {faults: []}",
    )


def test_each_mismatch_is_told_with_its_own_cause(client):
    """Two claims that fail for two causes name both."""
    outcome = run(
        client,
        story(
            "track: {userId: u, event: Product Viewed, properties: {sku: S}}",
            "identify: {userId: u, traits: {template_id: tmpl_demoNotise}}",
            "expect: {inkit.documents: {count: 1}, movable_ink.events: [{signal: usable}]}",
        ),
    )

    assert "no template tmpl_demoNotise" in outcome.failures[0].why.cause
    assert outcome.failures[1].why.cause == "properties.url is missing."


def test_two_runs_of_one_story_at_once(client):
    """A story that is being played already is played beside itself, in a workspace of its own."""
    outcome = run(client, loads(FLOW, "flow.yaml"))
    client.create("scenario-flow-yaml-taken", seed=1)
    held = run(client, loads(FLOW, "flow.yaml"))

    assert outcome.status == held.status == "passed"


VIEWERS = "{userId: $s.user_id, event: Product Viewed, properties: {sku: S, url: https://shop.test/s}}"
PLANNED = [
    f"repeat: {{times: 20, as: s, steps: [{{track: {VIEWERS}}}]}}",
    "expect: {deliveries: {where: {connection: movable-ink}, all: {status: delivered}}}",
    "expect: {movable_ink.events: {count: 20, all: {signal: usable}}}",
]


@pytest.mark.parametrize("seed", range(12))
def test_a_contract_holds_under_a_drawn_fault_plan(client, seed):
    """Whatever is drawn, Segment recovers from it, and effects come once; the plan is told."""
    outcome = run(client, story(*PLANNED), Options(faults=FaultPlan(str(seed), seed)))

    assert outcome.status == "passed", "\n".join(told(outcome))
    assert outcome.faults.startswith('[{"service":')
    assert f"--fault-plan {seed}" in outcome.again


def test_a_fault_plan_is_drawn_again():
    """The same seed draws the same plan, another one another; each fault is one."""
    plans = [draw(seed, ["inkit", "movable_ink"]) for seed in range(50)]

    assert plans == [draw(seed, ["inkit", "movable_ink"]) for seed in range(50)]
    assert len({str(plan) for plan in plans}) > 40
    assert {fault["service"] for plan in plans for fault in plan} == {"inkit", "movable_ink"}


def test_a_fault_plan_strikes(client):
    """Under a plan from a file its faults are met, and a red run under it says so."""
    plan = FaultPlan("plan.yaml", faults=({"service": "movable_ink", "status": 400},))

    outcome = run(client, story(*PLANNED), Options(faults=plan))

    assert outcome.status == "failed"
    assert any("the fault plan:" in line for line in told(outcome))


def test_a_fault_plan_of_a_file(tmp_path):
    """A plan may be written by hand; a mistake in it is told with its place."""
    (tmp_path / "plan.yaml").write_text("- {service: inkit, status: 500, next: 2}\n")
    (tmp_path / "wrong.yaml").write_text("- {servce: inkit}\n")

    assert read(tmp_path / "plan.yaml").faults == ({"service": "inkit", "status": 500, "next": 2},)
    with pytest.raises(BrokenFileError, match=r"wrong\.yaml:1:"):
        read(tmp_path / "wrong.yaml")


def test_a_contract_is_held_against_what_is_there(client):
    """The steps of a contract are taken in the workspace that recorded the calls."""
    workspace = client.create("app")
    workspace.post("track", {"userId": "u", "event": "E"})

    assert contract(workspace, story("expect: {messages: [{event: E}]}")).status == "passed"
    assert contract(workspace, story("expect: {messages: []}")).status == "failed"
    assert contract(workspace, story("expect: {mesages: []}")).status == "error"
    assert contract(workspace, story("settle:", head="skip: later\n")).status == "skipped"


def test_a_wrong_locale_ends_only_its_own_story(client):
    """People who cannot be made are an error of that story, at its place."""
    outcome = run(client, loads("name: n\npeople: {ana: xx_YY}\nsteps:\n  - settle:\n", "f.yaml"))

    assert (outcome.status, outcome.failures[0].line) == ("error", 2)
    assert "Faker knows no locale 'xx_YY'" in outcome.failures[0].text


def test_saved_values_as_leeway(client):
    """A bound may be read of what is saved; what cannot be one is an error of the step, not a crash."""
    passes(
        client,
        "track: {userId: u, event: '(', properties: {price: 30, products: [{price: 30}]}}",
        "expect: {messages: {where: {event: '('}, as: m}}",
        "expect: {messages: {where: {properties: {price: {atLeast: $m.properties.price}}}, count: 1}}",
    )

    outcome = run(
        client,
        story(
            "track: {userId: u, event: '('}",
            "expect: {messages: {as: m}}",
            "expect: {messages: [{event: {matches: $m.event}}]}",
        ),
    )

    assert (outcome.status, outcome.failures[0].line) == ("error", 5)
    assert "no regular expression" in outcome.failures[0].text


def test_text_that_begins_with_a_dollar(client):
    """Two dollars are one, and nothing is read."""
    passes(
        client,
        "track: {userId: u, event: $$total, properties: {cost: $$5}}",
        'expect: {messages: [{event: {matches: "^[$]total$"}, properties: {cost: $$5}}]}',
    )


def test_a_failure_in_a_round_names_it(client):
    """What goes wrong in a repeated step says in which round."""
    outcome = run(
        client,
        story("repeat: {times: 3, steps: [{expect: {messages: {atMost: 1}}}, {track: {userId: u, event: E}}]}"),
    )

    assert outcome.failures[0].text.endswith("(in round 3)")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("needs: [inkitt]\nsteps: [{settle: }]", "Did you mean 'inkit'"),
        ("steps: [{fault: {service: inkitt, status: 500}}]", "Did you mean 'inkit'"),
        ("steps: [{expect: {deliveries: {never: {status: discared}}}}]", "Did you mean 'discarded'"),
        ("steps: [{expect: {reasons: {never: {rule: movable_ink.signal.url_misssing}}}}]", "url_missing'"),
        ("steps: [{expect: {inkit.documents: [{template: x}]}}]", "Did you mean 'template_id'"),
        ("steps: [{connection: {id: inkitt, enabled: false}}]", "Did you mean 'inkit'"),
        ("steps: [{source: {id: webside, trackingPlan: null}}]", "Did you mean 'website'"),
        ("workspace: {sources: {website: {trackingPlan: ecomerce-v2}}}\nsteps: [{settle: }]", "'ecommerce-v2'"),
    ],
)
def test_lint_finds_what_this_sandbox_does_not_have(client, text, words):
    """Without playing a story, lint tells names that nothing here has, with the nearest."""
    wrong = lint(client, loads(f"name: n\n{text}\n", "f.yaml"))

    assert words in str([failure.text for failure in wrong])
    assert [told["name"] for told in client.workspaces()] == ["default"]


@pytest.mark.parametrize("step", ["track: {userId: u, event: E}", "seed: {people: 1}", "fault: {end: all}"])
def test_a_contract_makes_no_calls(client, step):
    """A contract only claims what was recorded; a step that would add to it is told."""
    workspace = client.create("app")

    outcome = contract(workspace, story(step))

    assert outcome.status == "error"
    assert "would add to it" in outcome.failures[0].text
    assert workspace.count("messages") == 0


def test_a_contract_sets_nothing_up(client):
    """What only a story can say is told in a contract."""
    outcome = contract(client.create("app"), story("settle:", head="workspace: {seed: 3}\n"))

    assert "changes nothing of it" in outcome.failures[0].text


def test_what_came_twice_is_told(client):
    """One row too many that says the same as another is the one that is told, with its message."""
    outcome = run(
        client,
        story(
            "track: {userId: u-1, event: Order Completed, properties: {order_id: 1}, messageId: m-1}",
            "track: {userId: u-1, event: Order Completed, properties: {order_id: 1}, messageId: m-2}",
            "track: {userId: u-2, event: Order Completed, properties: {order_id: 2}, messageId: m-3}",
            "expect: {messages: {where: {event: Order Completed}, count: 2}}",
        ),
    )

    mismatch = outcome.failures[0].mismatch
    assert mismatch.hint.startswith("two are alike: type track, event Order Completed, userId u-1")
    assert mismatch.row["messageId"] == "m-2"


def test_a_row_that_lacks_one_thing_is_nearer_than_another_row(client):
    """What is named first in a claim says which row is meant."""
    outcome = run(
        client,
        story(
            "track: {userId: u-1, event: Product Viewed}",
            "track: {anonymousId: guest-1, event: Product Added}",
            "expect: {messages: {contains: [{event: Product Viewed, anonymousId: guest-1}]}}",
        ),
    )

    assert outcome.failures[0].mismatch.hint == "nearest row: anonymousId: wanted 'guest-1', came no such field."


def test_a_plan_and_a_template_beside_the_story(client, tmp_path):
    """Files that a story names lie beside it, inside repeated steps too."""
    (tmp_path / "plan.yaml").write_text("track: {E: {required: [n]}}\n")
    (tmp_path / "hello.html").write_text("<p>{{first_name}}</p>")
    text = """
name: n
workspace: {vendors: {inkit: {templates: [{template_id: tmpl_hello, file: hello.html}]}}}
steps:
  - repeat:
      times: 1
      steps:
        - source: {id: website, trackingPlan: plan.yaml}
  - identify: {userId: u, traits: {template_id: tmpl_hello, first_name: Ana}}
  - track: {userId: u, event: E}
  - expect: {violations: {count: 1}, inkit.documents: [{html: {matches: Ana}}]}
"""
    (tmp_path / "a.scenario.yaml").write_text(text)

    outcome = run(client, load(tmp_path / "a.scenario.yaml"))
    assert outcome.status == "passed", "\n".join(told(outcome))

    (tmp_path / "plan.yaml").write_text("track: {E: {requierd: [n]}}\n")
    with pytest.raises(BrokenFileError, match=r"a\.scenario\.yaml:8:.*plan\.yaml:1:13: JSON Schema has no 'requierd'"):
        load(tmp_path / "a.scenario.yaml")
