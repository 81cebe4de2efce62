"""The plainer path from an Office file to a PDF, where LibreOffice is not installed: its texts, tables and pictures.

What it shows: paragraphs with headings, bold and italic, lists as paragraphs, tables, embedded pictures, headers and
footers once, page breaks; slides as pages; sheets as tables. What it does not: columns, floating positions, charts,
colours, number formats.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping
from html import escape

from lxml import etree

from inkstand.fakes.kit.http import drawable
from inkstand.fakes.kit.rendering import Paper

from .archive import Archive, opened, parsed, related
from .sheets import shared_texts

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DRAWING = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_SLIDE = "{http://schemas.openxmlformats.org/presentationml/2006/main}"
_SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_EMBED = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}embed"
_PICTURES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif"}
_EMU = 914_400
_TWIP = 1_440
_STYLE = """<style>
body { font-size: 11pt; line-height: 1.35 } p { margin: 0 0 6pt } img { max-width: 100% }
table { border-collapse: collapse; width: 100%; margin: 6pt 0 } td { border: 0.5pt solid #999; padding: 2pt 5pt;
vertical-align: top } .slide { page-break-after: always } .slide h1 { font-size: 26pt } .slide p { font-size: 16pt }
header, footer { color: #666; font-size: 9pt } .break { page-break-after: always }
</style>"""


def to_html(file: bytes, kind: str) -> tuple[str, Paper]:
    """A filled Office file as a page of HTML, and the size of its pages."""
    archive = opened(file, kind)
    body, paper = {"docx": _document, "pptx": _slides, "xlsx": _sheets}[kind](archive)
    return f"{_STYLE}{drawable(body)}", paper


def _document(archive: Archive) -> tuple[str, Paper]:
    root = parsed("word/document.xml", archive.parts["word/document.xml"])
    pictures = _pictures(archive, "word/document.xml")
    size = next(root.iter(f"{_WORD}pgSz"), None)
    paper = Paper()
    if size is not None:
        width, height = (_number(size.get(f"{_WORD}{name}")) / _TWIP for name in ("w", "h"))
        paper = Paper(width, height) if width > 1 and height > 1 else paper
    body = root.find(f"{_WORD}body")
    blocks = "".join(_block(one, pictures) for one in (body if body is not None else ()))
    above = _margin(archive, r"word/header\d*\.xml", "header")
    return above + blocks + _margin(archive, r"word/footer\d*\.xml", "footer"), paper


def _margin(archive: Archive, pattern: str, tag: str) -> str:
    said = (_block(one, {}) for name in archive.matching(pattern) for one in parsed(name, archive.parts[name]))
    text = "".join(said)
    return f"<{tag}>{text}</{tag}>" if text else ""


def _block(one: etree._Element, pictures: Mapping[str, str]) -> str:
    if one.tag == f"{_WORD}p":
        return _paragraph(one, pictures)
    if one.tag == f"{_WORD}tbl":
        rows = (
            "<tr>" + "".join(_cell(cell, pictures) for cell in row.iterchildren(f"{_WORD}tc")) + "</tr>"
            for row in one.iterchildren(f"{_WORD}tr")
        )
        return f"<table>{''.join(rows)}</table>"
    if one.tag == f"{_WORD}sdt":
        content = one.find(f"{_WORD}sdtContent")
        return "".join(_block(child, pictures) for child in (content if content is not None else ()))
    return ""


def _cell(cell: etree._Element, pictures: Mapping[str, str]) -> str:
    spans = next(cell.iter(f"{_WORD}gridSpan"), None)
    wide = min(int(_number(spans.get(f"{_WORD}val"))), 100) if spans is not None else 1
    return f'<td colspan="{max(wide, 1)}">' + "".join(_block(one, pictures) for one in cell) + "</td>"


def _paragraph(paragraph: etree._Element, pictures: Mapping[str, str]) -> str:
    style = next((one.get(f"{_WORD}val") or "" for one in paragraph.iter(f"{_WORD}pStyle")), "")
    level = re.search(r"[Hh]eading\s*([1-6])", style)
    tag = f"h{level[1]}" if level else ("h1" if style == "Title" else "p")
    align = next((one.get(f"{_WORD}val") or "" for one in paragraph.iter(f"{_WORD}jc")), "")
    look = f' style="text-align:{align}"' if align in {"center", "right"} else ""
    dot = "• " if next(paragraph.iter(f"{_WORD}numPr"), None) is not None or "List" in style else ""
    runs = "".join(_run(run, pictures) for run in paragraph.iter(f"{_WORD}r"))
    return f'<{tag} dir="auto"{look}>{dot}{runs or "&nbsp;"}</{tag}>'


def _run(run: etree._Element, pictures: Mapping[str, str]) -> str:
    said = ""
    for one in run.iter(f"{_WORD}t", f"{_WORD}br", f"{_WORD}tab", f"{_DRAWING}blip"):
        if one.tag == f"{_WORD}t":
            said += escape(one.text or "")
        elif one.tag == f"{_WORD}br":
            said += '<div class="break"></div>' if one.get(f"{_WORD}type") == "page" else "<br>"
        elif one.tag == f"{_WORD}tab":
            said += "&emsp;"
        else:
            said += pictures.get(one.get(_EMBED) or "", "")
    for mark, tag in (("b", "b"), ("i", "i"), ("u", "u")):
        found = run.find(f"{_WORD}rPr/{_WORD}{mark}")
        if said and found is not None and found.get(f"{_WORD}val") not in {"0", "false", "none"}:
            said = f"<{tag}>{said}</{tag}>"
    return said


def _slides(archive: Archive) -> tuple[str, Paper]:
    root = parsed("ppt/presentation.xml", archive.parts["ppt/presentation.xml"])
    size = next(root.iter(f"{_SLIDE}sldSz"), None)
    paper = Paper(10, 7.5)
    if size is not None:
        paper = Paper(_number(size.get("cx")) / _EMU or 10, _number(size.get("cy")) / _EMU or 7.5)
    names = archive.matching(r"ppt/slides/slide\d+\.xml")
    return "".join(f'<div class="slide">{_slide(archive, name)}</div>' for name in names), paper


def _slide(archive: Archive, name: str) -> str:
    root, pictures, said = parsed(name, archive.parts[name]), _pictures(archive, name), ""
    for shape in root.iter(f"{_SLIDE}sp", f"{_SLIDE}graphicFrame", f"{_SLIDE}pic"):
        if shape.tag == f"{_SLIDE}pic":
            said += "".join(pictures.get(one.get(_EMBED) or "", "") for one in shape.iter(f"{_DRAWING}blip"))
            continue
        title = any(one.get("type") in {"title", "ctrTitle"} for one in shape.iter(f"{_SLIDE}ph"))
        for table in shape.iter(f"{_DRAWING}tbl"):
            rows = (
                "<tr>" + "".join(f"<td>{_lines(cell, 'p')}</td>" for cell in row.iter(f"{_DRAWING}tc")) + "</tr>"
                for row in table.iter(f"{_DRAWING}tr")
            )
            said += f"<table>{''.join(rows)}</table>"
        if shape.tag == f"{_SLIDE}sp":
            said += _lines(shape, "h1" if title else "p")
    return said


def _lines(within: etree._Element, tag: str) -> str:
    texts = ("".join(one.text or "" for one in line.iter(f"{_DRAWING}t")) for line in within.iter(f"{_DRAWING}p"))
    return "".join(f'<{tag} dir="auto">{escape(text)}</{tag}>' for text in texts if text)


def _sheets(archive: Archive) -> tuple[str, Paper]:
    shared = shared_texts(archive)
    names = archive.matching(r"xl/worksheets/sheet\d*\.xml")
    return "".join(f"<table>{''.join(_rows(archive, name, shared))}</table>" for name in names), Paper()


def _rows(archive: Archive, name: str, shared: list[str]) -> Iterator[str]:
    for row in parsed(name, archive.parts[name]).iter(f"{_SHEET}row"):
        cells = "".join(f'<td dir="auto">{escape(_value(cell, shared))}</td>' for cell in row.iter(f"{_SHEET}c"))
        yield f"<tr>{cells}</tr>"


def _value(cell: etree._Element, shared: list[str]) -> str:
    stored = cell.findtext(f"{_SHEET}v") or ""
    if cell.get("t") == "inlineStr":
        return "".join(one.text or "" for one in cell.iter(f"{_SHEET}t"))
    if cell.get("t") == "s":
        return shared[int(stored)] if stored.isdecimal() and int(stored) < len(shared) else ""
    if cell.get("t") == "b":
        return "TRUE" if stored == "1" else "FALSE"
    formula = cell.findtext(f"{_SHEET}f")
    return stored if stored or not formula else f"={formula}"


def _pictures(archive: Archive, name: str) -> dict[str, str]:
    """The embedded pictures that a part names, by the id that it uses, as HTML."""
    found: dict[str, str] = {}
    for one in related(archive, name):
        kind = _PICTURES.get(one.part.rpartition(".")[2].lower())
        if kind:
            data = base64.b64encode(archive.parts[one.part]).decode()
            found[one.id] = f'<img src="data:{kind};base64,{data}">'
    return found


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
