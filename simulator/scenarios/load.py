"""Reads a story's YAML and keeps the line and column of everything in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from inkstand.simulator.errors import BrokenFileError, nearest
from inkstand.simulator.yamlfile import Path as Place
from inkstand.simulator.yamlfile import Places, complaints, parse, with_nearest

from .people import PERSON, PRODUCT
from .schema import ScenarioSchema
from .values import references

_PLAN = "trackingPlan"
_PLAN_FILES = (".json", ".yaml", ".yml")
SUFFIX = ".scenario.yaml"
"""What files that hold a story are called."""

CONTRACT_SUFFIX = ".contract.yaml"
"""What files are called whose claims are held against what was recorded already; they are no stories of their own."""


@dataclass(frozen=True)
class Step:
    """One line of a story: its verb, what it is given, where it stands, and the steps inside it."""

    verb: str
    argument: Any
    line: int
    column: int
    places: Places
    steps: tuple[Step, ...] = ()

    def place_of(self, *path: str | int) -> tuple[int, int]:
        """Line and column of something inside the step's argument, or of the nearest thing around it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.places:
                return self.places[path[:end]]
        return self.line, self.column


@dataclass(frozen=True)
class Scenario:
    """A story: what it is called and about, its seed if it insists on one, its people and products, its steps.

    `skip` is why it is not played, `needs` are the services without which it is not, `workspace` how its workspace is
    set up; `places` are where its members stand.
    """

    name: str
    about: str
    file: str
    seed: int | None
    people: Mapping[str, str]
    products: list[str]
    steps: tuple[Step, ...]
    skip: str | None = None
    needs: tuple[str, ...] = ()
    workspace: Mapping[str, Any] = field(default_factory=dict)
    places: Places = field(default_factory=dict)

    def all_steps(self) -> Iterator[Step]:
        """Every step, those inside others behind them."""
        return _with_inner(self.steps)


def load(path: Path) -> Scenario:
    """The story in a file.

    Raises BrokenFileError with file, line and column for a file that cannot be read, is not YAML or is not a story.
    """
    return loads(read_text(path), str(path))


def read_text(path: Path) -> str:
    """A file's text; raises BrokenFileError when it cannot be read."""
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        message = f"{path}: cannot be read: {error}"
        raise BrokenFileError(message) from error


def loads(text: str, file: str) -> Scenario:
    """The story in a text; `file` is what its errors call it. Raises BrokenFileError."""
    data, places = parse(text, file, "a scenario has name and steps.")
    try:
        checked: dict[str, Any] = _SCHEMA.load(data)
    except ValidationError as error:
        messages = with_nearest(error.messages, _SCHEMA)
        raise BrokenFileError("\n".join(complaints(messages, places, file, _in_words))) from error
    _read_plans(checked, Path(file).parent, places, file)
    steps = tuple(_step(("steps", index), step, places) for index, step in enumerate(checked["steps"]))
    scenario = Scenario(
        name=checked["name"],
        about=checked["about"],
        file=file,
        seed=checked["seed"],
        people=_people(checked["people"]),
        products=checked["products"],
        steps=steps,
        skip=checked["skip"],
        needs=tuple(checked["needs"]),
        workspace=checked["workspace"],
        places=places,
    )
    known: dict[str, tuple[str, ...] | None] = dict.fromkeys(scenario.people, PERSON)
    wrong = list(_unknown(steps, known | dict.fromkeys(scenario.products, PRODUCT)))
    if wrong:
        told = (f"{file}:{line}:{column}: {verb}: {text}" for (line, column), verb, text in wrong)
        raise BrokenFileError("\n".join(told))
    return scenario


_SCHEMA = ScenarioSchema()


def _read_plans(checked: Mapping[str, Any], folder: Path, places: Places, file: str) -> None:
    """Put the content of each tracking plan that is named by its file in the name's place."""
    sources = checked["workspace"].get("sources")
    named: list[tuple[Place, dict[str, Any]]] = [
        (("workspace", "sources", ident, _PLAN), one)
        for ident, one in (sources.items() if isinstance(sources, dict) else ())
        if isinstance(one, dict)
    ]
    named += [
        (("steps", n, "source", _PLAN), step["source"]) for n, step in enumerate(checked["steps"]) if "source" in step
    ]
    for place, holder in named:
        name = holder.get(_PLAN)
        try:
            holder.update({_PLAN: read_plan(name, folder)} if isinstance(name, str) else {})
        except BrokenFileError as error:
            line, column = places.get(place, (1, 1))
            message = f"{file}:{line}:{column}: {_PLAN}: {error}"
            raise BrokenFileError(message) from error


def read_plan(name: str, folder: Path = Path()) -> Any:  # whatever the file holds; the sandbox reads it
    """The content of a tracking plan's file, which lies in this folder; any other name as it is, for one that ships.

    Raises BrokenFileError for a file that cannot be read.
    """
    if not name.endswith(_PLAN_FILES):
        return name
    data, _ = parse(read_text(folder / name), name, "a tracking plan has rules.")
    return data


def _step(prefix: Place, step: Mapping[str, Any], places: Places) -> Step:
    ((verb, argument),) = step.items()
    line, column = places[prefix]
    prefix = (*prefix, verb)
    inside = {path[len(prefix) :]: place for path, place in places.items() if path[: len(prefix)] == prefix}
    inner = enumerate(argument["steps"]) if verb == "repeat" else ()
    steps = tuple(_step((*prefix, "steps", index), one, places) for index, one in inner)
    return Step(verb, argument, line, column, inside, steps)


def _with_inner(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        yield from _with_inner(step.steps)


Known = dict[str, tuple[str, ...] | None]
"""Saved names, each with the members that it has where they are known before it is played."""


def _unknown(steps: tuple[Step, ...], known: Known) -> Iterator[tuple[tuple[int, int], str, str]]:
    """References to what nobody made or saved before: where, in which verb, what to say."""
    for step in steps:
        argument = step.argument
        if step.verb == "repeat":
            argument = {name: value for name, value in argument.items() if name != "steps"}
        for path, reference in references(argument):
            told = _wrong_reference(reference, known)
            if told:
                yield step.place_of(*path), step.verb, told
        inner = dict(known)
        if step.verb == "repeat" and "as" in argument:
            inner[argument["as"]] = (*PERSON, "number") if "times" in argument else None
        yield from _unknown(step.steps, inner)
        known.update(dict.fromkeys(_saves(step)))


def _wrong_reference(reference: str, known: Known) -> str | None:
    name, _, rest = reference[1:].partition(".")
    if name not in known:
        made = ", ".join(known) or "nothing"
        return f"${name} is nobody and nothing so far.{nearest(name, list(known))} Known here: {made}."
    members, member = known[name], rest.partition(".")[0]
    if member and members is not None and member not in members:
        return f"${name} has no {member}.{nearest(member, list(members))} It has {', '.join(members)}."
    return None


def _saves(step: Step) -> Iterator[str]:
    """The names under which a step saves something for those behind it."""
    claims = step.argument.values() if step.verb == "expect" else [step.argument]
    for claim in claims:
        if isinstance(claim, Mapping) and isinstance(claim.get("as"), str) and step.verb != "repeat":
            yield claim["as"]


def _people(people: list[str] | Mapping[str, str | None]) -> dict[str, str]:
    if isinstance(people, Mapping):
        return {name: locale or "en_US" for name, locale in people.items()}
    return dict.fromkeys(people, "en_US")


def _in_words(path: Place) -> str:
    if path[:1] == ("steps",) and len(path) > 1 and isinstance(path[1], int):
        return ": ".join([f"step {path[1] + 1}", ".".join(map(str, path[2:]))]).removesuffix(": ")
    return ".".join(map(str, path))
