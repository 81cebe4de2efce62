from hypothesis import example, given
from hypothesis import strategies as st

from inkstand.fakes.kit.times import is_iso, iso, parse_iso
from inkstand.fakes.kit.world import Clock, World, chance, faker, identifier

CAUSES = st.lists(st.one_of(st.text(max_size=5), st.integers(-5, 5)), max_size=3).map(tuple)


@given(st.integers(), CAUSES, CAUSES)
def test_ids_follow_from_cause(seed, one, other):
    """Two causes have one id exactly if they are the same cause."""
    same = [(type(part), part) for part in one] == [(type(part), part) for part in other]

    assert (identifier(seed, *one) == identifier(seed, *other)) is same


@given(st.integers(), CAUSES)
def test_chance_is_in_range(seed, cause):
    """A chance lies in [0, 1) and is the same each time it is asked for."""
    value = chance(seed, *cause)

    assert 0 <= value < 1
    assert value == chance(seed, *cause)


def test_frozen_clock_stands():
    """A frozen clock moves only when it is moved."""
    world = World(1, Clock(frozen_at=1_000))

    assert world.now() == world.now() == 1_000
    assert world.clock.moved(500).now() == 1_500


def test_running_clock_keeps_its_lead():
    """Moving a running clock leaves it running, so much further ahead."""
    before = Clock().now()
    ahead = Clock().moved(3_600_000)

    assert ahead.frozen_at is None
    assert 0 <= ahead.now() - 3_600_000 - before < 10_000


def test_faker_follows_from_seed_and_cause():
    """The same seed and cause make the same person, another seed another one."""
    name = faker(1, "ana").name()

    assert faker(1, "ana").name() == name
    assert faker(2, "ana").name() != name


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_times_survive_being_written(milliseconds):
    """A time that is written and read again is the same time."""
    assert parse_iso(iso(milliseconds)) == milliseconds


def test_lenient_times():
    """A month without its zero, no zone, nanoseconds and an offset are read; words and numbers are not."""
    assert iso(parse_iso("2015-2-02T00:00:00Z")) == "2015-02-02T00:00:00.000Z"
    assert iso(parse_iso("2026-01-01T00:00:00")) == "2026-01-01T00:00:00.000Z"
    assert iso(parse_iso("2026-01-01T00:00:00.123456789Z")) == "2026-01-01T00:00:00.123Z"
    assert iso(parse_iso("2026-01-01T02:00:00+02:00")) == "2026-01-01T00:00:00.000Z"
    assert [parse_iso(value) for value in ("yesterday", 1_700_000_000, None, "", "2026-13-01")] == [None] * 5


def test_moments_nobody_can_write_are_none():
    """A zone can push a time before year 1 or after year 9999: then it is no time."""
    edges = ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00")

    assert [parse_iso(text) for text in edges] == [None, None]


@given(st.one_of(st.text("0123456789-:.TZz +", max_size=30), st.datetimes().map(str), st.integers(), st.none()))
@example("0001-01-01T00:00:00+14:00")
@example("9999-12-31T23:59:59-14:00")
@example("2015-2-02T00:00:00Z")
def test_telling_whether_a_time_is_one(value):
    """Whether a time can be read is told without reading it, and told alike."""
    assert is_iso(value) is (parse_iso(value) is not None)
