import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkstand.fakes.kit.times import iso, parse_iso
from inkstand.simulator.messages import Envelope, correct_times, merged, normalize
from inkstand.simulator.messages import unread as told

TIMES = st.integers(0, 4_000_000_000_000)


@pytest.mark.fact("skew", "skew-example")
def test_the_documented_example():
    """The worked example of Segment's track page comes out as printed there."""
    times = correct_times("2017-10-31T19:11:01.152Z", "2017-10-31T19:11:01.169Z", parse_iso("2017-10-31T19:11:01.266Z"))

    assert iso(times.timestamp) == "2017-10-31T19:11:01.249Z"


@pytest.mark.fact("skew", "future")
@given(TIMES, TIMES, TIMES)
def test_a_wrong_clock_changes_nothing(original, sent, received):
    """How far a client's clock is off does not matter: only how long the call waited there."""
    one = correct_times(iso(original), iso(sent), received)
    other = correct_times(iso(original + 86_400_000), iso(sent + 86_400_000), received)

    assert one.timestamp == other.timestamp == received - (sent - original)


@pytest.mark.fact("no-sent-at", "historical")
@given(TIMES, TIMES)
def test_without_sent_at_the_timestamp_survives(original, received):
    """That is what importing history over HTTP needs."""
    assert correct_times(iso(original), None, received).timestamp == original


@pytest.mark.fact("unreadable-time", "number-time")
@given(st.none() | st.text() | st.integers() | st.lists(st.integers()), st.none() | st.text(), TIMES)
def test_unreadable_times_are_never_refused(original, sent, received):
    """Whatever stands there, there is a timestamp, and what could not be read is told."""
    times = correct_times(original, sent, received)

    unread = sum(value is not None and parse_iso(value) is None for value in (original, sent))
    assert len((*told("timestamp", original), *Envelope(sent).unclear)) == unread
    if parse_iso(original) is None:
        assert times.timestamp == received


@pytest.mark.fact("common-members")
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


@pytest.mark.fact("stored-times", "no-zone", "unreadable-time", "php-shape", "go-shape")
@pytest.mark.parametrize(
    ("came", "stored"),
    [
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01T01:00:00+01:00", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01T00:00:00.1234567Z", "2026-01-01T00:00:00.123Z"),
        ("2026-01-01T00:00:00.123456789-00:00", "2026-01-01T00:00:00.123Z"),
        ("2026-01-01T00:00:00.1Z", "2026-01-01T00:00:00.100Z"),
        ("2026-01-01T00:00:00", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01 00:00:00", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01", "2026-01-01T00:00:00.000Z"),
        ("2026-1-2T00:00:00Z", "2026-01-02T00:00:00.000Z"),
        ("20260101T000000Z", "2026-01-01T00:00:00.000Z"),
        (" 2026-01-01t00:00:00z\n", "2026-01-01T00:00:00.000Z"),
        ("2026-01-01T05:30:00+0530", "2026-01-01T00:00:00.000Z"),
        (1_767_225_600_000, None),
        (1_767_225_600, None),
        ("1767225600", None),
        ("yesterday", None),
        ("", None),
        ("2026-13-01T00:00:00Z", None),
        (True, None),
        ({}, None),
    ],
)
def test_how_clients_write_times(came, stored):
    """Whatever precision and zone they have, they are kept in UTC; what is no time stays to be seen."""
    message = normalize("track", {"timestamp": came}, "m", Envelope(), 0)

    assert message["timestamp"] == (stored or "1970-01-01T00:00:00.000Z")
    assert message["originalTimestamp"] == (stored or came)
    assert bool(told("timestamp", came)) == (stored is None)


@pytest.mark.fact("sent-at-of-batch", "sent-at-of-item", "original-timestamp")
@pytest.mark.parametrize(
    ("call", "around", "timestamp"),
    [
        ({"timestamp": 1_000}, 3_000, 8_000),
        ({"timestamp": 1_000, "sentAt": 9_000}, 3_000, 8_000),
        ({"timestamp": 1_000, "sentAt": 3_000}, None, 8_000),
        ({"originalTimestamp": 1_000, "sentAt": 3_000}, None, 8_000),
        ({"originalTimestamp": 5_000, "timestamp": 1_000}, 3_000, 8_000),
        ({"timestamp": 1_000}, None, 1_000),
        ({}, 3_000, 10_000),
    ],
)
def test_whose_times_count(call, around, timestamp):
    """The batch's sentAt, else the call's; the call's timestamp, else its originalTimestamp. Received at 10 s."""
    written = {name: iso(value) for name, value in call.items()}
    message = normalize("track", written, "m", Envelope(None if around is None else iso(around)), 10_000)

    assert message["timestamp"] == iso(timestamp)
    assert message["receivedAt"] == iso(10_000)
