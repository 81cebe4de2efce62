import subprocess
import sys
from pathlib import Path

import pytest
from tests.benchmarks.__main__ import FLOORS
from tests.conftest import CLEAN

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]


def test_the_benchmarks_run():
    """Every row of the table is measured; nothing is judged."""
    command = [
        sys.executable,
        "-m",
        "tests.benchmarks",
        "--rounds",
        "1",
        "--seconds",
        "1",
        "--stored",
        "1000",
        "--tests",
        "2",
        "--stories",
        "5",
    ]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=CLEAN, timeout=110)

    assert done.returncode == 0, done.stderr
    rows = done.stdout.splitlines()[1:]
    assert len(rows) == len(FLOORS) + 2
    assert all("aim" in row for row in rows[:-2])
