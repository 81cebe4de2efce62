"""Templates in Office formats with awkward fields, and what they are filled with."""

import base64
import io
import zipfile

import pytest
from docx import Document
from openpyxl import Workbook
from pptx import Presentation
from pptx.util import Inches
from reportlab.pdfgen import canvas

ROWS = 500
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
VALUES = {
    "first_name": "Zoë",
    "phone number": "310",
    "o": {"x": "שלום"},
    "items": [{"n": f"Row {number}", "p": number} for number in range(ROWS)],
    "total": 12.5,
    "memo": "a\nb",
    "tags": ["x", "y"],
    "odd": "{{first_name}} & <b>\x07",
}


def saved(document):
    stream = io.BytesIO()
    document.save(stream)
    return stream.getvalue()


@pytest.fixture
def word():
    document = Document()
    paragraph = document.add_paragraph("Dear ")
    for piece in ("{", "{first", "_na", "me}", "} of {{ phone number }}, {{o.x}}"):
        paragraph.add_run(piece)
    document.add_paragraph("%% memo %%|{{tags}}|{{items[3].n}}|{{odd}}")
    table = document.add_table(2, 2)
    table.cell(0, 0).text, table.cell(1, 0).text, table.cell(1, 1).text = "Name", "{{items.n}}", "{{items.p}}"
    document.sections[0].header.paragraphs[0].text = "For {{first_name}}"
    return saved(document)


@pytest.fixture
def book():
    made = Workbook()
    sheet = made.active
    cells = {"A1": "Hi {{first_name}}", "B1": "{{total}}", "A3": "{{items.n}}", "B3": "{{items.p}}", "A5": "{{o.x}}"}
    for place, text in {**cells, "B4": "=SUM(B3:B3)", "A6": "{{odd}}"}.items():
        sheet[place] = text
    sheet.merge_cells("A5:B5")
    return saved(made)


@pytest.fixture
def slides():
    made = Presentation()
    slide = made.slides.add_slide(made.slide_layouts[5])
    slide.shapes.title.text = "For {{first_name}} {{odd}}"
    made_table = slide.shapes.add_table(2, 1, Inches(1), Inches(2), Inches(4), Inches(1)).table
    made_table.cell(1, 0).text = "{{items.n}}"
    return saved(made)


def form():
    stream = io.BytesIO()
    page = canvas.Canvas(stream, pagesize=(612, 792), invariant=1)
    page.drawString(72, 700, "Dear {{first_name}}, you owe {{ total }}.")
    page.drawString(72, 660, "{{o.x}}")
    page.acroForm.textfield(name="last_name", x=72, y=600, width=200, height=20)
    page.acroForm.checkbox(name="agreed", x=72, y=560, size=16)
    page.showPage()
    page.drawString(72, 700, "Page two %%memo%%")
    page.save()
    return stream.getvalue()


def parts(file):
    with zipfile.ZipFile(io.BytesIO(file)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def repacked(members):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return stream.getvalue()
