"""Segment profiles: properties of the decisions, by any order of messages."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.conftest import holds

from inkstand.simulator.profiles.identity import MOST_MERGES, Graph, external_ids

USERS, VISITORS, EMAILS = ("u1", "u2", "u3"), tuple(f"a{number}" for number in range(8)), ("e1", "e2", "e3")


def message(call="track", **members):
    return {"type": call, "receivedAt": "2026-01-01T00:00:00.000Z", **members}


def heard(*messages):
    graph, notes = Graph(), []
    for place, one in enumerate(messages, 1):
        notes += graph.hear(place, one)
    return graph, notes


def told(graph):
    return [(sorted(profile.ids), profile.traits) for profile in graph.profiles()]


def maybe(values):
    return st.none() | st.sampled_from(values)


def made(call, user, visitor, email, plan):
    traits = {name: value for name, value in (("email", email), ("plan", plan)) if value}
    return message(call, userId=user, anonymousId=visitor, traits=traits)


MESSAGES = st.builds(
    made,
    st.sampled_from(["track", "identify"]),
    maybe(USERS),
    maybe(VISITORS),
    maybe(EMAILS),
    maybe(["gold", "free"]),
)


@settings(max_examples=150)
@given(st.lists(MESSAGES, max_size=25))
@example([message(anonymousId=f"a{number}", userId="u1") for number in range(8)])
def test_no_limit_is_broken_and_no_id_is_shared(messages):
    """One user_id and five of every other type at most, each id in one profile; an id never leaves its profile's."""
    graph = Graph()
    together = set()
    for place, one in enumerate(messages, 1):
        graph.hear(place, one)
        profiles = graph.profiles()
        ids = [ident for profile in profiles for ident in profile.ids]
        assert len(ids) == len(set(ids))
        for profile in profiles:
            for kind in {kind for kind, _ in profile.ids}:
                assert sum(own == kind for own, _ in profile.ids) <= (1 if kind == "user_id" else 5)
        pairs = {(a, b) for profile in profiles for a in profile.ids for b in profile.ids}
        assert together <= pairs
        together = pairs
    assert sum(profile.messages for profile in graph.profiles()) == sum(bool(external_ids(one)) for one in messages)


@settings(max_examples=100)
@given(st.lists(MESSAGES, max_size=15), MESSAGES)
def test_a_message_twice_is_once(messages, one):
    """The same ids and traits again change no profile, but for how many messages it has."""
    assert told(heard(*messages, one)[0]) == told(heard(*messages, one, one)[0])


def test_a_known_visitor_joins_the_user():
    """What an anonymous visitor did and who they turn out to be is one profile: the one that was there first."""
    graph, _ = heard(message(anonymousId="a1"), message("identify", userId="u1", anonymousId="a1", traits={"x": 1}))

    assert told(graph) == [([("anonymous_id", "a1"), ("user_id", "u1")], {"x": 1})]


def test_two_profiles_become_one():
    """A message with ids of two profiles merges them, and the journey says so."""
    graph, notes = heard(message(anonymousId="a1"), message(userId="u1"), message(userId="u1", anonymousId="a1"))

    assert told(graph) == [([("anonymous_id", "a1"), ("user_id", "u1")], {})]
    assert [(note.rule, note.facts["profile"], note.facts["other"]) for note in notes] == [
        ("profiles.merged", "anonymous_id a1", "user_id u1")
    ]


@pytest.mark.parametrize("shared", [{"anonymousId": "tablet"}, {"traits": {"email": "home@shop.test"}}])
@holds("profiles.priority")
def test_the_shared_id_stays_with_the_first_user(shared, rules):  # noqa: ARG001
    """A second user on a known device, or with a known email, is a profile of their own."""
    graph, notes = heard(message("identify", userId="u1", **shared), message("identify", userId="u2", **shared))

    first, second = graph.profiles()
    assert (first.user_id, second.user_id, len(first.ids), len(second.ids)) == ("u1", "u2", 2, 1)
    assert [(note.rule, note.facts.get("profile")) for note in notes] == [("profiles.id_left_out", "user_id u1")]


def test_a_sixth_device_is_left_out():
    """Five anonymous ids, and no sixth: its earlier messages stay a profile of their own."""
    devices = [message(userId="u1", anonymousId=f"a{number}") for number in range(5)]
    graph, notes = heard(*devices, message(anonymousId="a5"), message(userId="u1", anonymousId="a5"))

    assert [len(profile.ids) for profile in graph.profiles()] == [6, 1]
    assert notes[0].facts["type"] == "anonymous_id"
    assert "at most 5" in notes[0].facts["why"]


@holds("profiles.priority")
def test_email_stays_longer_than_the_rest(rules):  # noqa: ARG001
    """User_id, then email, then by name, also of ids of one's own."""
    custom = {"externalIds": [{"id": "s", "type": "shop_id", "collection": "users", "encoding": "none"}]}
    ids = external_ids(message(context=custom, anonymousId="a", userId="u", traits={"email": "e"}))

    assert [kind for kind, _ in ids] == ["user_id", "email", "anonymous_id", "shop_id"]


@holds("profiles.external_ids")
def test_where_external_ids_are_found(rules):  # noqa: ARG001
    """Each place that the page names, and nothing else."""
    device = {"type": "android", "id": "d", "advertisingId": "ad", "token": "t"}
    assert external_ids(message(context={"device": device})) == [("android.id", "d"), ("android.push_token", "t")]
    tracked = {**device, "adTrackingEnabled": True}
    assert ("android.idfa", "ad") in external_ids(message(context={"device": tracked}))
    assert ("ios.idfa", "ad") in external_ids(message(context={"device": {**device, "type": "ios"}}))
    assert external_ids(message(context={"device": {**device, "type": "tv"}})) == []
    assert external_ids(message(properties={"email": "p"}, context={"traits": {"email": "c"}})) == [
        ("email", "c"),
        ("email", "p"),
    ]
    assert external_ids(message("group", groupId="g", userId="u")) == [("user_id", "u"), ("group_id", "g")]
    other = [{"id": "x", "type": "t", "collection": "accounts", "encoding": "none"}, {"id": "x", "type": "t"}, 7]
    assert external_ids(message(context={"externalIds": other}, userId=True, traits={"email": ["e"]})) == []


@pytest.mark.parametrize("value", ["0", "00-00", "-1", "null", "anonymous", "-"])
def test_blocked_values_name_nobody(value):
    """Two strangers with the same placeholder are not one person."""
    graph, notes = heard(message(userId=value, anonymousId="a1"), message(userId=value, anonymousId="a2"))

    assert len(graph.profiles()) == 2
    assert {note.rule for note in notes} == {"profiles.id_blocked"}


@holds("profiles.traits")
def test_traits_of_identify_only(rules):  # noqa: ARG001
    """Null takes away, an empty text stays, an absent trait stays, context.traits is not asked."""
    graph, _ = heard(
        message("identify", userId="u1", traits={"plan": "gold", "city": "Rome", "note": "x"}),
        message("identify", userId="u1", traits={"plan": None, "note": ""}),
        message("track", userId="u1", context={"traits": {"city": "Oslo"}}),
        message("identify", userId="u1", traits="none"),
    )

    assert graph.profiles()[0].traits == {"city": "Rome", "note": ""}


def test_the_newest_trait_wins_a_merge():
    """Whichever profile remains: what was told last is known, also that a trait was taken away."""
    graph, _ = heard(
        message("identify", anonymousId="a1", traits={"plan": "old", "city": "Rome"}),
        message("identify", userId="u1", traits={"plan": "new", "city": None}),
        message("identify", userId="u1", anonymousId="a1", traits={}),
    )

    assert graph.profiles()[0].traits == {"plan": "new"}


@holds("profiles.merge_limit")
def test_a_hundred_merges_and_no_more(rules):  # noqa: ARG001
    """One profile is merged of a hundred others; with the next one it stays as it is."""
    kinds = [f"kind_{number:03}" for number in range(MOST_MERGES + 1)]
    custom = [{"id": "x", "type": kind, "collection": "users", "encoding": "none"} for kind in kinds]
    alone = [message(context={"externalIds": [one]}) for one in custom]
    graph, notes = heard(
        message(userId="u1"), *alone, *(message(userId="u1", context={"externalIds": [one]}) for one in custom)
    )

    first, other = graph.profiles()
    assert (first.merges, len(other.ids)) == (MOST_MERGES, 1)
    assert notes[-1].rule == "profiles.id_left_out"


def test_alias_and_nobody():
    """Alias merges nothing, and a message without an id is nobody's; both are said."""
    graph, notes = heard(message("alias", userId="u1", previousId="a1"), message(userId="null"))

    assert graph.profiles() == []
    assert [note.rule for note in notes] == ["profiles.alias_merges_nothing", "profiles.id_blocked", "profiles.no_id"]
