"""The recipes are executed as far as their table says, and the shop's contract catches what is planted."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from tests.conftest import CLEAN, run_inkstand, serving

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "recipes"
BIN = str(Path(sys.executable).parent)
ENV = {**CLEAN, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
CONTRACT = ("--contract", "shop.contract.yaml", "--plan", "plan.yaml")


@pytest.fixture
def shop(tmp_path):
    return Path(shutil.copytree(RECIPES / "shop", tmp_path / "shop"))


def run_steps(steps, cwd, env):
    """Take the `run` steps of a workflow or an action, as GitHub's runner calls bash for them."""
    taken = [step for step in steps if "run" in step]
    for step in taken:
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(command, cwd=cwd, env={**env, **step.get("env", {})}, capture_output=True, text=True)
        assert done.returncode == 0, f"{step}\n{done.stdout}{done.stderr}"
    return taken


def test_pytest_with_xdist(shop):
    """The recipe's tests pass on two workers of pytest-xdist."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=shop, env=ENV, capture_output=True, text=True)

    assert done.returncode == 0, done.stdout
    assert "6 passed" in done.stdout


def test_the_whole_shop(shop):
    """The shop as it should be holds its contract and its plan."""
    done = run_inkstand("exec", *CONTRACT, "--", sys.executable, "shop.py", cwd=shop)

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASS") == 2


SIGNED_IN = '        self.segment.track(anonymous_id=visitor, event="Signed In", properties={"method": "password"})\n'
IDENTIFY = (
    '        self.segment.identify(user, anonymous_id=visitor, traits={"email": email}, '
    'integrations={"Inkit": False})\n'
)


@pytest.mark.parametrize("plan", ["1", "4", "7"])
def test_the_whole_shop_under_faults(shop, plan):
    """The contract holds under drawn faults too, once the retries are through."""
    done = run_inkstand("exec", *CONTRACT, "--fault-plan", plan, "--", sys.executable, "shop.py", cwd=shop)

    assert done.returncode == 0, done.stdout + done.stderr


REGRESSIONS = {
    "event name": ('event="Product Viewed"', 'event="Product View"', "Did you mean 'Product Viewed'"),
    "property type": (
        '"total": total',
        '"total": str(total)',
        "Invalid Type: properties.total: Invalid type. Expected: number, given: string",
    ),
    "lost anonymousId": (
        "identify(user, anonymous_id=visitor, ",
        "identify(user, ",
        "anonymousId: wanted 'visitor-1', came",
    ),
    "identify before login": (SIGNED_IN + IDENTIFY, IDENTIFY + SIGNED_IN, "came it earlier, as row 2"),
    "missing url": (', "url": "https://shop.test/lamp"}', "}", "properties.url is required"),
    "duplicate orders": (
        '        self.segment.track(user, "Order Completed", properties)\n',
        '        for _ in range(2):\n            self.segment.track(user, "Order Completed", properties)\n',
        "movable_ink.events: count: wanted 3 rows, came 4 rows",
    ),
    "wrong template id": (
        "tmpl_demoInvoice",
        "tmpl_demoInvoce",
        "There is no template tmpl_demoInvoce; did you mean tmpl_demoInvoice?",
    ),
}


@pytest.mark.parametrize("regression", REGRESSIONS)
def test_a_planted_regression(shop, regression):
    """Each is caught, and named within the first ten lines."""
    right, wrong, named = REGRESSIONS[regression]
    code = (shop / "shop.py").read_text()
    assert code.count(right) == 1
    (shop / "shop.py").write_text(code.replace(right, wrong))

    done = run_inkstand("exec", *CONTRACT, "--", sys.executable, "shop.py", cwd=shop)

    assert done.returncode == 1, done.stdout + done.stderr
    assert named in "\n".join(done.stdout.splitlines()[:10]), done.stdout


@pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")
def test_node():
    """The Node recipe passes, and leaves no workspace behind."""
    with serving() as served:
        env = {**ENV, "INKSTAND_URL": served.url}
        command = ["node", "--test", str(RECIPES / "node" / "shop.test.mjs")]
        done = subprocess.run(command, env=env, capture_output=True, text=True)

        assert done.returncode == 0, done.stdout + done.stderr
        assert [one["name"] for one in served.client.workspaces()] == ["default"]


def test_the_workflow(shop):
    """The workflow's commands, in order, in the shop's folder; what is to be installed is this checkout."""
    (job,) = yaml.safe_load((RECIPES / "github" / "workflow.yml").read_text())["jobs"].values()

    taken = run_steps(job["steps"][3:], shop, ENV)

    assert len(taken) == 2
    assert (shop / "reports" / "contract.xml").read_text().count("<testcase") == 2
    assert (shop / "reports" / "tests.xml").is_file()
    install = job["steps"][2]["run"]
    assert "segment-analytics-python" in install
    assert "pytest-xdist" in install


def test_the_action(shop):
    """The action's commands with inputs as a workflow gives them; an input cannot be read as a command of bash."""
    action = yaml.safe_load((RECIPES / "github" / "hold-a-contract" / "action.yml").read_text())
    given = {"run": "python shop.py; echo $INKSTAND_URL", "contract": "shop.contract.yaml", "plan": "plan.yaml"}
    steps = action["runs"]["steps"][1:]
    for step in steps:
        step["env"] = {
            name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: given[match[1]], value)
            for name, value in step["env"].items()
        }

    run_steps(steps, shop, ENV)

    assert (shop / "reports" / "inkstand.xml").read_text().count("<testcase") == 2
    assert set(given) | {"install"} == set(action["inputs"])
    assert all("${{" not in step["run"] for step in action["runs"]["steps"])


def test_the_compose_file(shop):
    """Its contract's command holds in a served sandbox; the rest is checked against the Dockerfile, not executed."""
    services = yaml.safe_load((RECIPES / "compose" / "compose.yaml").read_text())["services"]
    dockerfile = (ROOT / "Dockerfile").read_text()
    command = services["contract"]["command"]
    assert command[0] in dockerfile
    assert "HEALTHCHECK" in dockerfile
    assert "EXPOSE 4650" in dockerfile

    with serving() as served:
        env = {**ENV, **services["shop"]["environment"], "INKSTAND_URL": served.url}
        subprocess.run([sys.executable, "shop.py"], cwd=shop, env=env, check=True)
        here = [
            served.url if word.startswith("http") else "." if word == "/contracts" else word for word in command[1:]
        ]
        empty = run_inkstand(*here[:3], "other", *here[4:], cwd=shop)
        done = run_inkstand(*here, cwd=shop)

    assert (done.returncode, done.stdout.splitlines()[0]) == (
        0,
        "PASS What the shop tells Segment  (shop.contract.yaml)",
    )
    assert empty.returncode == 2, empty.stdout


def test_the_table_says_what_is_executed():
    """Each recipe of the table is a file, and each file of a recipe stands in it."""
    text = (RECIPES / "README.md").read_text()
    rows = dict(re.findall(r"^\| .+? \| \[(.+?)\].*? \| (.+?) \|$", text, re.MULTILINE))
    words = {
        "shop/test_shop.py": "executed, `-n 2`",
        "shop/shop.contract.yaml": "executed; so are seven planted regressions, each of which it catches",
        "node/shop.test.mjs": "executed where Node is installed",
        "github/workflow.yml": "its `run` steps are executed by bash, its `uses` steps are not",
        "github/hold-a-contract/action.yml": "its `run` steps are executed by bash; GitHub has not run it",
        "compose/compose.yaml": "not executed; its contract's command is executed without a container",
    }

    assert rows == words
    assert len(REGRESSIONS) == 7
    assert all((RECIPES / name).is_file() for name in re.findall(r"\]\((?!\.\.)([\w./-]+)\)", text))
