"""The list of mistakes stands beside the code: each has exactly one place there still."""

import ast

import pytest

from tests.mutations.__main__ import ROOT, mutated, mutations


@pytest.mark.parametrize("one", mutations(), ids=lambda one: one["about"])
def test_a_mistake_can_still_be_made(one):
    """Its place is there, once, and what it makes is Python still."""
    text = (ROOT / one["file"]).read_text("utf-8")
    wrong = mutated(text, one)

    assert wrong != text
    ast.parse(wrong)


def test_there_are_enough():
    """At least twenty are in the code of attribution and of what carries it out."""
    near = [one for one in mutations() if one["file"].endswith(("attribution.py", "ownership.py"))]
    assert len(near) >= 20
