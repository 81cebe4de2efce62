"""Templates of five formats: what is found in them, filled in, and refused; files are reopened by other libraries."""

import io
import zipfile

import pypdfium2
import pytest
from docx import Document
from openpyxl import Workbook, load_workbook
from openpyxl.chart import BarChart, Reference
from openpyxl.workbook.defined_name import DefinedName
from openpyxl.worksheet.table import Table
from pptx import Presentation
from pypdf import PdfReader, PdfWriter
from pypdf.generic import NameObject
from tests.inkit.conftest import ROWS, VALUES, form, parts, repacked, saved

from inkstand.fakes.inkit.documents import catalogue
from inkstand.fakes.inkit.documents.formats import LARGEST_FILE, TemplateError, fields_of, fill, plain
from inkstand.fakes.inkit.documents.formats.archive import LARGEST_WHOLE
from inkstand.fakes.inkit.merge_fields import MOST_ROWS
from inkstand.fakes.inkit.seed import SAMPLES
from inkstand.fakes.kit.rendering import Paper, to_pdf


def test_word(word):
    """Fields split over runs, with spaces, in headers and tables; lists make rows; no value is filled again."""
    assert fields_of("docx", word) == (
        *("first_name", "phone number", "o.x", "memo", "tags", "items[3].n", "odd", "items.n", "items.p"),
    )
    made = Document(io.BytesIO(fill("docx", word, VALUES)))
    assert [one.text for one in made.paragraphs] == [
        "Dear Zoë of 310, שלום",
        "a\nb|x, y|Row 3|{{first_name}} & <b>\ufffd",
    ]
    (table,) = made.tables
    assert [row.cells[0].text for row in table.rows] == ["Name", *(f"Row {number}" for number in range(ROWS))]
    assert made.sections[0].header.paragraphs[0].text == "For Zoë"


def test_excel(book):
    """Numbers stay numbers, rows repeat, sums and merged cells follow."""
    assert fields_of("xlsx", book) == ("first_name", "total", "items.n", "items.p", "o.x", "odd")
    made = fill("xlsx", book, VALUES)
    sheet = load_workbook(io.BytesIO(made)).active
    assert (sheet["A1"].value, sheet["B1"].value) == ("Hi Zoë", 12.5)
    assert [sheet.cell(3 + number, 2).value for number in range(ROWS)] == list(range(ROWS))
    assert sheet["B503"].value == "=SUM(B3:B502)"
    assert (sheet["A504"].value, str(sheet.merged_cells)) == ("שלום", "A504:B504")
    assert [name for name, content in parts(made).items() if b"{{" in content] == ["xl/worksheets/sheet1.xml"]


def test_a_table_of_excel_grows_with_its_rows():
    """Excel's own tables have the rows that a list made, in each sheet."""
    made = Workbook()
    sheet = made.active
    for place, text in {"A1": "Name", "B1": "Price", "A2": "{{items.n}}", "B2": "{{items.p}}"}.items():
        sheet[place] = text
    sheet.add_table(Table(displayName="Lines", ref="A1:B2"))
    made.create_sheet("More")["A1"] = "{{first_name}} again"
    again = load_workbook(io.BytesIO(fill("xlsx", saved(made), VALUES)))

    assert again.active.tables["Lines"].ref == f"A1:B{ROWS + 1}"
    assert again["More"]["A1"].value == "Zoë again"


def test_what_names_cells_elsewhere_follows():
    """Formulas of other sheets, named ranges, charts and where they stand; what formulas once came to is forgotten."""
    made = Workbook()
    sheet = made.active
    sheet.title = "It's all"
    for place, text in {"A1": "{{items.n}}", "B1": "{{items.p}}", "B2": "=SUM(B1:B1)"}.items():
        sheet[place] = text
    more = made.create_sheet("More")
    for place, text in {"A1": "='It''s all'!B2*2", "A2": "=SUM('It''s all'!$B$1:$B$1)+A1", "A3": "=Other!B2"}.items():
        more[place] = text
    made.create_sheet("Other")["A1"] = "=More!A5:A9"
    made.defined_names["prices"] = DefinedName("prices", attr_text="'It''s all'!$B$1:$B$1")
    chart = BarChart()
    chart.add_data(Reference(sheet, min_col=2, min_row=1, max_row=1))
    sheet.add_chart(chart, "D4")
    file = saved(made)
    unpacked = parts(file)
    held = unpacked["xl/worksheets/sheet2.xml"].replace(b"<v/>", b"<v>7</v>").replace(b"<v></v>", b"<v>7</v>")
    assert b"<v>7</v>" in held

    whole = fill("xlsx", repacked({**unpacked, "xl/worksheets/sheet2.xml": held}), VALUES)

    again, end = load_workbook(io.BytesIO(whole)), ROWS
    assert again["It's all"][f"B{end + 1}"].value == f"=SUM(B1:B{end})"
    assert again["More"]["A1"].value == f"='It''s all'!B{end + 1}*2"
    assert again["More"]["A2"].value == f"=SUM('It''s all'!$B$1:$B${end})+A1"
    assert (again["More"]["A3"].value, again["Other"]["A1"].value) == ("=Other!B2", "=More!A5:A9")
    assert again.defined_names["prices"].attr_text == f"'It''s all'!$B$1:$B${end}"
    assert f"$B$1:$B${end}</".encode() in parts(whole)["xl/charts/chart1.xml"]
    assert again["It's all"]._charts[0].anchor._from.row == 3 + end - 1  # nothing else tells it
    assert b"<v>7</v>" not in parts(whole)["xl/worksheets/sheet2.xml"]


def test_an_empty_list_is_no_row(book, word):
    """A list without elements takes its row away."""
    values = {**VALUES, "items": []}
    sheet = load_workbook(io.BytesIO(fill("xlsx", book, values))).active
    assert sheet["A4"].value == "שלום"
    assert len(Document(io.BytesIO(fill("docx", word, values))).tables[0].rows) == 1


def test_powerpoint(slides):
    """Titles and tables of slides."""
    assert fields_of("pptx", slides) == ("first_name", "odd", "items.n")
    slide = Presentation(io.BytesIO(fill("pptx", slides, VALUES))).slides[0]
    assert slide.shapes.title.text == "For Zoë {{first_name}} & <b>\ufffd"
    assert len(slide.shapes[1].table.rows) == ROWS + 1


def test_pdf():
    """Form fields and texts of pages, in every script; the form keeps its values and can no longer be written in."""
    file = form()
    assert fields_of("pdf", file) == ("last_name", "agreed", "first_name", "total", "o.x", "memo")
    made = fill("pdf", file, {**VALUES, "last_name": "Nguyễn", "agreed": True})
    reader = PdfReader(io.BytesIO(made))
    one, two = (page.extract_text() for page in reader.pages)
    assert "Dear Zoë, you owe 12.5." in one
    assert "שלום" in one
    assert one.count("Zoë") == 1
    assert "Nguyễn" in one
    assert two == "Page two a\nb"
    fields = reader.get_fields()
    assert (fields["last_name"]["/V"], fields["agreed"]["/V"]) == ("Nguyễn", "/Yes")
    assert fields["last_name"]["/Ff"] & 1


def test_a_field_split_over_formats_in_a_pdf():
    """What a program drew in several pieces is one field."""
    drawn = to_pdf("<p>You owe <b>{{amo</b>unt due}} now</p>", Paper(), 0).content

    assert fields_of("pdf", drawn) == ("amount due",)
    text = PdfReader(io.BytesIO(fill("pdf", drawn, {"amount due": "9 EUR"}))).pages[0].extract_text()
    assert "{{" not in text
    assert "9 EUR now" in text


def test_html_lists():
    """A row or list item of a list is there once for each element; values bring neither markup nor fields along."""
    html = b"<ul><li>{{tags}}</li></ul><table><tr><td>{{items.n}}</td><td>{{first_name}}</td></tr></table>{{odd}}"
    made = fill("html", html, {**VALUES, "items": [{"n": "{{first_name}}"}, {"n": "%%tags%%"}]}).decode()

    assert "<li>x</li><li>y</li>" in made
    assert made.count("<tr>") == 2
    assert "&#123;&#123;first_name}}" in made
    assert "{{first_name}} &amp; &lt;b&gt;" in made


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.template_id)
def test_samples_are_what_they_say(sample):
    """The fields that stand in the code are those of the file, and the file can be filled."""
    file = catalogue.sample(sample.file_name)
    assert fields_of(sample.source, file) == tuple(sample.fields)
    made = fill(sample.source, file, {name: "value" for name in sample.fields if "." not in name})
    assert made


def zipped(**members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return stream.getvalue()


ENTITY = b'<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><x>&a;</x>'
LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]><x>&b;</x>'


@pytest.mark.parametrize(
    ("source", "file", "said"),
    [
        ("docx", b"no archive", "cannot be opened"),
        ("docx", b"PK\x03\x04" + b"x" * 100, "cannot be opened"),
        ("docx", zipped(x=b"1"), "no part word/document.xml"),
        ("xlsx", zipped(word__document_xml=b"<x/>"), "It is a Word document"),
        ("docx", zipped(word__document_xml=b"<x>"), "cannot be read"),
        ("docx", zipped(word__document_xml=ENTITY), "document type"),
        ("docx", zipped(word__document_xml=LAUGHS.decode().encode("utf-16")), "document type"),
        ("docx", zipped(word__document_xml=b"0" * (LARGEST_WHOLE + 1)), "would unpack to"),
        ("pptx", zipped(**{f"p{number}": b"" for number in range(2_100)}), "would unpack to"),
        ("pdf", b"%PDF-1.7 and nothing", "not a PDF"),
        ("pdf", b"<html>", "not a PDF"),
        ("html", b"\xff\xfe\x00", "UTF-8"),
        ("html", b"x" * (LARGEST_FILE + 1), "at most"),
    ],
)
def test_what_is_no_template_is_refused(source, file, said):
    """A file that is none of its kind, or hostile, is refused in words; nothing of it is unpacked or looked up."""
    with pytest.raises(TemplateError, match=said):
        fields_of(source, file)


@pytest.mark.slow
@pytest.mark.parametrize("source", ["docx", "xlsx", "pptx"])
def test_too_many_rows(source, word, book, slides):
    """A list that makes more rows than a document may have is refused, not drawn."""
    file = {"docx": word, "xlsx": book, "pptx": slides}[source]
    with pytest.raises(TemplateError, match="rows"):
        fill(source, file, {**VALUES, "items": [{"n": "x"}] * (MOST_ROWS + 1)})


def test_an_archive_that_lies_about_its_size(word):
    """What unpacks to more than it says is not unpacked further."""
    found = bytearray(word)
    place = found.rindex(b"PK\x01\x02")
    found[place + 24 : place + 28] = (5).to_bytes(4, "little")
    with pytest.raises(TemplateError, match="cannot be opened"):
        fields_of("docx", bytes(found))


@pytest.mark.slow
@pytest.mark.parametrize("source", ["docx", "xlsx", "pptx"])
def test_the_plainer_path(source, word, book, slides):
    """Without LibreOffice every text is in the PDF, row after row, page after page."""
    file = fill(source, {"docx": word, "xlsx": book, "pptx": slides}[source], VALUES)
    html, paper = plain.to_html(file, source)
    with pypdfium2.PdfDocument(to_pdf(html, paper, 0).content) as document:
        text = "\n".join(page.get_textpage().get_text_range() for page in document)
        assert len(document) > 5
    assert "Zoë" in text
    assert all(f"Row {number}" in text for number in range(ROWS))


@pytest.mark.parametrize("knot", ["parent", "pages"])
def test_a_pdf_that_goes_round_in_circles(knot):
    """What would keep its reader busy for ever, or bring it down, costs a process and is refused in words, or read."""
    writer = PdfWriter(clone_from=io.BytesIO(form()))
    if knot == "parent":
        widget = writer.pages[0]["/Annots"][0].get_object()
        widget[NameObject("/Parent")] = widget.indirect_reference
        del widget["/T"]
    else:
        root = writer.root_object["/Pages"].get_object()
        root["/Kids"].append(writer.root_object.raw_get("/Pages"))
    file = saved_by(writer)
    try:
        assert "first_name" in fields_of("pdf", file)
    except TemplateError as error:
        assert str(error)  # noqa: PT017  # either will do; a crash will not


def saved_by(writer):
    stream = io.BytesIO()
    writer.write(stream)
    return stream.getvalue()
