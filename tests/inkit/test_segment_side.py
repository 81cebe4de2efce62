import json

import pytest

KEY = "inkstand-demo-inkit-key"
PATH = "/inkit/integrations/segment"
TOKEN = {"X-Inkit-API-Token": KEY}


def identify(client, traits, message_id="m", **members):
    body = {"type": "identify", "userId": "u", "messageId": message_id, "traits": traits, **members}
    return client.request("POST", PATH, json=body, auth=(KEY, ""))


def test_a_document_can_be_fetched(client):
    """What the call made is there as HTML and PDF, by the public API's routes, with and without /v1."""
    made = identify(
        client,
        {
            "template_id": "tmpl_demoMembership",
            "company": "A & B",
            "subscription": "gold",
            "email": "e",
            "phone": "1",
            "custom_field_example": "x",
        },
    ).json()  # one call

    html = client.request("GET", f"/inkit/v1/render/{made['id']}/html", headers=TOKEN)
    pdf = client.request("GET", f"/inkit/render/{made['id']}/pdf", headers=TOKEN)
    same = client.request("GET", f"/inkit/v1/download/{made['document_id']}", headers=TOKEN)
    assert "A &amp; B" in html.text
    assert pdf.content.startswith(b"%PDF")
    assert pdf.content == same.content


@pytest.mark.parametrize("headers", [{}, {"X-Inkit-API-Token": "wrong"}])
def test_downloads_want_the_key(client, headers):
    """Without a known key nothing is handed out."""
    response = client.request("GET", "/inkit/v1/render/rend_x/pdf", headers=headers)

    assert response.status_code == 401
    assert response.headers["Content-Type"] == "application/json"
    assert {"error", "code", "message"} <= set(response.json())


def test_an_unknown_document_is_404(client):
    """An id that nothing has is 404."""
    assert client.request("GET", "/inkit/v1/download/doc_x", headers=TOKEN).status_code == 404


@pytest.mark.parametrize(
    ("body", "status", "words"),
    [
        (b"{", 400, "not JSON"),
        (b"[]", 400, "object"),
        (b'{"type": "track", "userId": "u"}', 501, "identify"),
        (b'{"type": "identify"}', 400, "userId"),
        (b'{"type": "identify", "userId": "u", "traits": {"template_id": 7}}', 400, "template_id"),
        (b'{"type": "identify", "userId": "u"}', 400, "template_id"),
        (b'{"type": "identify", "userId": "u", "traits": {"template_id": "tmpl_demoNotise"}}', 400, "tmpl_demoNotice"),
    ],
)
def test_refusals_say_what_was_wanted(client, body, status, words):
    """A call that cannot be carried out is answered in words, and kept."""
    response = client.request("POST", PATH, data=body, auth=(KEY, ""))

    assert response.status_code == status
    assert words in response.json()["message"]
    assert len(client.workspace("default").view("inkit.refusals")) == 1


def test_a_wrong_key_is_401(client):
    """A key that no workspace has is 401, and kept as unclaimed."""
    assert client.request("POST", PATH, json={}, auth=("wrong", "")).status_code == 401
    assert client.control("GET", "/unclaimed")["items"][-1]["service"] == "inkit"


def test_a_repeat_makes_no_second_document(client):
    """The same message twice is one document, answered alike."""
    first, second = (identify(client, {"template_id": "tmpl_demoNotice"}).json() for _ in range(2))

    assert first == second
    assert len(client.workspace("default").view("inkit.documents")) == 1


def test_traits_are_kept_when_the_document_is_refused(client):
    """A refused document leaves what the call said on the profile, so that a later call may complete it."""
    letter = {"first_name": "Nick", "last_name": "Fury"}
    assert identify(client, {"template_id": "tmpl_demoInvoice", **letter}, "m-1").status_code == 400

    rest = {"invoice_number": "7", "amount_due": "3"}
    assert identify(client, {"template_id": "tmpl_demoInvoice", **rest}, "m-2").status_code == 200


def test_profiles_without_user_id(client):
    """Without a userId the profile is the visitor's, and stays apart from any user's."""
    identify(client, {"company": "C"}, userId=None, anonymousId="a")
    identify(client, {"company": "D"}, "m-2", anonymousId="a")

    profiles = client.workspace("default").view("inkit.profiles")
    assert [row["profile"] for row in profiles] == [{"anonymous_id": "a"}, {"user_id": "u"}]


def test_template_id_is_not_kept(client):
    """template_id asks for a document and is no field of the profile."""
    identify(client, {"template_id": "tmpl_demoNotice", "plan": "gold"})

    (profile,) = client.workspace("default").view("inkit.profiles")
    assert profile["custom_fields"] == {"plan": "gold"}


def test_a_repeat_does_not_overtake_a_newer_call(client):
    """A message delivered again after a newer one leaves the profile as the newer one made it."""
    for message_id, city in (("a", "old"), ("b", "new"), ("a", "old")):
        identify(client, {"address_city": city}, message_id)

    (profile,) = client.workspace("default").view("inkit.profiles")
    assert profile["address_city"] == "new"


@pytest.mark.parametrize("hostile", ["\ud800", "a\x00b", "<script>", "{{last_name}}"])
def test_hostile_values(workspace, hostile):
    """Values that no page can show, or that look like markup or fields, make a document all the same."""
    traits = {"template_id": "tmpl_demoMembership", "company": hostile, "subscription": hostile, "email": "e"}
    workspace.post("identify", {"userId": "u", "traits": {**traits, "phone": "1", "custom_field_example": "x"}})
    workspace.post("identify", {"userId": "v", "traits": {"template_id": hostile}})
    workspace.settle()

    assert [row["status"] for row in workspace.view("deliveries") if row["connection"] == "inkit"] == [
        "delivered",
        "discarded",
    ]
    (document,) = workspace.view("inkit.documents")
    assert "<script>" not in document["html"]
    assert "{{" not in document["html"].replace("{{last_name}}", "", 2)


@pytest.mark.parametrize(("came", "told"), [(False, "false"), ({"a": 1}, '{"a":1}')])
def test_an_address_of_another_type_is_told_as_it_came(client, came, told):
    """YAML reads NO as false: what came stands in the refusal."""
    address = {"address_line_1": "1 Road", "address_city": "Oslo", "address_state": "OS", "address_zip": "0150"}
    traits = {"template_id": "tmpl_demoPostcard", "first_name": "A", "last_name": "B", **address}
    answer = identify(client, {**traits, "address_country": came})

    assert answer.status_code == 400
    assert f"{told} came" in answer.json()["message"]


def test_whom_a_template_names_needs_no_person(client):
    """A template that says to whom it is sent, or who signs, asks the profile for neither."""
    signer = {"signer_number": 1, "full_name": "Desk", "email": "desk@x.test"}
    ways = {"magic_link": {"email": "desk@x.test"}, "digital_signature": {"signers": [signer]}}
    template = {"template_id": "t", "html": "<p>Hello</p>", "destinations": ways}
    workspace = client.create("named", vendors={"inkit": {"templates": [template]}})
    workspace.post("identify", {"userId": "u", "traits": {"template_id": "t"}})
    workspace.settle()

    assert [mail["to"] for mail in workspace.view("inkit.mailbox")] == ["desk@x.test"] * 2


def test_calls_without_a_message_id(client):
    """Nothing says that the second is the first again: each makes a document."""
    for _ in range(2):
        assert identify(client, {"template_id": "tmpl_demoNotice"}, None).status_code == 200
    assert len(client.workspace("default").view("inkit.documents")) == 2


def test_the_mend_of_an_address_is_one(workspace):
    """For each field what may stand there."""
    address = {"address_line_1": "1 Road", "address_city": "X", "address_state": "CA", "address_country": "US"}
    traits = {"template_id": "tmpl_demoPostcard", "first_name": "A", "last_name": "B", **address, "address_zip": "ABC"}
    workspace.post("identify", {"userId": "u", "messageId": "m", "traits": traits})
    workspace.settle()
    told = workspace.client.control("GET", f"/workspaces/{workspace.name}/explain/m")
    assert '"traits.address_zip":"90250"' in json.dumps(told, separators=(",", ":"))
