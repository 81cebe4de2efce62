"""A thousand letters of one page, made by a batch of Inkit's API, beside the renderer that draws them used alone."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ALONE = """
import sys, time
from inkstand.fakes.inkit.documents.catalogue import sample
from inkstand.fakes.inkit.merge_fields import merged
from inkstand.fakes.kit.rendering.crew import FONTS, _font_folder
import os
os.environ[FONTS] = str(_font_folder())
from inkstand.fakes.kit.rendering.pages import to_pdf
from inkstand.fakes.kit.rendering.shapes import Paper
from tests.benchmarks.letters import PEOPLE, told
text, kept = sample("letter.html").decode(), []
to_pdf(merged(text, PEOPLE(0)), Paper(), 0)
begun = time.perf_counter()
for number in range(int(sys.argv[1])):
    kept.append(to_pdf(merged(text, PEOPLE(number)), Paper(), number).pages)
assert set(kept) == {1}
told(time.perf_counter() - begun)
"""
OURS = """
import sys, time
from inkstand.simulator.app import NEAR, Inkstand
from tests.benchmarks.letters import PEOPLE, told
with Inkstand() as sandbox:
    session, key = sandbox.session(), {"X-Inkit-API-Token": "inkstand-demo-inkit-key"}
    def batch(count):
        renders = [{"merge_parameters": PEOPLE(number)} for number in range(count)]
        body = {"template_id": "tmpl_demoLetter", "renders": renders}
        made = session.post(NEAR + "/inkit/v1/batch", json=body, headers=key).json()["id"]
        return session.get(NEAR + "/inkit/v1/batch/" + made, headers=key).json()["destinations"]["inkit_storage"]
    batch(1)
    begun = time.perf_counter()
    assert batch(int(sys.argv[1]))["completed"] == int(sys.argv[1])
    told(time.perf_counter() - begun)
"""


def PEOPLE(number: int) -> dict[str, str]:  # noqa: N802  # what a template's fields are filled with
    """The one whom a letter is for."""
    address = {"address_line_1": f"{number} Rocket Road", "address_city": "Hawthorne", "address_zip": "90250"}
    return {
        "first_name": f"Nick {number}",
        "last_name": "Fury",
        "address_state": "CA",
        "address_country": "US",
        **address,
    }


def told(seconds: float) -> None:
    """Print how long it took, and the most memory (KiB) of this process and of those that it started."""
    own = os.getpid()
    started = [int(one) for path in Path("/proc/self/task").glob("*/children") for one in path.read_text().split()]
    peak = sum(_peak(pid) for pid in (own, *started))
    print(json.dumps({"seconds": seconds, "memory": peak, "processes": 1 + len(started)}))


def _peak(pid: int) -> int:
    found = re.search(r"^VmHWM:\s+(\d+)", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
    return int(found[1]) if found else 0


def letters(count: int) -> tuple[float, float]:
    """Their rate against the renderer's alone, and the memory of all processes against its one."""
    alone, ours = (_run(text, count) for text in (ALONE, OURS))
    return alone["seconds"] / ours["seconds"], ours["memory"] / alone["memory"]


def _run(text: str, count: int) -> dict[str, float]:
    done = subprocess.run([sys.executable, "-c", text, str(count)], check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    for name, text in (("alone", ALONE), ("ours", OURS)):
        print(name, _run(text, 1_000))
