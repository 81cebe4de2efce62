"""What each verb of a story does, as requests to the sandbox."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from inkstand.fakes.kit.times import milliseconds
from inkstand.simulator.errors import InkstandError
from inkstand.simulator.scenarios.client import Workspace
from inkstand.simulator.scenarios.compare.expect import compare
from inkstand.simulator.scenarios.compare.matching import Mismatch, complaint, fits
from inkstand.simulator.scenarios.language.load import Scenario, Step
from inkstand.simulator.scenarios.language.people import person, traits_of
from inkstand.simulator.scenarios.language.schema import CALLS
from inkstand.simulator.scenarios.language.values import UnknownValueError, filled

from .outcome import Failure, Status, Why
from .why import why

_CALLS_AT_ONCE = 100
_EXPLAINED = 3
_SUCCESS = 200


def settled(workspace: Workspace) -> None:
    """Deliver everything due."""
    workspace.settle()


@dataclass(frozen=True)
class Scene:
    """Where a story stands: its workspace, its seed, what is saved, and how what is due is brought about."""

    workspace: Workspace
    scenario: Scenario
    seed: int
    saved: dict[str, Any] = field(default_factory=dict)
    settle: Callable[[Workspace], None] = settled


Verb = Callable[[Scene, Step, Any], None]


class StoppedError(Exception):
    """A story ends here."""

    def __init__(self, *failures: Failure, status: Status = "failed") -> None:
        super().__init__(*(failure.text for failure in failures))
        self.failures = failures
        self.status = status


def take(scene: Scene, step: Step) -> None:
    """Take one step.

    Raises StoppedError for a claim that does not hold, a call that is not taken and what cannot be done.
    """
    argument = step.argument
    if step.verb == "repeat":
        argument = {name: value for name, value in argument.items() if name != "steps"}
    perform: Verb = _VERBS.get(step.verb) or _act
    try:
        perform(scene, step, filled(argument, scene.saved))
    except (UnknownValueError, InkstandError) as error:
        said = str(error).replace(f"{step.verb}: ", "")
        raise StoppedError(_failure(scene, step, f"{step.verb}: {said}"), status="error") from error


def _call(scene: Scene, step: Step, argument: Any) -> None:  # a verb's argument
    _post(scene, step, step.verb, {"batch": argument} if step.verb == "batch" else argument)


def _post(scene: Scene, step: Step, call_type: str, body: Mapping[str, Any]) -> None:
    response = scene.workspace.post(call_type, body)
    if response.status_code != _SUCCESS:
        text = f"{step.verb}: answered {response.status_code}: {response.text[:300]}"
        raise StoppedError(_failure(scene, step, text), status="error")


def _settle(scene: Scene, *_: object) -> None:
    scene.settle(scene.workspace)


def _advance(scene: Scene, _: Step, argument: str) -> None:
    scene.workspace.advance(argument)


def _connection(scene: Scene, _: Step, argument: Mapping[str, Any]) -> None:
    names = {"base_url": "baseUrl"}
    change = {names.get(name, name): value for name, value in argument.items() if name != "id"}
    scene.workspace.change_connection(argument["id"], change)


def _source(scene: Scene, _: Step, argument: Mapping[str, Any]) -> None:
    scene.workspace.change_source(argument["id"], {name: value for name, value in argument.items() if name != "id"})


def _fault(scene: Scene, _: Step, argument: Mapping[str, Any]) -> None:
    if "end" in argument:
        scene.workspace.end_fault(None if argument["end"] == "all" else argument["end"])
        return
    arranged = scene.workspace.fault(**{name: value for name, value in argument.items() if name != "as"})
    _save(scene, argument, arranged)


def _act(scene: Scene, step: Step, argument: Mapping[str, Any]) -> None:
    given = {name: value for name, value in argument.items() if name != "as"}
    _save(scene, argument, scene.workspace.act(step.verb, given))


def _save(scene: Scene, argument: Mapping[str, Any], value: object) -> None:
    if "as" in argument:
        scene.saved[argument["as"]] = value


def _seed(scene: Scene, step: Step, argument: Mapping[str, Any]) -> None:
    name = argument.get("as") or f"line {step.line}"
    made = [
        person(scene.seed, f"{name} {number}", argument.get("locale", "en_US")) for number in range(argument["people"])
    ]
    told = {"traits": argument.get("traits", {}), "integrations": argument.get("integrations", {})}
    calls = [
        {
            "type": "identify",
            "userId": one["user_id"],
            "anonymousId": one["anonymous_id"],
            "traits": {**traits_of(one), **told["traits"]},
            **({"integrations": told["integrations"]} if told["integrations"] else {}),
        }
        for one in made
    ]
    for first in range(0, len(calls), _CALLS_AT_ONCE):
        _post(scene, step, "batch", {"batch": calls[first : first + _CALLS_AT_ONCE]})
    _save(scene, argument, made)


def _repeat(scene: Scene, step: Step, argument: Mapping[str, Any]) -> None:
    for number, one in enumerate(_rounds(scene, step, argument), start=1):
        inner = replace(scene, saved={**scene.saved, **({argument["as"]: one} if "as" in argument else {})})
        try:
            for inside in step.steps:
                take(inner, inside)
        except StoppedError as stopped:
            told = (replace(one, text=f"{one.text} (in round {number})") for one in stopped.failures)
            raise StoppedError(*told, status=stopped.status) from stopped


def _rounds(scene: Scene, step: Step, argument: Mapping[str, Any]) -> Iterator[object]:
    if "each" in argument:
        if not isinstance(argument["each"], list):
            raise StoppedError(
                _failure(scene, step, "repeat: each is given saved people: $crowd", "each"), status="error"
            )
        yield from argument["each"]
        return
    name, locale = argument.get("as"), argument.get("locale", "en_US")
    for number in range(1, argument["times"] + 1):
        yield {**person(scene.seed, f"{name} {number}", locale), "number": number} if name else None


def _expect(scene: Scene, step: Step, argument: Mapping[str, Any]) -> None:
    scene.settle(scene.workspace)
    failures = [failure for view, claim in argument.items() for failure in _claimed(scene, step, view, claim)]
    if failures:
        told = [replace(one, why=_why(scene, one)) for one in failures[:_EXPLAINED]]
        raise StoppedError(*told, *failures[_EXPLAINED:])


def _why(scene: Scene, failure: Failure) -> Why:
    if failure.mismatch is None or failure.view is None:
        return Why()
    return why(scene.workspace, failure.view, failure.mismatch)


def _claimed(scene: Scene, step: Step, view: str, claim: Any) -> Iterator[Failure]:
    wrong = complaint({view: claim})
    if wrong is not None:
        path, text = wrong
        raise StoppedError(_failure(scene, step, f"{step.verb}: {text}", *path), status="error")
    seen = look(scene.workspace, view, claim)
    for mismatch in seen.wrong:
        yield _failure(scene, step, f"{view}: {mismatch.text}", view, *mismatch.path, mismatch=mismatch)
    if isinstance(claim, Mapping) and "as" in claim:
        rows = [row for row in seen.rows if fits(claim.get("where", {}), row)]
        if len(rows) == 1:
            scene.saved[claim["as"]] = rows[0]


@dataclass(frozen=True)
class Seen:
    """The rows of a view when a claim was looked at last, and what is wrong with it."""

    rows: list[dict[str, Any]]
    wrong: list[Mismatch]


def look(workspace: Workspace, view: str, claim: Any) -> Seen:
    """Look at a claim; one with `within` is looked at whenever something was delivered meanwhile."""
    seen = _compared(workspace, view, claim)
    if not isinstance(claim, Mapping) or "within" not in claim:
        return seen
    left, forever = milliseconds(claim["within"]), "never" in claim
    while left > 0 and bool(seen.wrong) is not forever:
        left = workspace.advance(f"{left}ms", pause=True)
        seen = _compared(workspace, view, claim)
    return seen


def _compared(workspace: Workspace, view: str, claim: Any) -> Seen:
    rows = workspace.view(view)
    return Seen(rows, list(compare(claim, rows, workspace.client.shapes[view])))


def _failure(scene: Scene, step: Step, text: str, *path: str | int, mismatch: Mismatch | None = None) -> Failure:
    view = str(path[0]) if mismatch is not None else None
    return Failure(scene.scenario.file, *step.place_of(*path), text, mismatch, view)


_VERBS: Mapping[str, Verb] = {
    **dict.fromkeys((*CALLS, "batch"), _call),
    "settle": _settle,
    "advance": _advance,
    "connection": _connection,
    "source": _source,
    "fault": _fault,
    "seed": _seed,
    "repeat": _repeat,
    "expect": _expect,
}
