"""Reads a story's YAML and keeps the line and column of everything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from pathlib import Path
from typing import Any

import yaml
from marshmallow import ValidationError

from inkstand.simulator.errors import BrokenFileError

from .schema import ScenarioSchema

Path_ = tuple[str | int, ...]
Places = Mapping[Path_, tuple[int, int]]


_SCALARS = frozenset({"str", "int", "float", "bool", "null"})


class _Loader(yaml.SafeLoader):
    """Plain YAML in which times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


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
    data, places = _parse(text, file)
    try:
        checked = ScenarioSchema().load(data)
    except ValidationError as error:
        raise BrokenFileError("\n".join(_complaints(error.messages, places, file))) from error
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
    prefix: Path_ = ("steps", index, verb)
    inside = {path[len(prefix) :]: place for path, place in places.items() if path[: len(prefix)] == prefix}
    return Step(verb, argument, places[("steps", index)][0], inside)


def _people(people: list[str] | Mapping[str, str | None]) -> dict[str, str]:
    if isinstance(people, Mapping):
        return {name: locale or "en_US" for name, locale in people.items()}
    return dict.fromkeys(people, "en_US")


def _parse(text: str, file: str) -> tuple[Any, Places]:
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        places: dict[Path_, tuple[int, int]] = {}
        if node is None:
            message = f"{file}:1:1: the file is empty; a scenario has name and steps."
            raise BrokenFileError(message)
        return _value(loader, node, (), places, file), places
    except RecursionError as error:
        message = f"{file}:1:1: something in it contains itself."
        raise BrokenFileError(message) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f"{mark.line + 1}:{mark.column + 1}" if mark else "1:1"
        message = f"{file}:{where}: not YAML: {getattr(error, 'problem', None) or error}"
        raise BrokenFileError(message) from error


def _value(loader: _Loader, node: yaml.Node, path: Path_, places: dict[Path_, tuple[int, int]], file: str) -> Any:
    places[path] = (node.start_mark.line + 1, node.start_mark.column + 1)
    if node.tag.endswith((":set", ":omap", ":pairs")):
        raise BrokenFileError(
            f"{file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}: JSON has no {node.tag}."
        )
    if isinstance(node, yaml.SequenceNode):
        return [_value(loader, item, (*path, index), places, file) for index, item in enumerate(node.value)]
    if isinstance(node, yaml.MappingNode):
        members: dict[Any, Any] = {}
        for key_node, value_node in node.value:
            where = _where(file, key_node)
            if key_node.tag.endswith(":merge"):
                raise BrokenFileError(f"{where}: merge keys (<<) are not part of the language; write the members out.")
            if not isinstance(key_node, yaml.ScalarNode):
                raise BrokenFileError(f"{where}: a key must be text; put what stands in braces into quotes.")
            key = loader.construct_object(key_node)
            if key in members:
                raise BrokenFileError(f"{where}: {key!r} comes twice.")
            members[key] = _value(loader, value_node, (*path, key), places, file)
            places[(*path, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        return members
    return _scalar(loader, node, file)


def _where(file: str, node: yaml.Node) -> str:
    return f"{file}:{node.start_mark.line + 1}:{node.start_mark.column + 1}"


def _scalar(loader: _Loader, node: yaml.Node, file: str) -> Any:
    """A scalar that JSON has too; raises BrokenFileError for any other."""
    where = _where(file, node)
    if node.tag.rpartition(":")[2] not in _SCALARS:
        raise BrokenFileError(f"{where}: text, numbers, true, false and null are what a call can hold; not {node.tag}.")
    value = loader.construct_object(node)
    if isinstance(value, float) and not isfinite(value):
        raise BrokenFileError(f"{where}: {value} is not a number that a call can hold.")
    return value


def _complaints(messages: Any, places: Places, file: str) -> Iterator[str]:  # marshmallow's own shape
    for long_path, text in _flat(messages, ()):
        path = tuple(step for n, step in enumerate(long_path) if step != "value" or long_path[: n + 1] in places)
        known = next((path[:end] for end in range(len(path), -1, -1) if path[:end] in places), ())
        line, column = places.get(known, (1, 1))
        where = _in_words(path)
        yield f"{file}:{line}:{column}: {where + ': ' if where else ''}{text}"


def _in_words(path: Path_) -> str:
    if path[:1] == ("steps",) and len(path) > 1 and isinstance(path[1], int):
        return ": ".join([f"step {path[1] + 1}", ".".join(map(str, path[2:]))]).removesuffix(": ")
    return ".".join(map(str, path))


def _flat(messages: Any, path: Path_) -> Iterator[tuple[Path_, str]]:
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            yield from _flat(value, path if key == "_schema" else (*path, key))
    elif isinstance(messages, list):
        for message in messages:
            yield from _flat(message, path)
    else:
        yield path, str(messages)
