"""The composition root: builds the sandbox, the small web applications, and the dispatcher in front of them."""

from __future__ import annotations

import shutil
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from inkstand.fakes.kit import turns
from inkstand.fakes.kit.current import TENANTS_KEY
from inkstand.fakes.kit.faults import EFFECT_KEY, ENACT_KEY, Effect
from inkstand.fakes.kit.http import dump_json
from inkstand.fakes.kit.vendor import Vendor

from .delivery.courtesy import Courtesy
from .delivery.worker import Worker
from .errors import PROBLEM, BusyError, CannotStartError, problem
from .guard import strange_name, stranger
from .model import IN_PROCESS
from .sandbox import Sandbox
from .settings import Settings
from .tracking.routes import create_app as create_tracking

if TYPE_CHECKING:
    import requests
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

    from .delivery.transport import Transport

NEAR = IN_PROCESS
"""The address of a sandbox in this process, for its own session."""

_SEGMENT_PATHS = ("/v1/", "/analytics.js/")
_LOOKING = {"GET", "HEAD"}
_PAGES = {"/", "/debugger"}
_CONTROL_PATH = "/_sandbox/"


class Inkstand:
    """One whole sandbox: a WSGI application, its data, and the worker while it serves.

    A context manager: leaving it ends the worker, closes every database and removes a temporary data directory.
    """

    def __init__(self, settings: Settings | None = None, vendors: Sequence[Vendor] | None = None) -> None:
        self.settings = settings or Settings()
        self.temporary = self.settings.data_dir is None
        self.folder = Path(self.settings.data_dir or tempfile.mkdtemp(prefix="inkstand-"))
        self.folder.mkdir(parents=True, exist_ok=True)
        found = self.settings.vendors() if vendors is None else vendors
        if self.settings.fonts:
            self._use_fonts()
        self.sandbox = Sandbox(self.folder, found, self._make_transport, self.settings.workspace)
        self.application = Dispatcher(self)
        self.hang_up: BaseException | type[BaseException] = ConnectionAbortedError
        self._closing = threading.Event()

    def _use_fonts(self) -> None:
        from inkstand.fakes.kit.rendering import use_fonts  # noqa: PLC0415  # brings what draws

        for folder in self.settings.fonts:
            if not Path(folder).is_dir():
                message = f"There is no folder {folder} to find fonts in."
                raise CannotStartError(message)
        use_fonts(self.settings.fonts)

    def start_worker(self) -> None:
        """Begin to deliver by itself."""
        registry = self.sandbox.registry
        self.sandbox.worker = Worker(registry.get, registry.names, self.sandbox.work, Courtesy(self.sandbox.traffic))
        self.sandbox.worker.start()

    def session(self) -> requests.Session:
        """A `requests` session whose calls to `NEAR` reach this sandbox without a socket."""
        import requests  # noqa: PLC0415  # slow to import, and a serving process need not have it at once

        from .delivery.transport import InProcessAdapter  # noqa: PLC0415  # likewise

        session = requests.Session()
        session.mount(NEAR, InProcessAdapter(self.application))
        return session

    def enact(self, effect: Effect) -> None:
        """Make a caller outside wait, and hang up on it, as a fault says.

        So many may be kept waiting at once; the next are answered without delay. Raises what the server understands as
        hanging up.
        """
        if effect.delay:
            with suppress(BusyError), self.sandbox.rooms.slow_answers.seat():
                self._closing.wait(effect.delay / 1000)
        if effect.drop:
            raise self.hang_up

    def let_go(self) -> None:
        """Let everybody go who is kept waiting."""
        self._closing.set()
        self.sandbox.let_go()

    def close(self) -> None:
        """End everything."""
        self.let_go()
        self.sandbox.close()
        if self.temporary:
            shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _make_transport(self) -> Transport:
        from .delivery.transport import Transport  # noqa: PLC0415  # brings `requests`, which readiness need not wait for

        return Transport(self.application)


@cache
def _of_vendor(vendor: Vendor) -> WSGIApplication:
    """A vendor's application: one for the whole process, for requests say whose they are."""
    from inkstand.fakes.kit.pages import add_front_page  # noqa: PLC0415  # built when the vendor is called

    app = vendor.create_app()
    add_front_page(app, vendor)
    return app.wsgi_app


def _refused(why: str, start_response: StartResponse) -> Iterable[bytes]:
    body = dump_json(problem(403, "Forbidden", why))
    start_response("403 Forbidden", [("Content-Type", PROBLEM), ("Content-Length", str(len(body)))])
    return [body]


class Dispatcher:
    """Sends each request to the application it is for: by a vendor's host name, else by path; the rest is Segment."""

    def __init__(self, inkstand: Inkstand) -> None:
        self._inkstand = inkstand
        settings = inkstand.settings
        self._tracking = create_tracking(inkstand.sandbox, settings.public_url, settings.analytics_js).wsgi_app
        self._hosts = {host: vendor for vendor in inkstand.sandbox.vendors for host in vendor.hosts}
        self._prefixes = {vendor.slug: vendor for vendor in inkstand.sandbox.vendors}
        self._apps: dict[str, WSGIApplication] = {}
        self._lock = threading.Lock()

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, as late as a fault says, or not at all."""
        with turns.for_guest(turns.Guest(seat=self._seat)):
            answer = self._answer(environ, start_response)
        effect = environ.get(EFFECT_KEY)
        if effect is not None:
            try:
                environ.get(ENACT_KEY, self._inkstand.enact)(effect)
            except BaseException:
                getattr(answer, "close", int)()
                raise
        return answer

    @contextmanager
    def _seat(self) -> Iterator[None]:
        """A seat for a request that waits for something slow."""
        try:
            leave = self._inkstand.sandbox.rooms.drawings.sit()
        except BusyError as error:
            raise turns.BusyError(str(error)) from error
        try:
            yield
        finally:
            leave()

    def _answer(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ["PATH_INFO"]
        if path.startswith("//"):  # a client whose host was given with a slash at its end
            path = environ["PATH_INFO"] = "/" + path.lstrip("/")
        host = environ.get("HTTP_HOST", "").partition(":")[0].lower()
        if host in self._hosts:
            return self._vendor(self._hosts[host])(self._known(environ), start_response)
        if path.startswith(_SEGMENT_PATHS):
            return self._tracking(environ, start_response)
        prefix = path[1:].partition("/")[0]
        if prefix in self._prefixes:
            environ["SCRIPT_NAME"] = f"{environ.get('SCRIPT_NAME', '')}/{prefix}"
            environ["PATH_INFO"] = path[len(prefix) + 1 :] or "/"
            why = strange_name(environ, self._inkstand.settings.hosts)
            vendor = self._vendor(self._prefixes[prefix])
            return vendor(self._known(environ), start_response) if why is None else _refused(why, start_response)
        if (path in _PAGES and environ["REQUEST_METHOD"] in _LOOKING) or path.startswith(_CONTROL_PATH):
            ours = self._web() if path in _PAGES else self._control()
            return self._guarded(ours, environ, start_response)
        if path in {"/livez", "/readyz"}:
            return self._web()(environ, start_response)
        return self._tracking(environ, start_response)

    def _guarded(
        self, application: WSGIApplication, environ: WSGIEnvironment, start_response: StartResponse
    ) -> Iterable[bytes]:
        """What a web page of somebody else must not reach."""
        settings = self._inkstand.settings
        why = stranger(environ, settings.hosts, settings.public_url)
        return application(environ, start_response) if why is None else _refused(why, start_response)

    def _known(self, environ: WSGIEnvironment) -> WSGIEnvironment:
        environ[TENANTS_KEY] = self._inkstand.sandbox.registry
        return environ

    def _vendor(self, vendor: Vendor) -> WSGIApplication:
        return self._built(vendor.slug, partial(_of_vendor, vendor))

    def _control(self) -> WSGIApplication:
        def build() -> WSGIApplication:
            from .control.app import create_app  # noqa: PLC0415  # brings marshmallow; readiness need not wait for it
            from .control.here import SANDBOX_KEY  # noqa: PLC0415  # likewise

            app = create_app().wsgi_app
            return lambda environ, start: app({**environ, SANDBOX_KEY: self._inkstand.sandbox}, start)

        return self._built(_CONTROL_PATH, build)

    def _web(self) -> WSGIApplication:
        def build() -> WSGIApplication:
            from .web.app import create_app  # noqa: PLC0415  # built when somebody looks

            return create_app(self._inkstand.sandbox, self._inkstand.settings).wsgi_app

        return self._built("/", build)

    def _built(self, name: str, build: Callable[[], WSGIApplication]) -> WSGIApplication:
        found = self._apps.get(name)
        if found is None:
            with self._lock:
                found = self._apps.get(name) or build()
                self._apps[name] = found
        return found
