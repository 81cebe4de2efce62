"""Make each mistake of the list in a copy of the code, and see the suite go red: `python -m tests.mutations`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
COPIED = ("fakes", "simulator", "scenarios", "tests", "pyproject.toml", "README.md", "docs", "CHANGELOG.md")
SUITE = ("tests/movable_ink", "-x", "-q", "-p", "no:cacheprovider", "-m", "not slow")
_TIMEOUT = 300


def mutations() -> list[dict[str, Any]]:
    """The list."""
    found: list[dict[str, Any]] = yaml.safe_load((Path(__file__).parent / "identity.yaml").read_text("utf-8"))
    return found


def mutated(text: str, one: dict[str, Any]) -> str:
    """The code with the mistake in it; raises ValueError where its place is not there, or there twice."""
    old, new = one.get("either") or (one["old"], one["new"])
    if text.count(old) != 1:
        message = f"{one['file']}: {text.count(old)} places for: {one['about']}"
        raise ValueError(message)
    return text.replace(old, new)


def copied(folder: Path) -> None:
    """A copy of the house, importable as `inkstand`."""
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder / name)
    imports = folder / ".imports" / "inkstand"
    imports.mkdir(parents=True)
    (imports / "__init__.py").touch()
    for name in ("fakes", "simulator", "scenarios"):
        (imports / name).symlink_to(folder / name)


def suite(folder: Path) -> tuple[int, str]:
    """Run the suite there; its exit code and last line."""
    env = {**os.environ, "PYTHONPATH": str(folder / ".imports"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-m", "pytest", *SUITE]
    ran = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, timeout=_TIMEOUT, check=False)
    return ran.returncode, (ran.stdout.strip().splitlines() or [ran.stderr])[-1]


def main() -> int:
    """Run all, or those whose number is given; 0 when every mistake is found."""
    chosen = {int(text) for text in sys.argv[1:]}
    survivors = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copied(folder)
        code, told = suite(folder)
        print(f"without a mistake: {told}")
        if code:
            return 1
        for number, one in enumerate(mutations(), start=1):
            if chosen and number not in chosen:
                continue
            file = folder / one["file"]
            sound = file.read_text("utf-8")
            file.write_text(mutated(sound, one), "utf-8")
            code, told = suite(folder)
            file.write_text(sound, "utf-8")
            found = code == 1
            expected = found or "survives" in one
            survivors += not expected
            print(f"{number:>3} {'found   ' if found else 'SURVIVES'} {one['about']}: {told}", flush=True)
    print(f"{survivors} survive that should not")
    return 1 if survivors else 0


if __name__ == "__main__":
    sys.exit(main())
