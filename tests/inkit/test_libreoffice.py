"""PDFs by LibreOffice: true where it is installed, bounded, and without anything outside the file."""

import io
import socket
from pathlib import Path

import pypdfium2
import pytest
from docx import Document
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from openpyxl import Workbook
from tests.inkit.conftest import VALUES, parts, saved

from inkstand.fakes.inkit.documents.formats import fill, libreoffice


def test_nothing_outside_is_named_to_libreoffice(word):
    """Addresses outside the file are taken out of the copy that a program draws, hyperlinks left; so are its fields."""
    document = Document(io.BytesIO(word))
    document.part.relate_to("http://127.0.0.1/x.png", "http://x/relationships/image", is_external=True)
    document.part.relate_to("http://127.0.0.1/a", "http://x/relationships/hyperlink", is_external=True)
    run = document.add_paragraph().add_run()
    code = run._r.makeelement(f"{{{run._r.nsmap['w']}}}instrText", {})  # python-docx has no door to field codes
    code.text = ' INCLUDEPICTURE "http://127.0.0.1/y.png" '
    run._r.append(code)
    made = parts(libreoffice.without_addresses(saved(document), "docx"))
    listed = made["word/_rels/document.xml.rels"]
    assert b"x.png" not in listed
    assert b"http://127.0.0.1/a" in listed
    assert b"INCLUDEPICTURE" not in made["word/document.xml"]


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

    pid = started.read_text().strip()
    state = Path(f"/proc/{pid}/stat")
    assert not state.exists() or state.read_text().split()[2] == "Z"


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
        (f'=WEBSERVICE("{url}/ws")', f'=_xlfn.IMAGE("{url}/image")', f"='file://{secret}'#$Sheet1.A1"), 1
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
