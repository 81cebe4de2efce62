"""What is taken, and what is answered with 200 and dropped: each call with the code that the documents name."""

import json

import pytest
from werkzeug.test import Client

from inkstand.simulator.app import Inkstand

TRACK = {"userId": "u", "event": "E"}
LONG = "x" * 33_000
OBJECTS = [[], ["a"], "text", "", 7, True, 1.5]
NO_TEXT = ["", 7, True, [], {}, 1.5]
NO_IDS = ["", True, False, 1.5, [], {}, ["u"], 2**53, -(2**53), 10**30]
CODES = [
    ("track", {"event": "E"}, "no_user_anon_id"),
    ("track", {"event": "E", "userId": None, "anonymousId": None}, "no_user_anon_id"),
    ("identify", {"traits": {}}, "no_user_anon_id"),
    ("group", {"groupId": "g"}, "no_user_anon_id"),
    ("alias", {"previousId": "p"}, "no_user_anon_id"),
    *(("track", {"event": "E", "userId": one}, "id_not_string") for one in NO_IDS),
    *(("track", {"event": "E", "userId": "u", "anonymousId": one}, "id_not_string") for one in NO_IDS),
    ("track", {"userId": "u"}, "event_not_defined"),
    ("track", {"userId": "u", "event": None}, "event_not_defined"),
    ("track", {"userId": "u", "event": ""}, "event_not_defined"),
    *(("track", {"userId": "u", "event": one}, "event_not_string") for one in NO_TEXT[1:]),
    *(("track", {**TRACK, "properties": one}, "properties_not_object") for one in OBJECTS),
    *(
        (kind, {"userId": "u", "properties": one}, "properties_not_object")
        for kind in ("page", "screen")
        for one in OBJECTS
    ),
    *(("identify", {"userId": "u", "traits": one}, "traits_not_object") for one in OBJECTS),
    *(("group", {"userId": "u", "groupId": "g", "traits": one}, "traits_not_object") for one in OBJECTS),
    *((kind, {"userId": "u", "name": one}, "name_not_string") for kind in ("page", "screen") for one in NO_TEXT),
    *(
        (kind, {"userId": "u", "category": one}, "category_not_string")
        for kind in ("page", "screen")
        for one in NO_TEXT
    ),
    ("group", {"userId": "u"}, "id_required"),
    ("group", {"userId": "u", "groupId": None}, "id_required"),
    *(("group", {"userId": "u", "groupId": one}, "id_not_string") for one in NO_IDS),
    ("alias", {"userId": "u"}, "previous_id_required"),
    *(("alias", {"userId": "u", "previousId": one}, "id_not_string") for one in NO_IDS),
    ("track", {**TRACK, "context": {"device": {"advertisingId": 7}}}, "device_advertisingid_should_be_string"),
    (
        "track",
        {"userId": "u", "event": "Segment Consent Preference Updated"},
        "consent_categorypreferences_should_exist",
    ),
    ("track", {**TRACK, "context": {"consent": {}}}, "consent_categorypreferences_should_exist"),
    ("page", {"userId": "u", "context": {"consent": 1}}, "consent_categorypreferences_should_exist"),
    *(
        ("track", {**TRACK, "context": {"consent": {"categoryPreferences": one}}}, code)
        for one, code in (
            ([], "consent_categorypreferences_fields_should_be_object"),
            ("all", "consent_categorypreferences_fields_should_be_object"),
            ({"a": "yes"}, "consent_categorypreferences_fields_should_be_bool"),
            ({"a": True, "b": 1}, "consent_categorypreferences_fields_should_be_bool"),
        )
    ),
    *(
        (
            "track",
            {**TRACK, "context": {"consent": {"version": one, "categoryPreferences": {"a": True}}}},
            "consent_version_should_be_number",
        )
        for one in ("2", True, [])
    ),
]
TAKEN = [
    ("track", TRACK),
    ("track", {"anonymousId": "a", "event": "E"}),
    ("track", {"anonymousId": "a", "userId": None, "event": "E", "properties": None, "context": None}),
    ("track", {"userId": " ", "event": " "}),
    ("track", {**TRACK, "traits": 7, "name": 7, "category": []}),
    ("track", {**TRACK, "context": {"device": {"advertisingId": "x"}, "consent": None}}),
    ("track", {**TRACK, "context": {"consent": {"categoryPreferences": {"a": True, "b": False}, "version": 2}}}),
    ("track", {**TRACK, "context": {"device": 7}}),
    ("track", {**TRACK, "integrations": None, "messageId": None, "timestamp": None, "sentAt": None}),
    ("identify", {"userId": "u"}),
    ("identify", {"anonymousId": "a", "traits": {"email": None}}),
    ("page", {"userId": "u"}),
    ("page", {"userId": "u", "name": None, "category": None, "properties": {}}),
    ("screen", {"userId": "u", "name": "Home", "category": "Main"}),
    ("group", {"anonymousId": "a", "groupId": "g"}),
    ("alias", {"userId": "new", "previousId": "old"}),
    ("alias", {"userId": "new", "previousId": "old", "anonymousId": "a"}),
    ("identify", {"userId": "u", "traits": {"a": {"b": [1, None, {"c": "d"}]}}}),
]


@pytest.fixture(scope="module")
def inkstand():
    """One sandbox for the file: each test has a workspace of its own in it."""
    with Inkstand() as sandbox:
        yield sandbox


@pytest.mark.fact(
    *("ids-needed", "ids-text", "ids-numeric", "event-needed", "properties-object", "traits-object", "name-text"),
    *("group-id", "previous-id", "advertising-id", "consent", "success-body"),
)
def test_every_mistake_has_its_code(workspace):
    """Each is answered 200 and kept as a discard with the documented code, and a reason that explain tells."""
    for place, (kind, call, _) in enumerate(CODES):
        answer = workspace.post(kind, {**call, "messageId": f"m-{place}"})
        assert (answer.status_code, answer.json()) == (200, {"success": True}), call

    assert workspace.view("messages") == []
    rows = {row["messageId"]: row for row in workspace.view("debugger")}
    for place, (kind, call, code) in enumerate(CODES):
        row = rows[f"m-{place}"]
        assert (row["type"], row["code"], row["outcome"]) == (kind, code, "discarded"), call
        assert row["reason"].endswith(".")
        assert row["raw"] == {**call, "messageId": f"m-{place}"}


@pytest.mark.fact("ids-needed", "ids-text", "batch-partly-bad", "item-type")
def test_the_same_in_one_batch(client):
    """In a batch each mistake drops its own call, and the others are published."""
    workspace = client.create("batch", clock="frozen", delivery="manual")
    bad = [{"type": kind, **call} for kind, call, _ in CODES]
    good = [{"type": kind, **call} for kind, call in TAKEN]
    mixed = [call for pair in zip(bad, good * 9, strict=False) for call in pair]
    workspace.post("batch", {"batch": mixed})

    assert [row["code"] for row in workspace.view("discards")] == [code for _, _, code in CODES]
    assert workspace.count("messages") == len(mixed) - len(bad)


@pytest.mark.fact("ids-null", "null-property", "alias-identity", "own-members")
@pytest.mark.parametrize(("kind", "call"), TAKEN, ids=lambda one: one if isinstance(one, str) else json.dumps(one)[:60])
def test_what_is_taken(workspace, kind, call):
    """What no rule speaks against becomes a message that holds what was sent."""
    workspace.post(kind, call)

    assert workspace.view("discards") == []
    (message,) = workspace.view("messages")
    held = {
        name: value for name, value in call.items() if value is not None and name not in {"context", "integrations"}
    }
    assert held.items() <= message.items()


@pytest.mark.fact("ids-numeric")
@pytest.mark.parametrize("number", [0, 7, -3, 2**53 - 1, -(2**53) + 1])
@pytest.mark.parametrize(
    ("kind", "member", "rest"),
    [
        ("track", "userId", {"event": "E"}),
        ("track", "anonymousId", {"event": "E"}),
        ("group", "groupId", {"userId": "u"}),
        ("alias", "previousId", {"userId": "u"}),
    ],
)
def test_whole_numbers_as_ids(workspace, number, kind, member, rest):
    """They are taken as their digits, and a warning says so where everybody looks."""
    workspace.post(kind, {member: number, **rest})

    (row,) = workspace.view("debugger")
    assert row["raw"][member] == str(number)
    assert row["notes"] == [f"{member} came as the number {number} and was taken as text."]


@pytest.mark.fact("message-id-made", "no-id-no-dedupe")
@pytest.mark.parametrize("given", [{}, {"messageId": None}, {"messageId": ""}, {"messageId": []}, {"messageId": True}])
def test_a_call_without_a_message_id_gets_one(workspace, given):
    """Sent twice it makes two messages, with ids of ours."""
    for _ in range(2):
        workspace.post("track", {**TRACK, **given})

    rows = workspace.view("debugger")
    ids = [row["messageId"] for row in rows]
    assert [len(row["notes"]) for row in rows] == [given.get("messageId") is not None] * 2
    assert len(set(ids)) == 2
    assert all(one.startswith("inkstand-") for one in ids)


@pytest.mark.fact("message-id-long")
def test_a_long_message_id_is_kept_whole(workspace):
    """Over 100 characters there is a warning, at 100 there is none."""
    for length in (100, 101):
        workspace.post("track", {**TRACK, "messageId": "m" * length})

    rows = workspace.view("debugger")
    assert [len(row["messageId"]) for row in rows] == [100, 101]
    assert [len(row["notes"]) for row in rows] == [0, 1]


@pytest.mark.fact("unknown-members", "null-property", "version-channel")
def test_unknown_members_pass_through(workspace):
    """What nobody knows stays in the message, and what is null stays null."""
    call = {**TRACK, "email": "stray@x.test", "version": 2, "channel": "server", "properties": {"gone": None}}
    workspace.post("track", call)

    (message,) = workspace.view("messages")
    assert call.items() <= message.items()


@pytest.mark.fact("integrations-not-object")
@pytest.mark.parametrize("value", [[], "All", 7, True])
def test_members_that_are_no_objects_are_ignored(workspace, value):
    """Context and integrations of another kind are warned about, on the call or around a batch."""
    workspace.post("track", {**TRACK, "integrations": value, "context": value})
    workspace.post("batch", {"batch": [{"type": "track", **TRACK}], "integrations": value, "context": value})

    for row in workspace.view("debugger"):
        assert (row["raw"]["integrations"], row["raw"]["context"]) == ({}, {})
        assert [note.split(" ", 1)[0] for note in row["notes"]] == ["context", "integrations"]


@pytest.mark.fact("envelope-merge", "envelope-message-id", "go-shape")
def test_what_a_batch_says_for_all(workspace):
    """Its context and integrations reach every call, key by key, and the call's own win; its messageId does not."""
    around = {"context": {"library": {"name": "go"}, "ip": "9.9.9.9"}, "integrations": {"All": False, "Inkit": True}}
    own = {"context": {"ip": "1.1.1.1", "page": {}}, "integrations": {"Inkit": False}}
    calls = [{"type": "track", **TRACK, **own}, {"type": "track", **TRACK}]
    workspace.post("batch", {"batch": calls, "messageId": "of-the-batch", **around})

    first, second = workspace.view("messages")
    assert first["context"] == {"library": {"name": "go"}, "ip": "1.1.1.1", "page": {}}
    assert first["integrations"] == {"All": False, "Inkit": False}
    assert (second["context"], second["integrations"]) == (around["context"], around["integrations"])
    assert "of-the-batch" not in {first["messageId"], second["messageId"]}


@pytest.mark.fact("consent")
def test_the_consent_that_a_batch_says_counts(workspace):
    """A context around a batch is held to the same rules."""
    call = {"type": "track", **TRACK}
    workspace.post("batch", {"batch": [call], "context": {"consent": {"categoryPreferences": {"a": 1}}}})

    assert workspace.view("discards")[0]["code"] == "consent_categorypreferences_fields_should_be_bool"


@pytest.mark.fact("item-type", "batch-partly-bad", "item-size")
def test_calls_of_a_batch_that_are_none(workspace):
    """Another type, none, another value, one too large: each is dropped, what is between them is published."""
    good = {"type": "track", **TRACK}
    odd = [
        {**TRACK},
        {**good, "type": "Track"},
        {**good, "type": 7},
        {**good, "type": None},
        None,
        "track",
        7,
        [],
        [good],
    ]
    calls = [call for one in [*odd, {**good, "properties": {"text": LONG}}] for call in (good, one)]
    workspace.post("batch", {"batch": calls})

    assert workspace.count("messages") == len(odd) + 1
    codes = [row["code"] for row in workspace.view("discards")]
    assert codes == ["multi_user_error"] * len(odd) + ["payload_too_large"]


@pytest.mark.fact("empty-batch")
def test_an_empty_batch(workspace):
    """It is answered 200 and listed as such, and so is a batch that is no list."""
    assert workspace.post("batch", {"batch": []}).status_code == 200
    assert [row["code"] for row in workspace.view("discards")] == ["empty_batch"]
    for wrong in ({}, {"batch": None}, {"batch": {}}, {"batch": "x"}):
        assert workspace.post("batch", wrong).json() == {"success": True}
    assert [row["code"] for row in workspace.view("discards")] == ["empty_batch"] * 5


@pytest.mark.fact("source-disabled")
def test_a_source_that_is_switched_off(workspace):
    """Whatever it sends is answered 200 and discarded, until it is switched on again."""
    workspace.change_source("website", {"enabled": False})
    workspace.post("track", TRACK)
    workspace.post("batch", {"batch": [{"type": "track", **TRACK}, {"type": "nonsense"}]})
    workspace.change_source("website", {"enabled": True})
    workspace.post("track", TRACK)

    assert [row["code"] for row in workspace.view("discards")] == ["source_disabled"] * 3
    assert workspace.count("messages") == 1
    assert workspace.explain(workspace.view("discards")[0]["messageId"])["causes"][0]["mend"]["say"]


@pytest.mark.fact("locked-workspace")
def test_a_workspace_that_is_locked_out(client):
    """It can be made so; nothing is taken, and a reset puts it back to how it was made."""
    locked = client.create("locked", locked=True)
    locked.post("track", TRACK)
    locked.change({"locked": False})
    locked.post("track", TRACK)

    assert [row["code"] for row in locked.view("discards")] == ["locked_workspace"]
    assert locked.count("messages") == 1
    locked.reset()
    locked.post("track", TRACK)
    assert locked.count("messages") == 0


@pytest.mark.fact("context-ip")
@pytest.mark.parametrize(
    ("path", "address", "context", "ip"),
    [
        ("/v1/t", "192.0.2.7", {}, "192.0.2.7"),
        ("/v1/t", "::ffff:192.0.2.7", {}, "192.0.2.7"),
        ("/v1/t", "2001:db8::7", {}, None),
        ("/v1/t", "192.0.2.7", {"ip": "0.0.0.0"}, "0.0.0.0"),
        ("/v1/track", "192.0.2.7", {}, None),
        ("/v1/track", "192.0.2.7", {"direct": True}, "192.0.2.7"),
        ("/v1/track", "192.0.2.7", {"direct": "yes"}, None),
    ],
)
def test_the_address_of_a_visitor(inkstand, client, path, address, context, ip):
    """It is filled in for what browsers send, and for a server's call that asks for it."""
    client.workspace("default").reset()
    body = {**TRACK, "context": context, "writeKey": "inkstand-demo-write-key"}
    Client(inkstand.application).post(path, json=body, environ_base={"REMOTE_ADDR": address})

    (message,) = client.workspace("default").view("messages")
    assert message["context"].get("ip") == ip


@pytest.mark.fact("context-ip")
def test_the_address_in_batches(client):
    """A browser's batch has it on every call; a server's on those that ask."""
    client.workspace("default").reset()
    client.request("POST", "/v1/b", json={"batch": [{"type": "track", **TRACK}], "writeKey": "inkstand-demo-write-key"})
    asking = {"type": "track", **TRACK, "context": {"direct": True}}
    client.workspace("default").post("batch", {"batch": [asking, {"type": "track", **TRACK}]})

    ips = [row["context"].get("ip") for row in client.workspace("default").view("messages")]
    assert [one is not None for one in ips] == [True, True, False]
