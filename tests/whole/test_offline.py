import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import CLEAN, INKSTAND

pytestmark = pytest.mark.slow
ROOT = Path(__file__).parents[2]
LOOPBACK = "import fcntl, socket, struct;fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh14s', b'lo', 0x41, b''))"


def alone(command):
    """Run a shell command where loopback is the only network."""
    inner = f'{sys.executable} -c "{LOOPBACK}" && {command}'
    return subprocess.run(["unshare", "-rn", "sh", "-ec", inner], capture_output=True, text=True, cwd=ROOT, env=CLEAN)


@pytest.fixture(autouse=True)
def can_unshare():
    try:
        done = alone("true")
    except FileNotFoundError:
        pytest.skip("there is no unshare on this machine")
    if done.returncode:
        pytest.skip(f"this machine allows no network namespaces: {done.stderr.strip()}")


@pytest.mark.parametrize("command", ["demo", "run scenarios"])
def test_loopback_is_all_it_needs(command):
    """The demo and every scenario pass with loopback as the only network."""
    done = alone(f"{INKSTAND} {command}")

    assert done.returncode == 0, done.stdout + done.stderr
