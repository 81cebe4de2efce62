"""The Tracking API's addresses, with and without a trailing slash.

Sources: Segment's HTTP API, pixel, custom proxy and OAuth pages, and the paths that its clients call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from flask import Flask, Response, request, send_from_directory
from werkzeug.exceptions import HTTPException, NotFound

from inkstand.fakes.kit.faults import Effect, StruckError
from inkstand.fakes.kit.http import dump_json, storable
from inkstand.fakes.kit.world import machine_now
from inkstand.simulator.errors import CannotStartError
from inkstand.simulator.sandbox import Sandbox
from inkstand.simulator.workspaces.registry import SEGMENT

from . import cdn
from .answers import JSON, allow_any_origin, arranged, error, http_error, kept, struck, success
from .auth import header_key
from .intake import Intake
from .limits import BATCH_BYTES, BODY_KEY, CALL_BYTES, RefusedError, read_body, within
from .pixel import GIF, call_in

LETTERS = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}
_NO_LIBRARY = (
    "The browser library is not here. Get it (npm install @segment/analytics-next) and serve with --analytics-js "
    "node_modules/@segment/analytics-next, or INKSTAND_ANALYTICS_JS."
)
_LOOKING = {"GET", "HEAD", "OPTIONS"}
_ASTRAY = {404, 405, 501}
_SHORT = {"Cache-Control": "public, max-age=120"}


def create_app(sandbox: Sandbox, public_url: str | None = None, analytics_js: str | None = None) -> Flask:
    """The Tracking API as a web application of its own.

    `public_url` is what absolute addresses begin with; `analytics_js` where the npm package of the browser library is.
    Raises CannotStartError when it is not there.
    """
    if analytics_js and cdn.bundles_in(analytics_js) is None:
        raise CannotStartError(
            f"{analytics_js} is not the npm package of the browser library: there is no dist/umd/{cdn.BUNDLE} in it. "
            "Get it (npm install @segment/analytics-next) and name node_modules/@segment/analytics-next."
        )
    app = _Plain(__name__, static_folder=None)
    app.url_map.strict_slashes = False
    app.url_map.merge_slashes = False  # it would redirect, and clients lose what they send
    tracking = _Tracking(sandbox, public_url, analytics_js)
    intake = tracking.intake
    for name in LETTERS.values():
        app.add_url_rule(f"/v1/{name}", name, partial(intake.single, name), methods=["POST"])
    for letter, name in LETTERS.items():
        app.add_url_rule(f"/v1/{letter}", letter, partial(intake.single, name, from_client=True), methods=["POST"])
    for path in ("batch", "import"):
        app.add_url_rule(f"/v1/{path}", path, intake.batch, methods=["POST"])
    app.add_url_rule("/v1/b", "b", partial(intake.batch, from_client=True), methods=["POST"])
    app.add_url_rule("/v1/m", view_func=metrics, methods=["POST"])
    app.add_url_rule("/v1/pixel/<call_type>", view_func=tracking.pixel)
    app.add_url_rule("/v1/projects/<key>/settings", view_func=tracking.settings)
    app.add_url_rule("/analytics.js/v1/<key>/analytics.min.js", view_func=tracking.library)
    app.add_url_rule("/analytics-next/bundles/<path:name>", view_func=tracking.bundle)
    app.add_url_rule("/token", view_func=tracking.token, methods=["POST"])
    app.after_request(allow_any_origin)
    app.register_error_handler(RefusedError, tracking.refused)
    app.register_error_handler(StruckError, tracking.struck)
    app.register_error_handler(HTTPException, tracking.http_error)
    return app


def metrics() -> Response:
    """Take the browser library's own metrics; they are never events."""
    return success(None, explained=False)


class _Plain(Flask):
    """An application without coroutines, which need not be looked for at each request."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself."""
        return func


class _Tracking:
    def __init__(self, sandbox: Sandbox, public_url: str | None, analytics_js: str | None) -> None:
        self.sandbox = sandbox
        self.intake = Intake(sandbox)
        self._public_url = public_url
        self._analytics_js = analytics_js

    @property
    def _base(self) -> str:
        return (self._public_url or request.host_url).rstrip("/")

    def pixel(self, call_type: str) -> Response:
        """Take the call in an image's address; whatever comes of it, the image is answered."""
        headers: dict[str, str] = {}
        if request.method == "HEAD":
            return _image(headers)
        try:
            call = call_in(request.args.items(multi=True))
            raw = within(dump_json(call), CALL_BYTES)
            taken = self.intake.take(call_type, call, raw, request.environ, from_client=True)
            headers = {name: value for name, value in taken.headers.items() if name.startswith("X-")}
        except RefusedError as refusal:
            self._note(refusal, request.query_string)
        except StruckError as found:
            self._note_fault(found.effect, request.query_string)
            headers = {"X-Inkstand-Fault": found.effect.fault}
        return _image(headers)

    def settings(self, key: str) -> Response:
        """The settings that a browser asks for before it sends anything."""
        if self.sandbox.whose(key) is None:
            return self._no_source(key)
        return Response(dump_json(cdn.settings_for(key, self._base)), 200, _SHORT, content_type=JSON)

    def library(self, key: str) -> Response:
        """The browser library, as Segment's CDN serves it for a source."""
        if self.sandbox.whose(key) is None:
            return self._no_source(key)
        folder = self._bundles()
        if folder is None:
            return self._no_library()
        return Response(cdn.library_for(key, self._base, folder), 200, _SHORT, content_type="text/javascript")

    def bundle(self, name: str) -> Response:
        """A further part of the browser library."""
        folder = self._bundles()
        if folder is None:
            return self._no_library()
        if not cdn.is_bundle(name):
            raise NotFound
        return send_from_directory(folder.resolve(), name)

    def token(self) -> Response:
        """A token for a signed assertion; errors are told as OAuth's are."""
        from .oauth import LIFETIME, SCOPE, TokenError, token_for  # noqa: PLC0415  # brings a library; few use tokens

        try:
            token = token_for(request.form, machine_now())
        except TokenError as refusal:
            self._note(RefusedError(refusal.error, refusal.description), b"")
            told: dict[str, Any] = {"error": refusal.error, "error_description": refusal.description}
            return Response(dump_json(told), refusal.status, kept({"Content-Type": JSON}))
        told = {"access_token": token, "token_type": "Bearer", "expires_in": LIFETIME // 1000, "scope": SCOPE}
        return Response(dump_json(told), 200, {"Cache-Control": "no-store"}, content_type=JSON)

    def refused(self, refusal: RefusedError) -> Response:
        """An error that every client can read, and a note for whoever looks for the call later."""
        self._note(refusal, request.environ.get(BODY_KEY, b""))
        return error(refusal.status, refusal.code, storable(refusal.message), kept())

    def struck(self, found: StruckError) -> Response:
        """What a fault answers in the place of Segment; the request is kept with the refused ones."""
        self._note_fault(found.effect, request.environ.get(BODY_KEY, b""))
        return struck(found)

    def http_error(self, found: HTTPException) -> Response:
        """An address that there is not, or that is called in another way; a call that was sent there is noted."""
        answer = http_error(found)
        if request.method not in _LOOKING and answer.status_code in _ASTRAY:
            told = answer.get_json()
            with suppress(RefusedError):
                read_body(request.environ, BATCH_BYTES)
            self._note(RefusedError(told["code"], told["message"]), request.environ.get(BODY_KEY, b""))
            answer.headers.update(kept())
        return answer

    def _note(self, refusal: RefusedError, came: bytes, fault: str | None = None) -> None:
        what, key = f"{request.method} {request.path}", header_key(request.environ.get("HTTP_AUTHORIZATION"))
        self.sandbox.registry.refused(what, refusal.code, storable(refusal.message), key, came, fault)

    def _note_fault(self, effect: Effect, came: bytes) -> None:
        _, code, message = arranged(effect)
        self._note(RefusedError(code, message), came, effect.fault)

    def _bundles(self) -> Path | None:
        return cdn.bundles_in(self._analytics_js) if self._analytics_js else None

    def _no_library(self) -> Response:
        self._note(RefusedError("no_analytics_js", _NO_LIBRARY), b"")
        return error(404, "no_analytics_js", _NO_LIBRARY, kept())

    def _no_source(self, key: str) -> Response:
        self.sandbox.registry.unclaimed(SEGMENT, key, f"GET {request.path}", None, 0)
        return error(404, "unknown_write_key", f"No source has the write key {key}.")


def _image(headers: Mapping[str, str]) -> Response:
    """The pixel; no browser keeps it, or the next one would not be seen."""
    return Response(GIF, 200, {"Cache-Control": "no-store", **headers}, content_type="image/gif")
