"""A template as a call to the API brings it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from inkstand.fakes.inkit.documents import making
from inkstand.fakes.inkit.documents.catalogue import NewTemplate
from inkstand.fakes.inkit.documents.formats import SOURCES, TemplateError, decoded, fields_of
from inkstand.fakes.inkit.kinds.pieces import PieceError, of_template
from inkstand.fakes.kit.http import kind_of

from .answers import ApiError, invalid

_LONGEST_NAME = 200


def new_template(body: Mapping[str, Any], created_by: str) -> NewTemplate:
    """A template of a call's body. Raises ApiError, naming the field, for one that is none."""
    told_data = body.get("data")
    data: Mapping[str, Any] = told_data if isinstance(told_data, dict) else {}
    texts = {name: body.get(name) for name in ("name", "source", "file")}
    wrong = [
        {
            "field": name,
            "message": "required text is missing" if value is None else f"text was wanted; {kind_of(value)} came",
        }
        for name, value in texts.items()
        if not isinstance(value, str) or not value
    ]
    if wrong:
        raise ApiError(422, "; ".join(f"{one['field']}: {one['message']}" for one in wrong), wrong)
    if texts["source"] not in SOURCES:
        raise invalid("source", f"one of {', '.join(SOURCES)} was wanted; {texts['source']!r} came")
    file_name = data.get("file_name") or body.get("file_name")
    name, description = making.text(body, "name"), making.text(body, "description")
    try:
        making.check_ways(body.get("destinations"))
        of_template(body.get("destinations"))
    except PieceError as error:
        raise invalid(error.field, str(error)) from error
    source, file = str(texts["source"]), _file(str(texts["file"]))
    try:
        fields = fields_of(source, file)
    except TemplateError as error:
        raise invalid("file", str(error)) from error
    return NewTemplate(
        name=name,
        source=source,
        file=file,
        fields=fields,
        description=description,
        file_name=file_name[:_LONGEST_NAME] if isinstance(file_name, str) else None,
        paper=making.paper(data, body),
        destinations=body.get("destinations"),
        created_by=created_by,
    )


def _file(text: str) -> bytes:
    try:
        return decoded(text)
    except ValueError as error:
        raise invalid("file", f"the file's bytes in base64 were wanted ({error})") from error
