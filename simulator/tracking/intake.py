"""From a request to calls handed to the sandbox: read the body, find whose the calls are, let faults have their chance.

What the key says of a request is Segment's: a known one opens its workspace, an unknown one is answered all the same
and kept as unclaimed, none at all is refused.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from flask import Response, request

from inkstand.fakes.kit.current import meet_faults
from inkstand.fakes.kit.http import BadJsonError, dump_json, kind_of, parse_json
from inkstand.fakes.kit.storage import WorkspaceGoneError
from inkstand.simulator.messages import Envelope
from inkstand.simulator.model import Dropped, Receipt, Taken
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.workspaces.registry import SEGMENT
from inkstand.simulator.workspaces.workspace import Workspace

from .answers import success
from .auth import no_key, write_key
from .calls import Placed, read_batch, read_call, shut_out, split
from .limits import BATCH_BYTES, CALL_BYTES, RefusedError, read_body

Environ = dict[str, Any]
_DIRECT = b'"direct"'
_KEY = b'"writeKey"'


class Intake:
    """Takes calls and batches for a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._batches = threading.Lock()

    def single(self, call_type: str, *, from_client: bool = False) -> Response:
        """Take one call; the path names its type. `from_client` says that a browser or app sends it, not a server."""
        raw = read_body(request.environ, CALL_BYTES)
        return self.take(call_type, _object(raw), raw, from_client=from_client)

    def take(self, call_type: str, call: Mapping[str, Any], raw: bytes, *, from_client: bool) -> Response:
        """Take one call that is read already; `raw` are its bytes as they came."""
        key = write_key(call, request.environ.get("HTTP_AUTHORIZATION"))
        if key is None:
            raise no_key()
        workspace = self.sandbox.whose(key)
        if workspace is None:
            return self._unclaimed(key, raw)
        receipt = workspace.receipt(key)
        meet_faults(workspace, SEGMENT, receipt.epoch)
        envelope = Envelope(call.get("sentAt"), **_address(raw, from_client=from_client))
        read = read_call(call_type, call, raw, envelope, workspace.new_message_id)
        self._accept(workspace, receipt, [read])
        return success(workspace.name, read.message_id, explained=workspace.explains)

    def batch(self, *, from_client: bool = False) -> Response:
        """Take a batch; each call in it names its own type. One after the other: they only hinder each other."""
        with self._batches:
            return self._batch(from_client=from_client)

    def _batch(self, *, from_client: bool) -> Response:
        raw = read_body(request.environ, BATCH_BYTES)
        body = _object(raw)
        key = write_key(body, request.environ.get("HTTP_AUTHORIZATION"))
        calls = split(body, raw)
        said = (body.get("sentAt"), body.get("context"), body.get("integrations"))
        envelope = Envelope(*said, **_address(raw, from_client=from_client))
        answer: Response | None = None
        groups = [(key, calls)] if raw.count(_KEY) <= ("writeKey" in body) else _by_key(calls, key)
        if not any(one for one, _ in groups):
            raise no_key()
        mine = [(one, self.sandbox.whose(one) if one else None, placed) for one, placed in groups]
        receipts = {one: workspace.receipt(one) for one, workspace, _ in mine if one and workspace}
        for one, workspace, _ in mine:
            if one and workspace:
                meet_faults(workspace, SEGMENT, receipts[one].epoch)
        for one, workspace, placed in mine:
            if one and workspace:
                answer = self._take_all(workspace, receipts[one], placed, envelope)
            else:
                body_of = raw if len(mine) == 1 else dump_json({"batch": [call for _, call, _ in placed]})
                self._unclaimed(one or "", body_of, len(placed))
        return answer or success(None)

    def _take_all(self, workspace: Workspace, receipt: Receipt, placed: list[Placed], envelope: Envelope) -> Response:
        read = list(read_batch(placed, envelope, workspace.new_message_id))
        self._accept(workspace, receipt, read)
        message_id = read[0].message_id if len(read) == 1 else None
        return success(workspace.name, message_id, explained=workspace.explains)

    def _accept(self, workspace: Workspace, receipt: Receipt, read: list[Taken | Dropped]) -> None:
        """Hand calls over; what a reset or deletion overtook was taken just before it, and went with the rest."""
        if receipt.refused is not None:
            read = [shut_out(one, receipt.refused, receipt.source) for one in read]
        with suppress(WorkspaceGoneError):
            self.sandbox.accept(workspace, receipt, read)

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


def _hint(raw: bytes) -> str:
    if raw.startswith(b"\x1f\x8b"):
        return " It looks like gzip: say so with Content-Encoding: gzip."
    return "" if raw else " It was empty."


def _by_key(calls: list[Placed], key: str | None) -> list[tuple[str | None, list[Placed]]]:
    """The calls of a batch by write key: a call's own, else that of the batch; in the order of their first."""
    found: dict[str | None, list[Placed]] = {}
    for one in calls:
        own = one[1].get("writeKey") if isinstance(one[1], dict) else None
        found.setdefault(own if isinstance(own, str) and own else key, []).append(one)
    return list(found.items()) or [(key, [])]


def _address(raw: bytes, *, from_client: bool) -> dict[str, str]:
    """Whom the request came from, if a message may be told: what a client sends is, a server's call if it asks."""
    if not from_client and _DIRECT not in raw:
        return {}
    address: str = request.environ.get("REMOTE_ADDR") or ""
    address = address.removeprefix("::ffff:")
    if not address or ":" in address:
        return {}
    return {"ip" if from_client else "direct_ip": address}
