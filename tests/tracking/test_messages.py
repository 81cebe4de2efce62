from hypothesis import given
from hypothesis import strategies as st

from inkstand.fakes.kit.times import iso, parse_iso
from inkstand.simulator.messages import Envelope, correct_times, merged, normalize
from inkstand.simulator.messages import unread as told

TIMES = st.integers(0, 4_000_000_000_000)


def test_the_documented_example():
    """The worked example of Segment's track page comes out as printed there."""
    times = correct_times("2017-10-31T19:11:01.152Z", "2017-10-31T19:11:01.169Z", parse_iso("2017-10-31T19:11:01.266Z"))

    assert iso(times.timestamp) == "2017-10-31T19:11:01.249Z"


@given(TIMES, TIMES, TIMES)
def test_a_wrong_clock_changes_nothing(original, sent, received):
    """How far a client's clock is off does not matter: only how long the call waited there."""
    one = correct_times(iso(original), iso(sent), received)
    other = correct_times(iso(original + 86_400_000), iso(sent + 86_400_000), received)

    assert one.timestamp == other.timestamp == received - (sent - original)


@given(TIMES, TIMES)
def test_without_sent_at_the_timestamp_survives(original, received):
    """That is what importing history over HTTP needs."""
    assert correct_times(iso(original), None, received).timestamp == original


@given(st.none() | st.text() | st.integers() | st.lists(st.integers()), st.none() | st.text(), TIMES)
def test_unreadable_times_are_never_refused(original, sent, received):
    """Whatever stands there, there is a timestamp, and what could not be read is told."""
    times = correct_times(original, sent, received)

    unread = sum(value is not None and parse_iso(value) is None for value in (original, sent))
    assert len((*told("timestamp", original), *Envelope(sent).unclear)) == unread
    if parse_iso(original) is None:
        assert times.timestamp == received


def test_message_as_segment_holds_it():
    """Ids become text, the four times are there, write key and type follow the request, the rest passes through."""
    call = {"type": "page", "writeKey": "k", "userId": 7, "event": "E", "email": "stray", "context": {"ip": "1"}}
    envelope = Envelope(None, {"library": {"name": "x"}, "ip": "2"}, {"All": False})

    message = normalize("track", call, "m", envelope, 0)

    now = "1970-01-01T00:00:00.000Z"
    assert message == {
        "type": "track",
        "messageId": "m",
        "userId": "7",
        "event": "E",
        "email": "stray",
        "context": {"library": {"name": "x"}, "ip": "1"},
        "integrations": {"All": False},
        **dict.fromkeys(("timestamp", "originalTimestamp", "receivedAt", "sentAt"), now),
    }


def test_what_is_no_object_is_no_context():
    """Anything but an object counts as absent on either side."""
    assert merged("x", [1]) == {}
    assert merged({"a": 1}, "x") == {"a": 1}
    assert merged(None, {"a": 1}) == {"a": 1}
