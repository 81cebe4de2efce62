"""Reads a story's YAML and keeps the line and column of everything in it."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from marshmallow import ValidationError

from inkstand.simulator.errors import BrokenFileError, nearest
from inkstand.simulator.protocols.files import PlanFile, read_plan_file
from inkstand.simulator.yamlfile import Path as Place
from inkstand.simulator.yamlfile import Places, complaints, parse, place_of, read_any, read_text, with_nearest

from .people import PERSON, PRODUCT
from .schema import STRICT, ScenarioSchema
from .values import read_inside, references

_PLAN = "trackingPlan"
_FILE = "file"
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
        return place_of(self.places, path, (self.line, self.column))


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


def loads(text: str, file: str) -> Scenario:
    """The story in a text; `file` is what its errors call it. Raises BrokenFileError."""
    data, places = parse(text, file, "a scenario has name and steps.")
    token = STRICT.set(not (isinstance(data, dict) and data.get("strict") is False))
    try:
        checked: dict[str, Any] = _SCHEMA.load(data)
    except ValidationError as error:
        messages = with_nearest(error.messages, _SCHEMA)
        raise BrokenFileError("\n".join(complaints(messages, places, file, _in_words))) from error
    finally:
        STRICT.reset(token)
    _read_files(checked, Path(file).parent, places, file)
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


def with_plans(workspace: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """A workspace's setup with the content of each file that it names put in the name's place.

    Raises BrokenFileError for a file that cannot be read, or a tracking plan that is none.
    """
    setup = copy.deepcopy(dict(workspace))
    for _, holder in _named(setup, []):
        _read_named(holder, folder)
    return setup


def _read_files(checked: dict[str, Any], folder: Path, places: Places, file: str) -> None:
    """Put the content of each file that a story names in the name's place."""
    for place, holder in _named(checked["workspace"], checked["steps"]):
        try:
            _read_named(holder, folder)
        except BrokenFileError as error:
            line, column = next((places[(*place, name)] for name in (_PLAN, _FILE) if (*place, name) in places), (1, 1))
            raise BrokenFileError(f"{file}:{line}:{column}: {error}") from error


def _read_named(holder: dict[str, Any], folder: Path) -> None:
    if isinstance(holder.get(_PLAN), str):
        holder[_PLAN] = read_plan(holder[_PLAN], folder)
    if isinstance(holder.get(_FILE), str):
        holder[_FILE] = read_any(folder / holder[_FILE])


def _named(workspace: Mapping[str, Any], steps: list[Any]) -> Iterator[tuple[Place, dict[str, Any]]]:
    """Whatever may name a file, and where it stands: sources and steps with a plan, what is set up at vendors."""
    sources = workspace.get("sources")
    for ident, one in sources.items() if isinstance(sources, dict) else ():
        if isinstance(one, dict):
            yield ("workspace", "sources", ident), one
    yield from _mappings(workspace.get("vendors"), ("workspace", "vendors"))
    yield from _source_steps(steps, ("steps",))


def _source_steps(steps: list[Any], place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    for index, step in enumerate(steps):
        for verb, argument in step.items():
            if verb == "source" or ("." in verb and isinstance(argument, dict)):
                yield (*place, index, verb), argument
            elif verb == "repeat":
                yield from _source_steps(argument["steps"], (*place, index, verb, "steps"))


def _mappings(value: Any, place: Place) -> Iterator[tuple[Place, dict[str, Any]]]:
    if isinstance(value, dict):
        yield place, value
    inside = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, inner in inside:
        yield from _mappings(inner, (*place, step))


def read_plan(name: str, folder: Path = Path()) -> Any:  # whatever the file holds; the sandbox reads it
    """The content of a tracking plan's file, which lies in this folder; any other name as it is, for one that ships.

    Raises BrokenFileError, with the plan's file, line and column, for a file that holds none.
    """
    found = plan_file(name, folder)
    return found.written if found else name


def plan_file(name: str, folder: Path = Path()) -> PlanFile | None:
    """The tracking plan in the file of this name; None for a name that is no file's. Raises BrokenFileError."""
    return read_plan_file(folder / name) if name.endswith(_PLAN_FILES) else None


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
        for path, name in read_inside(argument):
            if name in known:
                told = f"${name} stands inside other text, where nothing is filled in: a reference is a whole value."
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
