import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from tests.conftest import CLEAN

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
RUN = "from inkstand.simulator.cli import main; main()"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that this checkout makes, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder), "."]
    subprocess.run(command, check=True, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    with zipfile.ZipFile(built) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked"


def test_the_wheel_holds_the_house(wheel):
    """Stories, samples, pages and ledgers are in the wheel, under one name, and tests are not."""
    names = {str(path.relative_to(wheel)) for path in wheel.rglob("*") if path.is_file()}

    assert {name.partition("/")[0] for name in names if "dist-info" not in name} == {"inkstand"}
    for wanted in (
        "inkstand/scenarios/movable_ink/example-flow.scenario.yaml",
        "inkstand/fakes/inkit/samples/letter.html",
        "inkstand/fakes/inkit/ledger.yaml",
        "inkstand/simulator/tracking/ledger.yaml",
        "inkstand/simulator/web/templates/root.html",
        "inkstand/simulator/web/templates/debugger.html",
        "inkstand/py.typed",
    ):
        assert wanted in names


def test_the_demo_runs_from_the_wheel(wheel, tmp_path):
    """Installed as a wheel, away from the checkout, the demo holds."""
    env = {**CLEAN, "PYTHONPATH": str(wheel)}
    done = subprocess.run([sys.executable, "-c", RUN, "demo"], capture_output=True, text=True, cwd=tmp_path, env=env)

    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("marker", ["", "__init__.py"])
def test_a_project_with_folders_of_the_same_names(tmp_path, marker):
    """A suite with its own fakes/, simulator/ and scenarios/ passes with our plugin active (decision 28)."""
    for name in ("fakes", "simulator", "scenarios"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mine.py").write_text(f"NAME = '{name}'\n")
        if marker:
            (tmp_path / name / marker).write_text("")
    (tmp_path / "conftest.py").write_text("")
    (tmp_path / "test_mine.py").write_text(
        "import fakes.mine, simulator.mine, scenarios.mine\n"
        "def test_mine():\n"
        "    assert [one.mine.NAME for one in (fakes, simulator, scenarios)] == ['fakes', 'simulator', 'scenarios']\n"
    )
    (tmp_path / "one.scenario.yaml").write_text("name: one\nsteps:\n  - expect: {messages: []}\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], capture_output=True, text=True, cwd=tmp_path, env=CLEAN
    )

    assert "2 passed" in done.stdout, done.stdout + done.stderr


def test_the_plugin_brings_nothing_until_it_is_needed(tmp_path):
    """In a project without stories pytest imports neither Flask nor SQLAlchemy for us."""
    (tmp_path / "test_nothing.py").write_text(
        "import sys\n"
        "def test_nothing():\n"
        "    assert not {'flask', 'sqlalchemy', 'marshmallow', 'requests'} & set(sys.modules)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:pytest_httpserver", "-p", "no:hypothesispytest"]
    env = {**CLEAN, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_PLUGINS": "inkstand.simulator.testing.plugin"}
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=env)

    assert "1 passed" in done.stdout, done.stdout + done.stderr


def test_a_failing_story_is_a_failing_test(tmp_path):
    """Pytest shows the report of a story that fails, with line and journey, and no traceback of ours."""
    (tmp_path / "one.scenario.yaml").write_text(
        "name: one\nsteps:\n  - track: {userId: u, event: E}\n  - expect:\n      messages:\n        - {event: F}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q"], capture_output=True, text=True, cwd=tmp_path, env=CLEAN
    )

    assert done.returncode
    assert "  one.scenario.yaml:6:12: messages: event: wanted 'F', came 'E'" in done.stdout
    assert "Segment took the call." in done.stdout
    assert os.sep + "runner.py" not in done.stdout


def test_a_broken_story_is_an_error(tmp_path):
    """A file that is no story is told with its place when pytest collects it."""
    (tmp_path / "two.scenario.yaml").write_text("name: two\nstops: []\n")
    command = [sys.executable, "-m", "pytest", "-q"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=CLEAN)

    assert done.returncode
    assert "two.scenario.yaml:2:1: stops: Unknown field." in done.stdout


def test_the_dockerfile_only_calls_the_steps():
    """What the image is made of is the script that .ci/run tries; the rest is who, where and when."""
    docker = (ROOT / "Dockerfile").read_text()
    orders = [line for line in docker.splitlines() if line and not line.startswith("#")]
    runs = [line for line in orders if line.startswith("RUN")]

    assert re.fullmatch(r"FROM python:\d+\.\d+\.\d+-slim-bookworm", orders[0])
    assert len(runs) == 2
    assert "useradd" in runs[0]
    assert runs[1].startswith("RUN sh /src/.ci/image install /src /opt/inkstand")
    assert 'CMD ["sh", "/opt/inkstand/bin/image", "start", "/opt/inkstand"]' in orders
    assert (
        'HEALTHCHECK --interval=5s --timeout=3s --start-period=5s CMD ["/opt/inkstand/bin/inkstand", "ready"]' in orders
    )
    assert {"VOLUME /data", "USER inkstand"} <= set(orders)
    assert ".ci/try-image" in (ROOT / ".ci" / "run").read_text()
