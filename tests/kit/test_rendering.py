import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest

from inkstand.fakes.kit.rendering import LARGEST_PICTURE, Paper, UndrawableError, page_to_png, to_pdf, to_png, use_fonts
from inkstand.simulator.app import Inkstand
from inkstand.simulator.errors import CannotStartError
from inkstand.simulator.settings import Settings


def text_of(pdf):
    document = pypdfium2.PdfDocument(pdf.content)
    return " ".join("\n".join(page.get_textpage().get_text_range() for page in document).split())


def test_text_of_many_scripts_is_in_the_pdf():
    """Accents, Greek, Cyrillic, Hebrew and symbols can be read back out of the page."""
    words = ["Zoë Łukasiewicz", "Ελληνικά", "Кириллица", "office", "€ ✓"]

    pdf = to_pdf("".join(f"<p>{word}</p>" for word in words) + "<p dir=rtl>שלום</p>", Paper(), 0)

    found = text_of(pdf)
    assert [word for word in words if word not in found] == []
    assert "שלום" in found
    assert pdf.pages == 1


def test_arabic_is_shaped():
    """Arabic letters join: the page holds other glyphs than the letters one by one."""
    joined = to_pdf("<p dir=rtl>مرحبا</p>", Paper(), 0).content
    apart = to_pdf("<p dir=rtl>م ر ح ب ا</p>", Paper(), 0).content

    assert joined != apart
    assert "مرحبا" in text_of(to_pdf("<p dir=rtl>مرحبا</p>", Paper(), 0)).replace("\u200f", "")


def test_a_machine_without_fonts_makes_the_same_page(tmp_path):
    """With the machine's fonts switched off the text is still there, byte for byte."""
    code = (
        "import sys; from inkstand.fakes.kit.rendering import Paper, to_pdf;"
        "sys.stdout.buffer.write(to_pdf('<h1>Grüße</h1>', Paper(), 0).content)"
    )
    nowhere = {**os.environ, "FONTCONFIG_PATH": str(tmp_path), "FONTCONFIG_FILE": "", "HOME": str(tmp_path)}

    bare = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=nowhere)

    assert bare.stdout == to_pdf("<h1>Grüße</h1>", Paper(), 0).content


def test_nothing_is_fetched(httpserver, tmp_path):
    """Images and styles by address are not fetched from file or network, and are named."""
    secret = tmp_path / "secret.css"
    secret.write_text("p { color: red }")
    addresses = [httpserver.url_for("/x.png"), f"file://{secret}"]

    pdf = to_pdf(f'<img src="{addresses[0]}"><link rel="stylesheet" href="{addresses[1]}"><p>a</p>', Paper(), 0)

    assert sorted(pdf.refused) == sorted(addresses)
    assert httpserver.log == []


def test_units():
    """A page has the size asked for; an unknown unit is refused with the known ones."""
    for paper, points in ((Paper(8.5, 11, "in"), (612, 792)), (Paper(10, 20, "cm"), (283, 567))):
        page = pypdfium2.PdfDocument(to_pdf("<p>a</p>", paper, 0).content)[0]
        assert tuple(map(round, page.get_size())) == points

    with pytest.raises(ValueError, match="in, cm, px"):
        to_pdf("<p>a</p>", Paper(1, 1, "ell"), 0)


def test_a_picture_is_as_wide_as_asked_and_as_high_as_it_must():
    """Width and scale are as asked; without a height the whole page is in it; text is drawn."""
    empty = to_png("<body style='margin:0'><div style='height:50px'></div>", 200)
    told = to_png("<body style='margin:0'><div style='height:50px'>Grüße Ελληνικά</div>", 200, scale=2)
    cut = to_png("<p>x</p>" * 50, 200, 80)

    assert (empty.width, empty.height) == (200, 50)
    assert (told.width, told.height) == (400, 100)
    assert (cut.width, cut.height) == (200, 80)
    assert len(told.content) > 2 * len(empty.content)
    assert told == to_png("<body style='margin:0'><div style='height:50px'>Grüße Ελληνικά</div>", 200, scale=2)


def test_a_page_as_a_picture():
    """Each page of a document can be seen, in its own proportions; nothing is fetched for it."""
    html = "<h1>One</h1><img src='http://127.0.0.1:9/x.png'><h1 style='page-break-before: always'>Two</h1>"
    one, two = (page_to_png(html, Paper(4, 6), 200, page) for page in (0, 1))

    corner = "<div style='position:absolute;left:2.5in;top:3.5in'>X</div>"

    assert page_to_png(corner, Paper(4, 6), 200).content != page_to_png("<p></p>", Paper(4, 6), 200).content
    assert (one.width, one.height) == (200, 300)
    assert one.content != two.content
    assert one.refused == ("http://127.0.0.1:9/x.png",)
    with pytest.raises(ValueError, match="there are 2 pages, counted from 0; page 2 was asked for"):
        page_to_png(html, Paper(4, 6), 200, 2)
    with pytest.raises(ValueError, match=f"1 to {LARGEST_PICTURE} pixels"):
        to_png("<p>x</p>", 0)


@pytest.mark.slow
def test_a_page_that_brings_a_process_down_costs_no_other():
    """What is nested too deeply is refused in words; the next page is drawn as before, also at the same time."""
    with ThreadPoolExecutor() as threads:
        deep = threads.submit(to_pdf, "<b>" * 50_000 + "x", Paper(), 0)
        beside = [threads.submit(to_pdf, f"<p>{number}</p>", Paper(), 0) for number in range(20)]
        assert [text_of(one.result()) for one in beside] == [str(number) for number in range(20)]
        with pytest.raises(UndrawableError, match="nested too deeply"):
            deep.result()
    assert text_of(to_pdf("<p>after</p>", Paper(), 0)) == "after"


def test_too_many_pages_are_not_written():
    """A document has at most so many pages; the refusal says how many there would be."""
    with pytest.raises(UndrawableError, match="and may have 1 to 2,000"):
        to_pdf("<div style='height:1e8pt'>x</div>", Paper(), 0)


def test_fonts_of_ones_own(tmp_path):
    """A page finds a font of a further folder by its name, without the folder ours; one that is not there is told."""
    from pymupdf_fonts import myfont  # several megabytes

    (tmp_path / "own.ttf").write_bytes(myfont("spacemo"))
    page = "<p style='font-family: Space Mono'>own</p>"
    try:
        with Inkstand(Settings(fonts=(str(tmp_path),))):
            assert b"SpaceMono" in to_pdf(page, Paper(), 0).content
    finally:
        use_fonts(())
    assert b"SpaceMono" not in to_pdf(page, Paper(), 0).content
    with pytest.raises(CannotStartError, match="nowhere"):
        Inkstand(Settings(fonts=(str(tmp_path / "nowhere"),)))
