import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import CLEAN, run_inkstand, serving

from inkstand.fakes.kit.vendor import discover

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "tests" / "every_vendor" / "fakes"
KNOWN = {"INKSTAND_FAKES": str(FOLDER)}
GUIDE = (ROOT / "fakes" / "README.md").read_text("utf-8")
STORY = """
name: Parrot repeats what it is told
steps:
  - track: {userId: u, event: Greeted, properties: {phrase: Hello}}
  - expect:
      parrot.phrases: [{phrase: Hello}]
      deliveries: {where: {destination: Parrot}, all: {status: delivered}}
  - parrot.tell: {phrase: Good night, as: answer}
  - expect:
      parrot.phrases: {contains: [{phrase: $answer.said}]}
"""


def test_the_guide_shows_this_vendor():
    """What fakes/README.md tells to write is, file by file, what is tested here."""
    shown = dict(re.findall(r"^`parrot/([\w.]+)`\n\n```\w+\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE))

    assert set(shown) == {path.name for path in (FOLDER / "parrot").iterdir() if path.is_file()}
    for name, text in shown.items():
        assert text == (FOLDER / "parrot" / name).read_text("utf-8"), name


def test_a_folder_is_all_it_takes():
    """Served with one more folder, the vendor is in status, deliveries, views, explain, faults and the ledger."""
    with serving("--fakes", str(FOLDER)) as served:
        workspace = served.client.workspace("default")
        workspace.fault("parrot", status=503, next=1)
        workspace.post(
            "track", {"userId": "u", "event": "Greeted", "properties": {"phrase": "Hello"}, "messageId": "m"}
        )
        workspace.advance("1m")
        workspace.post("track", {"userId": "u", "event": "Greeted", "messageId": "silent"})
        workspace.settle()
        at_parrot = ("--url", served.url)

        assert [row["phrase"] for row in workspace.view("parrot.phrases")] == ["Hello"]
        assert [row["status"] for row in workspace.view("deliveries", destination="Parrot")] == [
            "delivered",
            "discarded",
        ]
        assert workspace.explain("silent")["cause"]["rule"] == "parrot.phrase_missing"
        assert "connection    parrot (on)" in run_inkstand("status", *at_parrot).stdout
        assert "set properties.phrase" in run_inkstand("explain", "silent", *at_parrot).stdout
        assert "parrot.phrase_missing" in {rule["id"] for rule in served.client.control("GET", "/ledger")}
        key = workspace.connection("parrot")["settings"]["token"]
        assert "Hello" in served.client.request("GET", "/parrot/", params={"key": key}).text
        assert "/parrot/?key=" in served.client.request("GET", "/").text
        by_host = served.client.request("POST", "/say", headers={"Host": "api.parrot.example"})
        assert by_host.status_code == 401


def test_what_the_guide_sets_up_can_be_set_up(tmp_path):
    """The guide's seed and setup work as they stand, with a file that names folder and phrases."""
    shutil.copytree(FOLDER, tmp_path / "more")
    for name, text in re.findall(r"^`(seed.py|setup.py)`\n\n```python\n(.*?)^```$", GUIDE, re.DOTALL | re.MULTILINE):
        (tmp_path / "more" / "parrot" / name).write_text(text)
    file = tmp_path / "inkstand.yaml"
    file.write_text("fakes: more\nworkspace: {vendors: {parrot: {known: [Ahoy]}}}\n")
    with serving("--config", str(file)) as served:
        assert [row["phrase"] for row in served.client.create("one").view("parrot.phrases")] == ["Ahoy"]
    file.write_text(file.read_text().replace("known", "knwon"))
    done = run_inkstand("serve", "--port", "0", "--config", str(file))
    assert "inkstand.yaml:2:" in done.stderr
    assert "Unknown field" in done.stderr


BROKEN = {
    "no such folder": (None, None, "There is no folder"),
    "the vendor itself": ("", None, "Did you mean the folder around it"),
    "no VENDOR": ("__init__.py", ("VENDOR =", "OTHER ="), "No folder in"),
    "a slug twice": ("__init__.py", ('slug="parrot"', 'slug="inkit"'), "Two vendors have the slug 'inkit'"),
    "a view of no prefix": ("views.py", ('"parrot.phrases"', '"phrases"'), "must begin with 'parrot.'"),
    "a table of no prefix": ("tables.py", ('"parrot_phrases"', '"phrases"'), "must begin with 'parrot_'"),
    "an import that fails": ("api.py", ("from flask", "from flusk"), "api.py: create_app cannot be loaded"),
    "a confidence": ("ledger.yaml", ("documented", "sure"), "confidence is one of"),
    "no YAML": ("ledger.yaml", ("part: parrot", "part: [parrot"), "cannot be read"),
    "another part": ("ledger.yaml", ("part: parrot", "part: parot"), "the rule 'parot.phrase_missing' must begin"),
    "a beat without a call": ("examples.yaml", ("do:", "dox:"), "each beat has title, save"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_vendor_that_is_not_right_is_told_at_the_start(tmp_path, name):
    """One line says which file, what was wanted and what came; nothing is served half."""
    file, change, told = BROKEN[name]
    shutil.copytree(FOLDER, tmp_path / "more")
    folder = tmp_path / ("none" if file is None else "more/parrot" if file == "" else "more")
    if change:
        path = tmp_path / "more" / "parrot" / file
        assert change[0] in path.read_text()
        path.write_text(path.read_text().replace(*change))
    done = run_inkstand("serve", "--port", "0", "--fakes", str(folder))

    assert done.returncode == 3, done.stderr
    assert told in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_stories_the_demo_and_the_ledger(tmp_path):
    """Named by a variable, the folder is found by run, demo, ledger and pytest as well."""
    (tmp_path / "parrot.scenario.yaml").write_text(STORY)
    run = run_inkstand("run", ".", cwd=tmp_path, env=KNOWN)
    demo = json.loads(run_inkstand("demo", "--json", env=KNOWN).stdout)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    played = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={**CLEAN, **KNOWN})

    assert run.returncode == 0, run.stdout + run.stderr
    assert [chapter["title"] for chapter in demo["chapters"]] == ["Movable Ink", "Inkit", "Parrot"]
    assert demo["holds"]
    assert "parrot.phrase_missing" in run_inkstand("ledger", env=KNOWN).stdout
    assert "1 passed" in played.stdout, played.stdout


def test_what_holds_for_every_vendor_holds_for_it():
    """The tests of every vendor pass for the one more, without an edit."""
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-k", "parrot"]
    places = ["tests/every_vendor", "tests/control/test_faults.py", "tests/explain/test_mends.py"]
    env = {**CLEAN, "TEST_WITH_FAKES": str(FOLDER)}
    done = subprocess.run([*command, *places], capture_output=True, text=True, cwd=ROOT, env=env, timeout=110)

    assert done.returncode == 0, done.stdout[-3000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 12


@pytest.mark.parametrize("missing", discover(), ids=lambda vendor: vendor.slug)
def test_a_missing_folder(tmp_path, missing):
    """Without a vendor's folder everything else runs; the demo says which chapter it skips."""
    house = tmp_path / "inkstand"
    shutil.copytree(ROOT / ".imports" / "inkstand", house, symlinks=False)
    shutil.rmtree(house / "fakes" / missing.package.rpartition(".")[2])
    env = {**CLEAN, "PYTHONPATH": str(tmp_path)}

    def inkstand(*arguments):
        command = [sys.executable, "-m", "inkstand", *arguments]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env, timeout=60)

    demo, ledger = inkstand("demo"), inkstand("ledger")
    story = "name: s\nsteps:\n  - track: {userId: u, event: E}\n  - expect: {messages: [{event: E}]}\n"
    (tmp_path / "one.scenario.yaml").write_text(story)

    assert demo.returncode == 0, demo.stdout + demo.stderr
    assert f"Skipped: the chapter of {missing.slug}; there is no such vendor here." in demo.stdout
    assert missing.title not in {line.partition("  (")[0] for line in demo.stdout.splitlines()}
    assert ledger.returncode == 0
    assert f"{missing.service}." not in ledger.stdout
    assert inkstand("run", "one.scenario.yaml").returncode == 0
    code = (
        "from inkstand.simulator.app import NEAR, Inkstand\n"
        "with Inkstand() as house:\n"
        "    session = house.session()\n"
        "    for path in ('/', '/readyz', '/_sandbox/v1/vendors', '/_sandbox/v1/openapi.json'):\n"
        "        assert session.get(NEAR + path).status_code == 200, path\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, env=env)
    assert done.returncode == 0, done.stderr
