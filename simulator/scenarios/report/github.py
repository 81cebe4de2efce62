"""How stories ended, as GitHub shows it: an annotation on each failing line, and a summary of the job.

Source: GitHub's page on workflow commands (`::error file=…,line=…`, `GITHUB_STEP_SUMMARY`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

from inkstand.simulator.scenarios.play.outcome import Failure, Outcome

from .text import failure_lines, summary

_SHOWN = 5
_ESCAPED = {"%": "%25", "\r": "%0D", "\n": "%0A"}
_ESCAPED_IN_PROPERTIES = {**_ESCAPED, ":": "%3A", ",": "%2C"}
_MARK = {"passed": "✅", "failed": "❌", "error": "⚠️", "skipped": "⏭️"}


def annotated(outcomes: Sequence[Outcome], root: Path) -> Iterator[str]:
    """A workflow command for each failure; files are named from the root of the repository."""
    for outcome in outcomes:
        for failure in outcome.failures:
            yield _annotation(outcome, failure, root)


def _annotation(outcome: Outcome, failure: Failure, root: Path) -> str:
    where = {"file": from_root(failure.file, root), "line": str(failure.line), "col": str(failure.column)}
    place = {**(where if failure.line else {}), "title": outcome.scenario.name}
    said = ",".join(f"{name}={_escaped(value, _ESCAPED_IN_PROPERTIES)}" for name, value in place.items())
    _, *more = failure_lines(failure)
    text = "\n".join([failure.text, *(line.strip() for line in more)])
    return f"::error {said}::{_escaped(text, _ESCAPED)}"


def job_summary(outcomes: Sequence[Outcome]) -> str:
    """The summary of the job, as Markdown."""
    lines = [f"### Inkstand: {summary(outcomes)}", "", "| | scenario | where |", "| --- | --- | --- |"]
    for outcome in outcomes:
        first = outcome.failures[0] if outcome.failures else None
        where = f"{outcome.scenario.file}:{first.line}" if first else outcome.scenario.file
        shown = f"`{where}`" if outcome.in_a_file else ""
        lines.append(f"| {_MARK[outcome.status]} | {_cell(outcome.scenario.name)} | {shown} |")
    for outcome in outcomes:
        if outcome.failures:
            lines += ["", f"**{_cell(outcome.scenario.name)}**", "", "```text"]
            told = (line for failure in outcome.failures[:_SHOWN] for line in failure_lines(failure))
            lines += [line.replace("```", "'''") for line in told]
            lines += [*([f"  again: {outcome.again}"] if outcome.again else []), "```"]
    return "\n".join(lines) + "\n"


def from_root(file: str, root: Path) -> str:
    """A file as it is called from the root of the repository; whole where it lies elsewhere."""
    path = Path(file).resolve()
    return (
        path.relative_to(root.resolve()).as_posix()
        if path.is_relative_to(root.resolve())
        else PurePath(file).as_posix()
    )


def _escaped(text: str, how: dict[str, str]) -> str:
    return "".join(how.get(letter, letter) for letter in text)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")
