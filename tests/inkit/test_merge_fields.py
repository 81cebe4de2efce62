import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.fakes.inkit.merge_fields import merge_fields, merged, missing_fields, used_values


def test_fields_in_document_order():
    """Each field is named once, in the order of the document, in both spellings."""
    html = "{{ b }} %% phone number %% {{a.x}} {{b}} {{names[0].last}} 100% 50%"

    assert merge_fields(html) == ("b", "phone number", "a.x", "names[0].last")


@pytest.mark.parametrize(
    ("field", "value"),
    [("a", "1"), ("o.x", "2"), ("l[1].y", "3"), ("phone number", "4"), ("l[9].y", ""), ("a.b.c", ""), ("none", "")],
)
def test_values_are_found_by_path(field, value):
    """Members, list elements and names with spaces are found; what is not there is blank."""
    values = {"a": 1, "o": {"x": 2}, "l": [{}, {"y": 3}], "phone number": "4"}

    assert merged("{{" + field + "}}", values) == value


def test_values_are_escaped():
    """A value cannot bring markup along."""
    assert merged("<p>{{n}}</p>", {"n": "<b>&"}) == "<p>&lt;b&gt;&amp;</p>"


def test_what_is_missing_is_named_with_its_near_miss():
    """Each missing field is one reason; a field that is only spelled otherwise is named."""
    found = missing_fields("tmpl_x", ("first_name", "company", "address_line_2"), {"firstName": "Ana", "company": " "})

    assert [dict(reason.facts) for reason in found] == [
        {"template": "tmpl_x", "field": "first_name", "near": "firstName", "value": "Ana"},
        {"template": "tmpl_x", "field": "company"},
    ]


@given(
    st.dictionaries(st.from_regex(r"[a-z_]{1,8}", fullmatch=True), st.text(min_size=1).filter(str.strip), min_size=1)
)
def test_a_complete_profile_misses_nothing(values):
    """A template of exactly the profile's fields can always be made, with every value used."""
    template = " ".join("{{" + name + "}}" for name in values)

    assert missing_fields("t", merge_fields(template), values) == ()
    assert used_values(merge_fields(template), values) == values
