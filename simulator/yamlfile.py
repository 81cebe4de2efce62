"""Reads YAML files that people write, and keeps the line and column of everything in them."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from math import isfinite
from pathlib import Path as FilePath
from typing import Any

import yaml

from .errors import BrokenFileError, nearest

Path = tuple[str | int, ...]
Places = Mapping[Path, tuple[int, int]]
_SCALARS = frozenset({"str", "int", "float", "bool", "null"})


_Safe: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""The parser in C, ten times as fast, where the library was built with it."""


class _Loader(_Safe):  # type: ignore[misc, valid-type]  # one of two classes of the same kind
    """Plain YAML in which times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def parse(text: str, file: str, empty: str) -> tuple[Any, Places]:
    """What a YAML text holds, and where each thing in it stands; only what JSON has too.

    `file` is what its errors call it, `empty` what they say of an empty one. Raises BrokenFileError.
    """
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        places: dict[Path, tuple[int, int]] = {}
        if node is None:
            message = f"{file}:1:1: the file is empty; {empty}"
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


def _value(loader: _Loader, node: yaml.Node, path: Path, places: dict[Path, tuple[int, int]], file: str) -> Any:
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


def read_text(path: FilePath) -> str:
    """A file's text; raises BrokenFileError when it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read: {error}"
        raise BrokenFileError(message) from error


def read_any(path: FilePath) -> dict[str, str]:
    """A file as it travels in JSON: name, and text or base64; raises BrokenFileError when it cannot be read."""
    try:
        content = path.read_bytes()
    except OSError as error:
        message = f"{path}: cannot be read: {error}"
        raise BrokenFileError(message) from error
    try:
        return {"name": path.name, "text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"name": path.name, "base64": base64.b64encode(content).decode()}


def place_of(places: Places, path: Path, otherwise: tuple[int, int] = (1, 1)) -> tuple[int, int]:
    """Line and column of something, or of the nearest thing around it whose place is known."""
    known = (places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places)
    return next(known, otherwise)


def complaints(
    messages: Any, places: Places, file: str, in_words: Callable[[Path], str]
) -> Iterator[str]:  # marshmallow's own shape
    """What a schema complains of, each with file, line and column; `in_words` says a place in it."""
    for long_path, text in flat(messages, ()):
        path = tuple(step for n, step in enumerate(long_path) if step != "value" or long_path[: n + 1] in places)
        line, column = place_of(places, path)
        where = in_words(path)
        yield f"{file}:{line}:{column}: {where + ': ' if where else ''}{text}"


def flat(messages: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """What a schema complains of, each with the path of where it stands."""
    if isinstance(messages, Mapping):
        for key, value in messages.items():
            yield from flat(value, path if key == "_schema" else (*path, key))
    elif isinstance(messages, list):
        for message in messages:
            yield from flat(message, path)
    else:
        yield path, str(messages)


def with_nearest(messages: Any, schema: Any) -> Any:  # marshmallow's own shapes
    """A schema's complaints, each unknown field with the name that was probably meant."""
    if not isinstance(messages, dict):
        return messages
    known = {field.data_key or name: field for name, field in getattr(schema, "fields", {}).items()}
    told = {}
    for key, value in messages.items():
        if value == ["Unknown field."]:
            told[key] = [f"Unknown field.{nearest(str(key), list(known))} Known are {', '.join(known)}."]
        else:
            told[key] = with_nearest(value, _inside(known.get(key, schema)))
    return told


def _inside(field: Any) -> Any:  # a field, or a schema
    """The schema of what a field holds; what holds many of them is its own key and value."""
    from marshmallow import fields  # noqa: PLC0415  # only mistakes need it

    if isinstance(field, fields.Nested):
        return field.schema
    if isinstance(field, fields.Dict) and isinstance(field.value_field, fields.Nested):
        return field.value_field.schema
    return field
