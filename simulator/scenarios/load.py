"""Reads a story's YAML and keeps the line and column of everything in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from inkstand.simulator.errors import BrokenFileError
from inkstand.simulator.yamlfile import Path as Place
from inkstand.simulator.yamlfile import Places, complaints, parse

from .schema import ScenarioSchema


@dataclass(frozen=True)
class Step:
    """One line of a story: its verb, what it is given, and where it stands."""

    verb: str
    argument: Any
    line: int
    places: Places

    def line_of(self, *path: str | int) -> int:
        """The line of something inside the step's argument, or of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                return self.places[path[:end]][0]
        return self.line


@dataclass(frozen=True)
class Scenario:
    """A story: what it is called and about, its seed if it insists on one, its people and products, its steps."""

    name: str
    about: str
    file: str
    seed: int | None
    people: Mapping[str, str]
    products: list[str]
    steps: tuple[Step, ...]


def load(path: Path) -> Scenario:
    """The story in a file.

    Raises BrokenFileError with file, line and column for a file that cannot be read, is not YAML or is not a story.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read: {error}"
        raise BrokenFileError(message) from error
    return loads(text, str(path))


def loads(text: str, file: str) -> Scenario:
    """The story in a text; `file` is what its errors call it. Raises BrokenFileError."""
    data, places = parse(text, file, "a scenario has name and steps.")
    try:
        checked = ScenarioSchema().load(data)
    except ValidationError as error:
        raise BrokenFileError("\n".join(complaints(error.messages, places, file, _in_words))) from error
    steps = tuple(_step(index, step, places) for index, step in enumerate(checked["steps"]))
    return Scenario(
        name=checked["name"],
        about=checked["about"],
        file=file,
        seed=checked["seed"],
        people=_people(checked["people"]),
        products=checked["products"],
        steps=steps,
    )


def _step(index: int, step: Mapping[str, Any], places: Places) -> Step:
    ((verb, argument),) = step.items()
    prefix: Place = ("steps", index, verb)
    inside = {path[len(prefix) :]: place for path, place in places.items() if path[: len(prefix)] == prefix}
    return Step(verb, argument, places[("steps", index)][0], inside)


def _people(people: list[str] | Mapping[str, str | None]) -> dict[str, str]:
    if isinstance(people, Mapping):
        return {name: locale or "en_US" for name, locale in people.items()}
    return dict.fromkeys(people, "en_US")


def _in_words(path: Place) -> str:
    if path[:1] == ("steps",) and len(path) > 1 and isinstance(path[1], int):
        return ": ".join([f"step {path[1] + 1}", ".".join(map(str, path[2:]))]).removesuffix(": ")
    return ".".join(map(str, path))
