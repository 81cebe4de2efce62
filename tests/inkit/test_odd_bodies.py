"""Every member of every call, with everything that JSON can hold in its place: never a 500, and all can be read."""

import json
from copy import deepcopy

import pytest
from tests.conftest import basic
from tests.inkit.test_public_api import Api
from tests.inkit.test_unfriendly import SIGNER, html

ODD = [
    *(None, True, 0, -1, 10**30, 1.5, 1e308, "", "x", "\ud800", "\x00", "x" * 300, "../..", "%00"),
    *([], [None], [[]], {}, {"a": {"b": [1]}}, {"": 1}, {"\ud800": "\ud800"}),
]
WAYS = {
    "inkit_storage": {"name": "n", "folder_id": None, "expire_after_n_views": 2, "retain_for": {"days": 1}},
    "magic_link": {"email": "a@x.test", "auth_type": "email", "auth_email": "b@x.test", "expire_after_n_views": 2},
    "digital_signature": {"order": "ordered", "signers": [SIGNER], "bcc": [{"full_name": "x", "email": "y"}]},
    "docusign": {"signers": [SIGNER]},
    "sepire": {"first_name": "A", "address_line_1": "x", "mail_product_name": "letter", "width": 8.5},
    "box": {"path": "x"},
}
PERSON = {"first_name": "A", "email": "e@x.test", "address_line_1": "1", "address_state": "CA", "address_country": "US"}
FILE = {"name": "n", "source": "html", "file": html("x{{a}}"), "description": "d"}
CALLS = {
    "/v1/generate": {"template_id": "tmpl_demoNotice", "merge_parameters": {"a": 1}, "name": "n", "destinations": WAYS},
    "/v1/render": {"html": html("{{a}}"), "width": 5, "unit": "in", "merge_parameters": {"a": 1}, "folder_id": None},
    "/v1/template": {**FILE, "data": {"width": 5, "file_name": "f"}, "destinations": [{"id": "d", "retain_for": {}}]},
    "/_web/template": {**FILE, "template_id": "t1", "optional": ["a"], "destinations": WAYS},
    "/v1/batch": {
        "template_id": "tmpl_demoNotice",
        "name": "b",
        "renders": [{"merge_parameters": {"a": 1}, "destinations": {"box": {}}, "name": "n"}],
    },
    "/_web/folder": {"name": "f", "description": "d"},
    "/_web/webhook": {
        "name": "w",
        "url": "http://127.0.0.1:9/x",
        "events": ["DOCUMENT_CREATE_FINISHED"],
        "secret": "s",
    },
    "/integrations/segment": {
        "type": "identify",
        "userId": "u",
        "anonymousId": "a",
        "messageId": "m",
        "traits": {"template_id": "tmpl_demoNotice", **PERSON},
        "context": {"personas": {}},
    },
}
LISTS = ("/v1/render", "/v1/document", "/v1/template", "/v1/folder", "/v1/batch", "/_web/webhook")


def places(value, path=()):
    yield path
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, member in members:
        yield from places(member, (*path, name))


def with_odd(body, path, odd):
    if not path:
        return odd
    made = deepcopy(body)
    holder = made
    for name in path[:-1]:
        holder = holder[name]
    holder[path[-1]] = odd
    return made


@pytest.mark.slow
@pytest.mark.parametrize("path", CALLS)
def test_odd_bodies(client, path):
    """Each is taken or refused; then every list, view and page can be read, and every piece be looked at."""
    workspace = client.create("odd", clock="frozen", delivery="manual")
    key = workspace.connection("inkit")["settings"]["apiKey"]
    api = Api(client, key, base="/inkit")
    headers = {"X-Inkit-API-Token": key, **basic(key), "Content-Type": "application/json"}
    for place in places(CALLS[path]):
        for odd in ODD:
            body = json.dumps(with_odd(CALLS[path], place, odd))
            status = client.request("POST", f"/inkit{path}", data=body, headers=headers).status_code
            assert status < 500 or (status, path) == (501, "/integrations/segment"), (place, odd)
        for listed in LISTS:
            api.json("GET", listed)
        assert client.request("GET", f"/inkit/?key={key}").status_code == 200, place

    views = {name: workspace.view(name) for name in workspace.counts() if name.startswith("inkit.")}
    assert views
    for row in (*views["inkit.magic_links"], *views["inkit.signatures"]):
        assert client.request("GET", f"{row['path']}?key={key}").status_code in {200, 410}, row
    for row in views["inkit.mail_pieces"]:
        api.json("GET", f"/v1/mail-piece/{row['piece_id']}")
