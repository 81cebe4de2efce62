"""Every rule that stops a message has an example that brings it about and a mend that turns it."""

import copy
import re

import pytest

from inkstand.fakes.kit.vendor import discover
from inkstand.simulator.explain.ledgers import ledgers
from inkstand.simulator.scenarios.language.schema import CALLS

RULES = {rule.id: rule for ledger in ledgers(discover()) for rule in ledger.rules.values()}
DECIDING = [rule for rule in RULES.values() if rule.verdict in {"stops", "unusable", "waits"}]
TURNING = [rule for rule in DECIDING if rule.mend and (rule.mend.set or rule.mend.unset or rule.mend.workspace)]


TOLD_LATER = {"movable_ink.owner.identified_elsewhere"}
"""Rules that are read from rows when somebody asks, and recorded nowhere."""


def play(workspace, steps):
    """Play an example's steps; `times` and `pad` make a batch large."""
    for step in copy.deepcopy(list(steps)):
        if "connection" in step:
            workspace.change_connection(step["connection"].pop("id"), step["connection"])
        elif "source" in step:
            workspace.change_source(step["source"].pop("id"), step["source"])
        elif "workspace" in step:
            workspace.change(step["workspace"])
        elif "advance" in step:
            workspace.settle()
            workspace.advance(step["advance"])
        elif "fault" in step:
            workspace.fault(step["fault"].pop("service"), **step["fault"])
        elif "collector" in step or "classic" in step:
            collect(workspace, step)
        elif "batch" in step:
            calls = step["batch"] * step.get("times", 1)
            if "pad" in step:
                calls[0]["properties"]["text"] = "x" * step["pad"]
            workspace.post("batch", {"batch": calls})
        else:
            post(workspace, step)
    workspace.settle()


def post(workspace, step):
    """Post a call; `many` are lists among its traits, and to how many elements they are filled up."""
    many = step.pop("many", {})
    ((verb, call),) = step.items()
    for name, number in many.items():
        call["traits"][name] += [{}] * (number - len(call["traits"][name]))
    assert verb in CALLS
    assert workspace.post(verb, call).status_code == 200


def collect(workspace, step):
    """Post an event to the workspace's Movable Ink endpoint, as a sender of the current or the classic generation."""
    settings = workspace.connection("movable-ink-actions")["settings"]
    key = settings["movable_ink_url"].rpartition("/")[2]
    ((generation, body),) = step.items()
    credentials = (settings["username"], settings["password"]) if generation == "collector" else (key, "")
    workspace.client.request("POST", f"/movable-ink/behavioral/{key}", json=body, auth=credentials)


def rules_of(workspace):
    return {row["rule"] for row in workspace.view("reasons")}


def changed(call, mend):
    call = copy.deepcopy(call)
    for path in mend.get("unset", ()):
        call.pop(path, None)
    for path, value in mend.get("set", {}).items():
        holder = call
        *way, last = [int(step) if step.isdigit() else step for step in re.findall(r"[^.\[\]]+", path)]
        for step in way:
            holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
        holder[last] = value
    return call


@pytest.mark.parametrize("rule", DECIDING, ids=lambda rule: rule.id)
def test_its_example_brings_it_about_and_explain_names_it(workspace, rule):
    """The example of a rule leads to the rule, and explain names it as a cause, with source and mend."""
    play(workspace, rule.example)

    found = [row["messageId"] for row in workspace.view("reasons") if row["rule"] == rule.id]
    derived = "messages" if rule.id in TOLD_LATER else None
    found = found or [row["messageId"] for row in workspace.view(derived)] if derived else found
    assert found, sorted(rules_of(workspace))
    told = workspace.explain(found[-1])
    causes = [cause for cause in told["causes"] if cause["rule"] == rule.id]
    if rule.id != "tracking.duplicate_message":
        assert causes[0]["source"] == rule.source
        assert causes[0]["mend"]["say"]
    assert any(row["rule"] == rule.id for row in told["steps"] if "rule" in row)


@pytest.mark.slow
@pytest.mark.parametrize("rule", TURNING, ids=lambda rule: rule.id)
def test_its_mend_turns_the_verdict(client, rule):
    """The same calls with the mend applied no longer lead to the rule."""
    workspace = client.create("mend", clock="frozen", delivery="manual")
    play(workspace, rule.example)
    reason = next(row for row in workspace.view("reasons") if row["rule"] == rule.id)
    mend = vars(rule.mend.applied_to(reason["facts"]))

    again = client.create("mend", clock="frozen", delivery="manual")
    play(again, mended(rule.example, mend))

    assert rule.id not in rules_of(again)


def mended(steps, mend):
    *before, last = copy.deepcopy(list(steps))
    if "batch" in last:
        last = {"batch": [changed(last["batch"][0], mend)], **{k: v for k, v in last.items() if k == "times"}}
    else:
        ((verb, call),) = last.items()
        last = {verb: changed(call, mend)}
    repair = []
    if mend["workspace"]:
        change = dict(mend["workspace"])
        where = next((kind for kind in ("connection", "source") if kind in change), None)
        repair = [{where: {"id": change.pop(where), **change}} if where else {"workspace": change}]
    return [*before, *repair, last]


@pytest.mark.parametrize("rule", RULES.values(), ids=lambda rule: rule.id)
def test_a_rule_says_where_it_comes_from(rule):
    """Every rule has a statement and a source, and one that is chosen does not claim a document."""
    assert rule.statement.endswith(".")
    assert rule.source
    assert rule.verdict != "stops" or rule.mend
