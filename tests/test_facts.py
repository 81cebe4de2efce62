"""The table of facts is true: every row is held by a test or says why none holds it, every mark names a row."""

from tests.facts.table import FACTS, PAGE, ROWS, held, page


def test_the_page_is_what_the_rows_and_marks_say():
    """docs/fidelity.md is written anew by python -m tests.facts."""
    assert PAGE.read_text("utf-8") == page()


def test_every_mark_names_a_row():
    """A test that claims to hold a fact names one that there is."""
    names = [row["id"] for row in ROWS]

    assert len(names) == len(set(names))
    assert set(held()) - set(names) == set()


def test_a_row_is_held_or_says_why_not():
    """No row is forgotten, and none that is held claims to be open."""
    known = held()

    assert [row["id"] for row in ROWS if (row["id"] in known) == ("open" in row)] == []


def test_every_row_has_a_source():
    """Each fact says where it comes from, in words of the list of sources or its own."""
    marks = {"documented", "observed", "reported", "chosen"}

    assert [row["id"] for row in ROWS if row["mark"] not in marks or not row["source"]] == []
    assert set(FACTS["sources"]) <= {row["source"] for row in ROWS}
