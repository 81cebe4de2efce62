"""The house's own laws: walls between rooms, rules with code and code with rules, tests with a sentence."""

import ast
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from inkstand.fakes.kit.vendor import discover
from inkstand.simulator.explain.ledgers import PARTS, ledgers

ROOT = Path(__file__).parents[1]
HOUSE = ROOT / ".imports" / "inkstand"
PRODUCT = [path for folder in ("simulator", "fakes") for path in (ROOT / folder).rglob("*.py")]
TESTS = list((ROOT / "tests").rglob("test_*.py"))
LINT = str(Path(sys.executable).with_name("lint-imports"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("file", "planted"),
    [
        ("fakes/kit/world.py", "import inkstand.simulator.model"),
        ("fakes/inkit/api.py", "import inkstand.fakes.movable_ink.signals"),
        ("fakes/kit/vendor.py", "import inkstand.fakes.inkit.tables"),
        ("fakes/inkit/destination.py", "import inkstand.fakes.inkit.tables"),
        ("fakes/inkit/segment/store.py", "import inkstand.fakes.inkit.destination"),
        ("simulator/delivery/plan.py", "import inkstand.fakes.inkit.merge_fields"),
        ("simulator/storage/tables.py", "import inkstand.simulator.sandbox"),
        ("simulator/explain/journey.py", "import inkstand.simulator.delivery.retry"),
        ("simulator/scenarios/play/runner.py", "import inkstand.simulator.workspaces.registry"),
        ("fakes/movable_ink/attribution.py", "import sqlalchemy"),
    ],
)
def test_a_planted_import_is_found(tmp_path, file, planted):
    """An import that breaks a law breaks the check."""
    shutil.copytree(HOUSE, tmp_path / "inkstand", symlinks=False)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    broken = tmp_path / "inkstand" / file
    broken.write_text(
        broken.read_text().replace(
            "from __future__ import annotations\n", f"from __future__ import annotations\n{planted}\n"
        )
    )
    done = subprocess.run(
        [LINT, "--no-cache"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
    )

    assert done.returncode, done.stdout
    assert "BROKEN" in done.stdout


NEAR_BY = "".join((ROOT / "simulator" / name).read_text("utf-8") for name in ("workspaces/log.py", "messages.py"))
SHARED = ("duplicate_message", "time_unreadable", "context_not_object", "integrations_not_object")
SANDBOX_RULES = {f"tracking.{name}" for name in SHARED if f'"tracking.{name}"' in NEAR_BY}


def constants(folder):
    """Every text in the code of a folder."""
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value


def places():
    """The folder of each part that has a ledger."""
    for package in (*PARTS, *(vendor.package for vendor in discover())):
        yield ROOT.joinpath(*package.split(".")[1:])


def test_every_rule_has_code():
    """No rule stands in a ledger that nothing decides by: its id is in the code of its own part.

    The discards of the Tracking API are named without their prefix, which one function adds.
    """
    for ledger, place in zip(ledgers(discover()), places(), strict=True):
        texts = set(constants(place))
        texts |= {f"{ledger.part}.{text}" for text in texts if place.name == "tracking"}

        decided = [rule for rule in ledger.rules.values() if not rule.general]
        assert [rule.id for rule in decided if rule.id not in texts and rule.id not in SANDBOX_RULES] == []


def test_every_general_rule_has_a_test():
    """A rule that holds for everything, and so is recorded nowhere, is named by the test that holds it."""
    general = {rule.id for ledger in ledgers(discover()) for rule in ledger.rules.values() if rule.general}
    named = set(constants(ROOT / "tests"))

    assert general <= named


def test_every_reason_has_a_rule():
    """Nothing is decided by a rule that stands in no ledger."""
    rules = {rule for ledger in ledgers(discover()) for rule in ledger.rules}
    prefixes = "|".join(ledger.part for ledger in ledgers(discover()))
    named = re.compile(rf"({prefixes})\.[a-z_]+(\.[a-z_]+)?")
    found = {text for folder in (ROOT / "simulator", ROOT / "fakes") for text in constants(folder)}
    modules = {f"{vendor.service}.{name}" for vendor in discover() for name in ("event", "request", "number")}
    views = {view.name for vendor in discover() for view in vendor.views}

    parts = {part for vendor in discover() for part in vendor.parts}

    assert {text for text in found if named.fullmatch(text)} - rules - modules - views - parts == set()


def test_every_refusal_has_a_rule():
    """What the Tracking API refuses a request for stands in the ledger under the code of the answer."""
    rules = {rule for ledger in ledgers(discover()) for rule in ledger.rules}
    calls = (
        node
        for path in (ROOT / "simulator" / "tracking").glob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "RefusedError"
    )
    codes = {call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)}

    assert len(codes) >= 8
    assert {f"tracking.{code}" for code in codes} <= rules


def test_every_discard_is_decided_by_a_reason():
    """A discard, skip or refusal is made with a reason in hand: no constructor of one goes without."""
    wanted = {"Discarded": 2, "GivenUp": 2, "Skip": 2, "Dropped": 8, "NoDocument": 1, "Attribution": 2}
    for path in PRODUCT:
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in wanted:
                given = len(node.args) + len(node.keywords)
                starred = any(isinstance(argument, ast.Starred) for argument in node.args)
                assert starred or given >= wanted[node.func.id], f"{path}:{node.lineno}"


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.stem)
def test_every_test_has_its_sentence(path):
    """A test states a truth in one sentence, and does not sleep."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
            assert (ast.get_docstring(node) or "").endswith("."), f"{path.name}: {node.name}"
        if isinstance(node, ast.Attribute) and node.attr == "sleep":
            pytest.fail(f"{path.name}:{node.lineno} sleeps")


@pytest.mark.parametrize("path", PRODUCT, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_can_be_read_in_a_sitting(path):
    """A file begins with the sentence it is for, and is not longer than 400 lines."""
    text = path.read_text("utf-8")

    assert ast.get_docstring(ast.parse(text))
    assert text.count("\n") <= 400
