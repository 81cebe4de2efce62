"""A sandbox in a process of its own, for the time of a test session."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from inkstand.simulator.errors import CannotStartError

_STOP_SECONDS = 20


class Server:
    """A served sandbox on a free port; it ends with this process, however that ends.

    `folder` is where `inkstand.yaml` is looked for, `flags` are further ones of `inkstand serve`. Raises
    CannotStartError, with what it said, when it does not start.
    """

    def __init__(self, folder: Path, *flags: str) -> None:
        self.data_dir = Path(tempfile.mkdtemp(prefix="inkstand-tests-"))
        self.kept = False
        self._log = (self.data_dir / "server.log").open("w+")
        serve = [
            "serve",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--while-stdin",
            "--data-dir",
            str(self.data_dir),
            *flags,
        ]
        self._process = subprocess.Popen(  # noqa: S603  # this Python, and words of our own
            [sys.executable, "-P", "-m", "inkstand", *serve],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            cwd=folder,
            start_new_session=True,
            env={name: value for name, value in os.environ.items() if name != "INKSTAND_URL"},
        )
        line = self._process.stdout.readline() if self._process.stdout else ""
        if not line.startswith("READY "):
            self._process.wait()
            said = (self.data_dir / "server.log").read_text("utf-8").strip()
            self.stop()
            message = f"inkstand serve did not start: {said or 'it said nothing'}"
            raise CannotStartError(message)
        self.url = line.split()[1]

    def stop(self) -> None:
        """End it; what it kept is removed unless a test asked for it."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._log.close()
        if not self.kept:
            shutil.rmtree(self.data_dir, ignore_errors=True)
