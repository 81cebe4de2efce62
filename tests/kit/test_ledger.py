import pytest

from inkstand.fakes.kit.ledger import Ledger, Mend, NotFaked, Reason, Rule


def test_what_is_not_known_is_not_said():
    """A part in double brackets is said only when its facts are known."""
    rule = Rule("a.b", "s", "src", "chosen", say="{member} is missing[[ ({near} came)]].")
    ledger = Ledger("a", {"a.b": rule})

    assert ledger.explain(Reason("a.b", {"member": "url"})) == "url is missing."
    assert ledger.explain(Reason("a.b", {"member": "url", "near": "link"})) == "url is missing (link came)."


def test_a_mend_takes_its_facts():
    """Facts are written into a mend's words, paths and values."""
    mend = Mend(say="Add {member}.", set={"{member}": 1}, workspace={"connection": "{c}"})

    assert mend.applied_to({"member": "p.url", "c": "inkit"}) == Mend(
        say="Add p.url.", set={"p.url": 1}, workspace={"connection": "inkit"}
    )


@pytest.mark.parametrize(("path", "covered"), [("/render/x", True), ("/render/x/pdf", False), ("/render", False)])
def test_not_faked_routes(path, covered):
    """A part in braces stands for one segment of a path."""
    assert NotFaked("GET", "/render/{id}", "").covers("GET", path) is covered
