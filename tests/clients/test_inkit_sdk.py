"""Inkit's own Python client, with the one redirection that a user would write."""

import subprocess
import sys

import pytest

DRIVE = """
import sys, warnings
warnings.simplefilter("ignore")
import inkit, inkit.client
inkit.api_token, inkit.client.HOST = sys.argv[1], sys.argv[2]
from inkit import Batch, Document, Folder, Render, Template
from inkit.exceptions import InkitResponseException

folder = Folder.list().data.items[0]
template = Template.create(name="Letter", source="html", file="<p>Dear {{first_name}} {{o.x}}</p>",
                           data={"width": 5, "height": 4, "unit": "in"})
assert template.status_code == 201, template.status_code
assert dict(template.data.merge_variables) == {"first_name": "", "o.x": ""}
tid = template.data.id
assert [one.id for one in Template.list(search=tid, sort="-name", page_size=2).data.items] == [tid]
assert Template.get(tid).data.width == 5
made = Render.create(template_id=tid, name="One", merge_parameters={"first_name": "Ana", "o": {"x": "y"}},
                     destinations={"inkit_storage": {"folder_id": folder.id, "expire_after_n_views": 3}})
rid, did = made.data.id, made.data.document_id
assert Render.get(rid).data.status == "completed"
assert Render.list(page=1, data_id=rid, destination_status="completed").data.metadata.pagination.total_count == 1
assert Render.get_pdf(rid).content.startswith(b"%PDF")
renders = [{"merge_parameters": {"first_name": name, "o": {"x": 1}}} for name in "ab"]
batch = Batch.create(template_id=tid, name="B", renders=renders)
assert Batch.get(batch.data.id).data.destinations.inkit_storage.completed == 2
assert batch.data.id in [one.id for one in Batch.list().data.items]
assert [one.id for one in Document.list(data_id=rid).data.items] == [did]
assert Document.get(did).data.expire_views_left == 2
assert Document.download(did).content.startswith(b"%PDF")
assert Document.delete(did).status_code == 204
for wrong, status in ((lambda: Document.get(did), 404), (lambda: Render.create(), 422)):
    try:
        wrong()
    except InkitResponseException as error:
        assert error.response.status_code == status, error.response.text
    else:
        raise AssertionError(status)
print("all fifteen")
"""


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/inkit/v1/", "/inkit/v1"], ids=["with a slash", "as shipped, /v1 dropped"])
def test_each_method(served, path):
    """All fifteen methods, against a server on a socket, whichever way its addresses come out."""
    done = subprocess.run(
        [sys.executable, "-c", DRIVE, "inkstand-demo-inkit-key", served.url + path],
        capture_output=True,
        text=True,
        timeout=100,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "all fifteen\n"
