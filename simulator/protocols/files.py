"""Reads a tracking plan's file, and keeps where everything in it stands."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inkstand.simulator.errors import BrokenFileError
from inkstand.simulator.yamlfile import Places, parse, place_of, read_text

from .plan import PlanError, read_plan


@dataclass(frozen=True)
class PlanFile:
    """A plan as it is written, as it is kept, and where everything in its file stands."""

    written: Any
    kept: dict[str, Any]
    places: Places


def read_plan_file(path: Path) -> PlanFile:
    """The tracking plan in a JSON or YAML file.

    Raises BrokenFileError, with file, line and column, for a file that holds none.
    """
    written, places = parse(read_text(path), str(path), "a tracking plan has rules.")
    try:
        return PlanFile(written, read_plan(written, path.stem), places)
    except PlanError as error:
        line, column = place_of(places, error.place)
        message = f"{path}:{line}:{column}: {error}"
        raise BrokenFileError(message) from error
