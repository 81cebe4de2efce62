import pytest


def post(workspace, **call):
    workspace.post("track", {"userId": "u", "event": "E", **call})
    workspace.settle()


def test_last_and_remembered(workspace):
    """Without a messageId it is the last call, or the newest that fits what is remembered."""
    post(workspace, messageId="one", event="Product Viewed", anonymousId="a")
    post(workspace, messageId="two", userId="v")

    assert workspace.explain_newest()["messageId"] == "two"
    assert workspace.explain_newest(event="Product Viewed")["messageId"] == "one"
    assert workspace.explain_newest(userId="v")["messageId"] == "two"
    assert workspace.explain_newest(anonymousId="a", userId="u")["messageId"] == "one"
    assert workspace.explain_newest(anonymousId="a", userId="v")["found"] is False


def test_the_cause_comes_first(workspace):
    """What stopped a message is told before its journey, with rule, source and the smallest change."""
    post(workspace, event="Product Added", properties={"sku": "S"})

    story = workspace.explain_newest()["story"]
    assert story[2].startswith("Why (kept, but not usable): properties.url is missing")
    assert "set properties.url" in "\n".join(story)


def test_the_vendor_comes_before_the_answer(workspace):
    """When a vendor refuses, its own reason is the cause, not the status it answered with."""
    workspace.post("identify", {"userId": "u", "messageId": "m", "traits": {"template_id": "tmpl_demoInvoice"}})
    workspace.settle()

    told = workspace.explain("m")
    assert told["cause"]["rule"] == "inkit.template.field_missing"
    assert "delivery.final_answer" in [cause["rule"] for cause in told["causes"]]


def test_nothing_to_mend(workspace):
    """A message that went well has no cause, though a destination did not want its type."""
    post(workspace, event="Signed Up")

    told = workspace.explain_newest()
    assert told["cause"] is None
    assert "delivered at Movable Ink" in told["headline"]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ({"key": "inkstand-mistyped", "body": {"userId": "u", "event": "Other"}}, "inkstand-mistyped"),
        ({"key": None, "body": "{"}, "was refused"),
        ({"key": "own", "body": {"userId": "u", "event": "order completed"}}, "'order completed' arrived"),
    ],
)
def test_when_nothing_arrived(workspace, call, words):
    """It looks for unknown keys, refused requests and look-alikes before it says that nothing arrived."""
    key = workspace.write_key if call["key"] == "own" else call["key"]
    options = {"json": call["body"]} if isinstance(call["body"], dict) else {"data": call["body"]}
    workspace.client.request("POST", "/v1/track", auth=(key, "") if key else None, **options)

    told = workspace.explain_newest(event="Order Completed")
    assert told["found"] is False
    assert "No call with event 'Order Completed'" in told["headline"]
    assert words in " ".join(told["hints"])


def test_an_empty_workspace(workspace):
    """Where nothing came at all it says so, and that nothing like it came either."""
    told = workspace.explain_newest()

    assert told["headline"] == "No call arrived in workspace test."
    assert "o unknown write key was used" in told["hints"][0]


def test_a_discarded_call(workspace):
    """A call that Segment answered with 200 and dropped is found, with its code."""
    workspace.post("track", {"userId": "u", "messageId": "m"})

    told = workspace.explain("m")
    assert "event_not_defined" in told["headline"]
    assert told["cause"]["mend"]["set"] == {"event": "Signed Up"}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"event": "Prodct Added"}, "'Product Added'"),
        ({"userId": "USER-1"}, "'user-1'"),
        ({"anonymousId": "visitor-01"}, "'visitor-1'"),
    ],
)
def test_look_alikes(workspace, asked, words):
    """A misspelt name or id is answered with the one that arrived."""
    post(workspace, event="Product Added", userId="user-1", anonymousId="visitor-1")

    assert words in " ".join(workspace.explain_newest(**asked)["hints"])


def test_a_refused_call_since_the_last_good_one(workspace):
    """The last call's story ends with what was refused or unclaimed lately."""
    post(workspace)
    workspace.client.request("POST", "/v1/track", data=b"{", auth=(workspace.write_key, ""))

    assert "Lately, and not this call: A request was refused" in workspace.explain_newest()["story"][-1]


def test_last_is_last_while_the_clock_stands(workspace):
    """Discards and messages of one moment are told apart by the order in which they came."""
    for number in range(3):
        post(workspace, messageId=f"good-{number}")
    workspace.post("track", {"userId": "u", "messageId": "bad"})
    assert workspace.explain_newest()["messageId"] == "bad"

    post(workspace, messageId="good-3")
    assert workspace.explain_newest()["messageId"] == "good-3"


def test_a_call_that_was_mended_and_sent_again(workspace):
    """A message is not blamed for an earlier, discarded call of the same id."""
    workspace.post("track", {"userId": "u", "messageId": "m"})
    post(workspace, messageId="m")

    assert workspace.explain("m")["cause"] is None


def test_all_that_is_wrong_is_mended_at_once(workspace):
    """With several things wrong the story's changes together turn the verdict."""
    import json
    import re

    traits = {"template_id": "tmpl_demoLetter", "lastName": "Fury"}
    workspace.post("identify", {"userId": "u", "messageId": "m", "traits": traits})
    workspace.settle()
    changes = re.findall(r"^  set traits\.(\w+) = (.*)$", "\n".join(workspace.explain("m")["story"]), re.MULTILINE)
    assert len(changes) == 7
    mended = {**traits, **{name: json.loads(value) for name, value in changes}}
    workspace.post("identify", {"userId": "u", "messageId": "m-2", "traits": mended})
    workspace.settle()

    assert len(workspace.view("inkit.documents")) == 1


def test_a_misspelt_template_is_mended_by_its_name(workspace):
    """The template that was probably meant is what the mend sets."""
    workspace.post("identify", {"userId": "u", "messageId": "m", "traits": {"template_id": "tmpl_demoInvoise"}})
    workspace.settle()

    assert workspace.explain("m")["cause"]["mend"]["set"] == {"traits.template_id": "tmpl_demoInvoice"}


def test_a_fakes_stranger_hides_no_write_key(client, workspace):
    """Calls with a vendor's unknown key do not push the one with an unknown write key out of sight."""
    client.request("POST", "/v1/track", json={"userId": "u", "event": "E"}, auth=("nobody-has-this", ""))
    for number in range(5):
        client.request("POST", "/inkit/integrations/segment", json={}, auth=(f"unknown-{number}", ""))

    assert any("nobody-has-this" in hint for hint in workspace.explain_newest(event="E")["hints"])
