"""Writes docs/fidelity.md: each row of what is known, and the tests that hold it."""

from tests.facts.table import PAGE, page

PAGE.write_text(page(), "utf-8")
