import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.simulator.scenarios.compare.matching import complaint, differences, fits, nearest_row

NUMBERS = st.floats(-1e6, 1e6) | st.integers(-(10**6), 10**6)


@pytest.mark.parametrize(
    ("wanted", "came", "holds"),
    [
        ({"approx": 30, "by": 0.5}, 30.5, True),
        ({"approx": 30, "by": 0.5}, 30.6, False),
        ({"approx": 30, "by": 0}, "30", False),
        ({"approx": 1, "by": 0}, True, False),
        ({"approx": "2026-01-01T00:00:00Z", "by": "2s"}, "2026-01-01T00:00:02.000Z", True),
        ({"approx": "2026-01-01T00:00:00Z", "by": "2s"}, "2026-01-01T00:00:02.001Z", False),
        ({"approx": "2026-01-01T00:00:00Z", "by": "2s"}, None, False),
        ({"atLeast": 1, "atMost": 3}, 2, True),
        ({"atLeast": 1, "atMost": 3}, 4, False),
        ({"atLeast": "2026-01-01T00:00:00Z"}, "2026-01-01T01:00:00+01:00", True),
        ({"matches": "^evt_"}, "evt_1", True),
        ({"matches": "^evt_"}, 7, False),
        ({"present": True}, 0, True),
        ({"present": True}, None, False),
        ({"present": False}, None, True),
        ({"oneOf": ["a", {"b": 1}]}, {"b": 1, "c": 2}, True),
        ({"oneOf": ["a", "b"]}, "c", False),
        ({"isNot": "a"}, "b", True),
        ({"isNot": "a"}, "a", False),
    ],
)
def test_leeway(wanted, came, holds):
    """Some words stand for many values."""
    assert fits({"field": wanted}, {"field": came}) is holds


def test_a_field_that_is_not_there():
    """Absence can be wanted, presence cannot be had of nothing."""
    assert fits({"field": {"present": False}}, {})
    assert not fits({"field": {"present": True}}, {})


@given(NUMBERS, st.floats(0, 100), st.floats(-200, 200))
def test_near_is_near(about, by, off):
    """A number fits if and only if it lies no further away than the tolerance."""
    wanted = {"n": {"approx": about, "by": by}}

    assert fits(wanted, {"n": about + off}) is (abs(about + off - about) <= by + 1e-9)


def test_a_dot_path_is_a_way_down():
    """`owner.user_id` and `{owner: {user_id: …}}` want the same."""
    assert fits({"owner.user_id": "u"}, {"owner": {"user_id": "u", "more": 1}})
    assert [one.field for one in differences({"owner.user_id": "u"}, {"owner": {"user_id": "v"}})] == ["owner.user_id"]
    assert fits({"a.b": 1}, {"a.b": 1})


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        ({"n": {"approx": 3}}, "stands with by"),
        ({"n": {"approx": "soon", "by": "2s"}}, "neither a number nor a time"),
        ({"n": {"approx": 3, "by": "2s"}}, "by a number"),
        ({"n": {"approx": "2026-01-01T00:00:00Z", "by": 2}}, "by a duration"),
        ({"n": {"matches": "("}}, "no regular expression"),
        ({"n": {"present": "yes"}}, "true or false"),
        ({"n": {"oneOf": []}}, "list of values"),
        ({"n": [{"atLeast": "x"}]}, "neither a number nor a time"),
    ],
)
def test_words_that_are_given_the_wrong_thing(wanted, words):
    """What cannot be meant is told before anything is compared."""
    assert words in complaint(wanted)[1]


@pytest.mark.parametrize(
    ("wanted", "came", "text"),
    [
        (30, "30", "wanted 30, came '30' (text, wanted is a number)"),
        (None, "null", "wanted None, came 'null'"),
        ({"approx": 30, "by": 1}, 40, "wanted 30 ± 1, came 40"),
        ({"oneOf": ["a", "b"]}, "c", "wanted one of 'a', 'b', came 'c'"),
        ({"atLeast": 1, "atMost": 3}, 4, "wanted at least 1 and at most 3, came 4"),
    ],
)
def test_what_is_told(wanted, came, text):
    """A mismatch says both values, and the kind of what came where it only looks the same."""
    (mismatch,) = differences({"n": wanted}, {"n": came})

    assert mismatch.text == f"n: {text}"


def test_the_nearest_row():
    """The nearest row differs in the fewest fields, and of those looks most like what is wanted."""
    rows = [{"event": "Order Complete", "a": 1}, {"event": "Product Viewed", "a": 1}, {"event": "X", "a": 2}]

    assert nearest_row({"event": "Order Completed", "a": 1}, rows)[0] is rows[0]
    assert nearest_row({"event": "Order Completed"}, []) is None
