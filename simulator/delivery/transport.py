"""Carries a delivery's requests: in process to the fakes, or over a socket where a connection has another address."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

import requests
import urllib3
from requests.adapters import BaseAdapter
from requests.structures import CaseInsensitiveDict

from inkstand.fakes.kit.current import LIFE_KEY
from inkstand.fakes.kit.destination import HttpCall
from inkstand.fakes.kit.errands import Sent
from inkstand.fakes.kit.faults import CAUSE_KEY, ENACT_KEY, Effect
from inkstand.fakes.kit.storage import door_held
from inkstand.simulator.model import IN_PROCESS

from .far import FarAdapter
from .retry import Answer, Failure

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TIMEOUT_SECONDS = 10.0
_ADDRESS = ("http://", "https://")
_LARGEST_ANSWER = 1_000_000


class InProcessAdapter(BaseAdapter):
    """A `requests` adapter that calls a WSGI application in the caller's thread."""

    def __init__(self, application: WSGIApplication) -> None:
        super().__init__()
        self.application = application

    def send(self, request: requests.PreparedRequest, *_: Any, timeout: Any = None, **__: Any) -> requests.Response:
        """Answer one prepared request; a late answer takes no real time, and is a time-out if it is later than that."""
        response = self.answer(request, {})
        seconds = timeout[-1] if isinstance(timeout, tuple) else timeout
        if seconds is not None and response.elapsed.total_seconds() >= seconds:
            raise requests.ReadTimeout(f"no answer within {seconds} s", request=request)
        return response

    def answer(self, request: requests.PreparedRequest, known: Mapping[str, Any]) -> requests.Response:
        """Answer one prepared request, with further keys in its WSGI environment.

        Raises requests.ConnectionError where a fault drops the connection.
        """
        effects: list[Effect] = []
        environ = {**_environ(request), ENACT_KEY: effects.append, **known}
        started: list[Any] = []
        chunks: list[bytes] = []

        def start_response(status: str, headers: list[tuple[str, str]], _: object = None) -> Callable[[bytes], object]:
            started[:] = [status, headers]
            return chunks.append

        result: Iterable[bytes] = self.application(environ, start_response)
        try:
            chunks.extend(result)
        finally:
            close = getattr(result, "close", None)
            if close is not None:
                close()
        response = _response(request, started[0], started[1], b"".join(chunks))
        for effect in effects:
            response.elapsed = timedelta(milliseconds=effect.delay)
            response.headers["X-Inkstand-Fault"] = effect.fault
            if effect.drop:
                raise requests.ConnectionError(f"the connection was dropped by {effect.fault}", response=response)
        return response

    def close(self) -> None:
        """Nothing to close."""


class Transport:
    """Sends prepared requests with their adapter's own `send`: environment proxies and `.netrc` are never read."""

    def __init__(self, application: WSGIApplication) -> None:
        self._near = InProcessAdapter(application)
        self._far = FarAdapter(pool_maxsize=32)

    def prepare(self, call: HttpCall, base_url: str) -> requests.PreparedRequest:
        """A request as it will go over the wire."""
        prepared = requests.PreparedRequest()
        prepared.method = call.method
        prepared.url = call.url if call.url.startswith(_ADDRESS) else base_url.rstrip("/") + call.url
        prepared.headers = CaseInsensitiveDict({**call.headers, "Content-Length": str(len(call.body))})
        prepared.body = call.body
        return prepared

    def send(
        self, request: requests.PreparedRequest, life: tuple[str, int], cause: str
    ) -> tuple[Answer, bytes, str | None]:
        """Send a request; how it ended, the answer's body, and the error in words if the connection failed.

        `life` are the workspace's name and the life in which the request began; `cause` names what it is made for.
        """
        if door_held():
            message = "a transaction is open while a request goes over the wire"
            raise RuntimeError(message)
        url = request.url or ""
        if url.startswith(IN_PROCESS):
            return self._send_near(request, {LIFE_KEY: life, CAUSE_KEY: cause})
        try:
            with self._far.send(request, stream=True, timeout=TIMEOUT_SECONDS) as response:
                body = response.raw.read(_LARGEST_ANSWER, decode_content=True)
                return Answer(response.status_code, headers=response.headers), body, None
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
            return Answer(failure=_failure(error)), b"", f"{type(error).__name__}: {error}"

    def call(self, call: HttpCall, seconds: float) -> Sent:
        """Send a vendor's own request to an address outside; redirects are not followed."""
        if door_held():
            message = "a transaction is open while a request goes over the wire"
            raise RuntimeError(message)
        try:
            request = requests.Request(call.method, call.url, dict(call.headers), data=call.body).prepare()
            with self._far.send(request, stream=True, timeout=seconds) as response:
                return Sent(response.status_code)
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError) as error:
            return Sent(error=f"{type(error).__name__}: {error}")

    def _send_near(
        self, request: requests.PreparedRequest, known: Mapping[str, Any]
    ) -> tuple[Answer, bytes, str | None]:
        """Send a request to a fake in this process; what a fault makes late takes no real time."""
        try:
            response = self._near.answer(request, known)
        except requests.ConnectionError as error:
            fault = error.response.headers["X-Inkstand-Fault"] if error.response is not None else None
            return Answer(failure="ECONNRESET", fault=fault), b"", str(error)
        late = int(response.elapsed.total_seconds() * 1000)
        fault = response.headers.get("X-Inkstand-Fault")
        if late >= TIMEOUT_SECONDS * 1000:
            late = int(TIMEOUT_SECONDS * 1000)
            return Answer(failure="ETIMEDOUT", late=late, fault=fault), b"", f"no answer within {TIMEOUT_SECONDS:.0f} s"
        return Answer(response.status_code, headers=response.headers, late=late, fault=fault), response.content, None

    def session(self) -> requests.Session:
        """A session whose calls to the fakes of this process take no socket."""
        session = requests.Session()
        session.trust_env = False
        session.mount(IN_PROCESS, self._near)
        return session

    def close(self) -> None:
        """Let go of kept connections."""
        self._far.close()


def _failure(error: Exception) -> Failure:
    text = str(error)
    if isinstance(error, requests.Timeout) or "timed out" in text.lower():
        return "ETIMEDOUT"
    if "refused" in text.lower():
        return "EREFUSED"
    if "resolve" in text.lower() or "Name or service" in text:
        return "ENOTFOUND"
    return "ECONNRESET"


def _environ(request: requests.PreparedRequest) -> dict[str, Any]:
    parts = urlsplit(request.url or "")
    body = request.body if isinstance(request.body, bytes) else (request.body or "").encode()
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(parts.path or "/", "latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    _add_headers(environ, request.headers)
    return environ


def _add_headers(environ: dict[str, Any], headers: Mapping[str, str | bytes]) -> None:
    for name, value in headers.items():
        text = value.decode("latin-1") if isinstance(value, bytes) else value
        if name.lower() == "content-type":
            environ["CONTENT_TYPE"] = text
        elif name.lower() != "content-length":
            environ["HTTP_" + name.upper().replace("-", "_")] = text
    environ.setdefault("HTTP_HOST", environ["SERVER_NAME"])


def _response(
    request: requests.PreparedRequest, status: str, headers: list[tuple[str, str]], body: bytes
) -> requests.Response:
    response = requests.Response()
    response.status_code = int(status.split(" ", 1)[0])
    response.reason = status.partition(" ")[2]
    response.headers = CaseInsensitiveDict(headers)
    response.url = request.url or ""
    response.request = request
    response.encoding = "utf-8"
    response.raw = io.BytesIO(body)
    response.elapsed = timedelta()
    response._content = body  # noqa: SLF001  # what `requests` itself sets when it has read a body
    return response
