import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.simulator.scenarios.compare.expect import Shape, compare
from inkstand.simulator.scenarios.compare.matching import fits

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
    assert [mismatch.field for mismatch in compare(claim, ROWS)][:1] == ([field] if field else [])


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


def test_a_slip_in_a_value_is_a_mismatch():
    """A value that a field cannot have, and that is nearly one that it has, is told; any other is an honest claim."""
    shape = Shape(("status",), (), {"status": ("delivered", "discarded")})

    (mismatch,) = compare({"never": {"status": "discared"}}, [{"status": "delivered"}], shape)

    assert "no such value. Did you mean 'discarded'" in mismatch.text
    assert not list(compare({"never": {"status": "503"}}, [{"status": "delivered"}], shape))
    assert not list(compare({"where": {"status": "delivere"}, "count": 1}, [{"status": "delivere"}], shape))


def test_the_absence_of_a_field_can_be_claimed():
    """A field that is merely not there, and nearly none of those that are, is an honest claim of absence."""
    assert not list(compare({"where": {"groupId": "g"}, "count": 0}, NAMED))
    assert not list(compare({"where": {"owner": {"anonymous_id": "a"}}, "count": 0}, NAMED))


def test_an_empty_mapping_is_empty():
    """`owner: {}` claims that nobody owns it; it does not fit an owner."""
    assert [mismatch.field for mismatch in compare([{"b": {}}, {}], ROWS)] == ["b"]
    assert not list(compare([{"owner": {}}], [{"owner": {}}]))


ORDERED = [{"k": "a"}, {"k": "b"}, {"k": "c"}]


def rows(*kinds):
    return [{"k": kind} for kind in kinds]


@pytest.mark.parametrize(
    ("claim", "told"),
    [
        ({"rows": rows("a", "b", "c")}, None),
        ({"rows": rows("a", "c")}, "count"),
        ({"anyOrder": rows("c", "a", "b")}, None),
        ({"anyOrder": rows("c", "a")}, "count"),
        ({"anyOrder": rows("c", "a", "a")}, ""),
        ({"contains": rows("c", "a")}, None),
        ({"contains": rows("d")}, ""),
        ({"inOrder": rows("a", "c")}, None),
        ({"inOrder": rows("c", "a")}, "order"),
        ({"inOrder": rows("a", "d")}, ""),
        ({"never": {"k": "d"}}, None),
        ({"never": {"k": "b"}}, "never"),
        ({"where": {"k": "a"}, "never": {"k": "b"}}, None),
        ({"atLeast": 3}, None),
        ({"atLeast": 4}, "count"),
        ({"atMost": 3}, None),
        ({"atMost": 2}, "count"),
        ({"where": {"k": "a"}, "as": "one"}, None),
        ({"as": "one"}, "count"),
    ],
)
def test_claims_of_order_and_number(claim, told):
    """Order, containment, absence and bounds can be claimed, alone and of the rows that fit."""
    found = [mismatch.field for mismatch in compare(claim, ORDERED)]

    assert found[:1] == ([] if told is None else [told])


def test_rows_in_another_order_are_told_as_that():
    """Two rows that changed places are one mismatch, which says so."""
    (mismatch,) = compare(rows("b", "a", "c"), ORDERED)

    assert "in another order" in mismatch.text
    assert mismatch.text.startswith("row 1: wanted {'k': 'b'}, came it as row 2")


def test_one_row_too_many_is_the_one_that_is_told():
    """With a row in between, the others are not blamed."""
    found = list(compare(rows("a", "c"), ORDERED))

    assert [mismatch.text for mismatch in found] == [
        "count: wanted 2 rows, came 3 rows",
        "row 2: wanted no such row, came k b",
    ]


def test_only_a_row_too_many_came_twice():
    """Two rows that are alike and both wanted are not blamed for a third."""
    views = [{"k": kind, "message_id": kind + str(n)} for n, kind in enumerate(["view", "view", "popup"])]

    found = list(compare(rows("view", "view"), views))
    assert found[0].hint == ""
    assert found[0].row["k"] == "popup"

    (count, *_) = compare(rows("view", "popup"), views)
    assert count.hint.startswith("it came twice: k view")


def test_what_is_missing_is_told_with_what_is_nearest():
    """A row that nothing fits is told with the row that is nearest to it."""
    (mismatch,) = compare({"contains": [{"k": "d", "n": 1}]}, [{"k": "d", "n": 2}, {"k": "z", "n": 3}])

    assert mismatch.hint == "nearest row: n: wanted 1, came 2"
    assert mismatch.row == {"k": "d", "n": 2}


KINDS = st.lists(st.sampled_from("abc"), max_size=6)


@given(KINDS, st.randoms(use_true_random=False))
def test_any_order_is_any_order(kinds, random):
    """The rows themselves fit in whatever order they are claimed; in order only in theirs."""
    shuffled = random.sample(kinds, len(kinds))

    assert not list(compare({"anyOrder": rows(*shuffled)}, rows(*kinds)))
    assert bool(list(compare({"rows": rows(*shuffled)}, rows(*kinds)))) is (shuffled != kinds)


@given(KINDS, KINDS)
def test_in_order_is_a_subsequence(wanted, kinds):
    """`inOrder` holds exactly if what is claimed can be had by leaving rows out."""
    left = iter(kinds)

    assert (not list(compare({"inOrder": rows(*wanted)}, rows(*kinds)))) is all(one in left for one in wanted)


@given(KINDS, KINDS)
def test_contains_is_a_part(wanted, kinds):
    """`contains` holds exactly if there are enough rows of each kind."""
    enough = all(wanted.count(kind) <= kinds.count(kind) for kind in set(wanted))

    assert (not list(compare({"contains": rows(*wanted)}, rows(*kinds)))) is enough


def test_many_rows_alike():
    """Many rows that are all alike are compared without going deep."""
    assert not list(compare({"anyOrder": rows(*"a" * 400)}, rows(*"a" * 400)))
