"""The sandbox as anyone outside sees it: a `requests` session and an address."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import requests

from inkstand.simulator.errors import (
    CannotStartError,
    GoneError,
    InkstandError,
    NameTakenError,
    SandboxFailedError,
    UnknownNameError,
    nearest,
)
from inkstand.simulator.yamlfile import read_any

from .compare.expect import Shape

CONTROL = "/_sandbox/v1"
TIMEOUT_SECONDS = 120
_FOLLOWED_AT_ONCE = 60.0
_WRONG_ADDRESS = (requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)
_NAMES_TRIED = 50
_KINDS = {HTTPStatus.NOT_FOUND: UnknownNameError, HTTPStatus.CONFLICT: NameTakenError}
_PATHS = {
    **{name: f"/v1/{name}" for name in ("identify", "track", "page", "screen", "group", "alias")},
    "batch": "/v1/batch",
}


class Client:
    """Speaks to one sandbox, near or far."""

    def __init__(self, base_url: str, session: requests.Session | None = None) -> None:
        self.base_url = base_url.rstrip("/")
        self.session = session or requests.Session()
        self.session.trust_env = False

    def control(self, method: str, path: str, **options: Any) -> Any:  # whatever JSON it answers
        """A call of the control API; its answer, read.

        Raises UnknownNameError or InkstandError with the sandbox's own words, CannotStartError when it does not answer.
        """
        response = self.request(method, CONTROL + path, **options)
        if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
            raise CannotStartError(_detail(response))
        if response.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            message = f"{method} {path}: the sandbox failed ({_detail(response)}). Its own log, on stderr, says where."
            raise SandboxFailedError(message)
        for kind, error in _KINDS.items():
            if response.status_code == kind and _problem(response).get("title") == error.title:
                raise error(_detail(response))
        if response.status_code >= HTTPStatus.BAD_REQUEST:
            raise InkstandError(_detail(response))
        return response.json() if response.content else None

    def request(self, method: str, path: str, **options: Any) -> requests.Response:  # of `requests`
        """Any request to the sandbox's address."""
        try:
            return self.session.request(method, self.base_url + path, timeout=TIMEOUT_SECONDS, **options)
        except requests.ConnectionError as error:
            message = (
                f"Nothing answers at {self.base_url}. Start it with: inkstand serve. "
                "If it serves elsewhere, say where with --url or INKSTAND_URL."
            )
            raise CannotStartError(message) from error
        except (*_WRONG_ADDRESS, requests.exceptions.InvalidJSONError) as error:
            message = f"{self.base_url} cannot be asked: {error}"
            raise InkstandError(message) from error
        except requests.RequestException as error:
            message = f"{self.base_url} broke off: {error}"
            raise CannotStartError(message) from error

    def lines(self, path: str, asked: Mapping[str, Any]) -> Iterator[str]:
        """The lines of a stream as they come."""
        with self.request("GET", CONTROL + path, params=asked, stream=True) as response:
            if response.status_code == HTTPStatus.GONE:
                raise GoneError(_detail(response))
            if response.status_code != HTTPStatus.OK:
                raise InkstandError(_detail(response))
            yield from response.iter_lines(chunk_size=1, decode_unicode=True)

    def another(self) -> Client:
        """A client of the same sandbox, for another thread."""
        return Client(self.base_url)

    def follow(self, path: str, newest: int, end: float | None = None) -> Iterator[dict[str, Any]]:
        """The newest rows of a list, then each row as it comes, until `end` (of the machine's monotonic clock)."""
        rows, place = self.newest_of(path, newest)
        yield from rows
        yield from self.follow_from(path, place, end)

    def newest_of(self, path: str, newest: int) -> tuple[list[dict[str, Any]], str]:
        """The newest rows of a list, none for 0, and the place behind them."""
        page = self.control("GET", path, params={"newest": newest or 1})
        return (page["items"] if newest else []), page["cursor"]

    def follow_from(self, path: str, place: str, end: float | None = None) -> Iterator[dict[str, Any]]:
        """Each row of a list that comes behind a place, until `end`; after a reset each row of the new life."""
        after: dict[str, str] = {"after": place}
        while end is None or time.monotonic() < end:
            left = _FOLLOWED_AT_ONCE if end is None else max(0.0, end - time.monotonic())
            asked = {**after, "for": f"{int(min(left, _FOLLOWED_AT_ONCE) * 1000)}ms"}
            try:
                for line in self.lines(f"{path}/stream", asked):
                    kind, _, said = line.partition(": ")
                    if kind == "id":
                        after = {"after": said}
                    elif kind == "data" and said != "null":
                        yield json.loads(said)
                    elif kind == "event":
                        after = {}
            except GoneError:
                after = {}

    @cached_property
    def verbs(self) -> Mapping[str, list[str]]:
        """What people can do at the vendors there: the members that each verb is given."""
        return {verb["name"]: verb["fields"] for verb in self.control("GET", "/verbs")}

    @cached_property
    def rules(self) -> list[str]:
        """The ids of the rules there."""
        return [rule["id"] for rule in self.control("GET", "/ledger")]

    @cached_property
    def services(self) -> list[str]:
        """The vendors' services there."""
        return [vendor["service"] for vendor in self.control("GET", "/vendors")]

    @cached_property
    def parts(self) -> list[str]:
        """What of the vendors can be struck by a fault of its own."""
        return [part for vendor in self.control("GET", "/vendors") for part in vendor["parts"]]

    @cached_property
    def views(self) -> list[Mapping[str, Any]]:
        """The views, as the control API tells them."""
        return cast("list[Mapping[str, Any]]", self.control("GET", "/views"))

    @cached_property
    def shapes(self) -> Mapping[str, Shape]:
        """What is known of each view's rows."""
        rules = {"rule": self.rules}
        return {
            view["name"]: Shape(
                view["fields"], view["gist"], {**view["values"], **(rules if "rule" in view["fields"] else {})}
            )
            for view in self.views
        }

    @cached_property
    def gists(self) -> Mapping[str, list[str]]:
        """The fields that tell what became of a call, of each view that has such."""
        return {view["name"]: view["gist"] for view in self.views if view["gist"]}

    def workspaces(self) -> Iterator[Mapping[str, Any]]:
        """Every workspace, as the control API tells it, by name."""
        yield from self.pages("/workspaces")

    def pages(self, path: str, **asked: Any) -> Iterator[Any]:  # query members
        """The items of a list, page after page."""
        while True:
            page = self.control("GET", path, params=asked)
            yield from page["items"]
            if not page["more"]:
                return
            asked["after"] = page["cursor"]

    def workspace(self, name: str) -> Workspace:
        """A workspace that exists; raises UnknownNameError when it does not."""
        return Workspace(self, self.control("GET", f"/workspaces/{quote(name)}"))

    def create(self, name: str, **choices: Any) -> Workspace:  # fields of the workspace
        """A new workspace, in place of one that has the name already."""
        with suppress(UnknownNameError):
            self.control("DELETE", f"/workspaces/{quote(name)}")
        return self.make(name, **choices)

    def make(self, name: str, **choices: Any) -> Workspace:  # as above
        """A new workspace; raises NameTakenError when there is one of that name."""
        return Workspace(self, self.control("POST", "/workspaces", json={"name": name, **choices}))

    def make_another(self, name: str, **choices: Any) -> Workspace:  # as above
        """A new workspace under the name, or the name with a number where somebody else has one of it."""
        for number in range(1, _NAMES_TRIED + 1):
            with suppress(NameTakenError):
                return self.make(name if number == 1 else f"{name}-{number}", **choices)
        message = (
            f"{self.base_url} has {_NAMES_TRIED} workspaces called {name}: delete them (inkstand workspace delete)."
        )
        raise CannotStartError(message)


class Workspace:
    """One workspace of a sandbox."""

    def __init__(self, client: Client, told: Mapping[str, Any]) -> None:
        self.client = client
        self.told = told
        self.name: str = told["name"]
        self._path = f"/workspaces/{quote(self.name)}"

    @property
    def url(self) -> str:
        """The address of its sandbox, which SDKs are given as host."""
        return self.client.base_url

    @property
    def write_key(self) -> str:
        """The write key of its first source."""
        return cast("str", self.told["sources"][0]["writeKey"])

    def connection(self, ident: str) -> Mapping[str, Any]:
        """One of its connections, as it was when the workspace was asked for."""
        known = {found["id"]: found for found in self.told["connections"]}
        if ident not in known:
            hint = nearest(ident, list(known))
            raise UnknownNameError(f"There is no connection {ident!r}.{hint} There is {', '.join(known)}.")
        return cast("Mapping[str, Any]", known[ident])

    def post(self, call_type: str, body: Mapping[str, Any]) -> requests.Response:
        """Post a call or a batch as an SDK does."""
        return self.client.request("POST", _PATHS[call_type], json=body, auth=(self.write_key, ""))

    def settle(self) -> None:
        """Deliver everything due."""
        self.client.control("POST", f"{self._path}/settle")

    def advance(self, by: str, *, pause: bool = False) -> int:
        """Move the clock; with `pause`, to the first moment at which a delivery is tried. How much is left, in ms."""
        told = self.client.control("POST", f"{self._path}/clock/advance", json={"by": by, "pause": pause})
        return cast("int", told["left"])

    def act(self, verb: str, argument: Mapping[str, Any]) -> dict[str, Any]:
        """Let a person do something at a vendor (`inkit.open`); what came of it.

        A file that the verb takes (`inkit.add_template`) is given as a `pathlib.Path`; raises BrokenFileError for one
        that cannot be read.
        """
        path = f"{self._path}/verbs/{quote(verb)}"
        given = {name: read_any(value) if isinstance(value, Path) else value for name, value in argument.items()}
        return cast("dict[str, Any]", self.client.control("POST", path, json=given))

    def reset(self) -> None:
        """Put it back to what it was made with."""
        self.client.control("POST", f"{self._path}/reset")

    def delete(self) -> None:
        """Delete it and everything in it."""
        self.client.control("DELETE", self._path)

    def change(self, change: Mapping[str, Any]) -> None:
        """Change the workspace itself until the next reset: `dedupe`, `locked`, `explainHeaders`."""
        self.client.control("PATCH", self._path, json=dict(change))

    def change_connection(self, ident: str, change: Mapping[str, Any]) -> None:
        """Change a connection until the next reset."""
        self.client.control("PATCH", f"{self._path}/connections/{quote(ident)}", json=dict(change))

    def change_source(self, ident: str, change: Mapping[str, Any]) -> None:
        """Change a source until the next reset: `enabled`, `trackingPlan`, `settings`."""
        self.client.control("PATCH", f"{self._path}/sources/{quote(ident)}", json=dict(change))

    def view(self, name: str, **where: Any) -> list[dict[str, Any]]:  # any JSON value
        """The rows of a view, oldest first; those whose fields equal what is given."""
        asked = {field: value if isinstance(value, str) else json.dumps(value) for field, value in where.items()}
        return list(self.client.pages(f"{self._path}/views/{quote(name)}", **asked))

    def newest(self, name: str, number: int) -> list[dict[str, Any]]:
        """The newest rows of a view, oldest first."""
        page = self.client.control("GET", f"{self._path}/views/{quote(name)}", params={"newest": number})
        return cast("list[dict[str, Any]]", page["items"])

    def counts(self) -> dict[str, int]:
        """How many rows each view has."""
        return cast("dict[str, int]", self.client.control("GET", f"{self._path}/counts")["counts"])

    def count(self, name: str) -> int:
        """How many rows a view has."""
        return cast("int", self.client.control("GET", f"{self._path}/views/{quote(name)}/count")["count"])

    def follow_view(self, name: str, newest: int, end: float | None = None) -> Iterator[dict[str, Any]]:
        """The newest rows of a view, then each row as it comes, until `end` (of the machine's monotonic clock)."""
        yield from self.client.follow(f"{self._path}/views/{quote(name)}", newest, end)

    def snapshots(self) -> list[dict[str, Any]]:
        """Its snapshots."""
        return cast("list[dict[str, Any]]", self.client.control("GET", f"{self._path}/snapshots"))

    def wait(self, view: str, timeout: str = "5s", **condition: Any) -> dict[str, Any]:  # of the control API
        """Wait until a view satisfies a condition: `where`, `count`, `atLeast`, `all`, or `rows`; what came of it."""
        asked = {"view": view, "timeout": timeout, **condition}
        return cast("dict[str, Any]", self.client.control("POST", f"{self._path}/wait", json=asked))

    def fault(self, service: str, **spec: Any) -> dict[str, Any]:  # of the control API
        """Arrange that a service misbehaves: `status`, `drop`, `delay` or `down`; `next`, `every` or `share`; `for`."""
        asked = {"service": service, **spec}
        return cast("dict[str, Any]", self.client.control("POST", f"{self._path}/faults", json=asked))

    def end_fault(self, fault: str | None = None) -> None:
        """End a fault by its id, or all of them."""
        self.client.control("DELETE", f"{self._path}/faults" + (f"/{quote(fault, safe='')}" if fault else ""))

    def snapshot(self, name: str) -> None:
        """Keep a copy of it under a name."""
        self.client.control("POST", f"{self._path}/snapshots", json={"name": name})

    def restore(self, snapshot: str, of: str | None = None) -> None:
        """Put it back to a snapshot, its own or another workspace's."""
        asked = {"snapshot": snapshot, **({"of": of} if of else {})}
        self.client.control("POST", f"{self._path}/restore", json=asked)

    def freeze(self) -> None:
        """Stop its clock where it stands."""
        self.client.control("POST", f"{self._path}/clock/freeze")

    def follow(self) -> None:
        """Let its clock run on from where it stands."""
        self.client.control("POST", f"{self._path}/clock/follow")

    def coverage(self) -> dict[str, Any]:
        """Which rules and events its calls have touched."""
        return cast("dict[str, Any]", self.client.control("GET", f"{self._path}/coverage"))

    def explain(self, message_id: str) -> dict[str, Any]:
        """The journey of one message."""
        path = f"{self._path}/explain/{quote(message_id, safe='')}"
        return cast("dict[str, Any]", self.client.control("GET", path))

    def explain_newest(self, **asked: str) -> dict[str, Any]:
        """The journey of the newest call that fits (`event`, `userId`, `anonymousId`)."""
        return cast("dict[str, Any]", self.client.control("GET", f"{self._path}/explain", params=asked))


def _problem(response: requests.Response) -> Mapping[str, Any]:
    try:
        told = response.json()
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


def _detail(response: requests.Response) -> str:
    return str(_problem(response).get("detail") or f"{response.status_code} {response.text[:300]}")
