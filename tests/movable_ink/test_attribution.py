"""Whose an event is: properties of the decisions, replayed over any history of calls."""

from dataclasses import dataclass, field

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from inkstand.fakes.movable_ink.attribution import Heard, Known, Owner, attribute, identify

VISITORS, USERS, EMAILS = ["a1", "a2"], ["u1", "u2"], ["e1@x.test", "e2@x.test"]
MAYBE = st.none()
TRACKS = st.builds(
    Heard, user_id=MAYBE | st.sampled_from(USERS), anonymous_id=MAYBE | st.sampled_from(VISITORS), email=MAYBE
)
IDENTIFIES = st.builds(
    Heard,
    user_id=MAYBE | st.sampled_from(USERS),
    anonymous_id=MAYBE | st.sampled_from(VISITORS),
    email=MAYBE | st.sampled_from(EMAILS),
)
HISTORIES = st.lists(st.tuples(st.just("track"), TRACKS) | st.tuples(st.just("identify"), IDENTIFIES), max_size=12)


@dataclass
class Replay:
    """What follows from a history when each decision is carried out in memory."""

    owners: list[list[Owner]] = field(default_factory=list)
    links: dict[str, Owner] = field(default_factory=dict)
    email_profiles: set[str] = field(default_factory=set)
    email_users: dict[str, str] = field(default_factory=dict)

    def play(self, history):
        for call, heard in history:
            (self.track if call == "track" else self.identify)(heard)
        return self

    def known(self, heard):
        return Known(
            linked=self.links.get(heard.anonymous_id or ""),
            email_profile=heard.email in self.email_profiles,
            email_user=self.email_users.get(heard.email),
        )

    def track(self, heard):
        self.owners.append([attribute(heard, self.known(heard)).owner])

    def identify(self, heard):
        decided = identify(heard, self.known(heard))
        if decided.owner.kind == "nobody":
            return
        if decided.owner.kind == "email":
            self.email_profiles.add(decided.owner.id)
        if decided.move_visitor:
            self.move(Owner("anonymous_id", decided.move_visitor), decided.owner)
        if decided.join_email:
            self.email_profiles.discard(decided.join_email)
            self.email_users[decided.join_email] = decided.owner.id
            self.move(Owner("email", decided.join_email), decided.owner)
            joined = Owner("email", decided.join_email)
            self.links = {who: decided.owner if owner == joined else owner for who, owner in self.links.items()}
        if decided.link:
            self.links[decided.link] = decided.owner

    def move(self, giver, taker):
        for owners in self.owners:
            if owners[-1] == giver:
                owners.append(taker)

    @property
    def now(self):
        return [owners[-1] for owners in self.owners]


@given(HISTORIES)
def test_no_event_is_lost(history):
    """Every event has an owner at every time, and as many events stand as were sent."""
    replay = Replay().play(history)

    assert len(replay.now) == sum(call == "track" for call, _ in history)
    assert all(isinstance(owner, Owner) for owner in replay.now)


@given(HISTORIES)
def test_an_events_own_user_is_final(history):
    """An event that carries a userId is that user's for ever."""
    replay = Replay().play(history)
    tracks = [heard for call, heard in history if call == "track"]

    assert all(
        owners == [Owner("user_id", heard.user_id)]
        for heard, owners in zip(tracks, replay.owners, strict=True)
        if heard.user_id
    )


@given(HISTORIES, IDENTIFIES)
def test_identify_twice_is_once(history, heard):
    """The same identify sent again changes no owner."""
    once = Replay().play([*history, ("identify", heard)])
    twice = Replay().play([*history, ("identify", heard), ("identify", heard)])

    assert once.now == twice.now
    assert once.links == twice.links


@given(HISTORIES, st.sampled_from(VISITORS), st.sampled_from(USERS))
def test_after_an_identify_nothing_of_the_visitor_is_anonymous(history, visitor, user):
    """An identify with both ids leaves no event of that visitor anonymous, before or after it."""
    identified = [("identify", Heard(user, visitor)), ("track", Heard(None, visitor))]
    replay = Replay().play([*history, *identified])

    assert Owner("anonymous_id", visitor) not in replay.now
    assert replay.now[-1] == Owner("user_id", user)


@given(HISTORIES, st.sampled_from(VISITORS), st.sampled_from(USERS))
def test_a_shared_device_takes_nothing_away(history, visitor, user):
    """An identify moves no event that a user was already given."""
    before = Replay().play(history)
    after = Replay().play([*history, ("identify", Heard(user, visitor))])

    assert [owner for owner in before.now if owner.kind == "user_id"] == [
        new for old, new in zip(before.now, after.now, strict=True) if old.kind == "user_id"
    ]


@given(st.lists(TRACKS, max_size=6), st.sampled_from(VISITORS), st.sampled_from(USERS))
def test_order_does_not_matter_for_one_person(tracks, visitor, user):
    """With one identify of one visitor, its events are the user's whether they arrive before or after it."""
    mine = [("track", Heard(None, visitor)) for _ in tracks]
    link = [("identify", Heard(user, visitor))]

    assert Replay().play(mine + link).now == Replay().play(link + mine).now


@given(HISTORIES)
def test_no_event_is_left_with_a_profile_that_was_joined(history):
    """Once an e-mail's profile is joined into a user, nothing is the e-mail's any more, then or later."""
    replay = Replay().play(history)

    assert all(not (owner.kind == "email" and owner.id in replay.email_users) for owner in replay.now)


@given(HISTORIES, st.sampled_from(VISITORS), st.sampled_from(EMAILS))
def test_only_a_user_id_joins_an_email(history, visitor, email):
    """An identify without a userId joins nobody's profile and takes no event from an e-mail."""
    before = Replay().play(history)
    after = Replay().play([*history, ("identify", Heard(None, visitor, email))])

    kept = [old == new for old, new in zip(before.now, after.now, strict=True) if old.kind in {"email", "user_id"}]
    assert all(kept)
    assert before.email_users == after.email_users


def test_a_second_email_on_one_device():
    """It is another person: events from then on are the second e-mail's, and the device is told to be shared."""
    decided = identify(Heard(None, "a1", "e2@x.test"), Known(linked=Owner("email", "e1@x.test")))

    assert decided.owner == Owner("email", "e2@x.test")
    assert "movable_ink.identify.shared_device" in [reason.rule for reason in decided.reasons]


@pytest.mark.slow
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(HISTORIES)
def test_the_store_carries_out_what_is_decided(client, history):
    """Whatever is sent over HTTP, the owners that are stored are those of the same decisions replayed in memory."""
    workspace = client.create("replay", clock="frozen", delivery="manual")
    for call, heard in history:
        who = {"userId": heard.user_id, "anonymousId": heard.anonymous_id}
        about = {"event": "Opened"} if call == "track" else {"traits": {"email": heard.email}}
        workspace.post(call, {**{name: ident for name, ident in who.items() if ident}, **about})
    workspace.settle()

    named = [(call, heard) for call, heard in history if heard.user_id or heard.anonymous_id]
    wanted = [{owner.kind: owner.id} for owner in Replay().play(named).now]
    assert [row["owner"] for row in workspace.view("movable_ink.events")] == wanted


def test_only_identify_links():
    """A track with both ids is the user's, ties nothing, and says so."""
    decided = attribute(Heard("u1", "a1"), Known())

    assert decided.owner == Owner("user_id", "u1")
    assert [hint.rule for hint in decided.hints] == ["movable_ink.owner.both_ids_link_nothing"]


def test_the_visitors_user_comes_before_the_email():
    """An identify without userId is about the user the visitor is tied to, else about the e-mail."""
    heard = Heard(None, "a1", "e1@x.test")

    assert identify(heard, Known()).owner == Owner("email", "e1@x.test")
    assert identify(heard, Known(linked=Owner("user_id", "u1"))).owner == Owner("user_id", "u1")


def test_nobody_to_identify():
    """An identify with only an unknown visitor identifies nobody and links nothing."""
    decided = identify(Heard(None, "a1"), Known())

    assert decided.owner.kind == "nobody"
    assert decided.link is None
