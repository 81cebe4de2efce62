import json
import re
import shutil
import signal
import sys
from pathlib import Path

import pytest
from tests.conftest import CLEAN, run_inkstand, serving

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow


def test_the_demo_tells_the_documented_flow():
    """Eleven statements in two chapters, each with the id it comes from, on one screen."""
    done = run_inkstand("demo")

    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(lines) <= 40
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "11 statements from workspace demo, seed 1: all as documented."
    assert len(re.findall(r"ok  (?:evt|doc|rend)_\w{22} |ok  demo-1-|of demo-1-", done.stdout)) == 11


def test_another_seed_is_another_person_with_the_same_verdicts():
    """Seed 2 gives other ids, names and products, and the story holds."""
    told = [json.loads(run_inkstand("demo", "--json", "--seed", seed).stdout) for seed in ("1", "1", "2")]

    assert told[0] == told[1]
    verdicts = [[s["holds"] for c in one["chapters"] for b in c["beats"] for s in b["statements"]] for one in told]
    texts = [{s["text"] for c in one["chapters"] for b in c["beats"] for s in b["statements"]} for one in told]
    assert verdicts[0] == verdicts[2] == [True] * 11
    assert len(texts[0] & texts[2]) <= 2


@pytest.mark.parametrize(
    ("file", "right", "wrong"),
    [
        ("movable_ink/ownership.py", "return tx.change(\n        _MOVE,", "return 0 and tx.change(\n        _MOVE,"),
        ("movable_ink/attribution.py", "if known.linked:\n        facts", "if False:\n        facts"),
        ("movable_ink/attribution.py", 'Owner("user_id", heard.user_id),\n', 'Owner("user_id", "somebody"),\n'),
        ("movable_ink/signals.py", "if absent(url):", "if False:"),
        ("inkit/merge_fields.py", "if name not in NEVER_REQUIRED", "if False"),
    ],
)
def test_a_rule_broken_by_hand_changes_the_story(tmp_path, file, right, wrong):
    """With one rule broken the demo tells what is stored, says what it should be, and exits with 1."""
    house = tmp_path / "inkstand"
    shutil.copytree(ROOT / ".imports" / "inkstand", house, symlinks=False)
    broken = house / "fakes" / file
    text = broken.read_text()
    assert right in text
    broken.write_text(text.replace(right, wrong, 1))
    scenario = (ROOT / "scenarios" / "movable_ink" / "example-flow.scenario.yaml").read_text()
    (tmp_path / "flow.scenario.yaml").write_text(scenario)

    import subprocess

    code = "from inkstand.simulator.cli import main; main()"
    env = {**CLEAN, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code, "demo"], capture_output=True, text=True, env=env, cwd=tmp_path)
    if "linked" in right:
        command = [sys.executable, "-c", code, "run", "flow.scenario.yaml"]
        done = subprocess.run(command, capture_output=True, text=True, env=env, cwd=tmp_path)
        assert "FAIL" in done.stdout
    else:
        assert "NOT" in done.stdout, done.stdout + done.stderr
        assert "but the documents say" in done.stdout
    assert done.returncode == 1


def test_the_documents_can_be_kept(tmp_path):
    """--save writes HTML and PDF, the same bytes each time."""
    for name in ("one", "two"):
        run_inkstand("demo", "--save", str(tmp_path / name))

    for suffix in ("pdf", "html"):
        (first,), (second,) = ((tmp_path / name).glob(f"*.{suffix}") for name in ("one", "two"))
        assert first.read_bytes() == second.read_bytes()


def test_serve_says_when_it_is_ready(tmp_path):
    """One READY line on stdout, the port in a file, and every health address answers."""
    with serving("--port-file", str(tmp_path / "port")) as served:
        assert served.url.endswith(":" + (tmp_path / "port").read_text().strip())
        assert served.client.request("GET", "/livez").json() == {"status": "alive"}
        assert served.client.request("GET", "/readyz").json() == {"status": "ready"}
        assert run_inkstand("ready", "--url", served.url).returncode == 0
        assert served.terminate() == 0
        assert served.process.stdout.read() == ""


def test_interrupt_ends_it_too():
    """Control-C is a clean end with the code of an interruption."""
    with serving() as served:
        served.process.send_signal(signal.SIGINT)
        assert served.process.wait(timeout=20) == 130


def test_a_port_that_is_taken():
    """A second server on the port stops with 3 and a way out."""
    with serving() as served:
        done = run_inkstand("serve", "--port", served.url.rpartition(":")[2])

        assert done.returncode == 3
        assert "--port 0" in done.stderr


def test_a_data_directory_survives_and_has_one_owner(tmp_path):
    """With --data-dir everything is there after a restart; a second process is told who holds it."""
    kept = ("--data-dir", str(tmp_path / "data"))
    with serving(*kept) as served:
        served.client.workspace("default").post("track", {"userId": "u", "event": "E"})
        second = run_inkstand("serve", "--port", "0", *kept)
        assert second.returncode == 3
        assert f"process {served.process.pid}" in second.stderr
        served.terminate()
    with serving(*kept) as served:
        assert len(served.client.workspace("default").view("messages")) == 1


def test_nothing_is_left_without_a_data_directory(tmp_path):
    """Without --data-dir its files are in a temporary directory that goes with it."""
    import subprocess

    from tests.conftest import INKSTAND

    env = {**CLEAN, "TMPDIR": str(tmp_path)}
    command = [INKSTAND, "serve", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env)
    assert process.stdout.readline().startswith("READY")
    assert list(tmp_path.iterdir())
    process.terminate()
    _, said = process.communicate(timeout=20)

    assert process.returncode == 0
    assert said == "inkstand: nothing is kept after it stops; give --data-dir DIR to keep it\n"
    assert not list(tmp_path.iterdir())


def test_the_commands_of_a_running_sandbox():
    """status, explain, settle, advance, reset and workspace speak to it, as text and as JSON."""
    with serving() as served:
        at = ("--url", served.url)
        assert "0 messages" in run_inkstand("status", *at).stdout
        snippets = json.loads(run_inkstand("status", "--snippets", "--json", *at).stdout)["snippets"]
        assert set(snippets) == {"curl", "Python", "Node", "browser", "HTML"}
        assert run_inkstand("explain", *at).returncode == 1
        assert "made shop" in run_inkstand("workspace", "new", "shop", *at).stdout
        assert "shop  0 messages" in run_inkstand("workspace", "list", *at).stdout
        served.client.workspace("shop").post("track", {"userId": "u", "event": "E", "messageId": "m"})
        assert run_inkstand("settle", "-w", "shop", *at).stdout == "settled\n"
        explained = run_inkstand("explain", "m", "-w", "shop", *at)
        assert (explained.returncode, "delivered at Movable Ink" in explained.stdout) == (0, True)
        assert "it is now" in run_inkstand("advance", "6h", "-w", "shop", *at).stdout
        assert run_inkstand("advance", "soon", *at).returncode == 2
        assert run_inkstand("reset", "--all", *at).stdout == "reset default\nreset shop\n"
        assert "0 messages" in run_inkstand("status", "-w", "shop", *at).stdout
        assert run_inkstand("workspace", "delete", "shop", *at).stdout == "deleted shop\n"
        assert run_inkstand("status", "-w", "shop", *at).returncode == 2


def test_nothing_answers():
    """Without a server the commands end with 3 and say how to start one."""
    done = run_inkstand("status", "--url", "http://127.0.0.1:9")

    assert done.returncode == 3
    assert "inkstand serve" in done.stderr


def test_run_tells_how_stories_ended(tmp_path):
    """run: 0 and a summary, 1 with the reason, 2 for a broken file, 5 for an empty folder."""
    (tmp_path / "good.scenario.yaml").write_text("name: g\nsteps:\n  - expect: {messages: []}\n")
    assert run_inkstand("run", str(tmp_path)).stdout.splitlines()[-1].startswith("1 passed, 0 failed in ")

    (tmp_path / "bad.scenario.yaml").write_text("name: b\nsteps:\n  - expect: {messages: {count: 1}}\n")
    done = run_inkstand("run", str(tmp_path))
    assert (done.returncode, "bad.scenario.yaml:3:25: messages: count: wanted 1" in done.stdout) == (1, True)
    told = json.loads(run_inkstand("run", "--json", str(tmp_path)).stdout)
    assert [one["status"] for one in told] == ["failed", "passed"]

    (tmp_path / "bad.scenario.yaml").write_text("name: b\nsteps:\n  - expect: {nothing: []}\n")
    (tmp_path / "broken.scenario.yaml").write_text("name: b\nstep: []\n")
    done = run_inkstand("run", str(tmp_path))
    assert done.returncode == 2
    assert done.stdout.splitlines()[-1].startswith("1 passed, 0 failed, 2 in error in ")
    assert run_inkstand("run", str(tmp_path / "nowhere")).returncode == 2
    (tmp_path / "empty").mkdir()
    assert run_inkstand("run", str(tmp_path / "empty")).returncode == 5


def test_the_ledger_is_told():
    """Ledger lists every rule with its confidence, tells one in full, and knows the nearest name."""
    counted = re.findall(r"\d+ (\w+)", run_inkstand("ledger").stdout.strip().splitlines()[-1])
    assert {"documented", "chosen", "inferred"} <= set(counted)
    assert "source: Segment's page, Product Events" in run_inkstand("ledger", "movable_ink.signal.url_missing").stdout
    assert "Did you mean" in run_inkstand("ledger", "movable_ink.signal.url_mising").stderr
    assert json.loads(run_inkstand("ledger", "--json").stdout)["counts"]["documented"] > 20
    part = run_inkstand("ledger", "inkit").stdout
    assert "inkit.template.field_missing" in part
    assert "movable_ink." not in part


@pytest.mark.parametrize("arguments", [("nothing",), ("demo", "--seed", "x"), ("serve", "--port", "99999"), ("run",)])
def test_wrong_use(arguments):
    """What the command line does not understand ends with 2 and a usage line."""
    done = run_inkstand(*arguments)

    assert done.returncode == 2
    assert "Usage" in done.stderr


def test_a_data_directory_of_another_version(tmp_path):
    """A file whose tables had other columns stops the server with 3 and names the file to remove."""
    import sqlite3

    kept = ("--data-dir", str(tmp_path))
    with serving(*kept) as served:
        served.terminate()
    (file,) = tmp_path.glob("default.*.db")
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE table_hashes SET hash = 'other' WHERE name = 'messages'")
    connection.close()
    done = run_inkstand("serve", "--port", "0", *kept)

    assert done.returncode == 3
    assert str(file) in done.stderr


def test_the_public_address_wins():
    """Behind another address the browser's settings name that one."""
    import os
    import subprocess

    from tests.conftest import INKSTAND

    env = {**CLEAN, "INKSTAND_PUBLIC_URL": "https://sandbox.test/ink"}
    process = subprocess.Popen([INKSTAND, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True, env=env)
    url = process.stdout.readline().split()[1]
    import requests

    settings = requests.get(f"{url}/v1/projects/inkstand-demo-write-key/settings", timeout=10).json()
    process.terminate()
    process.communicate(timeout=20)

    segment = settings["integrations"]["Segment.io"]
    assert (segment["apiHost"], segment["protocol"]) == ("sandbox.test/ink/v1", "https")
    assert os.environ.get("INKSTAND_PUBLIC_URL") is None
