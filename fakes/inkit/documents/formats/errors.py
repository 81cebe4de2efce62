"""What is wrong with a template's file, and by which part an Office file is known."""

from __future__ import annotations

MAIN_PARTS = {"docx": "word/document.xml", "xlsx": "xl/workbook.xml", "pptx": "ppt/presentation.xml"}
"""The part that makes an archive an Office file of a kind."""


class TemplateError(ValueError):
    """The file is no template of its kind, or too much for one; the text says what was wanted, and what to do."""
