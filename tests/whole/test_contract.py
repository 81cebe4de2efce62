"""The control API keeps to its own document: every answer is one that it lists, and none is a failure."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import CLEAN, serving

pytestmark = pytest.mark.slow
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


def test_no_answer_is_undocumented(tmp_path):
    """Schemathesis tries what the document allows and what it does not; what waits has tests of its own."""
    with serving() as served:
        url = f"{served.url}/_sandbox/v1/openapi.json"
        served.client.workspace("default").post("track", {"userId": "u", "event": "E"})
        st = Path(sys.executable).with_name("st")
        command = [st, "run", url, "--checks", CHECKS, "--max-examples", "15", "--seed", "1", "--request-timeout", "20"]
        command += ["--exclude-path-regex", "(wait|stream)$"]
        done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=CLEAN, timeout=110)

        assert done.returncode == 0, done.stdout[-4000:]
        assert re.search(r"[1-9]\d{2,} generated, \d+ passed", done.stdout)
        assert served.terminate() == 0
