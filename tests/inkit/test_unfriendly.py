"""Hostile calls, templates and values: each is refused in words, and the sandbox goes on as if they had not come."""

import base64
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.inkit.test_public_api import Api

from inkstand.fakes.inkit.documents import space
from inkstand.fakes.inkit.web import public
from inkstand.fakes.kit.rendering import crew

HUGE = 10**30
SIGNER = {"signer_number": 1, "full_name": "Ana", "email": "ana@x.test"}
PAGES = ("documents", "mailbox", "signatures", "magic_links", "mail_pieces", "renders")
WRONG_WAYS = [
    ({"docusign": {"signers": [{"x": 1}]}}, "docusign.signers.0.full_name"),
    ({"docusign": {"signers": 7}}, "docusign.signers"),
    ({"digital_signature": {"signers": [SIGNER, SIGNER]}}, "digital_signature.signers.1.signer_number"),
    (
        {"digital_signature": {"signers": [{**SIGNER, "signer_number": HUGE}]}},
        "digital_signature.signers.0.signer_number",
    ),
    ({"digital_signature": {"signers": [SIGNER] * 51}}, "digital_signature.signers"),
    ({"inkit_storage": {"expire_after_n_views": HUGE}}, "inkit_storage.expire_after_n_views"),
    ({"magic_link": {"expire_after_n_views": HUGE}}, "magic_link.expire_after_n_views"),
    ({"magic_link": {"retain_for": {"years": HUGE}}}, "magic_link.retain_for"),
]


@pytest.fixture
def api(client):
    return Api(client)


@pytest.fixture
def unharmed(client, api):
    """After the test every view and page can be read, and a document can still be made."""
    yield
    api.make()
    for name in PAGES:
        client.workspace("default").view(f"inkit.{name}")
    assert client.request("GET", f"/inkit/?key={api.key}").status_code == 200


def html(text):
    return base64.b64encode(text.encode()).decode()


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(("ways", "field"), WRONG_WAYS)
def test_destinations_that_are_none(api, ways, field):
    """The field is named in a call, in one document of a batch, and in a template."""
    told = api.refused(template_id="tmpl_demoNotice", destinations=ways)
    assert told["errors"][0]["field"] == f"destinations.{field}"

    body = {"template_id": "tmpl_demoNotice", "renders": [{}, {"destinations": ways}]}
    batch = api.json("GET", f"/batch/{api.json('POST', '/batch', 201, json=body)['id']}")
    assert [one["errors"][0]["field"] for one in batch["errors"]] == [f"destinations.{field}"]

    template = {"name": "x", "source": "html", "file": html("x"), "destinations": ways}
    assert api.json("POST", "/template", 422, json=template)["errors"][0]["field"] == f"destinations.{field}"


@pytest.mark.usefixtures("unharmed")
def test_numbers_that_no_column_holds(api):
    """They are refused where they mean something, and kept as they came where they do not."""
    told = api.refused(template_id="tmpl_demoNotice", expire_after_n_views=HUGE)
    assert told["errors"][0]["field"] == "destinations.inkit_storage.expire_after_n_views"
    made = api.make(destinations={"box": {"size": HUGE}, "magic_link": {"x": HUGE}, "sepire": {"x": HUGE}})
    assert api.json("GET", f"/render/{made['id']}")["destinations"]["box"]["size"] == HUGE


@pytest.mark.usefixtures("unharmed")
def test_text_that_no_column_holds(api):
    """A lone surrogate stands escaped, in an id too."""
    body = {"template_id": "\ud800", "name": "\ud800", "source": "html", "file": html("x")}
    told = api.json(
        "POST",
        "/../_web/template",
        201,
        data='{"template_id": "\\ud800", "name": "x", "source": "html", "file": "eA=="}',
    )
    assert (body["template_id"], told["id"]) == ("\ud800", "\\ud800")


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    "size",
    [
        {"width": 1e-300, "height": 5},
        {"width": 5e-324, "height": 5e-324},
        {"width": 0.001, "height": 200},
        {"width": 1, "height": 1, "unit": "px"},
        {"width": 201, "height": 11},
        {"width": HUGE, "height": 11},
        {"width": True},
        {"unit": "mm"},
        {"unit": 7},
    ],
)
def test_pages_of_no_size(api, size):
    """A side is from a tenth of an inch to two hundred inches, in every unit."""
    told = api.refused(html=html("x"), **size)
    assert told["errors"][0]["field"] in size
    template = {"name": "x", "source": "html", "file": html("x"), "data": size}
    assert api.json("POST", "/template", 422, json=template)["errors"][0]["field"] in size


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    "size",
    [
        {"width": 0.1, "height": 200},
        {"width": 200, "height": 0.1},
        {"width": 19_200, "height": 9.6, "unit": "px"},
        {"width": 0.254, "height": 0.254, "unit": "cm"},
    ],
)
def test_pages_of_odd_sizes(client, api, size):
    """They are made, and their first page can be looked at: on the front page, and through a link."""
    made = api.json("POST", "/generate", 201, json={"html": html("x"), **size})
    template = {"name": "x", "source": "html", "file": html("x"), "data": size}
    template_id = api.json("POST", "/template", 201, json=template)["id"]
    linked = api.make(template_id=template_id, destinations={"inkit_storage": {}, "magic_link": {}})

    for document in (made["document_id"], linked["document_id"]):
        picture = client.request("GET", f"/inkit/preview/{document}.png?key={api.key}")
        assert picture.content.startswith(b"\x89PNG")
    assert client.request("GET", f"/inkit/link/{linked['magic_link_piece_id']}?key={api.key}").status_code == 200


def test_html_of_a_stranger_is_no_page_of_ours(api):
    """Its scripts do not run at the sandbox's address."""
    made = api.json("POST", "/generate", 201, json={"html": html("<script>alert(1)</script>")})
    headers = api.ask("GET", f"/render/{made['id']}/html").headers
    assert (headers["Content-Security-Policy"], headers["X-Content-Type-Options"]) == ("sandbox", "nosniff")


@pytest.mark.usefixtures("unharmed")
def test_a_document_without_room(api):
    """Margins that leave nothing of the page are told of."""
    told = api.refused(html=html("<style>@page { margin: 50in }</style>x"))
    assert "0 pages" in told["message"]


LONG_LIST = [{"b": "x"}] * 100_000
TOO_MUCH = [
    ("{{a}}" * 100_000, {"a": "<" * 200_000}, "characters"),
    ("<table><tr><td>{{a.b}}{{a.b}}</tr></table>", {"a": LONG_LIST}, "5,000 rows"),
    (f"<table><tr>{'x' * 100_000}{{{{a.b}}}}</tr></table>", {"a": LONG_LIST[:4_000]}, "characters"),
    ("{{a}}" * 5, {"a": "<" * 1_900_000}, "bytes of HTML"),
    ("".join(f"{{{{a.f{number}}}}}" for number in range(1_900)), {"a": LONG_LIST}, "elements of lists"),
    ("{{a}}", {"a": "x" * 3_000_000}, "2,000,000 bytes of JSON"),
]


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(("text", "values", "said"), TOO_MUCH, ids=range(len(TOO_MUCH)))
def test_values_that_come_to_too_much(api, text, values, said):
    """They are counted before they are written, and refused with the bound that they break."""
    told = api.refused(html=html(text), merge_parameters=values)
    assert said in told["message"]


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    "text",
    ["".join(f"{{{{f{number}}}}}" for number in range(2_001)), "<!-- -->" * 20_000 + "{{f}}" + "%%x%%" * 20_000],
)
def test_a_template_of_many_fields(api, text):
    """Two thousand different ones at most, however large the file."""
    body = {"name": "x", "source": "html", "file": html(text)}
    answer = api.client.request("POST", "/inkit/v1/template", headers={"X-Inkit-API-Token": api.key}, json=body)
    if "{{f2000}}" in text:
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "file")
    else:
        assert list(api.json("GET", f"/template/{answer.json()['id']}")["merge_variables"]) == ["f", "x"]


@pytest.mark.usefixtures("unharmed")
def test_near_misses_are_looked_for_within_reason(api):
    """Of twenty thousand values for two thousand missing fields the first are told with what came instead."""
    text = "".join(f"{{{{first_name_{number}}}}}" for number in range(2_000))
    values = {f"firstName{number}": 1 for number in range(20_000)}
    told = api.refused(html=html(text), merge_parameters=values)
    assert len(told["errors"]) == 2_000
    assert "firstName0 came" in told["errors"][0]["message"]
    api.refused(template_id="tmpl_" + "x" * 1_000_000)
    api.refused(template_id="tmpl_demoNotice", destinations={"inkit_" * 100_000: {}})


@pytest.mark.usefixtures("unharmed")
def test_words_beyond_measure(api):
    """Names, descriptions, destinations and messages have lengths; a batch keeps the first of what is wrong."""
    long = "x" * 2_001
    for body, field in (({"name": long}, "name"), ({"description": long}, "description")):
        assert api.refused(template_id="tmpl_demoNotice", **body)["errors"][0]["field"] == field
        template = {"name": "x", "source": "html", "file": html("x"), **body}
        assert api.json("POST", "/template", 422, json=template)["errors"][0]["field"] == field
    ways = {"box": {"x": "x" * 100_000}}
    assert api.refused(template_id="tmpl_demoNotice", destinations=ways)["errors"][0]["field"] == "destinations"
    many = {"name": "x", "source": "html", "file": html("".join(f"{{{{f{one}}}}}" for one in range(2_000)))}
    body = {"template_id": api.json("POST", "/template", 201, json=many)["id"], "renders": [{}] * 20}
    told = api.json("GET", f"/batch/{api.json('POST', '/batch', 201, json=body)['id']}")
    assert {len(one["errors"]) for one in told["errors"]} == {20}
    answer = api.client.request("POST", "/inkit/integrations/segment", auth=(api.key, ""), data=b" " * 1_000_001)
    assert (answer.status_code, "at most" in answer.json()["message"]) == (413, True)


def test_a_workspace_that_is_full(api, monkeypatch):
    """What has no room is refused in words, one by one in a batch, and through Segment; deleting makes room."""
    kept = api.make()
    monkeypatch.setattr(space, "MOST", 60_000)
    body = {"template_id": "tmpl_demoNotice", "renders": [{}] * 9}
    batch = api.json("GET", f"/batch/{api.json('POST', '/batch', 201, json=body)['id']}")
    stored = batch["destinations"]["inkit_storage"]
    assert stored["completed"] > 0
    assert stored["failed"] > 0
    assert "no room" in batch["errors"][0]["message"]
    assert "no room" in api.refused(template_id="tmpl_demoNotice")["message"]
    template = {"name": "x", "source": "html", "file": html("x" * 50_000)}
    assert "no room" in api.json("POST", "/template", 422, json=template)["message"]
    message = {"type": "identify", "userId": "u", "messageId": "full", "traits": {"template_id": "tmpl_demoNotice"}}
    answer = api.client.request("POST", "/inkit/integrations/segment", auth=(api.key, ""), json=message)
    assert (answer.status_code, "no room" in answer.text) == (400, True)

    api.ask("DELETE", f"/render/{kept['id']}", 204)
    api.make()


def test_lists_of_large_values(client, api, monkeypatch):
    """A page of too much is refused; views show what is long as nothing; the document itself has it all."""
    values = {"first_name": "x" * 600_000}
    made = [api.make(merge_parameters=values)["id"] for _ in range(3)]
    monkeypatch.setattr(public, "_LONGEST_LIST", 1_500_000)
    assert api.json("GET", "/render", 422)["errors"][0]["field"] == "page_size"
    assert [one["id"] for one in api.json("GET", "/render?page_size=2")["items"]] == made[:2]
    assert api.json("GET", "/render?page_size=1")["items"][0]["merge_parameters"] == values
    assert api.json("GET", f"/render/{made[2]}")["merge_parameters"] == values
    assert [row["merge_parameters"] for row in client.workspace("default").view("inkit.documents")] == [None] * 3


@pytest.mark.slow
@pytest.mark.usefixtures("unharmed")
def test_slow_pages_are_their_own_workspaces_trouble(client, monkeypatch):
    """While one workspace keeps all the processes that it may have busy, another draws at once."""
    monkeypatch.setattr(crew, "SECONDS", 4.0)
    slow = client.create("slow", delivery="manual")
    other = Api(client, slow.connection("inkit")["settings"]["apiKey"])
    nested = html("<table><tr><td>" * 25 + "x")
    with ThreadPoolExecutor(6) as pool:
        begun = [pool.submit(other.refused, html=nested) for _ in range(6)]
        with crew._turns._changed:
            assert crew._turns._changed.wait_for(lambda: crew._turns._taken["slow"] == crew.EACH, 30)
        for _ in range(3):
            Api(client).make()
        assert not any(one.done() for one in begun)
        assert {one.result()["code"] for one in begun} == {422}
