import resource
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.conftest import serving

pytestmark = pytest.mark.slow
COUNT = 1_000
USUAL_LIMIT = 1_024


@pytest.fixture
def _usual_limit():
    """As many open files as a process usually may have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (USUAL_LIMIT, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.usefixtures("_usual_limit")
def test_a_thousand_workspaces_in_one_process(tmp_path):
    """Made, used and delivered from within the usual limit of open files; all there after a restart, at once."""
    data = ("--data-dir", str(tmp_path / "data"))
    with serving(*data) as served:
        mine = threading.local()

        def use(number):
            mine.client = getattr(mine, "client", None) or served.client
            workspace = mine.client.create(f"room-{number}")
            assert workspace.post("track", {"userId": f"u-{number}", "event": "E"}).status_code == 200
            return workspace

        with ThreadPoolExecutor(4) as pool:
            rooms = list(pool.map(use, range(COUNT)))
        for room in (rooms[0], rooms[COUNT // 2], rooms[-1]):
            assert room.wait("movable_ink.events", "60s", where={"owner": {"user_id": room.name.replace("room", "u")}})[
                "met"
            ]
        assert served.terminate() == 0
    begun = time.monotonic()
    with serving(*data) as served:
        ready = time.monotonic() - begun
        names = [told["name"] for told in served.client.workspaces()]
        assert len(names) == COUNT + 1
        last = served.client.workspace(f"room-{COUNT - 1}")
        assert [row["userId"] for row in last.view("messages")] == [f"u-{COUNT - 1}"]
        assert served.client.request("GET", "/").status_code == 200
        assert served.terminate() == 0
    assert ready < 20
