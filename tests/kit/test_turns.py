"""Turns at what there are few of: nobody has all of them, nobody waits for ever."""

import threading
from contextlib import ExitStack, contextmanager

import pytest

from inkstand.fakes.kit.turns import BusyError, Guest, Turns, for_guest


@contextmanager
def turn_of(turns, name, **seat):
    with for_guest(Guest(name, **seat)), turns.turn():
        yield


def test_one_guest_never_has_all_places():
    """The last place is for somebody else; who wants more waits, and is told when that was in vain."""
    turns = Turns("A place", places=3, each=2, seconds=0.01)
    with ExitStack() as held:
        for _ in range(2):
            held.enter_context(turn_of(turns, "a"))
        with pytest.raises(BusyError, match="A place did not become free within 0 s"), turn_of(turns, "a"):
            pass
        with turn_of(turns, "b"), pytest.raises(BusyError), turn_of(turns, "c"):
            pass
        with turn_of(turns, "c"):
            pass
    with turn_of(turns, "a"), turn_of(turns, "a"):
        pass


def test_who_waits_takes_a_seat_and_goes_in_turn():
    """The next in the queue gets the place, and leaves its seat; one that has enough is passed over."""
    turns, order, seated = Turns("A place", places=2, each=1, seconds=30), [], threading.Semaphore(0)

    @contextmanager
    def seat():
        seated.release()
        yield

    def wait(name):
        with turn_of(turns, name, seat=seat):
            order.append(name)

    with ExitStack() as first, turn_of(turns, "x"):
        first.enter_context(turn_of(turns, "a"))
        waiting = [threading.Thread(target=wait, args=(name,)) for name in ("x", "b")]
        for one in waiting:
            one.start()
            assert seated.acquire(timeout=30)
        first.close()
        waiting[1].join(30)
        assert order == ["b"]
    waiting[0].join(30)
    assert order == ["b", "x"]


def test_without_a_seat_nobody_waits():
    """A full waiting room is told at once, and holds no place in the queue."""
    turns = Turns("A place", places=1, each=1, seconds=30)

    @contextmanager
    def full():
        raise BusyError("no seat")
        yield

    with turn_of(turns, "a"), pytest.raises(BusyError, match="no seat"), turn_of(turns, "b", seat=full):
        pass
    with turn_of(turns, "c"):
        pass
