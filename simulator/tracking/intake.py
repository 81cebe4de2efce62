"""From a request to calls handed to the sandbox: read the body, find whose the calls are, let faults have their chance.

What the key says of a request is Segment's: a known one opens its workspace, an unknown one is answered all the same
and kept as unclaimed, none at all is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Response, request

from inkstand.fakes.kit.current import meet_faults
from inkstand.fakes.kit.faults import EFFECT_KEY, Effect
from inkstand.fakes.kit.http import BadJsonError, dump_json, kind_of, parse_json
from inkstand.fakes.kit.storage import WorkspaceGoneError
from inkstand.simulator.messages import Envelope
from inkstand.simulator.model import Dropped, Receipt, Taken
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.workspaces.registry import SEGMENT
from inkstand.simulator.workspaces.workspace import Workspace

from .answers import success
from .auth import no_key, write_key
from .calls import Around, Placed, alone, around, read_batch, read_call, shut_out, split
from .limits import BATCH_BYTES, CALL_BYTES, GZIP_MARK, RefusedError, read_body

Environ = dict[str, Any]
_DIRECT = b'"direct"'
_KEY = b'"writeKey"'


@dataclass
class _Part:
    """Those calls of a batch that have the same key, the workspace that knows it, what to remember of them."""

    key: str
    placed: list[Placed]
    workspace: Workspace
    receipt: Receipt


class Intake:
    """Takes calls and batches for a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._batches = threading.Lock()

    def single(self, call_type: str, *, from_client: bool = False) -> Response:
        """Take one call; the path names its type. `from_client` says that a browser or app sends it, not a server."""
        environ = request.environ
        raw = read_body(environ, CALL_BYTES)
        return self.take(call_type, _object(raw), raw, environ, from_client=from_client)

    def take(
        self, call_type: str, call: Mapping[str, Any], raw: bytes, environ: Environ, *, from_client: bool
    ) -> Response:
        """Take one call that is read already; `raw` are its bytes as they came, `environ` is its request's."""
        authorization = environ.get("HTTP_AUTHORIZATION")
        key = write_key(call, authorization)
        if key is None:
            raise no_key(call, authorization)
        workspace = self.sandbox.whose(key)
        if workspace is None:
            return self._unclaimed(key, raw)
        said = alone(call.get("sentAt"), _address(raw, environ, from_client=from_client), raw)
        try:
            receipt = workspace.receipt(key)
            meet_faults(workspace, SEGMENT, receipt.epoch)
            read = read_call(call_type, call, raw, said, workspace.new_message_id)
            self._accept(workspace, receipt, [read])
        except WorkspaceGoneError:
            return self._overtaken(key, raw)
        return success(workspace.name, read.message_id, explained=workspace.explains)

    def batch(self, *, from_client: bool = False) -> Response:
        """Take a batch; each call in it names its own type. One after the other: they only hinder each other."""
        with self._batches:
            return self._batch(from_client=from_client)

    def _batch(self, *, from_client: bool) -> Response:
        environ = request.environ
        raw = read_body(environ, BATCH_BYTES)
        body, authorization = _object(raw), environ.get("HTTP_AUTHORIZATION")
        key = write_key(body, authorization)
        calls = split(body, raw)
        members = (body.get("sentAt"), body.get("context"), body.get("integrations"))
        said = around(Envelope(*members, **_address(raw, environ, from_client=from_client)), raw)
        groups = [(key, calls)] if raw.count(_KEY) <= ("writeKey" in body) else _by_key(calls, key)
        if not any(one for one, _ in groups):
            raise no_key(body, authorization)
        known, nobodys = self._sorted_out(groups)
        _meet_all(known, environ)
        answers = [self._take_part(part, said) for part in known]
        for one, placed in nobodys:
            rest = raw if len(groups) == 1 else _batch_of(placed)
            answers.append(self._unclaimed(one, rest, max(1, len(placed))))
        return answers[0]

    def _sorted_out(
        self, groups: list[tuple[str | None, list[Placed]]]
    ) -> tuple[list[_Part], list[tuple[str, list[Placed]]]]:
        """The calls of a batch that belong to workspaces, and those that belong to nobody."""
        known, nobodys = [], []
        for one, placed in groups:
            key = one or ""
            workspace = self.sandbox.whose(key)
            if workspace is None:
                nobodys.append((key, placed))
            else:
                known.append(_Part(key, placed, workspace, workspace.receipt(key)))
        return known, nobodys

    def _take_part(self, part: _Part, said: Around) -> Response:
        """Take those calls of a batch that belong to one source."""
        workspace = part.workspace
        try:
            read = list(read_batch(part.placed, said, workspace.new_message_ids().__next__))
            self._accept(workspace, part.receipt, read)
        except WorkspaceGoneError:
            return self._overtaken(part.key, _batch_of(part.placed))
        message_id = read[0].message_id if len(read) == 1 else None
        return success(workspace.name, message_id, explained=workspace.explains)

    def _accept(self, workspace: Workspace, receipt: Receipt, read: list[Taken | Dropped]) -> None:
        """Hand calls over; raises WorkspaceGoneError when a reset or deletion overtook them."""
        if receipt.refused is not None:
            read = [shut_out(one, receipt.refused, receipt.source) for one in read]
        self.sandbox.accept(workspace, receipt, read)

    def _overtaken(self, key: str, raw: bytes) -> Response:
        """What a reset overtook was taken just before it, and went with the rest; after a deletion it is nobody's."""
        return success(None) if self.sandbox.whose(key) else self._unclaimed(key, raw)

    def _unclaimed(self, key: str, raw: bytes, calls: int = 1) -> Response:
        self.sandbox.registry.unclaimed(SEGMENT, key, f"{request.method} {request.path}", raw, calls)
        return success(None)


def _object(raw: bytes) -> dict[str, Any]:
    try:
        value = parse_json(raw)
    except BadJsonError as error:
        raise RefusedError("invalid_json", f"The body is not JSON: {error}.{_hint(raw)}") from error
    if not isinstance(value, dict):
        raise RefusedError("invalid_json", f"The body must be a JSON object; {kind_of(value)} came.")
    return value


def _meet_all(parts: list[_Part], environ: Environ) -> None:
    """Let the faults of each workspace have their chance once, before anything of the batch is taken.

    Of what they do to the answer, breaking it off counts more than being late.
    """
    done: Effect | None = None
    for part in {part.workspace.name: part for part in parts}.values():
        with suppress(WorkspaceGoneError):
            meet_faults(part.workspace, SEGMENT, part.receipt.epoch)
        found: Effect | None = environ.pop(EFFECT_KEY, None)
        done = found if done is None or (found is not None and found.drop) else done
    if done is not None:
        environ[EFFECT_KEY] = done


def _batch_of(placed: list[Placed]) -> bytes:
    return dump_json({"batch": [call for _, call, _ in placed]})


def _hint(raw: bytes) -> str:
    if raw.startswith(GZIP_MARK):
        return " It looks like gzip: say so with Content-Encoding: gzip."
    return "" if raw else " It was empty."


def _by_key(calls: list[Placed], key: str | None) -> list[tuple[str | None, list[Placed]]]:
    """The calls of a batch by write key: a call's own, else that of the batch; in the order of their first."""
    found: dict[str | None, list[Placed]] = {}
    for one in calls:
        own = one[1].get("writeKey") if isinstance(one[1], dict) else None
        found.setdefault(own if isinstance(own, str) and own else key, []).append(one)
    return list(found.items()) or [(key, [])]


def _address(raw: bytes, environ: Environ, *, from_client: bool) -> dict[str, str]:
    """Whom the request came from, if a message may be told: what a client sends is, a server's call if it asks."""
    if not from_client and _DIRECT not in raw:
        return {}
    address: str = environ.get("REMOTE_ADDR") or ""
    address = address.removeprefix("::ffff:")
    if not address or ":" in address:
        return {}
    return {"ip" if from_client else "direct_ip": address}
