"""A template brought by a person: by the command, by the verb, from a workspace's file."""

import base64
import json
from pathlib import Path

import pytest
from tests.conftest import run_inkstand, serving

from inkstand.simulator.errors import InkstandError

SAMPLES = Path(__file__).parents[2] / "fakes" / "inkit" / "samples"


def test_the_verb_makes_versions(workspace):
    """A file's name says its kind; the same id again is the next version, whose fields decide."""
    one = workspace.act("inkit.add_template", {"file": {"name": "note.html", "text": "{{a}}"}, "template_id": "t"})
    two = workspace.act("inkit.add_template", {"file": {"name": "note.htm", "text": "{{b}}"}, "template_id": "t"})

    assert (one["version"], one["merge_fields"], one["name"]) == (1, ["a"], "note")
    assert (two["template"], two["version"], two["merge_fields"]) == ("t", 2, ["b"])
    (row,) = workspace.view("inkit.templates", template_id="t")
    assert (row["version"], row["merge_fields"]) == (2, ["b"])


@pytest.mark.slow
@pytest.mark.parametrize("name", ["agreement.docx", "report.xlsx", "year.pptx", "registration.pdf", "letter.html"])
def test_every_format_from_a_file(client, name):
    """`vendors.inkit.templates` takes files of all five kinds, and documents are made of them."""
    setup = {"templates": [{"template_id": "t", "file": content(SAMPLES / name)}], "blank_missing": True}
    workspace = client.create("files", clock="frozen", delivery="manual", vendors={"inkit": setup})
    key = workspace.connection("inkit")["settings"]["apiKey"]
    body = {"template_id": "t", "merge_parameters": {"first_name": "Ana"}}
    answer = client.request("POST", "/inkit/v1/generate", json=body, headers={"X-Inkit-API-Token": key})

    assert answer.status_code == 201, answer.text
    (row,) = workspace.view("inkit.documents")
    assert row["pages"] >= 1
    assert row["rendered_with"] in {"plutoprint", "pdf-overlay", "libreoffice", "inkstand-plain"}
    preview = client.request("GET", f"/inkit/preview/{row['document_id']}.png", params={"key": key})
    assert preview.content.startswith(b"\x89PNG")


def content(path):

    return {"name": path.name, "base64": base64.b64encode(path.read_bytes()).decode()}


@pytest.mark.slow
def test_the_command(tmp_path):
    """`inkstand template add` tells id, version and fields; what cannot be taken is one line and exit code 2."""
    letter = tmp_path / "letter.html"
    letter.write_text("<p>{{first_name}} {{city}}</p>")
    with serving() as served:
        url = ("--url", served.url)
        said = run_inkstand("template", "add", str(letter), "--id", "tmpl_mine", *url)
        assert said.stdout == "tmpl_mine  version 1, html: letter\nmerge fields: first_name, city\n"
        made = run_inkstand("template", "add", str(SAMPLES / "report.xlsx"), "--name", "Mine", "--json", *url)
        assert json.loads(made.stdout)["source"] == "xlsx"
        (tmp_path / "broken.docx").write_bytes(b"no")
        wrong = run_inkstand("template", "add", str(tmp_path / "broken.docx"), *url)
        assert (wrong.returncode, wrong.stdout) == (2, "")
        assert "not a Word document" in wrong.stderr
        none = run_inkstand("template", "add", str(tmp_path / "none.docx"), *url)
        assert none.returncode == 2
        assert "cannot be read" in none.stderr


@pytest.mark.parametrize("name", ["agreement.docx", "report.xlsx", "year.pptx", "registration.pdf", "notice.html"])
def test_a_template_in_a_test(client, tmp_path, name):
    """A test hands the verb a path, or its content alone: the kind is seen from it."""
    workspace = client.create("handed")
    path = tmp_path / name
    path.write_bytes((SAMPLES / name).read_bytes())
    made = workspace.act("inkit.add_template", {"file": path})
    assert (made["name"], made["source"]) == (path.stem, path.suffix[1:])

    bare = {"file": {"base64": base64.b64encode(path.read_bytes()).decode()}}
    assert workspace.act("inkit.add_template", bare)["source"] == path.suffix[1:]
    with pytest.raises(InkstandError, match="cannot be read"):
        workspace.act("inkit.add_template", {"file": tmp_path / "nowhere.docx"})
