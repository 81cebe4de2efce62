"""The README is true: its commands run and print what it says, its tables are the program's."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

import click
import pytest
import yaml

from inkstand.fakes.kit.vendor import discover
from inkstand.simulator import cli
from inkstand.simulator.control.schemas import NewFaultSchema
from inkstand.simulator.explain.ledgers import ledgers
from inkstand.simulator.protocols.check import Kind
from inkstand.simulator.protocols.plan import read_plan
from inkstand.simulator.scenarios.compare.matching import LEEWAY
from inkstand.simulator.scenarios.language.claims import CLAIM_KEYS
from inkstand.simulator.scenarios.language.load import loads
from inkstand.simulator.scenarios.language.schema import VERBS, ScenarioSchema
from inkstand.simulator.scenarios.play.runner import run
from inkstand.simulator.scenarios.report.text import told
from inkstand.simulator.settings import resolve
from inkstand.simulator.workspaces.setup import SHIPPED_PLANS, SourceSettingsSchema
from tests.conftest import CLEAN, start

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
PLANS = (ROOT / "docs" / "tracking-plans.md").read_text("utf-8")
MOVABLE_INK = (ROOT / "docs" / "movable-ink.md").read_text("utf-8")
LANGUAGE = (ROOT / "docs" / "scenarios.md").read_text("utf-8")
BIN = str(Path(sys.executable).parent)


def blocks(language, text=README):
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def commands():
    """Each command of the console blocks with what it should print."""
    for block in blocks("console"):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            yield command, printed


def pattern(printed):
    """What may be printed: an ellipsis on a line of its own stands for lines, elsewhere for letters."""
    return "".join(
        r"(?:.*\n)*?" if line == "…" else re.escape(line).replace("…", ".*?").replace(r"\ \ ", r"\s+") + r"\n"
        for line in printed.strip().splitlines()
    )


@pytest.mark.slow
def test_the_commands_print_what_it_says():
    """Every command of the README, in order, against one served sandbox on the documented port or a free one."""
    served = start()
    env = {**CLEAN, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}", "INKSTAND_URL": served.url}
    try:
        for command, printed in commands():
            if command == "inkstand serve &":
                continue
            here = command.replace("http://127.0.0.1:4650", served.url)
            done = subprocess.run(["sh", "-c", here], capture_output=True, text=True, cwd=ROOT, env=env)
            assert re.fullmatch(pattern(printed), done.stdout.strip() + "\n"), f"{command}\n{done.stdout}{done.stderr}"
    finally:
        served.kill()
        served.process.stdout.close()


def test_the_set_up_commands_are_what_ci_runs():
    """There are exactly two set-up commands, and .ci/run takes them from here."""
    (block,) = blocks("sh")
    found = [line for line in block.splitlines() if line.startswith("python")]

    assert len(found) == 2
    assert "inkstand demo" in found[0]
    assert "pytest" in found[1]
    assert "README.md" in (ROOT / ".ci" / "run").read_text()


def test_the_file_holds(tmp_path):
    """The README's inkstand.yaml is one that can be read."""
    (shown,) = blocks("yml")
    (tmp_path / "inkstand.yaml").write_text(shown)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "hello.html").write_text("<p>{{first_name}}</p>")
    settings = resolve({}, file=str(tmp_path / "inkstand.yaml")).settings

    assert (settings.port, settings.workspace["seed"]) == (4650, 7)


def test_the_addresses_are_the_control_apis(client):
    """Each address of the table is in the document."""
    paths = client.control("GET", "/openapi.json")["paths"]
    named = {word for row in table("Ask it") for word in re.findall(r"`([a-z/{}A-Z]+)[`?]", row)}
    known = {re.sub(r"{\w+}", "{}", path) for path in paths}
    asked = {name: "/_sandbox/v1/workspaces/{}/" + re.sub(r"{\w+}", "{}", name) for name in named}

    assert asked
    assert [name for name, path in asked.items() if path not in known] == []


def test_the_effects_are_the_faults(workspace):
    """Each effect that the README names can be arranged."""
    named = {word for row in table("Let it misbehave") for word in re.findall(r"`(\w+)", row)} - {"a"}
    known = {field.data_key or name for name, field in NewFaultSchema().load_fields.items()}

    assert {"status", "drop", "delay", "down", "for"} <= named <= known
    assert workspace.fault("segment", status=500, headers={"X": "y"}, body="no", **{"for": "1h"})["until"]


def test_the_story_holds(client):
    """The README's scenario passes as it stands."""
    (story,) = blocks("yaml")

    assert run(client, loads(story, "README.md")).status == "passed"


def table(heading, text=README):
    section = text.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    return re.findall(r"^\| (.+?) \|", section, re.MULTILINE)


def test_the_verbs_are_the_programs():
    """The tables of verbs name each verb, our vendors' too, and no other."""
    named = {word for row in table("Verbs", LANGUAGE) for word in re.findall(r"`([\w.]+)`", row)}

    assert named == {*VERBS, *(verb for vendor in discover() for verb in vendor.verbs)}


def test_the_claims_are_the_programs():
    """The tables of claims name each of them, and each word of leeway."""
    named = {word for row in table("Claims", LANGUAGE) for word in re.findall(r"`\{?(\w+)", row)}

    assert named == {*CLAIM_KEYS, *LEEWAY}


def test_the_members_of_a_story_are_the_programs():
    """The table of what stands at the top names each member."""
    named = {word for row in table("A file", LANGUAGE) for word in re.findall(r"`(\w+)`", row)}

    assert named == set(ScenarioSchema().fields)


@pytest.mark.parametrize(
    "story",
    [*blocks("yaml", LANGUAGE), *blocks("yaml", PLANS), *blocks("yaml", MOVABLE_INK)],
    ids=lambda text: text[6:40],
)
def test_the_stories_of_the_manual_hold(client, story):
    """Each scenario of the manual passes as it stands."""
    outcome = run(client, loads(story, "docs"))

    assert outcome.status == "passed", list(told(outcome))


def test_the_plan_of_the_manual_is_one():
    """What the manual shows of a plan of one's own can be read."""
    (shown,) = blocks("yml", PLANS)

    assert len(read_plan(yaml.safe_load(shown))["rules"]) == 2


def test_the_kinds_and_settings_of_plans_are_the_programs():
    """The tables name each kind of violation, each setting, each shipped plan."""
    kinds = {word for row in table("Violations", PLANS) for word in re.findall(r"`([\w ]+)`", row)} - {"kind"}
    settings = {
        word for row in table("What becomes of them", PLANS) for word in re.findall(r"\b([a-z]+[A-Z]\w+)\b", row)
    }
    known = SourceSettingsSchema().fields
    controls = {name for one in known.values() if hasattr(one, "schema") for name in one.schema.fields}

    assert kinds == set(get_args(Kind))
    assert settings == controls | {name for name in known if name.startswith("forwarding")}
    assert set(SHIPPED_PLANS) <= {word for row in table("Plans", PLANS) for word in re.findall(r"`([\w-]+)`", row)}


def test_the_commands_are_the_programs():
    """The table of commands names each command, and each has its sentence."""
    named = {word for row in table("Commands") for word in re.findall(r"^`(\w+)`", row)}

    context = click.Context(cli.main)
    assert named == set(cli.main.list_commands(context))
    assert all(cli.main.get_command(context, name).help for name in named)


def test_the_files_are_there():
    """The table of what to change names files that exist."""
    named = {
        word for row in re.findall(r"^\|.*\|$", README, re.MULTILINE) for word in re.findall(r"`(\w+/[\w/]+\.py)`", row)
    }

    assert named
    assert [name for name in named if not (ROOT / name).is_file()] == []


def test_the_counts_of_rules_are_true():
    """The README says honestly how much is documented."""
    rules = [rule.confidence for ledger in ledgers(discover()) for rule in ledger.rules.values()]
    words = {
        "documented": "are documented",
        "chosen": "are chosen by us because nobody says",
        "inferred": "are inferred",
    }
    told = ", ".join(f"{rules.count(name)} {words[name]}" for name in words)

    assert f"<!-- counts -->{told}<!-- /counts -->" in README


def test_every_command_says_how_it_is_used():
    """--help of every command and option has words."""

    def walk(command):
        assert command.help, command.name
        for parameter in command.params:
            if isinstance(parameter, click.Option):
                assert parameter.help, f"{command.name} {parameter.opts}"
        if isinstance(command, click.Group):
            context = click.Context(command)
            for name in command.list_commands(context):
                walk(command.get_command(context, name))

    walk(cli.main)


@pytest.mark.parametrize("path", sorted((ROOT / "scenarios").rglob("*.scenario.yaml")), ids=lambda path: path.stem)
def test_stories_say_where_they_come_from(path):
    """Every shipped story has a name and says what it is about."""
    story = yaml.safe_load(path.read_text("utf-8"))

    assert story["name"]
    assert story["about"].endswith(".")


@pytest.mark.parametrize("text", blocks("yml", MOVABLE_INK))
def test_the_setups_of_the_manual_can_be_made(client, text):
    """What the manual sets up at Movable Ink is taken as it stands there."""
    setup = yaml.safe_load(text)["workspace"]
    for app in setup["vendors"]["movable_ink"].get("apps", {}).values():
        app.update({"html": "<p>{{ name }}</p>"})
        app.pop("file", None)
    workspace = client.create("manual", **setup)

    endpoints = setup["vendors"]["movable_ink"].get("endpoints", {})
    assert [row["name"] for row in workspace.view("movable_ink.endpoints")] == list(endpoints)


def test_inkits_file_holds(tmp_path):
    """The manual's setup of Inkit can be read, the Word template too, and its client's lines are Python."""
    text = (ROOT / "docs" / "inkit.md").read_text("utf-8")
    (shown,) = re.findall(r"^```yaml\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    (tmp_path / "inkstand.yaml").write_text(shown)
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "letter.docx").write_bytes((ROOT / "fakes/inkit/samples/agreement.docx").read_bytes())
    inkit = resolve({}, file=str(tmp_path / "inkstand.yaml")).settings.workspace["vendors"]["inkit"]

    assert [one["source"] for one in inkit["templates"]] == ["docx", "html"]
    assert inkit["render_time"] == 5_000
    for code in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        compile(code, "docs/inkit.md", "exec")
