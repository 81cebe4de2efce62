"""The wire forms of Inkit's clients that cannot be installed here, as they were measured: Node, Go, Java, older Python.

Beside them those of two partners, as their pages tell them: CleverTap and Braze. Each over a raw socket.
"""

import base64
import json

import pytest
from tests.clients.test_wire import ask

KEY = "inkstand-demo-inkit-key"
HTML = base64.b64encode("<p>Dear {{name}} é</p>".encode()).decode()
NODE = {"X-Inkit-API-Token": KEY, "User-Agent": "Inkit SDK", "Accept": "application/json, text/plain, */*"}
GO = {"X-Inkit-API-Token": KEY, "User-Agent": "Go-http-client/1.1", "Content-Type": "application/json"}
JAVA = {"X-Inkit-API-Token": KEY, "User-Agent": "Java SDK", "Content-Type": "application/json"}
OLD_PYTHON = {"X-Inkit-API-Token": KEY, "User-Agent": "Inkit SDK", "Content-Type": "application/json"}


class Wire:
    """A client that sends its bytes as they are."""

    def __init__(self, url, headers):
        self.url, self.headers = url, headers

    def ask(self, method, path, body=None, **more):
        """The status, the content type and the body of the answer."""
        sent = b"" if body is None else (body if isinstance(body, bytes) else json.dumps(body).encode())
        headers = {"Host": "api.inkit.com", "Connection": "close", **self.headers, **more}
        if body is not None:
            headers["Content-Length"] = str(len(sent))
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        head, body = ask(self.url, "\r\n".join(lines).encode() + b"\r\n\r\n" + sent)
        told = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if line)
        return int(head.split()[1]), told["Content-Type"], body

    def json(self, method, path, body=None, status=200, **more):
        found, kind, text = self.ask(method, path, body, **more)
        assert (found, kind) == (status, "application/json"), text
        return json.loads(text)


@pytest.fixture
def wire(served):
    return lambda headers: Wire(served.url, headers)


def test_node(wire):
    """Keys turned into snake case, a stray entity_id, a GET with a body that is the bare id, amazon_s_3."""
    node = wire(NODE)
    body = {"name": "Letter", "source": "html", "file": HTML, "data": {"width": 5, "height": 4, "unit": "in"}}
    template = node.json("POST", "/v1/template", body, 201, **{"Content-Type": "application/json"})
    made = node.json(
        "POST",
        "/v1/render",
        {"template_id": template["id"], "merge_parameters": {"name": "Ana"}, "destinations": {"amazon_s_3": {}}},
        201,
        **{"Content-Type": "application/json;charset=utf-8"},
    )
    assert set(made) == {"id", "amazon_s3_piece_id"}
    render = made["id"]
    assert node.json("GET", f"/v1/render/{render}?entity_id={render}")["id"] == render
    status, kind, pdf = node.ask("GET", f"/v1/render/{render}/pdf", render.encode())
    assert (status, kind, pdf[:4]) == (200, "application/pdf", b"%PDF")
    assert node.json("GET", "/v1/folder")["items"]
    assert node.json("GET", f"/v1/render?data-id={render}")["metadata"]["pagination"]["total_count"] == 1


@pytest.mark.parametrize("headers", [GO, JAVA], ids=["Go", "Java"])
def test_go_and_java(wire, headers):
    """HTML in base64, sizes as floats, the plural path of Go's list; a PDF that is not there is a 404."""
    client = wire(headers)
    body = {"html": HTML, "width": 8.5, "height": 11.0, "unit": "in", "merge_parameters": {"name": "Ana"}}
    made = client.json("POST", "/v1/render", {**body, "name": "One", "folder_id": None, "expire_at": None}, 201)
    told = client.json("GET", f"/v1/render/{made['id']}")
    assert (told["status"], told["width"], told["unit"], told["name"]) == ("completed", 8.5, "in", "One")
    assert client.ask("GET", f"/v1/render/{made['id']}/pdf")[2].startswith(b"%PDF")
    assert "Dear Ana é" in client.ask("GET", f"/v1/render/{made['id']}/html")[2].decode()
    listed = client.json("GET", "/v1/renders?page=1&page_size=50")
    assert made["id"] in [one["id"] for one in listed["items"]]
    numbers = {name for name, value in listed["metadata"]["pagination"].items() if isinstance(value, int)}
    assert numbers >= {"page_size", "current_page", "page_count", "total_count"}
    assert isinstance(listed["metadata"]["sort"]["order"], int)
    assert client.json("GET", "/v1/render/rend_never/pdf", status=404)["code"] == 404


def test_older_python(wire):
    """1.0.4: a render with the fields that it allows, its HTML, then deleted for good."""
    client = wire(OLD_PYTHON)
    body = {"html": HTML, "width": 6, "height": 4, "unit": "in", "merge_parameters": {"name": "Ana"}}
    made = client.json("POST", "/v1/render", {**body, "expire_after_n_views": 5, "scale": 1, "metadata": {}}, 201)
    status, kind, html = client.ask("GET", f"/v1/render/{made['id']}/html")
    assert (status, kind) == (200, "text/html; charset=utf-8")
    assert b"Dear Ana" in html
    assert client.ask("GET", f"/v1/render/{made['id']}/docx")[0] == 404
    assert client.ask("DELETE", f"/v1/render/{made['id']}")[0] == 204
    assert client.ask("GET", f"/v1/render/{made['id']}/pdf")[0] == 404


def test_clevertap(wire):
    """POST /v1/generate without destinations, a field's name with a space in it."""
    client = wire({"X-Inkit-API-Token": KEY, "Content-Type": "application/json"})
    html = base64.b64encode(b"<p>{{phone number}} {{first_name}}</p>").decode()
    template = client.json("POST", "/v1/template", {"name": "C", "source": "html", "file": html}, 201)
    assert list(template["merge_variables"]) == ["phone number", "first_name"]
    values = {"phone number": "1", "first_name": "Ana", "email": "ana@x.test"}
    made = client.json("POST", "/v1/generate", {"template_id": template["id"], "merge_parameters": values}, 201)
    assert set(made) == {"id", "document_id"}


def test_braze(wire):
    """The key by Basic without a colon, and once more in the body."""
    client = wire(
        {"Authorization": "Basic " + base64.b64encode(KEY.encode()).decode(), "Content-Type": "application/json"}
    )
    body = {"api_token": KEY, "template_id": "tmpl_demoNotice", "merge_parameters": {}}
    assert client.json("POST", "/v1/generate", body, 201)["document_id"].startswith("doc_")
