"""Webhooks by the door the user has: a receiver of their own on a socket, the clock, and what can be seen of it."""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from tests.conftest import holds
from tests.inkit.test_public_api import LETTER, Api

from inkstand.fakes.inkit.webhooks import CODES
from inkstand.simulator.errors import InkstandError


class Receiver:
    """The user's own receiver: what came, and what it answers next."""

    def __init__(self):
        self.came = []
        self.answers = []
        self.then = lambda: None
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.came.append((dict(self.headers), body))
                outer.then()
                self.send_response(outer.answers.pop(0) if outer.answers else 204)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/inkit?team=1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def told(self):
        return [tuple(json.loads(body).values()) for _, body in self.came]

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def quiet(client):
    """A workspace on a clock that stands still, with the webhooks that are set up: as its API and itself."""

    def made(*webhooks, **inkit):
        setup = {"inkit": {"webhooks": list(webhooks), **inkit}}
        workspace = client.create("quiet", clock="frozen", delivery="manual", vendors=setup)
        return Api(client, workspace.connection("inkit")["settings"]["apiKey"]), workspace

    return made


def by_hand(api, method, path, status=201, **options):
    """What a person does in Inkit's web app."""
    return Api(api.client, api.key, "/inkit/_web").ask(method, path, status, **options)


@holds("inkit.webhook.signature")
def test_what_a_receiver_is_sent(rules, quiet, receiver):
    """A POST of event_type and resource_id and nothing else, signed by the secret over the bytes as they came."""
    api, workspace = quiet(
        {"name": "Mine", "url": receiver.url, "events": ["DOCUMENT_CREATE_FINISHED"], "secret": "s3"}
    )
    made = api.make()
    assert receiver.came == []

    workspace.settle()

    ((headers, body),) = receiver.came
    assert body == b'{"event_type":"DOCUMENT_CREATE_FINISHED","resource_id":"' + made["document_id"].encode() + b'"}'
    assert headers["Inkit-Signature"] == hmac.new(b"s3", body, hashlib.sha256).hexdigest()
    assert headers["Content-Type"] == "application/json"
    (row,) = workspace.view("inkit.webhook_events")
    assert (row["status"], row["signature"], row["body"]) == ("delivered", headers["Inkit-Signature"], body.decode())
    assert row["tries"] == [{"at": "2026-01-01T00:00:00.000Z", "status": 204, "error": None, "fault": None}]
    assert len(rules) == 1


@holds("inkit.webhook.resource", "inkit.folder.deleted")
def test_every_event_is_told_with_what_it_is_about(rules, quiet, client):
    """Each code that Inkit lists but the failures of cloud storages: by what people and programs do."""
    api, workspace = quiet({"name": "All"})
    ways = {"inkit_storage": {}, "magic_link": {"email": "ana@x.test"}, "sepire": LETTER, "salesforce": {}}
    signed = {"signers": [{"signer_number": 1, "full_name": "Ana", "email": "ana@x.test"}]}
    made = api.make(destinations={**ways, "docusign": signed})
    key = {"key": api.key}
    api.ask("GET", f"/render/{made['id']}")
    api.ask("GET", f"/download/{made['document_id']}")
    link = f"/inkit/link/{made['magic_link_piece_id']}"
    client.request("GET", link, params=key)
    by_hand(api, "POST", f"/magic-link/{made['magic_link_piece_id']}/expire", 204)
    assert client.request("GET", link, params=key).status_code == 410
    api.ask("DELETE", f"/document/{made['document_id']}", 204)
    folder = by_hand(api, "POST", "/folder", json={"name": "March"}).json()["id"]
    within = api.make(destinations={"inkit_storage": {"folder_id": folder}})
    by_hand(api, "DELETE", f"/folder/{folder}", 204)
    workspace.fault("inkit.renderer", status=500, next=1)
    failed = api.make(destinations={**ways, "docusign": signed})
    workspace.settle()

    told = {(row["event_type"], row["resource_id"]) for row in workspace.view("inkit.webhook_events")}
    about = {code: {resource for other, resource in told if other == code} for code in CODES}
    pieces = {"DOCUMENT": "document", "MAGIC_LINK": "magic_link_piece", "MAIL": "mail_piece"}
    pieces |= {"DOCUSIGN": "docusign_piece", "SALESFORCE": "salesforce_piece"}
    for name, piece in pieces.items():
        assert made[f"{piece}_id"] in about["MAGIC_LINK_CREATED" if name == "MAGIC_LINK" else f"{name}_CREATE_FINISHED"]
        assert about[f"{name}_CREATE_FAILED"] == {failed[f"{piece}_id"]}
    assert about["RENDER_CREATE_FINISHED"] == {made["id"], within["id"]}
    assert about["RENDER_CREATE_FAILED"] == {failed["id"]}
    assert about["RENDER_METADATA_ACCESS"] == {made["id"]}
    assert about["DOCUMENT_PDF_ACCESS"] == about["DOCUMENT_DELETED"] == {made["document_id"]}
    assert about["MAGIC_LINK_ACCESS"] == about["MAGIC_LINK_ACCESS_FAILED"] == {made["magic_link_piece_id"]}
    assert about["FOLDER_CREATED"] == about["FOLDER_DELETED"] == {folder}
    (kept,) = workspace.view("inkit.documents", document_id=within["document_id"])
    assert kept["folder_id"] == api.json("GET", "/folder")["items"][0]["id"]
    assert all(about.values()), rules


def test_mail_that_cannot_be_addressed_was_not_made(quiet):
    """A letter without a full address is told as MAIL_CREATE_FAILED."""
    api, workspace = quiet({"name": "Mail", "events": ["MAIL_CREATE_FAILED", "MAIL_CREATE_FINISHED"]})
    api.make(destinations={"sepire": {"first_name": "Ana"}})

    (row,) = workspace.view("inkit.webhook_events")
    assert row["event_type"] == "MAIL_CREATE_FAILED"


def test_a_failing_receiver_is_told_again(quiet, receiver):
    """After a minute, then after five, on the clock; the same bytes and signature; then it is told."""
    api, workspace = quiet({"name": "Mine", "url": receiver.url, "events": ["RENDER_CREATE_FINISHED"]})
    receiver.answers += [500, 302]
    made = api.make()
    workspace.settle()
    workspace.advance("59s")
    assert len(receiver.came) == 1
    (row,) = workspace.view("inkit.webhook_events")
    assert row["status"] == "retrying"

    workspace.advance("1s")
    workspace.advance("5m")
    workspace.advance("1d")

    assert receiver.told == [("RENDER_CREATE_FINISHED", made["id"])] * 3
    assert len({(headers["Inkit-Signature"], body) for headers, body in receiver.came}) == 1
    (row,) = workspace.view("inkit.webhook_events")
    assert row["status"] == "delivered"
    assert [(one["at"][11:19], one["status"]) for one in row["tries"]] == [
        ("00:00:00", 500),
        ("00:01:00", 302),
        ("00:06:00", 204),
    ]
    rules = [one["rule"] for one in workspace.view("reasons", stage="webhook")]
    assert rules == ["inkit.webhook.again", "inkit.webhook.again", "inkit.webhook.told"]


def test_after_three_tries_no_more(quiet, receiver):
    """A receiver that never takes it is given up; others are not held up by it."""
    bad, good = ({"name": name, "events": ["RENDER_CREATE_FINISHED"]} for name in ("Bad", "Good"))
    api, workspace = quiet({**bad, "url": receiver.url}, good)
    receiver.answers += [503] * 9
    api.make()

    workspace.advance("1d")

    assert len(receiver.came) == 3
    rows = {row["webhook"]: row for row in workspace.view("inkit.webhook_events")}
    assert (rows["Bad"]["status"], rows["Good"]["status"]) == ("failed", "delivered")
    (reason,) = workspace.view("reasons", rule="inkit.webhook.given_up")
    assert reason["facts"]["answer"] == 503


def test_nobody_listens(quiet, receiver):
    """A receiver that is not there is an error in words, and tried again."""
    api, workspace = quiet({"name": "Mine", "url": receiver.url, "events": ["RENDER_CREATE_FINISHED"]})
    receiver.close()
    api.make()

    workspace.settle()

    (row,) = workspace.view("inkit.webhook_events")
    assert row["status"] == "retrying"
    assert "refused" in row["tries"][0]["error"]


@pytest.mark.parametrize(
    ("fault", "error", "status", "reached"),
    [
        ({"status": 503}, None, 503, 0),
        ({"drop": "before"}, "the connection was dropped", None, 0),
        ({"drop": "after"}, "the connection was dropped", None, 1),
        ({"delay": "6s"}, "no answer within 5 s", None, 0),
        ({"delay": "2s"}, None, 204, 1),
    ],
)
def test_a_fault_stands_for_the_receiver(quiet, receiver, fault, error, status, reached):
    """What a fault of inkit.webhooks does to a try, without moving real time; it is named."""
    api, workspace = quiet({"name": "Mine", "url": receiver.url, "events": ["RENDER_CREATE_FINISHED"]})
    fault_id = workspace.fault("inkit.webhooks", **fault, next=1)["id"]
    api.make()

    workspace.settle()

    (row,) = workspace.view("inkit.webhook_events")
    (tried,) = row["tries"]
    assert (tried["error"], tried["status"], tried["fault"]) == (error, status, fault_id)
    assert len(receiver.came) == reached


def test_a_webhook_without_an_address_keeps_what_it_is_told(quiet):
    """Whoever has no receiver sees what one would have been sent."""
    api, workspace = quiet({"name": "Log"})
    api.make()

    workspace.settle()

    rows = workspace.view("inkit.webhook_events")
    assert [row["event_type"] for row in rows] == ["RENDER_CREATE_FINISHED", "DOCUMENT_CREATE_FINISHED"]
    assert {row["status"] for row in rows} == {"delivered"}


def test_registered_by_hand_with_a_secret_of_its_own(quiet, receiver):
    """Registered, listed, given a new secret, ended: what is under way is told no more."""
    api, workspace = quiet()
    wanted = {"name": "Mine", "url": receiver.url, "events": ["RENDER_CREATE_FINISHED"]}
    made = by_hand(api, "POST", "/webhook", json=wanted).json()
    assert by_hand(api, "GET", "/webhook", 200).json()["items"] == [made]
    assert workspace.view("inkit.webhooks") == [made]
    changed = by_hand(api, "POST", f"/webhook/{made['id']}/secret", 200).json()
    assert changed == {**made, "secret": changed["secret"]}
    assert changed["secret"] != made["secret"]

    api.make()
    workspace.settle()
    ((headers, body),) = receiver.came
    assert headers["Inkit-Signature"] == hmac.new(changed["secret"].encode(), body, hashlib.sha256).hexdigest()

    api.make()
    by_hand(api, "DELETE", f"/webhook/{made['id']}", 204)
    workspace.settle()
    assert len(receiver.came) == 1
    rows = workspace.view("inkit.webhook_events")
    assert [row["status"] for row in rows] == ["delivered", "failed"]
    assert rows[1]["tries"][0]["error"] == "the webhook was ended"
    by_hand(api, "DELETE", f"/webhook/{made['id']}", 404)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "url": "localhost:5000"}, "url"),
        ({"name": "x", "url": "ftp://x.test"}, "url"),
        ({"name": "x", "url": "http://[x"}, "url"),
        ({"name": "x", "url": "http://x.test/a b\r\n"}, "url"),
        ({"name": "x", "url": 5}, "url"),
        ({"name": "x", "events": []}, "events"),
        ({"name": "x", "events": ["DOCUMENT_MADE"]}, "events"),
        ({"name": "x", "events": [["x"]]}, "events"),
        ({"name": "x", "secret": ""}, "secret"),
    ],
)
def test_what_is_no_webhook(quiet, wrong, field):
    """A refusal that names the field and what was wanted."""
    api, _ = quiet()
    told = by_hand(api, "POST", "/webhook", 422, json=wrong).json()
    assert told["errors"][0]["field"] == field


def test_an_event_that_is_none_is_told_with_its_nearest(client):
    """In a workspace's setup as by the verb."""
    hooks = [{"name": "x", "events": ["DOCUMENT_CREATED"]}]
    with pytest.raises(InkstandError, match="There is no event 'DOCUMENT_CREATED'"):
        client.create("wrong", vendors={"inkit": {"webhooks": hooks}})
    with pytest.raises(InkstandError, match="Did you mean"):
        client.workspace("default").act("inkit.add_webhook", hooks[0])


def test_a_key_needs_the_right_to_manage_webhooks(quiet):
    """Webhooks hold secrets: a key without Manage Webhooks does not see them."""
    api, _ = quiet(keys={"reader": {"key": "reader-key", "rights": ["View Renders"]}})
    by_hand(Api(api.client, "reader-key"), "GET", "/webhook", 403)


def test_while_serving_the_worker_tells_by_itself(inkstand, client, receiver):
    """Nobody needs to settle: a document that is made wakes the worker, and a late one is told of when it is ready."""
    inkstand.start_worker()
    setup = {"inkit": {"webhooks": [{"name": "Mine", "url": receiver.url, "events": ["RENDER_CREATE_FINISHED"]}]}}
    workspace = client.create("serving", vendors=setup)
    api = Api(client, workspace.connection("inkit")["settings"]["apiKey"])
    first = api.make()
    workspace.wait("inkit.webhook_events", where={"status": "delivered"}, count=1)
    workspace.fault("inkit.renderer", delay="300ms", next=1)
    late = api.make()
    workspace.wait("inkit.webhook_events", where={"status": "delivered"}, count=2)

    assert receiver.told == [("RENDER_CREATE_FINISHED", made["id"]) for made in (first, late)]


def test_a_reset_while_a_receiver_is_told(quiet, receiver):
    """What a try of an earlier life brings back is dropped."""
    api, workspace = quiet({"name": "Mine", "url": receiver.url, "events": ["RENDER_CREATE_FINISHED"]})
    receiver.then = workspace.reset
    api.make()

    workspace.settle()

    assert len(receiver.came) == 1
    assert workspace.view("inkit.webhook_events") == []
    workspace.advance("1d")
    assert len(receiver.came) == 1


@holds("inkit.mail.late")
def test_a_late_document_is_sent_and_told_of_when_it_is_ready(rules, quiet, client):
    """Until then its PDF is a 404, its link not there; settle finishes what is due."""
    api, workspace = quiet({"name": "Log", "events": ["DOCUMENT_CREATE_FINISHED"]})
    workspace.fault("inkit.renderer", delay="90s", next=1)
    ways = {"inkit_storage": {}, "magic_link": {"email": "ana@x.test"}, "sepire": LETTER}
    made = api.make(destinations=ways)
    link = f"/inkit/link/{made['magic_link_piece_id']}"
    workspace.advance("89s")

    (row,) = workspace.view("inkit.documents")
    assert (row["status"], row["ready_at"]) == ("in_progress", "2026-01-01T00:01:30.000Z")
    assert "in progress" in api.ask("GET", f"/render/{made['id']}/pdf", 404).text
    assert client.request("GET", link, params={"key": api.key}).status_code == 404
    api.ask("GET", f"/mail-piece/{made['mail_piece_id']}", 404)
    assert [workspace.view(f"inkit.{name}") for name in ("mailbox", "mail_pieces", "webhook_events")] == [[], [], []]

    workspace.advance("1s")

    assert workspace.view("inkit.documents")[0]["status"] == "completed"
    assert workspace.view("inkit.webhook_events")[0]["status"] == "delivered"
    assert workspace.view("inkit.mailbox")[0]["sent_at"] == "2026-01-01T00:01:30.000Z"
    assert api.ask("GET", f"/render/{made['id']}/pdf").content.startswith(b"%PDF")
    assert api.json("GET", f"/mail-piece/{made['mail_piece_id']}")["latest_delivery_status"] == "created"
    assert rules


def test_a_render_that_fails(quiet):
    """The call is taken, the render failed: its PDF never comes, nothing is sent, a batch counts it."""
    api, workspace = quiet()
    workspace.fault("inkit.renderer", status=500, every=2)
    ways = {"inkit_storage": {}, "magic_link": {"email": "ana@x.test"}}
    body = {"template_id": "tmpl_demoNotice", "renders": [{"destinations": ways}] * 3}
    batch = api.json("POST", "/batch", 201, json=body)["id"]

    told = api.json("GET", f"/batch/{batch}")
    assert told["status"] == "completed"
    assert told["destinations"]["magic_link"] == {"count": 3, "completed": 2, "failed": 1, "in_progress": 0}
    assert len(workspace.view("inkit.mailbox")) == 2
    (failed,) = workspace.view("inkit.renders", status="failed")
    assert "could not be made" in api.ask("GET", f"/render/{failed['render_id']}/pdf", 404).text


def test_an_identify_whose_render_fails_is_taken_and_explained(workspace):
    """Segment's delivery succeeds, as it does at a service that only takes orders; explain names the fault."""
    workspace.fault("inkit.renderer", drop="before")
    call = {"userId": "u-1", "traits": {"template_id": "tmpl_demoNotice"}, "messageId": "m-1"}
    workspace.post("identify", call)
    workspace.settle()

    (delivery,) = workspace.view("deliveries", messageId="m-1", connection="inkit")
    assert delivery["status"] == "delivered"
    assert workspace.view("inkit.documents")[0]["status"] == "failed"
    assert "inkit.render.failed" in [one["rule"] for one in workspace.view("reasons", messageId="m-1")]
