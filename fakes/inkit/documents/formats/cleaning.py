"""A copy of an Office file that names nothing outside of itself but hyperlinks, for a program that would go there.

What is kept is listed, everything else goes: parts by their folders, relations by what they are, pictures by how their
bytes begin. Nested documents, programs and scripts go whole; fields and formulas that would fetch something, and
addresses in attributes, are taken out. The document that people get stays as it is: only what is drawn is cleaned.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping

from lxml import etree

from .archive import Archive, opened, packed, parsed, written
from .errors import TemplateError

_PART = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels|(?:word|xl|ppt|docProps|customXml)/[\w .()\[\]/-]+", re.IGNORECASE
)
_XML = (".xml", ".rels", ".vml")
_RELATION = "{http://schemas.openxmlformats.org/package/2006/relationships}Relationship"
_BY_ID = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_LINKS = {"hyperlink", "hlinkClick", "hlinkHover", "hlinkMouseOver"}
_FOLLOWED = re.compile(r"(https?|mailto|tel):|#", re.IGNORECASE)
_KEPT = frozenset(
    """officeDocument core-properties extended-properties custom-properties customXml customXmlProps theme themeOverride
    styles stylesWithEffects settings webSettings fontTable font numbering header footer footnotes endnotes comments
    commentsExtended glossaryDocument image chart chartStyle chartColorStyle chartUserShapes drawing vmlDrawing
    diagramData diagramLayout diagramQuickStyle diagramColors diagramDrawing slide slideMaster slideLayout notesSlide
    notesMaster handoutMaster presProps viewProps tableStyles tags worksheet chartsheet sharedStrings calcChain table
    pivotTable pivotCacheDefinition pivotCacheRecords sheetMetadata printerSettings""".lower().split()
)
_PICTURES = (
    *(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\x00", b"MM\x00*", b"RIFF"),
    *(b"\x01\x00\x00\x00", b"\xd7\xcd\xc6\x9a", b"\x01\x00\x09\x00"),
)
_FETCHING_FIELD = re.compile(r"INCLUDE\s*(PICTURE|TEXT)|\bLINK\b|DDE|IMPORT|DATABASE", re.IGNORECASE)
_FETCHING_FORMULA = re.compile(
    r"(WEBSERVICE|DDE|IMAGE|IMPORT\w*|RTD|CALL|REGISTER\w*|SQL\.REQUEST)\s*\(|file:|#\s*\$|'\s*#", re.IGNORECASE
)
_FORMULAS = {"f", "formula", "formula1", "formula2", "definedName"}
_ADDRESS = re.compile(r"\s*([a-z][\w+.-]*:|//|\\\\|/)", re.IGNORECASE)
_NAMING = {"src", "href", "url", "althref", "link"}


def cleaned(file: bytes, kind: str) -> bytes:
    """The copy; raises TemplateError for what is no Office file of that kind."""
    archive = opened(file, kind)
    kept = {name: content for name, content in archive.parts.items() if _PART.fullmatch(name)}
    roots = {
        name: root for name in kept if name.lower().endswith(_XML) and (root := _read(name, kept[name])) is not None
    }
    kept = {name: content for name, content in kept.items() if name in roots or not name.lower().endswith(_XML)}
    reached = {"[Content_Types].xml"}
    for name, root in roots.items():
        if name.lower().endswith(".rels"):
            reached |= {name, *_clean_relations(name, root, roots, kept)}
        else:
            _clean_part(root)
    whole = Archive(kind, {name: content for name, content in kept.items() if name in reached})
    return packed(whole, {name: written(root) for name, root in roots.items()})


def _read(name: str, content: bytes) -> etree._Element | None:
    try:
        return parsed(name, content)
    except TemplateError:
        return None


def _clean_relations(
    name: str, root: etree._Element, roots: Mapping[str, etree._Element], kept: Mapping[str, bytes]
) -> set[str]:
    """Take relations out of a part's list; the parts that those left lead to."""
    folder, _, file = name.rpartition("/")
    base = posixpath.dirname(folder)
    owner = roots.get(posixpath.join(base, file[: -len(".rels")]))
    misused = _not_links(owner) if owner is not None else set()
    for one in list(root):
        if one.tag != _RELATION or not _stays(one, base, misused, kept):
            root.remove(one)
    return {_part_of(one, base) for one in root}


def _stays(one: etree._Element, base: str, misused: set[str], kept: Mapping[str, bytes]) -> bool:
    """Whether a relation stays: a hyperlink that only links use, or a part of the file that is one of those we know."""
    kind = (one.get("Type") or "").rpartition("/")[2].lower()
    target = (one.get("Target") or "").strip()
    if kind == "hyperlink":
        return bool(_FOLLOWED.match(target)) and one.get("Id") not in misused
    is_inside = (one.get("TargetMode") or "Internal").strip().lower() == "internal"
    part = _part_of(one, base)
    if not is_inside or kind not in _KEPT or part not in kept:
        return False
    return kind != "image" or kept[part].startswith(_PICTURES)


def _part_of(relation: etree._Element, base: str) -> str:
    return posixpath.normpath(posixpath.join("/", base, (relation.get("Target") or "").strip()))[1:]


def _not_links(owner: etree._Element) -> set[str]:
    """The ids of relations that something else than a hyperlink uses."""
    return {
        str(value)
        for one in owner.iter("{*}*")
        if etree.QName(one).localname not in _LINKS
        for name, value in one.attrib.items()
        if str(name).startswith(_BY_ID)
    }


def _clean_part(root: etree._Element) -> None:
    codes, simple = list(root.iter(f"{_WORD}instrText")), list(root.iter(f"{_WORD}fldSimple"))
    told = ["".join(one.text or "" for one in codes), *(one.get(f"{_WORD}instr") or "" for one in simple)]
    if _FETCHING_FIELD.search("\n".join(told)):  # a code may be split over runs, so they are read as one
        for one in codes:
            one.text = "QUOTE"
        for one in simple:
            one.set(f"{_WORD}instr", "QUOTE")
    for one in root.iter("{*}*"):
        if etree.QName(one).localname in _FORMULAS and _FETCHING_FORMULA.search(one.text or ""):
            one.text = "0"
        for name, value in one.attrib.items():
            if str(name).rpartition("}")[2].lower() in _NAMING and _ADDRESS.match(str(value)):
                one.set(name, "")
