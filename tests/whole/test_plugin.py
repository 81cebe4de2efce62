import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import CLEAN, run_inkstand, serving

pytestmark = pytest.mark.slow
PLAIN = {name: value for name, value in CLEAN.items() if name != "CI"}
"""Where pytest believes to be in CI it prints every failure twice."""

README = (Path(__file__).parents[2] / "README.md").read_text("utf-8")
POST = """
import pytest, requests
def post(inkstand, event, **more):
    call = {"userId": "u", "event": event, **more}
    requests.post(f"{inkstand.url}/v1/track", json=call, auth=(inkstand.write_key, "")).raise_for_status()
"""
FAILING = (
    POST
    + """
def test_by_helper(inkstand):
    post(inkstand, "Product Viewed")
    inkstand.settle()
    inkstand.one("movable_ink.events", signal="usable", timeout="1ms")
def test_by_hand(inkstand):
    post(inkstand, "Arrived")
    assert inkstand.view("messages")[0]["event"] == "Departed"
def test_by_claim(inkstand):
    post(inkstand, "Arrived")
    inkstand.expect("messages", [{"event": "Departed"}])
def test_before_anything(inkstand):
    assert not inkstand.view("inkit.templates")
"""
)


@pytest.fixture
def suite(tmp_path):
    """A project of somebody with folders called like ours; `run` runs its tests."""
    for name in ("fakes", "simulator", "scenarios"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text("MINE = True\n")

    def run(text, *options):
        (tmp_path / "test_shop.py").write_text(text)
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
        return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=PLAIN, timeout=100)

    return run


def test_the_example_of_inkits_manual(suite):
    """A webhook whose receiver fails, in a test of the user's own."""
    manual = (Path(__file__).parents[2] / "docs" / "inkit.md").read_text("utf-8")
    examples = re.findall(r"^```python\n(.*?)^```$", manual, re.DOTALL | re.MULTILINE)
    (example,) = [one for one in examples if "def test_" in one]
    done = suite(f"import pytest\n\n\n{example}")

    assert "1 passed" in done.stdout, done.stdout


def test_the_example_of_the_readme(suite):
    """Five lines and a real SDK: the event arrives, and whose it is can be asked."""
    (example,) = re.findall(r"^```python\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)
    assert len([line for line in example.splitlines() if line.strip() and "import" not in line]) <= 5
    done = suite(example)

    assert "1 passed" in done.stdout, done.stdout


def test_four_processes_with_a_server_each(suite):
    """Under -n 4 each test has a workspace of its own, marked ones are made as marked, and ours never meet theirs."""
    done = suite(
        POST
        + """
import fakes, simulator, scenarios
@pytest.mark.parametrize("n", range(24))
def test_alone(inkstand, n):
    assert fakes.MINE and simulator.MINE and scenarios.MINE
    post(inkstand, f"E{n}")
    assert inkstand.one("movable_ink.events")["name"] == f"E{n}"
    assert len(inkstand.view("messages")) == 1
@pytest.mark.inkstand(clock="frozen", delivery="manual", seed=5)
def test_marked(inkstand):
    post(inkstand, "E")
    assert inkstand.view("deliveries") == []
    assert (inkstand.told["seed"], inkstand.told["now"]) == (5, "2026-01-01T00:00:00.000Z")
""",
        "-n",
        "4",
    )

    assert "25 passed" in done.stdout, done.stdout + done.stderr


def test_one_server_for_all(suite):
    """With --inkstand-url four processes share a server, and leave nothing there."""
    with serving() as served:
        done = suite(POST + "def test_it(inkstand, n=1): post(inkstand, 'E')\n", "--inkstand-url", served.url)
        many = suite(
            POST + "@pytest.mark.parametrize('n', range(24))\ndef test_it(inkstand, n):\n"
            "    post(inkstand, f'E{n}')\n    assert inkstand.one('messages')['event'] == f'E{n}'\n",
            *("-n", "4", "--inkstand-url", served.url),
        )

        assert "1 passed" in done.stdout, done.stdout
        assert "24 passed" in many.stdout, many.stdout + many.stderr
        assert [told["name"] for told in served.client.workspaces()] == ["default"]


def test_a_failure_tells_the_journey(suite):
    """Whatever fails, the report says what became of the call, and no frame of ours stands in it."""
    done = suite(FAILING)

    assert "4 failed" in done.stdout
    assert done.stdout.count("Step by step:") == 3
    assert "The nearest row has signal 'unusable'." in done.stdout
    assert "To mend it: Add the product page's address as properties.url." in done.stdout
    assert "inkstand: the last call in test-by-hand-" in done.stdout
    assert "messages: event: wanted 'Departed', came 'Arrived'" in done.stdout
    assert "No call arrived in workspace test-before-anything-" in done.stdout
    assert "kept workspaces" not in done.stdout
    assert "workspace.py" not in done.stdout


def test_a_failed_workspace_can_be_kept(suite):
    """With --inkstand-keep it is still there, and the command that is printed shows it."""
    done = suite(FAILING, "--inkstand-keep", "-k", "by_hand or anything")
    folder, name = re.search(r"--data-dir (\S+), then: inkstand explain -w (test-by-hand-\w+)", done.stdout).groups()

    with serving("--data-dir", folder) as served:
        assert served.client.workspace(name).view("messages")[0]["event"] == "Arrived"
        assert len(list(served.client.workspaces())) == 3
    with serving() as served:
        shared = suite(FAILING, "--inkstand-keep", "-k", "by_hand", "--inkstand-url", served.url)
        assert f"--url {served.url}" in shared.stdout
        assert len(list(served.client.workspaces())) == 2


def test_a_setup_that_fails_is_kept_too(suite):
    """What fails before the test itself is told and kept as well."""
    done = suite(
        "import pytest\n@pytest.fixture\ndef bad(inkstand):\n    raise RuntimeError\ndef test_it(bad): pass\n",
        "--inkstand-keep",
    )

    assert "1 error" in done.stdout
    assert re.search(r"test_it: inkstand serve --data-dir \S+, then: inkstand explain -w test-it-", done.stdout)


def test_a_server_that_does_not_answer(suite):
    """A wrong address is an error that says what to do."""
    done = suite(FAILING, "--inkstand-url", "http://127.0.0.1:9", "-k", "by_hand")

    assert "Nothing answers at http://127.0.0.1:9" in done.stdout


def test_a_server_that_does_not_start(suite, tmp_path):
    """A broken inkstand.yaml is told with its line."""
    (tmp_path / "inkstand.yaml").write_text("prot: 1\n")
    done = suite(FAILING, "-k", "by_hand")

    assert "prot: Unknown field. Did you mean 'port'?" in done.stdout


def test_no_server_outlives_its_tests(suite):
    """A run that is killed takes its server with it: it ends with its standard input."""
    done = suite(
        POST + "import os, signal\ndef test_it(inkstand):\n    print('URL', inkstand.url, flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n",
        "-s",
    )
    url = re.search(r"URL (\S+)", done.stdout)[1]
    tries = (run_inkstand("ready", "--url", url).returncode for _ in range(60))

    assert 3 in tries


def test_claims_that_are_none(tmp_path):
    """The fixture's `expect` takes what a scenario's does, and tells what is no claim."""
    (tmp_path / "test_it.py").write_text(
        POST
        + """
@pytest.mark.parametrize("claim", [{"cuont": 7}, {}, None, "x", {"atLeast": -1}, {"count": 1, "as": "x"},
    {"never": ["a"]}, {"where": {"event": {"matches": "("}}, "count": 0}, {"count": 1, "within": "soon"}])
def test_none(inkstand, claim):
    post(inkstand, "X")
    with pytest.raises(Exception, match="messages: "):
        inkstand.expect("messages", claim)
def test_within(inkstand):
    inkstand.freeze()
    inkstand.fault("movable_ink", status=503, next=1)
    post(inkstand, "X")
    inkstand.expect("movable_ink.events", {"count": 1, "within": "1m"})
def test_a_connection(inkstand):
    with pytest.raises(Exception, match="Did you mean 'inkit'"):
        inkstand.connection("inkitt")
@pytest.mark.inkstand(sources={"website": {"trackingPlan": "plan.yaml"}})
def test_a_plan_beside_the_test(inkstand):
    post(inkstand, "X")
    inkstand.expect("violations", [{"kind": "Unplanned Event"}])
"""
    )
    (tmp_path / "plan.yaml").write_text("track: {Y: {}}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], capture_output=True, text=True, cwd=tmp_path, env=PLAIN
    )

    assert "12 passed" in done.stdout, done.stdout


def test_a_file_that_cannot_be_imported_is_pytests_to_tell(tmp_path):
    """An error while tests are collected ends as it does without Inkstand."""
    (tmp_path / "test_it.py").write_text("import no_such_module\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], capture_output=True, text=True, cwd=tmp_path, env=PLAIN
    )

    assert done.returncode == 2, done.stdout
    assert "plugin.py" not in done.stdout + done.stderr
