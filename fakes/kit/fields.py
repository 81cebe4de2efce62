"""Fields that more than one schema has: durations as people write them, and text that may stand in a file beside."""

from __future__ import annotations

import base64
from contextvars import ContextVar
from pathlib import Path, PurePath
from typing import Any

from marshmallow import ValidationError, fields

from .http import kind_of
from .times import milliseconds

BESIDE: ContextVar[Path | None] = ContextVar("beside", default=None)
"""The folder of the file that is being read; None where there is no file, as over HTTP."""

DURATION = r"^\s*(\d{1,12}(\.\d{1,6})?\s*(ms|s|m|h|d)\s*)+$"


class Duration(fields.Field[int]):
    """A duration as text (`90s`, `5m`, `1h30m`), read as milliseconds; at most `longest` of them."""

    def __init__(self, *, longest: int | None = None, metadata: dict[str, Any] | None = None, **extra: Any) -> None:
        super().__init__(metadata={"type": "string", "pattern": DURATION, "example": "5m", **(metadata or {})}, **extra)
        self.longest = longest

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> int:  # noqa: ARG002  # marshmallow's own signature
        if not isinstance(value, str):
            message = f"A duration is text like 5m; {value!r} came."
            raise ValidationError(message)
        try:
            found = milliseconds(value)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        if self.longest is not None and found > self.longest:
            message = f"At most {self.longest // 1000}s; {value!r} came."
            raise ValidationError(message)
        return found


class AnyFile(fields.Field[bytes]):
    """The name of a file of any kind, relative to the file that is being read; read as its bytes.

    A scenario's file is read by the client, which sends its content as `{text: …}` or `{base64: …}`.
    """

    def __init__(self, **extra: Any) -> None:
        super().__init__(metadata={"type": "string"}, **extra)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> bytes:  # noqa: ARG002  # marshmallow's own signature
        return _content(value)


class TextFile(fields.Field[str]):
    """The name of a text file in UTF-8, relative to the file that is being read; read as its text."""

    def __init__(self, **extra: Any) -> None:
        super().__init__(metadata={"type": "string"}, **extra)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **_: Any) -> str:  # noqa: ARG002  # marshmallow's own signature
        try:
            return _content(value).decode("utf-8", "surrogatepass")
        except UnicodeDecodeError as error:
            message = f"{file_name(value) or 'The file'} is not text in UTF-8: {error.reason} at byte {error.start}."
            raise ValidationError(message) from error


def file_name(value: object) -> str | None:
    """The name of a file as it was given, by its name or with its content; None where nothing tells it."""
    named = value.get("name") if isinstance(value, dict) else value
    return PurePath(named).name if isinstance(named, str) else None


def _content(value: object) -> bytes:
    """The bytes of a file that is named, or whose content a client read and sent."""
    sent = _sent(value)
    if sent is not None:
        return sent
    if not isinstance(value, str):
        message = f"A file is named by text; {kind_of(value)} came."
        raise ValidationError(message)
    folder = BESIDE.get()
    if folder is None:
        message = "A file can only be named in a file; here give its content: {text: …}, {base64: …}; in Python a Path."
        raise ValidationError(message)
    try:
        return (folder / value).read_bytes()
    except (OSError, ValueError) as error:
        message = f"{value} cannot be read: {error}"
        raise ValidationError(message) from error


def _sent(value: object) -> bytes | None:
    """The content of a file that a client read; None for what is none."""
    if not isinstance(value, dict) or not value.keys() <= {"name", "text", "base64"}:
        return None
    text, coded = value.get("text"), value.get("base64")
    if isinstance(text, str):
        return text.encode("utf-8", "surrogatepass")
    try:
        return base64.b64decode(coded, validate=True) if isinstance(coded, str) else None
    except ValueError as error:
        message = f"base64: the bytes of a file were wanted ({error})."
        raise ValidationError(message) from error
