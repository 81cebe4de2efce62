"""Following calls on the command line while they come."""

import json
import subprocess

import pytest
from tests.conftest import CLEAN, INKSTAND

pytestmark = pytest.mark.slow
TRACK = {"userId": "u", "event": "Signed Up"}


class Following:
    """A running `inkstand tail`."""

    def __init__(self, *command):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=CLEAN)

    def line(self):
        """The next line it prints."""
        return self.process.stdout.readline().rstrip("\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def tail(served, *arguments):
    return Following(INKSTAND, "tail", "--url", served.url, *arguments)


@pytest.mark.fact("debugger", "debugger-discards")
def test_calls_as_they_come(served):
    """One line each, what was there first; unclaimed and refused ones beside them; after a reset it goes on."""
    workspace = served.client.create("tail", delivery="manual")
    workspace.post("track", {**TRACK, "properties": {"plan": "gold"}})
    with tail(served, "-w", "tail") as following:
        assert following.line().endswith('  accepted   analytics.track("Signed Up", {"plan": "gold"})  userId=u')
        workspace.post("track", {"event": "Signed Up"})
        assert "  discarded  analytics.track" in (line := following.line())
        assert line.endswith("no_user_anon_id: The track call carries neither userId nor anonymousId.")
        served.client.request("POST", "/v1/track", json=TRACK, auth=("nobody", ""))
        assert following.line().endswith("POST /v1/track  the segment key 'nobody' is not known here")
        served.client.request("POST", "/v1/track", data=b"{", auth=("nobody", ""))
        assert "  refused    POST /v1/track  invalid_json: The body is not JSON" in following.line()
        workspace.reset()
        workspace.post("track", {**TRACK, "userId": 7, "messageId": "after"})
        assert "note: userId came as the number 7" in following.line()


@pytest.mark.fact("debugger")
def test_raw_and_json(served):
    """The stored JSON of each, or whole rows with where they come from; a view by its name as before."""
    workspace = served.client.create("raw", delivery="manual")
    workspace.post("track", {**TRACK, "messageId": "m"})
    with tail(served, "-w", "raw", "--raw", "--newest", "1") as following:
        told = next(one for one in map(json.loads, iter(following.line, "")) if one["outcome"] == "accepted")
        assert told["raw"] == workspace.view("messages")[0]
    with tail(served, "-w", "raw", "--json", "--newest", "1") as following:
        told = next(one for one in map(json.loads, iter(following.line, "")) if one["from"] == "debugger")
        assert (told["messageId"], told["outcome"]) == ("m", "accepted")
    with tail(served, "messages", "-w", "raw") as following:
        assert "event=Signed Up" in following.line()


def test_it_ends_when_it_is_told_to(served):
    """With --for it ends by itself, and with nothing to follow it says what is wrong."""
    done = subprocess.run([INKSTAND, "tail", "--url", served.url, "--for", "0.2"], env=CLEAN, timeout=60)
    wrong = subprocess.run(
        [INKSTAND, "tail", "mesages", "--url", served.url], env=CLEAN, timeout=60, capture_output=True, text=True
    )

    assert done.returncode == 0
    assert (wrong.returncode, "Did you mean 'messages'" in wrong.stderr) == (2, True)
