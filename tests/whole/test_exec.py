"""`inkstand exec`: a command beside a sandbox, then a contract; and `inkstand run` as a pipeline calls it."""

import json
import re
import signal
import subprocess
import sys

import pytest
from junitparser import JUnitXml
from tests.conftest import CLEAN, INKSTAND, run_inkstand, serving

pytestmark = pytest.mark.slow
POST = """
import os, requests, sys
body = {"userId": "u-1", "event": sys.argv[1], "properties": {"sku": "S", "url": "https://shop.test/s"}}
requests.post(os.environ["SHOP_HOST"] + "/v1/track", json=body, auth=(os.environ["INKSTAND_WRITE_KEY"], ""))
sys.exit(int(sys.argv[2]))
"""
CONTRACT = """
name: One product was viewed
steps:
  - expect:
      messages: [{event: Product Viewed}]
      movable_ink.events: [{event: product, signal: usable}]
"""


@pytest.fixture
def shop(tmp_path):
    (tmp_path / "app.py").write_text(POST)
    (tmp_path / "shop.scenario.yaml").write_text(CONTRACT)
    return tmp_path


def execute(shop, *command, flags=("--contract", "shop.scenario.yaml", "--env", "SHOP_HOST={url}"), env=None):
    return run_inkstand("exec", *flags, "--", *command, cwd=shop, env=env)


@pytest.mark.parametrize(
    ("event", "ends", "code", "words"),
    [
        ("Product Viewed", "0", 0, "the command ended well; the contract holds: exit code 0"),
        ("Product viewed", "0", 1, "the command ended well; the contract does NOT hold: exit code 1"),
        ("Product Viewed", "7", 7, "the command ended with 7; the contract holds: exit code 7"),
        ("Product viewed", "7", 7, "the command ended with 7; the contract does NOT hold: exit code 7"),
    ],
)
def test_exit_codes(shop, event, ends, code, words):
    """The command's code if it is not 0, else 1 if the contract does not hold; a line says which."""
    done = execute(shop, sys.executable, "app.py", event, ends)

    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stderr
    if event == "Product viewed":
        assert "messages: event: wanted 'Product Viewed', came 'Product viewed'" in done.stdout.splitlines()[1]


def test_what_a_command_finds_in_its_environment(shop):
    """Address and keys, each vendor's too, under our names and under those that it wants."""
    show = "import json, os; print(json.dumps(dict(os.environ)))"
    done = execute(shop, sys.executable, "-c", show, flags=("-e", "A={inkit.url}/x", "-e", "B={movable_ink.apiKey}"))

    found = json.loads(done.stdout.splitlines()[0])
    assert found["INKSTAND_URL"].startswith("http://127.0.0.1:")
    assert found["INKSTAND_WRITE_KEY"] == "inkstand-demo-write-key"
    assert found["INKSTAND_INKIT_API_KEY"] == "inkstand-demo-inkit-key"
    assert found["A"] == found["INKSTAND_URL"] + "/inkit/x"
    assert found["B"] == "inkstand-demo-movable-ink-key"


@pytest.mark.parametrize(
    ("flags", "command", "code", "words"),
    [
        (("-e", "A={ur}"), ("true",), 2, "Did you mean 'url'"),
        (("-e", "A"), ("true",), 2, "NAME=VALUE"),
        (("-c", "none.yaml"), ("true",), 2, "no such file"),
        (("-c", "empty"), ("true",), 5, "no *.contract.yaml"),
        ((), ("no-such-command",), 2, "cannot be run"),
        (("-c", "broken.scenario.yaml"), ("touch", "ran"), 2, "broken.scenario.yaml:2:"),
        (("-c", "wrong.scenario.yaml"), ("true",), 2, "Did you mean 'messages'"),
    ],
)
def test_wrong_use(shop, flags, command, code, words):
    """What cannot be is told; a contract that cannot be read, before the command is run."""
    (shop / "empty").mkdir()
    (shop / "broken.scenario.yaml").write_text("name: n\nstep: []\n")
    (shop / "wrong.scenario.yaml").write_text("name: n\nsteps:\n  - expect: {mesages: []}\n")

    done = execute(shop, *command, flags=flags)

    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr
    assert not (shop / "ran").exists()


def test_a_key_that_nobody_has_is_told(shop):
    """When nothing arrived, the line says what arrived elsewhere."""
    done = execute(
        shop,
        sys.executable,
        "app.py",
        "E",
        "0",
        env={"INKSTAND_WRITE_KEY": "x"},
        flags=("-e", "SHOP_HOST={url}", "-e", "INKSTAND_WRITE_KEY=other"),
    )

    assert done.returncode == 0
    assert (
        "no call arrived in workspace default; A call came with the write key 'other', which no source has"
        in done.stderr
    )


def test_what_was_recorded_is_kept_when_asked(shop):
    """--keep says how to look at it, and it can be looked at."""
    done = execute(shop, sys.executable, "app.py", "Product Viewed", "0", flags=("--keep", "-e", "SHOP_HOST={url}"))

    folder = done.stderr.partition("--data-dir ")[2].split()[0]
    with serving("--data-dir", folder) as served:
        assert [row["event"] for row in served.client.workspace("default").view("messages")] == ["Product Viewed"]


def test_under_a_fault_plan(shop):
    """The plan is printed, the retries are waited for, and the contract holds."""
    done = execute(
        shop,
        sys.executable,
        "app.py",
        "Product Viewed",
        "0",
        flags=("-c", "shop.scenario.yaml", "-e", "SHOP_HOST={url}", "--fault-plan", "3"),
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert 'fault plan: [{"service":' in done.stderr


def test_a_signal_reaches_the_command(shop):
    """SIGTERM ends the command, and the sandbox with it; the exit code says so."""
    wait = "import time; print('up', flush=True); time.sleep(60)"
    process = subprocess.Popen(
        [INKSTAND, "exec", "--", sys.executable, "-c", wait], stdout=subprocess.PIPE, text=True, env=CLEAN, cwd=shop
    )
    assert process.stdout.readline() == "up\n"
    process.send_signal(signal.SIGTERM)

    assert process.wait(30) == 128 + signal.SIGTERM
    process.stdout.close()


def test_a_pipeline(shop, tmp_path):
    """One call writes the JUnit report, marks the lines, writes the job's summary, and ends with 1."""
    (shop / "red.scenario.yaml").write_text(CONTRACT)
    (shop / "green.scenario.yaml").write_text(
        CONTRACT.replace(
            "steps:\n",
            "steps:\n  - track: {userId: u, event: Product Viewed, properties: {sku: S, url: https://shop.test/s}}\n",
        )
    )
    env = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"), "GITHUB_WORKSPACE": str(shop)}

    done = run_inkstand(
        "run", "red.scenario.yaml", "green.scenario.yaml", "--junit", "out/junit.xml", cwd=shop, env=env
    )

    assert done.returncode == 1
    report = JUnitXml.fromfile(str(shop / "out" / "junit.xml"))
    assert (report.tests, report.failures) == (2, 1)
    assert "::error file=red.scenario.yaml,line=5" in done.stdout
    assert "1 passed, 1 failed" in (tmp_path / "summary.md").read_text()


def test_in_parallel_near_and_far(shop):
    """Many at once give the same outcomes in the same order, in processes and in one served sandbox."""
    for number in range(12):
        wanted = "Product Viewed" if number % 3 else "Something Else"
        text = CONTRACT.replace("[{event: Product Viewed}]", f"[{{event: {wanted}}}]").replace(
            "steps:\n",
            "steps:\n  - track: {userId: u, event: Product Viewed, properties: {sku: S, url: https://shop.test/s}}\n",
        )
        (shop / f"story-{number:02}.scenario.yaml").write_text(text)
    (shop / "shop.scenario.yaml").unlink()
    one = json.loads(run_inkstand("run", ".", "--json", "-j", "1", cwd=shop).stdout)
    many = json.loads(run_inkstand("run", ".", "--json", "-j", "4", cwd=shop).stdout)
    with serving() as served:
        far = json.loads(run_inkstand("run", ".", "--json", "-j", "4", "--url", served.url, cwd=shop).stdout)
        assert [told["name"] for told in served.client.workspaces()] == ["default"]

    def without_seconds(told):
        return [{**outcome, "seconds": None} for outcome in told]

    assert without_seconds(one) == without_seconds(many) == without_seconds(far)
    assert [outcome["status"] for outcome in one] == ["failed", "passed", "passed"] * 4


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("scenario", "new", "first"), 0, "first.scenario.yaml  play it with"),
        (("scenario", "new", "shop.scenario.yaml"), 2, "is there already"),
        (("scenario", "lint", "."), 0, "1 scenario, nothing wrong"),
        (("scenario", "list", "."), 0, "shop.scenario.yaml  One product was viewed"),
        (("scenario", "list", "nowhere"), 2, "no such file"),
        (("run", "shop.scenario.yaml", "-j", "none"), 2, "--jobs is a number"),
        (("run", "shop.scenario.yaml", "--url", "http://127.0.0.1:9"), 3, "Nothing answers"),
        (("run", "shop.scenario.yaml", "--fault-plan", "none.yaml"), 2, "cannot be read"),
    ],
)
def test_commands_about_scenarios(shop, arguments, code, words):
    """Each says what it did, or what is wrong."""
    done = run_inkstand(*arguments, cwd=shop)

    assert done.returncode == code, done.stdout + done.stderr
    assert words in done.stdout + done.stderr


def test_a_new_scenario_plays_and_lint_finds_what_is_wrong(shop):
    """What `new` writes passes; a view that there is not is told with its place by `lint`."""
    run_inkstand("scenario", "new", "first", cwd=shop)
    assert run_inkstand("run", "first.scenario.yaml", cwd=shop).returncode == 0
    text = (shop / "first.scenario.yaml").read_text().replace("movable_ink.events:", "movable_ink.evnts:")
    (shop / "first.scenario.yaml").write_text(text)

    done = run_inkstand("scenario", "lint", ".", cwd=shop)

    assert done.returncode == 2
    assert (
        "first.scenario.yaml:13:7: expect: There is no view 'movable_ink.evnts'. Did you mean 'movable_ink.events'"
        in done.stdout
    )


def test_from_log_of_a_served_workspace(shop):
    """What an application did becomes a story that plays."""
    with serving() as served:
        default = served.client.workspace("default")
        default.post(
            "track", {"userId": "u", "event": "Product Viewed", "properties": {"sku": "S", "url": "https://s.test"}}
        )
        done = run_inkstand("scenario", "from-log", "again.scenario.yaml", "--url", served.url, cwd=shop)

    assert done.returncode == 0, done.stderr
    assert run_inkstand("run", "again.scenario.yaml", cwd=shop).returncode == 0
    assert "movable_ink.events" in (shop / "again.scenario.yaml").read_text()


def test_from_log_of_an_empty_workspace(shop):
    """Nothing recorded is nothing to write: exit code 5."""
    with serving() as served:
        done = run_inkstand("scenario", "from-log", "--url", served.url, cwd=shop)

    assert (done.returncode, done.stdout) == (5, "")
    assert "recorded no call yet" in done.stderr


@pytest.mark.parametrize(
    ("plan", "event", "code", "words"),
    [
        ("ecommerce-v2", "Product Viewed", 0, "the contract holds"),
        ("ecommerce-v2", "Product viewed", 1, "Did you mean 'Product Viewed'"),
        ("plan.yaml", "Product Viewed", 1, "Expected: number, given: string"),
        ("plan.yaml", "Product viewed", 1, "Unplanned Event"),
        ("ecomerce-v2", "Product Viewed", 2, "Did you mean 'ecommerce-v2'"),
        ("none.yaml", "Product Viewed", 2, "cannot be read"),
        ("wrong.yaml", "Product Viewed", 2, "Did you mean 'track'"),
    ],
)
def test_a_command_held_to_a_plan(shop, plan, event, code, words):
    """With --plan a violation is a contract that does not hold, and is named within the first lines."""
    (shop / "plan.yaml").write_text("track: {Product Viewed: {properties: {sku: {type: number}}}}\n")
    (shop / "wrong.yaml").write_text("trak: {}\n")

    flags = ("--plan", plan, "--env", "SHOP_HOST={url}", "--coverage")
    done = execute(shop, sys.executable, "app.py", event, "0", flags=flags)

    assert done.returncode == code, done.stdout + done.stderr
    assert words in "\n".join((done.stdout + done.stderr).splitlines()[:10]) + done.stderr
    assert ("Tracking plan" in done.stdout) is (code != 2)


def test_coverage(shop):
    """A run tells which rules and which events of its plans it has touched, and which not."""
    text = """
name: n
workspace: {sources: {website: {trackingPlan: ecommerce-v2}}}
steps:
  - track: {userId: u, event: Product Viewed, properties: {sku: S}}
  - settle:
"""
    for name in ("a", "b"):
        (shop / f"{name}.scenario.yaml").write_text(text)

    told = run_inkstand("run", "a.scenario.yaml", "b.scenario.yaml", "--coverage", cwd=shop)
    data = json.loads(run_inkstand("run", "a.scenario.yaml", "--coverage", "--json", cwd=shop).stdout)[-1]

    assert "events       1 of 28; not: " in told.stdout
    assert "Rules touched: " in told.stdout
    assert data["status"] == "coverage"
    assert data["rules"]["movable_ink.signal.url_missing"] == 1
    assert data["rules"]["tracking.empty_batch"] == 0
    assert data["plans"]["Ecommerce v2"]["track Product Viewed"] == 1
    assert data["plans"]["Ecommerce v2"]["track Order Completed"] == 0


def test_a_call_that_reached_nobody_breaks_the_contract(shop):
    """Where something is held, a call with a key that nobody has is a failure, whatever the claims are."""
    (shop / "nothing.contract.yaml").write_text("name: n\nsteps:\n  - expect: {discards: []}\n")
    flags = ("-c", "nothing.contract.yaml", "-e", "SHOP_HOST={url}", "-e", "INKSTAND_WRITE_KEY=other")

    done = execute(shop, sys.executable, "app.py", "E", "0", flags=flags)

    assert done.returncode == 1
    assert "came with the key 'other', which nobody here has; the write key is inkstand-demo-write-key" in done.stdout


def test_json_is_json(shop):
    """With --json the command's own words go to stderr."""
    done = execute(shop, "echo", "hello", flags=("-c", "shop.scenario.yaml", "--json", "--coverage"))

    assert [one["status"] for one in json.loads(done.stdout)] == ["failed", "coverage"]
    assert "hello" in done.stderr


def test_a_skipped_contract_does_not_hold(shop):
    """A contract that is skipped is told as that."""
    (shop / "a.contract.yaml").write_text("name: n\nskip: later\nsteps:\n  - settle:\n")

    done = execute(shop, "true", flags=("-c", "a.contract.yaml"))

    assert "every contract was skipped: exit code 0" in done.stderr


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--plan", "a", "--plan", "b"), "--plan came 2 times"),
        (("--config", "wrong.yaml"), "wrong.yaml:1:1"),
        (("--junit", "/proc/x/j.xml"), "cannot be written"),
        (("--fault-plan=--5",), "cannot be read"),
    ],
)
def test_more_wrong_use(shop, flags, words):
    """What cannot be is told before the command is run."""
    (shop / "wrong.yaml").write_text("prot: 1\n")

    done = execute(shop, "touch", "ran", flags=flags)

    assert done.returncode == 2, done.stderr
    assert words in done.stderr
    assert not (shop / "ran").exists()


def test_a_broken_file_is_in_every_report(shop):
    """A file that holds no story is an error of the run: in JUnit, in the annotations, in JSON."""
    (shop / "broken.scenario.yaml").write_text("name: n\nstep: []\n")
    (shop / "good.scenario.yaml").write_text("name: g\nsteps:\n  - expect: {messages: []}\n")
    files = ("broken.scenario.yaml", "good.scenario.yaml")

    done = run_inkstand("run", *files, "--junit", "j.xml", "--github", cwd=shop)
    told = json.loads(run_inkstand("run", *files, "--json", cwd=shop).stdout)

    report = JUnitXml.fromfile(str(shop / "j.xml"))
    assert (done.returncode, report.tests, report.errors) == (2, 2, 1)
    assert "::error file=broken.scenario.yaml,line=2,col=1" in done.stdout
    assert [(one["status"], one["file"]) for one in told] == [("error", files[0]), ("passed", files[1])]


def test_a_contract_is_not_played(shop):
    """`run` of a contract alone says how it is held."""
    (shop / "a.contract.yaml").write_text(CONTRACT)

    done = run_inkstand("run", "a.contract.yaml", cwd=shop)

    assert done.returncode == 2
    assert "inkstand exec --contract a.contract.yaml -- COMMAND" in done.stderr


def test_a_new_contract_is_one(shop):
    """What `scenario new` writes for a contract can be checked and held."""
    assert "hold it with" in run_inkstand("scenario", "new", "b.contract.yaml", cwd=shop).stdout

    assert run_inkstand("scenario", "lint", "b.contract.yaml", cwd=shop).returncode == 0


def test_sigterm_ends_a_parallel_run_and_its_workers(shop):
    """Nothing is left behind: no process, no folder."""
    for number in range(6):
        steps = "steps:\n  - repeat: {times: 2000, steps: [{track: {userId: u, event: E}}]}\n"
        (shop / f"long-{number}.scenario.yaml").write_text(f"name: n{number}\n{steps}")
    (shop / "tmp").mkdir()
    process = subprocess.Popen(
        [INKSTAND, "run", ".", "-j", "2"],
        stdout=subprocess.PIPE,
        text=True,
        env={**CLEAN, "TMPDIR": str(shop / "tmp")},
        cwd=shop,
    )
    assert process.stdout.readline().startswith(("PASS", "FAIL"))
    process.send_signal(signal.SIGTERM)

    assert process.wait(60) == 128 + signal.SIGTERM
    process.stdout.read()
    process.stdout.close()
    assert not list((shop / "tmp").glob("inkstand-*"))


def test_status_tells_views_and_exports(shop):
    """`status` lists each view with how much it holds; its --env is what a shell reads."""
    told = execute(
        shop,
        "sh",
        "-c",
        f"{INKSTAND} status && eval $({INKSTAND} status --env) && echo key $INKSTAND_INKIT_API_KEY",
        flags=(),
    )

    assert re.search(r"view +10  inkit\.templates +templates", told.stdout)
    assert "key inkstand-demo-inkit-key" in told.stdout


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("track", "Product Viewed", "--user", "u-1", "-p", "price=30", "-p", "sku=S-1"), 0, "200 {"),
        (
            ("identify", "--user", "u-1", "-t", "email=ana@shop.test", "--call", '{"integrations": {"All": false}}'),
            0,
            "200 {",
        ),
        (("identify", "Ana"), 2, "has no name"),
        (("trakc", "E"), 2, "'trakc'"),
        (("track", "E", "-p", "price"), 2, "NAME=VALUE"),
        (("track", "E", "--call", "[1]"), 2, "JSON object"),
        (("track", "E", "--call", "{"), 2, "JSON object"),
    ],
)
def test_one_call_is_sent(served, arguments, code, words):
    """`send` posts a call with values read as JSON where they are, and says where to read on."""
    done = run_inkstand("send", *arguments, "--url", served.url)

    assert done.returncode == code, done.stderr
    assert words in done.stdout + done.stderr
    if arguments[0] == "track" and code == 0:
        message_id = re.search(r"messageId (send-\w+)", done.stdout)[1]
        (message,) = served.client.workspace("default").view("messages", messageId=message_id)
        assert (message["event"], message["properties"]) == ("Product Viewed", {"price": 30, "sku": "S-1"})


def test_a_program_that_sends_nothing_holds_no_plan(shop):
    """A plan to which nothing was held does not hold: the host was perhaps not set."""
    done = execute(shop, "true", flags=("--plan", "ecommerce-v2"))

    assert done.returncode == 1
    assert "No call arrived, so nothing was held to the plan" in done.stdout


def test_a_violation_is_told_where_the_plan_speaks_of_it(shop):
    """File, line and column of the plan: the property's, or the list of those required."""
    plan = (
        "track:\n  Product Viewed:\n    required:\n      [price]\n    properties:\n      sku:\n        type: number\n"
    )
    (shop / "plan.yaml").write_text(plan)

    done = execute(
        shop, sys.executable, "app.py", "Product Viewed", "0", flags=("--plan", "plan.yaml", "-e", "SHOP_HOST={url}")
    )

    assert "plan.yaml:6:7: track 'Product Viewed' of u-1: Invalid Type: properties.sku" in done.stdout
    assert "plan.yaml:3:5: track 'Product Viewed' of u-1: Required: properties.price is required" in done.stdout
