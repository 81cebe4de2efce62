"""How stories ended, as JUnit XML: a suite for each folder, a case for each story."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path, PurePath

from junitparser import Attr, Error, IntAttr, JUnitXml, Skipped, TestCase, TestSuite
from junitparser import Failure as Failed

from inkstand.simulator.scenarios.play.outcome import Outcome

from .text import told

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_KINDS = {"failed": Failed, "error": Error}


class _Story(TestCase):
    """A case that says where it stands."""

    file = Attr()
    line = IntAttr()


def write(outcomes: Sequence[Outcome], path: Path) -> None:
    """Write the report to a file; folders that are not there are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(as_xml(outcomes), "utf-8")


def as_xml(outcomes: Sequence[Outcome]) -> str:
    """The report as text."""
    suites: dict[str, TestSuite] = defaultdict(TestSuite)
    for outcome in outcomes:
        folder = (
            ".".join(part for part in PurePath(outcome.scenario.file).parent.parts if part.strip("./")) or "scenarios"
        )
        suite = suites[folder]
        suite.name = folder
        suite.add_testcase(_case(outcome, folder))
    report = JUnitXml()
    for suite in suites.values():
        report.add_testsuite(suite)
    report.update_statistics()  # type: ignore[no-untyped-call]  # the library types only some
    text: bytes = report.tostring()  # type: ignore[no-untyped-call]  # likewise
    return f'<?xml version="1.0" encoding="utf-8"?>\n{text.decode("utf-8")}\n'


def _case(outcome: Outcome, folder: str) -> _Story:
    case = _Story(_printable(outcome.scenario.name), folder, round(outcome.seconds, 3))
    if outcome.in_a_file:
        case.file = outcome.scenario.file
    kind = _KINDS.get(outcome.status)
    if outcome.status == "skipped":
        case.result = [Skipped(_printable(outcome.reason))]
    elif kind is not None:
        first = outcome.failures[0]
        if first.line:
            case.line = first.line
        result = kind(_printable(first.text), outcome.status)
        result.text = _printable("\n".join(told(outcome)))
        case.result = [result]
    return case


def _printable(text: str) -> str:
    """Text without what XML cannot hold."""
    return _NOT_XML.sub("\ufffd", text)
