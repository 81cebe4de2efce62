import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.fakes.kit.http import BadJsonError, basic_credentials, dump_json, parse_json, storable

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)


@given(JSON)
def test_json_survives(value):
    """What is written as JSON is read back as it was."""
    assert parse_json(dump_json(value)) == value


@given(JSON)
def test_json_is_read_as_the_standard_library_reads_it(value):
    """Any JSON text, escaped or not, means the same to us."""
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert parse_json(text.encode("utf-8", "surrogatepass") if not ascii_only else text.encode()) == value


@given(st.binary())
def test_any_bytes_are_json_or_refused(body):
    """Bytes either are JSON or raise BadJsonError; nothing else happens."""
    with suppress(BadJsonError):
        parse_json(body)


@pytest.mark.parametrize("text", [b"NaN", b'{"a": Infinity}', b"", b"{", b"\xff", b"[" * 100_000])
def test_not_json(text):
    """NaN, Infinity, nothing, half an object, other encodings and bottomless nesting are not JSON."""
    with pytest.raises(BadJsonError):
        parse_json(text)


def test_lone_surrogates_and_large_integers_are_taken():
    """What JSON.parse takes, we take."""
    assert parse_json(b'["\\ud800", 123456789012345678901234567890]') == ["\ud800", 123456789012345678901234567890]


@given(st.text(alphabet=st.characters()))
def test_storable_text_is_storable(text):
    """Stored text holds no NUL and no lone surrogate, and ordinary text is untouched."""
    stored = storable(text)

    stored.encode("utf-8")
    assert "\x00" not in stored
    assert stored == text or any(ord(letter) == 0 or 0xD800 <= ord(letter) <= 0xDFFF for letter in text)


def test_basic_credentials():
    """The colon is optional, the scheme's case is free, anything else is None."""
    assert basic_credentials("Basic a2V5Og==") == ("key", "")
    assert basic_credentials("basic a2V5") == ("key", "")
    assert basic_credentials("Basic dXNlcjpwYTpzcw==") == ("user", "pa:ss")
    assert [basic_credentials(text) for text in (None, "", "Bearer x", "Basic ***", "Basic /w==")] == [None] * 5


@pytest.mark.parametrize("text", [b"1e400", b'{"a": [-1e999]}', b"1" * 5_000, '{"a": "é"}'.encode("latin-1")])
def test_numbers_that_no_machine_holds(text):
    """A number too large for a float, one of thousands of digits, and Latin-1 text are refused, not bent."""
    with pytest.raises(BadJsonError):
        parse_json(text)


def test_a_number_in_an_id_is_no_overflow():
    """What only looks like a large exponent, inside text, is read as it is."""
    assert parse_json(b'["4e123-x", 1e3]') == ["4e123-x", 1000.0]


def test_escaping_keeps_texts_apart():
    """A NUL and the letters that stand for it are stored as two texts."""
    assert storable("a\x00") != storable("a\\u0000")
    assert storable("C:\\users") == "C:\\users"


@pytest.mark.parametrize(("depth", "taken"), [(200, True), (201, False)])
def test_depth_is_counted_outside_of_strings(depth, taken):
    """Brackets in text do not count, wide is not deep, and the limit holds to the level."""
    inner = b'["]]]}}}[[[", {}]'
    wide = b"[" + b",".join([b"{}"] * 500) + b"]"
    text = b"[" * (depth - 2) + inner + b"]" * (depth - 2)

    assert len(parse_json(wide)) == 500
    if taken:
        assert parse_json(text)
    else:
        with pytest.raises(BadJsonError, match="deep"):
            parse_json(text)


def test_depth_is_found_in_time():
    """A text that never ends is looked through once: a thousand times the length takes no million times as long."""
    body = b"[" * 201 + b'"' + b'\\"' * 250_000
    with pytest.raises(BadJsonError):
        parse_json(body)
