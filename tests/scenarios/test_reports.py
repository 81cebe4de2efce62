"""How stories ended, as machines read it: JUnit against golden files, GitHub's commands, JSON."""

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import pytest
from junitparser import JUnitXml

from inkstand.simulator.scenarios.language.load import loads
from inkstand.simulator.scenarios.play.runner import run
from inkstand.simulator.scenarios.report import github, junit
from inkstand.simulator.scenarios.report.data import as_json
from inkstand.simulator.scenarios.report.text import summary, told

GOLDEN = Path(__file__).parent / "golden"
VIEWED = "  - track: {userId: u, event: Product Viewed, messageId: m-1, properties: {sku: S}}\n"
STORIES = {
    "pass": f"name: Passes\nsteps:\n{VIEWED}  - expect: {{messages: {{count: 1}}}}\n",
    "fail": f"name: Fails <&> é\nsteps:\n{VIEWED}  - expect: {{movable_ink.events: [{{signal: usable}}]}}\n".replace(
        "\x07", "é"
    ),
    "error": f"name: Errs\nsteps:\n{VIEWED}  - inkit.open: {{document: none}}\n",
    "skip": f"name: Skipped\nskip: until Friday\nsteps:\n{VIEWED}",
}


@pytest.fixture
def outcomes(client):
    played = (run(client, loads(text, f"shop/{name}.scenario.yaml")) for name, text in STORIES.items())
    return {name: replace(outcome, seconds=0.25) for name, outcome in zip(STORIES, played, strict=True)}


@pytest.mark.parametrize("name", [*STORIES, "all"])
def test_junit(outcomes, name):
    """The report is, letter by letter, the one that is kept; set UPDATE_GOLDEN to write it anew and read the change."""
    chosen = list(outcomes.values()) if name == "all" else [outcomes[name]]

    text = junit.as_xml(chosen)

    kept = GOLDEN / f"{name}.xml"
    if os.environ.get("UPDATE_GOLDEN"):
        kept.write_text(text, "utf-8")
    assert text == kept.read_text("utf-8")


def test_junit_is_read_by_others(outcomes, tmp_path):
    """Another reader of JUnit counts what there is, and finds file and line."""
    path = tmp_path / "reports" / "junit.xml"
    junit.write(list(outcomes.values()), path)

    report = JUnitXml.fromfile(str(path))

    assert (report.tests, report.failures, report.errors, report.skipped) == (4, 1, 1, 1)
    assert 'file="shop/fail.scenario.yaml" line="4"' in path.read_text()


def test_junit_of_letters_that_xml_has_not(client):
    """A value with control characters does not break the report."""
    text = 'name: n\nsteps:\n  - track: {userId: u, event: "a\\u0001b"}\n  - expect: {messages: [{event: x}]}\n'

    report = junit.as_xml([run(client, loads(text, "f.yaml"))])

    assert not re.search("[\x00-\x08]", report)
    assert JUnitXml.fromstring(report.encode()).failures == 1


def test_github_annotations(outcomes):
    """Each failure is a command on one line that names file, line and column, with the cause behind."""
    lines = list(github.annotated(list(outcomes.values()), Path.cwd()))

    assert [line.partition("::error ")[2].partition(",title")[0] for line in lines] == [
        "file=shop/fail.scenario.yaml,line=4,col=36",
        "file=shop/error.scenario.yaml,line=4,col=5",
    ]
    assert "title=Fails <&> é::" in lines[0]
    assert "%0Awhy: properties.url is missing.  (movable_ink.signal.url_missing)%0Amend: Add" in lines[0]
    assert not any("\n" in line for line in lines)


def test_github_names_files_from_the_repositorys_root(tmp_path):
    """A job that runs in a folder below still marks the right file."""
    inside = tmp_path / "a" / "b.yaml"

    assert github.from_root(str(inside), tmp_path) == "a/b.yaml"
    assert github.from_root("/elsewhere/b.yaml", tmp_path) == "/elsewhere/b.yaml"


def test_github_summary(outcomes):
    """The job's summary is a table of all, and the reason of each that did not pass."""
    text = github.job_summary(list(outcomes.values()))

    assert text.startswith("### Inkstand: 1 passed, 1 failed, 1 in error, 1 skipped\n")
    assert "| ❌ | Fails <&> é | `shop/fail.scenario.yaml:4` |" in text
    assert text.count("```text") == 2
    assert "again: inkstand run shop/fail.scenario.yaml --seed 1" in text


def test_json(outcomes):
    """Everything that is told to people can be read by programs."""
    data = json.loads(json.dumps(as_json(list(outcomes.values()))))

    assert [one["status"] for one in data] == ["passed", "failed", "error", "skipped"]
    assert data[1]["failures"][0] | {"journey": []} == {
        "file": "shop/fail.scenario.yaml",
        "line": 4,
        "column": 36,
        "text": "movable_ink.events: signal: wanted 'usable', came 'unusable'",
        "view": "movable_ink.events",
        "field": "signal",
        "wanted": "usable",
        "came": "unusable",
        "hint": data[1]["failures"][0]["hint"],
        "why": "properties.url is missing.",
        "rule": "movable_ink.signal.url_missing",
        "mend": "Add the product page's address as properties.url.",
        "journey": [],
    }
    assert data[3]["reason"] == "until Friday"


def test_the_first_ten_lines_say_it(outcomes):
    """What broke, why, and the mend come before the journey; the line to paste comes last."""
    lines = list(told(outcomes["fail"]))

    assert lines[0] == "FAIL Fails <&> é  (shop/fail.scenario.yaml)"
    assert lines[2].startswith("    in row 1: event product, owner user_id u, signal unusable")
    assert lines[3:5] == [
        "    why: properties.url is missing.  (movable_ink.signal.url_missing)",
        "    mend: Add the product page's address as properties.url.",
    ]
    assert lines[-1] == "  again: inkstand run shop/fail.scenario.yaml --seed 1"


def test_the_summary(outcomes):
    """One line counts them all."""
    assert summary(list(outcomes.values())) == "1 passed, 1 failed, 1 in error, 1 skipped"
