"""What a person does at a vendor: the verbs that the vendors' folders bring."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
from flask import request
from flask_smorest import Blueprint
from marshmallow import ValidationError

from inkstand.fakes.kit.vendor import Vendor
from inkstand.fakes.kit.verbs import Answer, RefusedVisitError, Verb
from inkstand.simulator.errors import InkstandError, NotNowError, UnknownNameError, nearest
from inkstand.simulator.model import IN_PROCESS
from inkstand.simulator.workspaces.workspace import Workspace
from inkstand.simulator.yamlfile import flat, with_nearest

from . import explained_schemas
from .here import Told, sandbox, workspace

blueprint = Blueprint("verbs", __name__, description="What a person does at a vendor")
_SECONDS = 30
_BAD = 400


@dataclass(frozen=True)
class Visitor:
    """A person at a vendor of this process."""

    vendor: Vendor
    settings: Mapping[str, str]
    session: requests.Session

    def ask(self, method: str, path: str, headers: Mapping[str, str] | None = None, json: object = None) -> Answer:
        """Ask an address below the vendor's; raises RefusedVisitError for any answer but success."""
        address = f"{IN_PROCESS}/{self.vendor.slug}{path}"
        try:
            answer = self.session.request(method, address, headers=headers, json=json, timeout=_SECONDS)
        except requests.RequestException as error:
            raise RefusedVisitError(f"{self.vendor.title} broke off: {error}") from error
        if answer.status_code >= _BAD:
            said = f"{self.vendor.title} answered {answer.status_code} to {method} {path}: {answer.text[:300]}"
            raise RefusedVisitError(said)
        return answer


@blueprint.get("/verbs")
@blueprint.response(200, explained_schemas.VerbSchema(many=True))
def list_verbs() -> list[Told]:
    """List what a person can do at the vendors, and what each verb is given."""
    return [
        {"name": name, "about": verb.about, "fields": list(verb.schema().fields)}
        for name, (_, verb) in sorted(_verbs().items())
    ]


@blueprint.post("/workspaces/<name>/verbs/<verb>")
@blueprint.doc(
    requestBody={"required": True, "content": {"application/json": {"schema": {"type": "object"}}}},
    responses={
        "200": {"description": "what came of it", "content": {"application/json": {"schema": {"type": "object"}}}}
    },
)
def act(name: str, verb: str) -> Told:
    """Let a person do something at a vendor, over HTTP as the person would; what came of it."""
    found, known = workspace(name), _verbs()
    if verb not in known:
        raise UnknownNameError(f"There is no verb {verb!r}.{nearest(verb, list(known))} There is {', '.join(known)}.")
    vendor, chosen = known[verb]
    given = _read(chosen, verb, request.get_json(silent=True))
    session = sandbox().deliverer.transport.session()
    try:
        return chosen.perform(Visitor(vendor, _settings(found, vendor), session), given)
    except RefusedVisitError as error:
        raise NotNowError(str(error)) from error


def _read(verb: Verb, name: str, given: Any) -> Mapping[str, Any]:
    schema = verb.schema()
    if not isinstance(given, dict):
        raise InkstandError(f"{name} is given an object with {', '.join(schema.fields)}, as JSON.")
    try:
        read: Mapping[str, Any] = schema.load(given)
    except ValidationError as error:
        wrong = flat(with_nearest(error.messages, schema), ())
        raise InkstandError("; ".join(f"{name}: {'.'.join(map(str, path))}: {text}" for path, text in wrong)) from error
    return read


def _settings(found: Workspace, vendor: Vendor) -> Mapping[str, str]:
    """The settings of the workspace's first connection with a vendor."""
    slugs = {destination.slug for destination in vendor.destinations}
    return next((one.settings for one in found.configuration.connections if one.destination in slugs), {})


def _verbs() -> dict[str, tuple[Vendor, Verb]]:
    return {name: (vendor, verb) for vendor in sandbox().vendors for name, verb in vendor.verbs.items()}
