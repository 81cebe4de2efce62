"""What is wrong with a template's file."""

from __future__ import annotations


class TemplateError(ValueError):
    """The file is no template of its kind, or too much for one; the text says what was wanted, and what to do."""
