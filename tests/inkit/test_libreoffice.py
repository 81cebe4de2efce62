"""PDFs by LibreOffice: true where it is installed, bounded, and without anything outside the file."""

import io
import os
import re
import select
import socket
from contextlib import suppress

import pypdfium2
import pytest
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl import Workbook
from tests.inkit.conftest import PIXEL, VALUES, parts, repacked, saved

from inkstand.fakes.inkit.documents.formats import fill, libreoffice
from inkstand.fakes.inkit.documents.formats.cleaning import cleaned


def test_nothing_outside_is_named_to_libreoffice(word):
    """Addresses outside the file are taken out of the copy that a program draws, hyperlinks left; so are its fields."""
    document = Document(io.BytesIO(word))
    document.part.relate_to("http://127.0.0.1/x.png", "http://x/relationships/image", is_external=True)
    document.part.relate_to("http://127.0.0.1/a", "http://x/relationships/hyperlink", is_external=True)
    run = document.add_paragraph().add_run()
    code = run._r.makeelement(f"{{{run._r.nsmap['w']}}}instrText", {})  # python-docx has no door to field codes
    code.text = ' INCLUDEPICTURE "http://127.0.0.1/y.png" '
    run._r.append(code)
    made = parts(cleaned(saved(document), "docx"))
    listed = made["word/_rels/document.xml.rels"]
    assert b"x.png" not in listed
    assert b"http://127.0.0.1/a" in listed
    assert b"INCLUDEPICTURE" not in made["word/document.xml"]


RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
DRAWN = "http://schemas.openxmlformats.org/drawingml/2006/main"
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:l="http://www.w3.org/1999/xlink"><image l:href="%s"/></svg>'


def related(document, name, kind, target, *, content=None, mode=None):
    """Give a Word file a relation to a part of any content, or to an address."""
    members = parts(saved(document)) if not isinstance(document, dict) else document
    if content is not None:
        members[f"word/{target}"] = content
    attribute = f' TargetMode="{mode}"' if mode else ""
    one = f'<Relationship Id="{name}" Type="{RELATIONS}/{kind}" Target="{target}"{attribute}/></Relationships>'
    listed = members["word/_rels/document.xml.rels"].decode()
    members["word/_rels/document.xml.rels"] = listed.replace("</Relationships>", one).encode()
    return members


def using(members, *elements):
    """Put elements at the end of a Word file's text."""
    body = members["word/document.xml"].decode()
    members["word/document.xml"] = body.replace("</w:body>", "".join(elements) + "</w:body>", 1).encode()
    return members


def hostile(url):
    """A Word file with everything at once that a program might follow."""
    document = Document()
    document.add_paragraph("Hostile")
    document.add_picture(io.BytesIO(PIXEL))
    inner = Document()
    inner.add_paragraph("Nested")
    chunk = repacked(related(inner, "rIdX", "image", f"{url}/nested.png", mode="External"))
    members = related(document, "rIdA", "aFChunk", "nested.docx", content=chunk)
    related(members, "rIdB", "image", f"{url}/lower.png", mode="external")
    related(members, "rIdC", "hyperlink", f"{url}/as-link.png", mode="External")
    related(members, "rIdD", "image", "media/drawn.png", content=SVG % f"{url}/svg.png".encode())
    related(members, "rIdE", "oleObject", f"{url}/ole", mode="External")
    related(members, "rIdF", "attachedTemplate", f"{url}/template.dotx", mode="External")
    related(members, "rIdG", "subDocument", f"{url}/sub.docx", mode="External")
    related(members, "rIdH", "image", f"{url}/inside.png")
    related(members, "rIdI", "hyperlink", f"{url}/good", mode="External")
    blips = [
        f'<a:blip xmlns:a="{DRAWN}" xmlns:r="{RELATIONS}" r:link="rId{one}" r:embed="rId{one}"/>' for one in "BCDH"
    ]
    pictures = [members["word/document.xml"].decode().partition("<w:drawing>")[2].partition("</w:drawing>")[0]] * 4
    drawn = [re.sub("<a:blip .*?/>", blip, one) for blip, one in zip(blips, pictures, strict=True)]
    return using(
        members,
        *(f"<w:p><w:r><w:drawing>{one}</w:drawing></w:r></w:p>" for one in drawn),
        f'<w:altChunk xmlns:r="{RELATIONS}" r:id="rIdA"/>',
        f'<w:subDoc xmlns:r="{RELATIONS}" r:id="rIdG"/>',
        f'<w:p><w:hyperlink xmlns:r="{RELATIONS}" r:id="rIdI"><w:r><w:t>Link</w:t></w:r></w:hyperlink></w:p>',
        '<w:p><w:r><w:pict><v:shape xmlns:v="urn:schemas-microsoft-com:vml" style="width:9pt;height:9pt">'
        f'<v:imagedata src="{url}/vml.png"/></v:shape></w:pict></w:r></w:p>',
    )


def test_what_a_program_might_follow_is_taken_out():
    """By every door there is: only the link that a person would click is left."""
    clean = parts(cleaned(repacked({**hostile("http://a.test"), "content.xml": b"<x/>", "mimetype": b"x"}), "docx"))

    assert [one for one in clean if b"a.test" in clean[one]] == ["word/_rels/document.xml.rels"]
    assert re.findall(rb"http://a.test/(\w+)", clean["word/_rels/document.xml.rels"]) == [b"good"]
    assert not clean.keys() & {"content.xml", "mimetype"}


@pytest.mark.slow
@pytest.mark.skipif(libreoffice.program() is None, reason="LibreOffice is not installed here")
@pytest.mark.parametrize("scheme", ["http", "file"])
def test_libreoffice_follows_nothing(scheme, tmp_path):
    """Neither a listener nor a local file is asked for anything, and the document is drawn."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    for name in ("nested", "lower", "as-link", "svg", "vml", "inside"):
        (tmp_path / f"{name}.png").write_bytes(PIXEL)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}" if scheme == "http" else f"file://{tmp_path}"
    with pypdfium2.PdfDocument(libreoffice.to_pdf(repacked(hostile(url)), "docx")) as pdf:
        told = "".join(page.get_textpage().get_text_range() for page in pdf)
        pictures = [one for page in pdf for one in page.get_objects(filter=[pypdfium2.raw.FPDF_PAGEOBJ_IMAGE])]

    assert "Hostile" in told
    assert "Nested" not in told
    assert len(pictures) == 1
    with listener, pytest.raises(BlockingIOError):
        listener.accept()


@pytest.mark.slow
@pytest.mark.skipif(libreoffice.program() is None, reason="LibreOffice is not installed here")
@pytest.mark.parametrize("source", ["docx", "xlsx", "pptx"])
def test_libreoffice_draws_it(source, word, book, slides):
    """Where it is installed, LibreOffice draws the filled file."""
    file = fill(source, {"docx": word, "xlsx": book, "pptx": slides}[source], {**VALUES, "items": VALUES["items"][:9]})
    with pypdfium2.PdfDocument(libreoffice.to_pdf(file, source)) as document:
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
    assert "Zoë" in text
    assert "Row 8" in text


def test_without_libreoffice(monkeypatch, word):
    """Where it is not installed, or fails, there is nothing; the caller takes the plainer path."""
    monkeypatch.setattr(libreoffice, "program", lambda: None)
    assert libreoffice.to_pdf(word, "docx") is None
    monkeypatch.setattr(libreoffice, "program", lambda: "/bin/false")
    assert libreoffice.to_pdf(word, "docx") is None


def test_libreoffice_leaves_nothing_behind(monkeypatch, tmp_path, word):
    """One that takes too long is ended with the processes that it started."""
    program, started = tmp_path / "soffice", tmp_path / "started"
    program.write_text(f"#!/bin/sh\ntail -f /dev/null &\necho $! > {started}.new; mv {started}.new {started}\nwait\n")
    program.chmod(0o755)
    monkeypatch.setattr(libreoffice, "program", lambda: str(program))
    monkeypatch.setattr(libreoffice, "SECONDS", 0.5)
    assert libreoffice.to_pdf(word, "docx") is None

    with suppress(ProcessLookupError):
        left = os.pidfd_open(int(started.read_text()))
        assert select.select([left], [], [], 10)[0], "it goes on"
        os.close(left)


def field(paragraph, *codes):
    """Put a field with its code into a paragraph: of several texts, or of one as an attribute."""
    if len(codes) == 1:
        simple = OxmlElement("w:fldSimple")
        simple.set(qn("w:instr"), codes[0])
        paragraph._p.append(simple)  # python-docx has no door to fields
        return
    for part in ("begin", *codes, "end"):
        one = OxmlElement("w:fldChar" if part in {"begin", "end"} else "w:instrText")
        if part in {"begin", "end"}:
            one.set(qn("w:fldCharType"), part)
        else:
            one.text = part
        paragraph.add_run()._r.append(one)


@pytest.mark.slow
@pytest.mark.skipif(libreoffice.program() is None, reason="LibreOffice is not installed here")
def test_libreoffice_fetches_and_reads_nothing(tmp_path):
    """Fields whose codes are split, formulas and pictures that name a file or an address: neither is touched."""
    listener = socket.create_server(("127.0.0.1", 0))
    listener.setblocking(False)
    url, secret = f"http://127.0.0.1:{listener.getsockname()[1]}", tmp_path / "secret.txt"
    secret.write_text("the secret itself")
    document = Document()
    for codes in (
        (f'INCLUDETEXT "{secret}"',),
        ("INCLUDE", f'TEXT "file://{secret}"'),
        (f'INCLUDEPICTURE "{url}/simple" \\d',),
        ("INCLUDE", f'PICTURE "{url}/split" \\d'),
    ):
        field(document.add_paragraph("Field "), *codes)
    book = Workbook()
    for row, formula in enumerate(
        (
            f'=WEBSERVICE("{url}/ws")',
            f'=_xlfn.IMAGE("{url}/image")',
            f"='file://{secret}'#$Sheet1.A1",
            f'=INDIRECT("\'fi"&"le://{secret}\'#$Sheet1.A1")',
            f'=DDE("soffice","{secret}","A1")',
        ),
        1,
    ):
        book.active[f"A{row}"] = formula
    book.active["A9"] = "Formulas"

    told = ""
    for kind, made in (("docx", document), ("xlsx", book)):
        with pypdfium2.PdfDocument(libreoffice.to_pdf(saved(made), kind)) as pdf:
            told += "".join(page.get_textpage().get_text_range() for page in pdf)

    assert "Field" in told
    assert "Formulas" in told
    assert "the secret itself" not in told
    with listener, pytest.raises(BlockingIOError):
        listener.accept()
