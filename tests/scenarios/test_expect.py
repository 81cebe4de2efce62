import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.simulator.scenarios.expect import compare, fits

ROWS = [{"a": 1, "b": {"c": "x"}, "l": [1, 2]}, {"a": 2, "b": {"c": "y"}, "l": []}]


@pytest.mark.parametrize(
    ("claim", "field"),
    [
        ([{}, {}], None),
        ([{"a": 1}, {"b": {"c": "y"}}], None),
        ([{"a": 1.0}, {"l": []}], None),
        ([{"a": True}, {}], "a"),
        ([{}], "count"),
        ([{}, {}, {}], "count"),
        ([{"b": {"c": "z"}}, {}], "b.c"),
        ([{"l": [1, 3]}, {}], "l[1]"),
        ([{"l": [1]}, {}], "l"),
        ([{"d": None}, {}], "d"),
        ({"count": 2}, None),
        ({"count": 0}, "count"),
        ({"where": {"a": 2}, "count": 1}, None),
        ({"where": {"a": 3}, "count": 0}, None),
        ({"where": {"a": 1}, "all": {"b": {"c": "x"}}}, None),
        ({"all": {"b": {"c": "x"}}}, "b.c"),
        ({"where": {"a": 9}, "all": {"b": 1}}, "where"),
    ],
)
def test_claims(claim, field):
    """Listed fields must match, unlisted are free; counts, order and absence can be claimed."""
    assert [mismatch.field for mismatch in compare(claim, ROWS)] == ([field] if field else [])


def test_a_claim_about_no_rows_is_not_kept_by_accident():
    """`all` of nothing is a mismatch, unless the count says so."""
    assert list(compare({"all": {"a": 1}}, []))
    assert not list(compare({"all": {"a": 1}, "count": 0}, []))


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


@given(ANY)
def test_everything_fits_itself(value):
    """A value always fits itself."""
    assert fits(value, value)


@given(st.dictionaries(st.text(max_size=3), ANY, max_size=3), st.dictionaries(st.text(max_size=3), ANY, max_size=3))
def test_more_fields_still_fit(wanted, more):
    """What is not listed is free."""
    assert fits(wanted, {**more, **wanted})


NAMED = [{"destination": "Inkit", "owner": {"user_id": "u"}}]


@pytest.mark.parametrize(
    "claim",
    [
        [{"destinaton": 1}],
        {"where": {"destinaton": "Inkit"}, "count": 0},
        {"where": {"owner": {"usr_id": "u"}}, "count": 0},
    ],
)
def test_a_slip_of_the_pen_is_a_mismatch(claim):
    """A misspelt field is told, even where the claim would hold by accident."""
    assert "no such field. Did you mean" in str([mismatch.came for mismatch in compare(claim, NAMED)])


def test_the_absence_of_a_field_can_be_claimed():
    """A field that is merely not there, and nearly none of those that are, is an honest claim of absence."""
    assert not list(compare({"where": {"groupId": "g"}, "count": 0}, NAMED))
    assert not list(compare({"where": {"owner": {"anonymous_id": "a"}}, "count": 0}, NAMED))


def test_an_empty_mapping_is_empty():
    """`owner: {}` claims that nobody owns it; it does not fit an owner."""
    assert [mismatch.field for mismatch in compare([{"b": {}}, {}], ROWS)] == ["b"]
    assert not list(compare([{"owner": {}}], [{"owner": {}}]))
