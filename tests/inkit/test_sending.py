"""What becomes of a document after it is made: magic links, signatures, mail pieces, each through its states."""

import re
from html import unescape

import pytest
from tests.conftest import holds
from tests.inkit.test_public_api import LETTER, Api

SIGNERS = [
    {"signer_number": 2, "full_name": "Ben", "email": "ben@x.test"},
    {"signer_number": 1, "full_name": "Ana", "email": "ana@x.test"},
]


class Sent:
    """A document that was made with a destination, and the person who has it."""

    def __init__(self, client, **body):
        self.client = client
        self.workspace = client.create("sent", clock="frozen", delivery="manual")
        self.key = self.workspace.connection("inkit")["settings"]["apiKey"]
        self.api = Api(client, self.key)
        self.made = self.api.make(**body)

    def look(self, path, method="GET", status=200, **params):
        answer = self.client.request(method, f"/inkit{path}", params={"key": self.key, **params}, allow_redirects=False)
        assert answer.status_code == status, answer.text
        return answer

    def one(self, view):
        (row,) = self.workspace.view(f"inkit.{view}")
        return row


@pytest.fixture
def sent(client):
    return lambda **body: Sent(client, **body)


def link(sent, **body):
    found = sent(destinations={"inkit_storage": {}, "magic_link": {"email": "ana@x.test", **body}}, name="Notice")
    return found, f"/link/{found.made['magic_link_piece_id']}"


def files(found, page, name, status=200):
    """The answers of a file's addresses as a page names them."""
    asked = {unescape(one) for one in re.findall(f'"(/inkit[^"]*/{name}[^"]*)"', page.text)}
    assert asked
    answers = [found.client.request("GET", one) for one in asked]
    assert {one.status_code for one in answers} == {status}
    return answers


def test_a_magic_link_is_opened(sent):
    """Unopened, then Opened with every look counted, for the link and for the document; the page shows the PDF."""
    found, path = link(sent)
    row = found.one("magic_links")
    assert (row["status"], row["views"], row["email"], row["first_opened_at"]) == ("Unopened", 0, "ana@x.test", None)
    mail = found.one("mailbox")
    assert (mail["to"], mail["path"]) == ("ana@x.test", "/inkit" + path)
    found.look(f"{path}/document.pdf", status=404)

    shown = found.look(path)
    assert "Notice" in shown.text
    assert f"/inkit{path}/document.pdf" in shown.text
    assert files(found, shown, "document.pdf")[0].content.startswith(b"%PDF")
    assert files(found, shown, "page.png")[0].content.startswith(b"\x89PNG")
    found.workspace.advance("1h")
    found.look(path)
    row = found.one("magic_links")
    assert (row["status"], row["views"], row["first_opened_at"]) == ("Opened", 2, "2026-01-01T00:00:00.000Z")
    assert [one["what"] for one in row["log"]] == ["created", "opened", "opened"]
    assert found.one("documents")["views"] == 2
    rules = [one["rule"] for one in found.workspace.view("reasons", messageId=found.made["document_id"])]
    assert rules.count("inkit.link.opened") == 2


def test_the_front_page_leads_to_what_was_sent(sent):
    """From Inkit's page a demo person gets to the PDF behind a picture, and by the mailbox to the link."""
    found, path = link(sent)
    page = unescape(found.look("/").text)
    hrefs = [address for address in re.findall(r'href="([^"]+)"', page) if "key=" in address]

    assert f"/inkit{path}?key={found.key}" in hrefs
    assert found.client.request("GET", f"/inkit{path}?key={found.key}").status_code == 200
    (whole,) = [address for address in hrefs if "/preview/" in address]
    assert found.client.request("GET", whole).content.startswith(b"%PDF")
    assert found.one("documents")["views"] == 1
    assert "batch_id" not in page


def test_the_page_of_whoever_signs_next(sent):
    """Without a signer the address leads to the next one; to the first when everybody has signed."""
    found = sent(destinations={"digital_signature": {"signers": SIGNERS}})
    path = found.one("signatures")["path"].removeprefix("/inkit")
    for number in (1, 2, 1):
        where = found.look(path, status=302).headers["Location"]
        assert where == f"/inkit{path}/{number}?key={found.key}"
        if found.one("signatures")["status"] != "signed":
            found.look(f"{path}/{number}", "POST", 303)


@pytest.mark.parametrize("body", [{"expire_after_n_views": 1}, {"retain_for": {"hours": 1}}])
def test_a_magic_link_expires(sent, body):
    """By views or by time, on the clock; then the page says so, the log too, and nothing is counted.

    Who opened it for the last time sees the document, until the link's time is over.
    """
    found, path = link(sent, **body)
    shown = found.look(path)
    files(found, shown, "document.pdf")
    found.workspace.advance("1h")
    files(found, shown, "document.pdf", 410 if "retain_for" in body else 200)
    assert found.one("magic_links")["status"] == "Expired"

    assert "has expired" in found.look(path, status=410).text
    row = found.one("magic_links")
    assert (row["views"], [one["what"] for one in row["log"]][-1]) == (1, "refused")


def test_a_link_that_is_ended_by_hand(sent):
    """Its document is not to be had any more, also for who opened it before; an older opening's address is none."""
    found, path = link(sent)
    first, second = found.look(path), found.look(path)
    files(found, first, "document.pdf", 404)
    files(found, second, "document.pdf")
    found.api.ask("POST", f"/../_web/magic-link/{found.made['magic_link_piece_id']}/expire", 204)

    files(found, second, "document.pdf", 410)


@pytest.mark.parametrize("path", ["/link/{}", "/sign/{}/1"])
def test_a_document_that_expires_while_it_is_looked_at(sent, path):
    """After its own time nothing shows it, neither its link nor the page on which it is signed."""
    ways = {
        "inkit_storage": {"retain_for": {"minutes": 5}},
        "magic_link": {},
        "digital_signature": {"signers": SIGNERS},
    }
    found = sent(destinations=ways)
    shown = found.look(
        path.format(found.made["magic_link_piece_id" if "link" in path else "digital_signature_piece_id"])
    )
    files(found, shown, "document.pdf")
    found.workspace.advance("5m")

    files(found, shown, "document.pdf", 410)
    files(found, shown, "page.png", 410)


def test_a_link_to_a_document_that_is_gone(sent):
    """A deleted document is not opened by its link either."""
    found, path = link(sent)
    found.api.ask("DELETE", f"/document/{found.made['document_id']}", 204)

    assert "deleted" in found.look(path, status=410).text


def test_a_link_that_asks_who_it_is(sent):
    """With `auth_type` email the page asks; another address opens nothing and stands in the log."""
    found, path = link(sent, auth_type="email")
    assert "Who are you?" in found.look(path).text
    assert "another address" in found.look(path, email="eve@x.test").text
    found.look(f"{path}/document.pdf", status=404, email="ana@x.test")
    shown = found.look(path, email="ANA@x.test")
    assert files(found, shown, "document.pdf")[0].content.startswith(b"%PDF")
    found.look(f"{path}/document.pdf", status=404, email="ana@x.test")

    assert [one["what"] for one in found.one("magic_links")["log"]] == ["created", "refused", "opened"]


@pytest.mark.parametrize("path", ["/link/ml_none", "/sign/sig_none/1", "/link/ml_none/document.pdf"])
def test_nobodys_pages(sent, path):
    """An id that nothing has, or a key that is not known, is 404."""
    found, own = link(sent)
    found.look(path, status=404)
    assert found.client.request("GET", f"/inkit{own}").status_code == 404
    assert found.client.request("GET", f"/inkit{own}?key=inkstand-demo-inkit-key").status_code == 404


def test_signers_sign_in_their_order(sent):
    """The second cannot sign before the first; with the last one the document is signed, once."""
    found = sent(destinations={"digital_signature": {"order": "ordered", "signers": SIGNERS}})
    path = f"/sign/{found.made['digital_signature_piece_id']}"
    assert [mail["to"] for mail in found.workspace.view("inkit.mailbox")] == ["ana@x.test", "ben@x.test"]
    assert "not your turn" in found.look(f"{path}/2").text
    found.look(f"{path}/2", "POST", 410)

    answer = found.look(f"{path}/1", "POST", 303)
    assert "You have signed" in found.look(answer.headers["Location"].partition("?")[0].removeprefix("/inkit")).text
    found.look(f"{path}/1", "POST", 410)
    row = found.one("signatures")
    assert (row["status"], [one["signed"] for one in row["signers"]]) == ("out_for_signature", [True, False])
    found.look(f"{path}/2", "POST", 303)
    assert found.one("signatures")["status"] == "signed"
    assert "Everybody has signed" in found.look(f"{path}/1").text
    found.look(f"{path}/2", "POST", 410)
    found.look(f"{path}/3", status=404)
    assert found.look(f"{path}/1/document.pdf").content.startswith(b"%PDF")
    assert found.look(f"{path}/1/page.png").headers["Content-Type"] == "image/png"


def test_signers_in_any_order(sent):
    """Where the call says unordered, whoever comes first signs first."""
    found = sent(destinations={"digital_signature": {"order": "unordered", "signers": SIGNERS}})
    path = f"/sign/{found.made['digital_signature_piece_id']}"
    for number in (2, 1):
        found.look(f"{path}/{number}", "POST", 303)

    assert found.one("signatures")["status"] == "signed"


def by_mail(sent, **person):
    found = sent(destinations={"sepire": {"mail_product_name": "postcard", **LETTER, **person}})
    return found, f"/mail-piece/{found.made['mail_piece_id']}"


@holds("inkit.mail.steps")
def test_a_mail_piece_takes_its_steps(sent, rules):  # noqa: ARG001
    """Each step has its moment on the clock; the API tells recipient, options and times."""
    found, path = by_mail(sent)
    seen = []
    for days in (0, 1, 1, 2, 1):
        found.workspace.advance(f"{days}d") if days else None
        seen.append(found.api.json("GET", path)["latest_delivery_status"])
    told = found.api.json("GET", path)

    assert seen == ["created", "mailed", "in_transit", "in_local_area", "processed_for_delivery"]
    assert (told["address_city"], told["mail_product_name"], told["render_id"]) == (
        "Hawthorne",
        "postcard",
        found.made["id"],
    )
    assert told["mailed_at"] == "2026-01-02T00:00:00.000Z"
    assert told["returned_to_sender_at"] is None
    assert found.one("mail_pieces")["status"] == "processed_for_delivery"
    found.api.json("GET", "/mail-piece/mail_none", 404)


def test_mail_that_comes_back(sent):
    """Returned on its way, it takes no step after that, and is not returned twice."""
    found, path = by_mail(sent)
    found.workspace.advance("3d")
    piece = {"mail_piece": found.made["mail_piece_id"]}
    found.workspace.act("inkit.return_mail", piece)
    found.workspace.advance("9d")

    told = found.api.json("GET", path)
    assert (told["latest_delivery_status"], told["returned_to_sender_at"]) == (
        "returned_to_sender",
        "2026-01-04T00:00:00.000Z",
    )
    assert told["in_local_area_at"] is None
    with pytest.raises(Exception, match="on its way"):
        found.workspace.act("inkit.return_mail", piece)


def test_an_address_that_cannot_be(sent):
    """By the API a piece without a whole address is made, and ends at once as not verified."""
    found, path = by_mail(sent, address_zip="9")
    found.workspace.advance("9d")

    told = found.api.json("GET", path)
    assert told["latest_delivery_status"] == "address_verification_failed"
    assert told["mailed_at"] is None


def test_by_segment(workspace):
    """What a template says of its way is what becomes of its documents: the link goes to the profile's email."""
    traits = {"month": "March", "first_name": "Nick", "email": "nick@shield.test", "payments": []}
    workspace.post("identify", {"userId": "u", "traits": {"template_id": "tmpl_demoStatement", **traits}})
    workspace.settle()

    (mail,) = workspace.view("inkit.mailbox")
    assert (mail["to"], mail["subject"]) == ("nick@shield.test", "Statement by magic link is ready for you")
    workspace.act("inkit.open_link", {"magic_link": mail["piece_id"]})
    (row,) = workspace.view("inkit.magic_links")
    assert row["status"] == "Opened"


def test_mail_that_goes_nowhere_says_why(sent):
    """The view names what is wrong with the recipient; what is no product of the post's is refused."""
    address = {**LETTER, "address_zip": "ABC", "address_city": ""}
    row = sent(destinations={"sepire": address}).one("mail_pieces")
    told = {one["field"]: one["message"] for one in row["problems"]}
    assert row["status"] == "address_verification_failed"
    assert told["address_city"] == "it is missing"
    assert told["address_zip"].startswith("five digits")


def test_a_product_that_the_post_has_not(client):
    """Mail is a letter or a postcard."""
    told = Api(client).refused(template_id="tmpl_demoNotice", destinations={"sepire": {"mail_product_name": "leter"}})
    assert told["errors"][0]["field"] == "destinations.sepire.mail_product_name"


def test_pages_say_how_to_ask(client):
    """Without a key a link says so, a vendor's page too; and a path that Inkit has not is told with those it has."""
    assert "add ?key=" in client.request("GET", "/inkit/link/ml_x").text
    assert "Whose rows?" in client.request("GET", "/inkit/").text
    assert "No workspace has this key" in client.request("GET", "/inkit/?key=wrong").text
    Api(client).refused(template_id="none")
    page = client.request("GET", "/inkit/?key=inkstand-demo-inkit-key").text
    assert 'href="/v1/' not in page
    assert "/download" in Api(client).json("GET", "/document/x/pdf", 404)["message"]
