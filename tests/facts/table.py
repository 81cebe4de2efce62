"""The rows of what is publicly known, and which tests say that they hold them."""

import ast
from collections import Counter, defaultdict
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "fidelity.md"
FACTS = yaml.safe_load(Path(__file__).with_name("tracking.yaml").read_text("utf-8"))
ROWS = [row for section in FACTS["sections"] for row in section["rows"]]
HEAD = """\
# What is known of the Tracking API, and which test holds it

Made by `python -m tests.facts` of `tests/facts/tracking.yaml` and the tests' marks; a test keeps it true.

Each row is a public fact in our own words. **documented**: Segment says so. **observed**: read in a client's
source, or measured on its wire. **reported**: somebody said so in a public thread. **chosen**: nothing public settles
it, or sources disagree, and this is what we do.

"""


def held() -> dict[str, list[str]]:
    """For each row that a test names, where: `tests/….py::test_…`."""
    found = defaultdict(list)
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        for node in tree.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for fact in _named(node):
                    found[fact].append(f"{path.relative_to(ROOT)}::{node.name}")
    return found


def _named(node: ast.FunctionDef) -> list[str]:
    """The rows that a test's marks name, those of its parameters included."""
    calls = (one for decorator in node.decorator_list for one in ast.walk(decorator) if isinstance(one, ast.Call))
    marks = [one for one in calls if isinstance(one.func, ast.Attribute) and one.func.attr == "fact"]
    values = (inner for mark in marks for given in mark.args for inner in ast.walk(given))
    return [value.value for value in values if isinstance(value, ast.Constant)]


def page() -> str:
    """The whole page."""
    tests = held()
    kinds = Counter(row["mark"] for row in ROWS)
    counted = ", ".join(f"{number} {kind}" for kind, number in kinds.most_common())
    open_ones = [row for row in ROWS if row["id"] not in tests]
    text = HEAD + f"{len(ROWS)} rows: {counted}. {len(ROWS) - len(open_ones)} are held by a test; "
    text += f"{len(open_ones)} by none, which are listed [at the end](#held-by-no-test).\n"
    for section in FACTS["sections"]:
        text += f"\n## {section['title']}\n\n| fact | source | held by |\n| --- | --- | --- |\n"
        for row in section["rows"]:
            text += f"| {_safe(row['fact'])} | {row['mark']}: {_source(row)} | {_tests(tests.get(row['id']))} |\n"
    text += "\n## Held by no test\n\n| fact | why |\n| --- | --- |\n"
    return text + "".join(f"| {_safe(row['fact'])} | {row.get('open', '?')} |\n" for row in open_ones)


def _source(row: dict) -> str:
    return FACTS["sources"].get(row["source"], row["source"])


def _tests(names: list[str] | None) -> str:
    if not names:
        return "none"
    files = defaultdict(list)
    for name in names:
        path, _, test = name.partition("::")
        files[path].append(test.removeprefix("test_"))
    return "; ".join(f"[{', '.join(tests)}](../{path})" for path, tests in files.items())


def _safe(text: str) -> str:
    return text.replace("|", "\\|").replace("{", "`{").replace("}", "}`") if "{" in text else text.replace("|", "\\|")
