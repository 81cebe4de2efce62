"""Inkit's public API by its own door: every call, its answers and its errors."""

import base64
import io

import pypdfium2
import pytest
from docx import Document
from tests.conftest import basic, holds

KEY = "inkstand-demo-inkit-key"
LETTER = {
    "first_name": "Nick",
    "last_name": "Fury",
    "address_line_1": "1 Rocket Road",
    "address_city": "Hawthorne",
    "address_state": "CA",
    "address_zip": "90250",
    "address_country": "US",
}
INVOICE = {"first_name": "Nick", "last_name": "Fury", "invoice_number": "7", "amount_due": "30"}


class Api:
    """The API as a client with a key sees it."""

    def __init__(self, client, key=KEY, base="/inkit/v1"):
        self.client, self.key, self.base = client, key, base

    def ask(self, method, path, status=200, **options):
        headers = {"X-Inkit-API-Token": self.key, **options.pop("headers", {})}
        answer = self.client.request(method, self.base + path, headers=headers, **options)
        assert answer.status_code == status, answer.text
        return answer

    def json(self, method, path, status=200, **options):
        answer = self.ask(method, path, status, **options)
        assert answer.headers["Content-Type"] == "application/json"
        return answer.json()

    def make(self, **body):
        return self.json("POST", "/generate", 201, json={"template_id": "tmpl_demoNotice", **body})

    def refused(self, status=422, **body):
        return self.json("POST", "/generate", status, json=body)


@pytest.fixture
def api(client):
    return Api(client)


@pytest.fixture
def quiet(client):
    """A workspace on a clock that stands still, with what can be set up, as its API and itself."""

    def made(**inkit):
        workspace = client.create("quiet", clock="frozen", delivery="manual", vendors={"inkit": inkit})
        return Api(client, workspace.connection("inkit")["settings"]["apiKey"]), workspace

    return made


@pytest.mark.parametrize("base", ["/inkit/v1", "/inkit"])
@pytest.mark.parametrize("path", ["/generate", "/render"])
@holds("inkit.api.paths")
def test_generate(client, base, path, rules):  # noqa: ARG001
    """One handler for both paths, with and without /v1; the ids have Inkit's beginnings."""
    api = Api(client, base=base)
    made = api.json("POST", path, 201, json={"template_id": "tmpl_demoInvoice", "merge_parameters": INVOICE})

    assert set(made) == {"id", "document_id"}
    assert made["id"].startswith("rend_")
    assert made["document_id"].startswith("doc_")
    assert api.ask("GET", f"/render/{made['id']}/pdf").content.startswith(b"%PDF")
    assert "Invoice 7" in api.ask("GET", f"/render/{made['id']}/html").text


def test_by_host(client):
    """Inkit's own host name needs no prefix."""
    answer = client.request("GET", "/v1/folder", headers={"X-Inkit-API-Token": KEY, "Host": "api.inkit.com"})

    assert [one["name"] for one in answer.json()["items"]] == ["Default"]


def test_a_braze_style_key(client):
    """Basic with the key, with or without a colon, as Braze's page has it."""
    plain = "Basic " + base64.b64encode(KEY.encode()).decode()
    for header in (plain, basic(KEY)["Authorization"]):
        assert client.request("GET", "/inkit/v1/folder", headers={"Authorization": header}).status_code == 200


@pytest.mark.parametrize("headers", [{}, {"X-Inkit-API-Token": "nobodys"}])
@pytest.mark.parametrize(("method", "path"), [("POST", "/generate"), ("GET", "/document"), ("GET", "/template/x")])
@holds("inkit.api.codes", "inkit.api.error_body")
def test_a_key_is_wanted(client, headers, method, path, rules):  # noqa: ARG001
    """A missing or unknown key is 401, told in every member that readers know."""
    answer = client.request(method, "/inkit/v1" + path, headers=headers, json={})

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.json()["error"] == answer.json()["message"]
    assert answer.json()["code"] == 401


def test_a_key_with_rights(quiet, client):
    """A key that lacks a right is 403 and told which; what it may, it can."""
    key = "inkstand-a-key-that-may-look"
    own, workspace = quiet(keys={"reader": {"key": key, "rights": ["View Renders"]}})
    reader = Api(client, key)
    made = own.make()

    assert reader.json("GET", "/render")["items"][0]["created_by"]["name"] == "Inkstand"
    told = reader.json("GET", f"/render/{made['id']}/pdf", 403)
    assert "'Retrieve Document'" in told["message"]
    assert "reader" in told["message"]
    reader.json("POST", "/generate", 403, json={"template_id": "tmpl_demoNotice"})
    assert workspace.view("inkit.refusals")[-1]["status"] == 403


@pytest.mark.parametrize(
    ("body", "field", "said"),
    [
        ({}, "template_id", "nothing came"),
        ({"template_id": 7}, "template_id", "a number came"),
        ({"template_id": "tmpl_demoNotise"}, "template_id", "did you mean tmpl_demoNotice"),
        ({"template_id": "tmpl_demoNotice", "merge_parameters": []}, "merge_parameters", "a list came"),
        ({"template_id": "tmpl_demoNotice", "name": 3}, "name", "a number came"),
        ({"template_id": "tmpl_demoNotice", "destinations": {"bax": {}}}, "destinations.bax", "Did you mean box"),
        ({"template_id": "tmpl_demoNotice", "destinations": []}, "destinations", "an object"),
        (
            {"template_id": "tmpl_demoNotice", "destinations": {"inkit_storage": {"folder_id": "fold_x"}}},
            "destinations.inkit_storage.folder_id",
            "no folder",
        ),
        (
            {"template_id": "tmpl_demoNotice", "destinations": {"inkit_storage": {"expire_after_n_views": 0}}},
            "destinations.inkit_storage.expire_after_n_views",
            "from 1",
        ),
        (
            {"template_id": "tmpl_demoNotice", "destinations": {"inkit_storage": {"retain_for": {"weeks": 1}}}},
            "destinations.inkit_storage.retain_for.weeks",
            "minutes",
        ),
        (
            {"template_id": "tmpl_demoNotice", "destinations": {"digital_signature": {"signers": [{}]}}},
            "destinations.digital_signature.signers.0.full_name",
            "every signer",
        ),
        (
            {"template_id": "tmpl_demoInvoice", "merge_parameters": {**INVOICE, "amount_due": None, "amountDue": 3}},
            "merge_parameters.amount_due",
            "amountDue came",
        ),
        ({"html": "!!"}, "html", "base64"),
        ({"html": "PA==", "width": -1}, "width", "0.1 to 200"),
        ({"html": "PA==", "unit": "mile"}, "unit", "one of in"),
    ],
)
def test_what_cannot_be_made_is_told(api, body, field, said):
    """422, with the field and what was wanted."""
    told = api.refused(**body)

    assert told["errors"][0]["field"] == field
    assert said in told["message"]


@pytest.mark.parametrize(("body", "status"), [(b"{", 400), (b"[]", 400), (b"null", 400), (b"", 422)])
def test_a_body_that_is_none(api, body, status):
    """What is no JSON object is told; an empty body is an empty object, as the SDK sends it."""
    assert api.json("POST", "/generate", status, data=body)["code"] == status


def test_other_methods_and_paths(api):
    """405 and 404 are JSON too; what Inkit has and we have not is 501 and says so."""
    assert api.json("PUT", "/render", 405)["code"] == 405
    assert api.json("GET", "/nowhere", 404)["code"] == 404
    assert "not faked" in api.json("POST", "/invoke", 501)["message"]


def test_the_misspelled_parameters_and_more_than_the_template_wants(api):
    """Inkit's own table misspells the name; extra parameters are ignored."""
    body = {"template_id": "tmpl_demoInvoice", "merge_paremeters": {**INVOICE, "more": 1}}
    made = api.json("POST", "/generate", 201, json=body)

    assert "30" in api.ask("GET", f"/render/{made['id']}/html").text


@holds("inkit.api.missing_value")
def test_missing_values_can_be_blank(quiet, rules):  # noqa: ARG001
    """What Inkit does with a missing value is unknown: a switch makes it blank."""
    api, _ = quiet(blank_missing=True)
    api.make(template_id="tmpl_demoInvoice")


def test_office_files_can_be_drawn_without_libreoffice(quiet):
    """The switch makes the same bytes each time, and the journey says that it is one."""
    api, workspace = quiet(office_pdf="plain")
    values = {"customer": {"name": "Ana", "city": "Oslo"}, "start_date": "1 May", "monthly_fee": "9", "lamps": []}
    made = [api.make(template_id="tmpl_demoAgreement", merge_parameters=values)["id"] for _ in range(2)]

    first, second = (api.ask("GET", f"/render/{render}/pdf").content for render in made)
    assert first == second
    assert {row["rendered_with"] for row in workspace.view("inkit.renders")} == {"inkstand-plain"}
    assert workspace.view("reasons", rule="inkit.render.plain")[0]["facts"] == {"why": "is switched off"}


def test_html_in_the_call(api):
    """The third generation's clients send HTML itself, its size and their merge parameters."""
    html = base64.b64encode(b"<p>Hi {{name}}</p>").decode()
    body = {"html": html, "width": 5, "height": 4.5, "unit": "in", "merge_parameters": {"name": "Ana"}, "name": "Hi"}
    made = api.json("POST", "/render", 201, json={**body, "expire_after_n_views": 2})
    told = api.json("GET", f"/render/{made['id']}")

    assert api.ask("GET", f"/render/{made['id']}/html").text == "<p>Hi Ana</p>"
    assert (told["template_id"], told["name"], told["expire_after_n_views"]) == (None, "Hi", 2)
    with pypdfium2.PdfDocument(api.ask("GET", f"/render/{made['id']}/pdf").content) as document:
        assert document[0].get_size() == (360, 324)


def test_every_destination_has_a_piece(api):
    """The answer has a key for each destination that was asked for, and no other; Node's spelling is understood."""
    names = ("salesforce", "box", "dropbox", "google_drive", "docusign", "magic_link", "sepire", "amazon_s_3")
    made = api.make(destinations={name: {"file_name": "x"} for name in names})
    told = api.json("GET", f"/render/{made['id']}")

    assert set(made) == {
        *("id", "salesforce_piece_id", "box_piece_id", "dropbox_piece_id", "google_drive_piece_id"),
        *("docusign_piece_id", "magic_link_piece_id", "mail_piece_id", "amazon_s3_piece_id"),
    }
    assert told["destinations"]["box"] == {
        "file_name": "x",
        "box_piece_id": made["box_piece_id"],
        "status": "completed",
    }
    assert told["document_id"] is None


def test_one_page(api):
    """`?page=` streams one page; one that there is not is told."""
    file = base64.b64encode(b"<p>one</p><p style='page-break-before: always'>two {{x}}</p>").decode()
    template = api.json("POST", "/template", 201, json={"name": "Two", "source": "html", "file": file})
    made = api.make(template_id=template["id"], merge_parameters={"x": 2})
    content = api.ask("GET", f"/render/{made['id']}/pdf?page=2").content
    with pypdfium2.PdfDocument(content) as document:
        assert len(document) == 1
        assert document[0].get_textpage().get_text_range() == "two 2"
    for page in ("0", "3", "x"):
        assert api.json("GET", f"/render/{made['id']}/pdf?page={page}", 422)["errors"][0]["field"] == "page"


@holds("inkit.api.content_type")
def test_a_documents_life(api, rules):  # noqa: ARG001
    """Told, fetched, deleted; then it is not there any more, in no list and by no id."""
    made = api.make(name="A notice", destinations={"inkit_storage": {"name": "Kept", "retain_for": {"days": 2}}})
    told = api.json("GET", f"/document/{made['document_id']}")

    assert (told["name"], told["render_id"], told["status"]) == ("Kept", made["id"], "completed")
    assert told["folder_id"] == api.json("GET", "/folder")["items"][0]["id"]
    assert told["expire_at"] > told["created_at"]
    assert api.ask("GET", f"/download/{made['document_id']}").headers["Content-Type"] == "application/pdf"
    gone = api.ask("DELETE", f"/document/{made['document_id']}", 204)
    assert gone.content == b""
    assert gone.headers["Content-Type"] == "application/json"
    for path in (f"/document/{made['document_id']}", f"/download/{made['document_id']}", f"/render/{made['id']}/pdf"):
        api.json("GET", path, 404)
    api.json("DELETE", f"/document/{made['document_id']}", 404)
    assert api.json("GET", "/document")["items"] == []


def test_expiry_by_views(api):
    """After so many fetches of the PDF it is gone; reading its data is no view."""
    made = api.make(destinations={"inkit_storage": {"expire_after_n_views": 2}})
    path = f"/document/{made['document_id']}"
    assert [api.json("GET", path)["expire_views_left"] for _ in range(3)] == [2, 2, 2]
    api.ask("GET", f"/download/{made['document_id']}")
    assert api.json("GET", path)["expire_views_left"] == 1
    api.ask("GET", f"/render/{made['id']}/pdf")
    api.json("GET", path, 404)
    api.json("GET", f"/download/{made['document_id']}", 404)


@holds("inkit.document.expiry")
def test_expiry_by_time(quiet, rules):  # noqa: ARG001
    """By the workspace's clock; the template says it, the call may say otherwise."""
    templates = [{"template_id": "t", "html": "x", "destinations": {"inkit_storage": {"retain_for": {"hours": 1}}}}]
    api, workspace = quiet(templates=templates)
    short, long = (
        api.make(template_id="t", **more)["document_id"]
        for more in ({}, {"destinations": {"inkit_storage": {"retain_for": {"days": 1}}}})
    )
    workspace.advance("59m")
    api.ask("GET", f"/download/{short}")
    workspace.advance("1m")
    api.json("GET", f"/download/{short}", 404)
    api.ask("GET", f"/download/{long}")


def test_a_render_can_be_late(quiet):
    """Asked for too early a PDF is a 404, which is what the clients wait on; the clock finishes it."""
    api, workspace = quiet(render_time="5s")
    made = api.make()
    assert api.json("GET", f"/render/{made['id']}")["status"] == "in_progress"
    assert "in progress" in api.json("GET", f"/render/{made['id']}/pdf", 404)["message"]
    workspace.advance("5s")
    assert api.json("GET", f"/render/{made['id']}")["status"] == "completed"
    api.ask("GET", f"/render/{made['id']}/pdf")


@holds("inkit.api.lists")
def test_lists(api, rules):  # noqa: ARG001
    """Pages, order, search and filters, and what Inkit tells of them."""
    ids = [api.make(name=f"Notice {number}")["id"] for number in range(5)]
    whole = api.json("GET", "/render?page_size=2&page=2&sort=-name")

    assert [one["name"] for one in whole["items"]] == ["Notice 2", "Notice 1"]
    assert whole["metadata"] == {
        "pagination": {
            "page_size": 2,
            "current_page": 2,
            "next_page": 3,
            "prev_page": 1,
            "page_count": 3,
            "total_count": 5,
        },
        "sort": {"key": "name", "order": -1},
    }
    assert [one["id"] for one in api.json("GET", "/renders?search=notice 3")["items"]] == [ids[3]]
    assert [one["id"] for one in api.json("GET", f"/render?data-id={ids[0]},{ids[4]}")["items"]] == [ids[0], ids[4]]
    assert api.json("GET", "/render?page=9")["items"] == []
    assert len(api.json("GET", "/render?destination_name=inkit_storage&destination_status=completed")["items"]) == 5
    assert api.json("GET", "/render?destination_name=box")["items"] == []
    assert api.json("GET", "/render?destination_status=failed")["items"] == []


def test_batches_by_where_they_went(api):
    """Batches are narrowed by a destination that any of their documents goes to, and by how one stands there."""
    good = {"merge_parameters": {}}
    bad = {**good, "destinations": {"magic_link": {"expire_after_n_views": 0}}}
    whole = api.json("POST", "/batch", 201, json={"template_id": "tmpl_demoNotice", "renders": [good]})["id"]
    partly = api.json("POST", "/batch", 201, json={"template_id": "tmpl_demoNotice", "renders": [good, bad]})["id"]

    def found(query):
        return [one["id"] for one in api.json("GET", f"/batch?{query}")["items"]]

    assert found("destination_name=inkit_storage&destination_status=completed") == [whole, partly]
    assert found("destination_name=magic_link") == [partly]
    assert found("destination_status=failed") == [partly]
    assert found("destination_name=docusign") == []


@pytest.mark.parametrize("spelled", ["data-id", "data_id"])
def test_documents_by_their_renders(api, spelled):
    """`data_id` of documents are render ids; both spellings are taken."""
    first, _ = api.make(), api.make()

    found = api.json("GET", f"/document?{spelled}={first['id']}")["items"]
    assert [one["id"] for one in found] == [first["document_id"]]
    assert set(found[0]) >= {"id", "name", "description", "created_at", "created_by", "modified_at"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("page=0", "page"),
        ("page_size=101", "page_size"),
        ("page=x", "page"),
        ("sort=nme", "sort"),
        ("data-x=1", "data-x"),
    ],
)
def test_a_list_that_cannot_be(api, query, field):
    """422, naming the member of the query."""
    api.make()
    assert api.json("GET", f"/render?{query}", 422)["errors"][0]["field"] == field


def test_folders_among_documents(quiet):
    """Folders that people made stand among the documents, until the list is narrowed to documents."""
    api, _ = quiet(folders=[{"folder_id": "fold_mine", "name": "Mine"}])
    made = api.make(destinations={"inkit_storage": {"folder_id": "fold_mine"}})

    assert api.json("GET", f"/document/{made['document_id']}")["folder_id"] == "fold_mine"
    assert [one["id"] for one in api.json("GET", "/document?sort=name")["items"]] == ["fold_mine", made["document_id"]]
    narrowed = api.json("GET", "/document?destination_name=inkit_storage")["items"]
    assert [one["id"] for one in narrowed] == [made["document_id"]]
    assert [one["name"] for one in api.json("GET", "/folder")["items"]] == ["Default", "Mine"]


def test_templates(api):
    """Made with base64, told with their merge variables, listed by source; a Word template gives the filled file."""
    document = Document()
    document.add_paragraph("Dear {{first_name}}")
    stream = io.BytesIO()
    document.save(stream)
    body = {"name": "Letter", "source": "docx", "file": base64.b64encode(stream.getvalue()).decode()}
    made = api.json("POST", "/template", 201, json={**body, "data": {"file_name": "letter.docx"}, "description": "d"})

    assert set(made) == {
        *("id", "name", "source", "version", "merge_variables", "destinations", "created_at", "updated_at"),
    }
    assert (made["version"], made["merge_variables"]) == (1, {"first_name": ""})
    told = api.json("GET", f"/template/{made['id']}")
    assert (told["file_name"], told["file"], told["description"]) == ("letter.docx", body["file"], "d")
    assert [one["id"] for one in api.json("GET", "/template?source=docx&search=letter")["items"]] == [made["id"]]
    render = api.make(template_id=made["id"], merge_parameters={"first_name": "Ana"})
    filled = api.ask("GET", f"/render/{render['id']}/docx").content
    assert Document(io.BytesIO(filled)).paragraphs[0].text == "Dear Ana"
    api.json("GET", f"/render/{render['id']}/pptx", 404)
    assert "html" in api.json("GET", "/template/tmpl_demoNotice")
    assert api.json("GET", "/template/tmpl_demoRegistration")["merge_params"][0]["name"] == "first_name"
    assert "did you mean" in api.json("GET", "/template/tmpl_demoNotise", 404)["message"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": "x", "source": "odt", "file": "eA=="}, "source"),
        ({"name": "x", "source": "html", "file": "é"}, "file"),
        ({"name": "x", "source": "docx", "file": "eA=="}, "file"),
        ({"name": "x", "source": "html", "file": "eA==", "data": {"width": 900}}, "width"),
        ({"name": "x", "source": "html", "file": "eA==", "destinations": {"bax": {}}}, "destinations.bax"),
    ],
)
def test_a_template_that_is_none(api, body, field):
    """422, naming the field."""
    assert api.json("POST", "/template", 422, json=body)["errors"][0]["field"] == field


def test_a_template_says_where_documents_go(api):
    """As an object, or as the list of the readmes: folder and expiry hold for every document of it."""
    given = [{"id": "dest_x", "type": "file"}, {"id": "dest_y", "expire_after_n_views": 1}]
    body = {"name": "x", "source": "html", "file": "eA==", "destinations": given}
    template = api.json("POST", "/template", 201, json=body)
    made = api.make(template_id=template["id"])

    assert template["destinations"] == given
    assert api.json("GET", f"/document/{made['document_id']}")["expire_views_left"] == 1


def test_a_batch_that_fails_in_part(api):
    """Each destination is counted; what could not be made is told with its place and why."""
    renders = [
        {"merge_parameters": INVOICE, "name": "good"},
        {"merge_parameters": {}, "destinations": {"magic_link": {}}},
        {"merge_parameters": INVOICE, "destinations": {"inkit_storage": {}, "sepire": {}}},
    ]
    made = api.json(
        "POST", "/batch", 201, json={"template_id": "tmpl_demoInvoice", "name": "March", "renders": renders}
    )
    told = api.json("GET", f"/batch/{made['id']}")

    assert set(made) == {"id"}
    assert made["id"].startswith("rb_")
    assert (told["name"], told["total"], told["status"]) == ("March", 3, "completed")
    assert told["destinations"]["inkit_storage"] == {"count": 2, "completed": 2, "failed": 0, "in_progress": 0}
    assert told["destinations"]["magic_link"] == {"count": 1, "completed": 0, "failed": 1, "in_progress": 0}
    assert told["destinations"]["docusign"]["count"] == 0
    assert (told["errors"][0]["number"], "invoice_number" in told["errors"][0]["message"]) == (1, True)
    assert [one["id"] for one in api.json("GET", "/batch")["items"]] == [made["id"]]
    assert {one["batch_id"] for one in api.json("GET", "/render")["items"]} == {made["id"]}
    api.json("GET", "/batch/rb_x", 404)


def test_a_batch_that_takes_too_long(api, monkeypatch):
    """What is left when its time is over is told as a failure; a wrong name makes nothing."""
    monkeypatch.setattr("inkstand.fakes.inkit.documents.batches.SECONDS", -1.0)
    body = {"template_id": "tmpl_demoNotice", "renders": [{}] * 3}
    api.json("POST", "/batch", 422, json={**body, "name": 5})
    assert api.json("GET", "/render")["items"] == []

    told = api.json("GET", f"/batch/{api.json('POST', '/batch', 201, json=body)['id']}")
    assert told["destinations"]["inkit_storage"] == {"count": 3, "completed": 1, "failed": 2, "in_progress": 0}
    assert "send fewer at once" in told["errors"][0]["message"]


@pytest.mark.parametrize("renders", [None, [], {}, [{}] * 1_001])
def test_a_batch_that_is_none(api, renders):
    """One to a thousand renders."""
    told = api.json("POST", "/batch", 422, json={"template_id": "tmpl_demoNotice", "renders": renders})
    assert told["errors"][0]["field"] == "renders"


@holds("inkit.api.limits")
def test_the_rate_limit_is_a_switch(quiet, rules):  # noqa: ARG001
    """Off by default; with it the third call of a minute is a 429 that says when to come back."""
    api, workspace = quiet(rate_limit=2)
    api.json("GET", "/folder")
    assert api.ask("GET", "/folder").headers["X-RateLimit-Remaining"] == "0"
    told = api.ask("GET", "/folder", 429)
    assert (told.headers["Retry-After"], told.headers["X-RateLimit-Limit"]) == ("60", "2")
    workspace.advance("1m")
    api.ask("GET", "/folder")


def test_a_body_beyond_all_limits(api):
    """A hundred megabytes are refused in words, and nothing is kept of them."""
    told = api.json("POST", "/template", 413, json={"name": "x", "source": "html", "file": "A" * 16_000_000})

    assert "at most" in told["message"]
    assert len(api.json("GET", "/template")["items"]) == 10


def test_a_deleted_document_tells_its_story(quiet):
    """The view keeps what happened to it, its files are gone."""
    api, workspace = quiet()
    made = api.make()
    api.ask("GET", f"/download/{made['document_id']}")
    api.ask("DELETE", f"/render/{made['id']}", 204)

    (row,) = workspace.view("inkit.documents")
    assert (row["views"], row["html"], bool(row["deleted_at"])) == (1, None, True)
    rules = [one["rule"] for one in workspace.view("reasons", messageId=made["document_id"])]
    assert rules == ["inkit.document.made", "inkit.document.viewed", "inkit.document.deleted"]
