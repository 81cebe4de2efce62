"""The sandbox as anyone outside sees it: a `requests` session and an address."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast
from urllib.parse import quote

import requests

from inkstand.simulator.errors import CannotStartError, InkstandError, SandboxFailedError, UnknownNameError

CONTROL = "/_sandbox/v1"
TIMEOUT_SECONDS = 120
_WRONG_ADDRESS = (requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema, requests.exceptions.InvalidURL)
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
        if response.status_code >= 500:  # noqa: PLR2004  # its own fault
            message = f"{method} {path}: the sandbox failed ({_detail(response)}). Its own log, on stderr, says where."
            raise SandboxFailedError(message)
        if response.status_code >= 400:  # noqa: PLR2004  # not a success
            kind = UnknownNameError if response.status_code == 404 else InkstandError  # noqa: PLR2004
            raise kind(_detail(response))
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

    def workspace(self, name: str) -> Workspace:
        """A workspace that exists; raises UnknownNameError when it does not."""
        return Workspace(self, self.control("GET", f"/workspaces/{quote(name)}"))

    def create(self, name: str, **choices: Any) -> Workspace:  # fields of the workspace
        """A new workspace, in place of one that has the name already."""
        with suppress(UnknownNameError):
            self.control("DELETE", f"/workspaces/{quote(name)}")
        return Workspace(self, self.control("POST", "/workspaces", json={"name": name, **choices}))


class Workspace:
    """One workspace of a sandbox."""

    def __init__(self, client: Client, told: Mapping[str, Any]) -> None:
        self.client = client
        self.told = told
        self.name: str = told["name"]
        self._path = f"/workspaces/{quote(self.name)}"

    @property
    def write_key(self) -> str:
        """The write key of its first source."""
        return cast("str", self.told["sources"][0]["writeKey"])

    def connection(self, ident: str) -> Mapping[str, Any]:
        """One of its connections, as it was when the workspace was asked for."""
        return next(found for found in self.told["connections"] if found["id"] == ident)

    def post(self, call_type: str, body: Mapping[str, Any]) -> requests.Response:
        """Post a call or a batch as an SDK does."""
        return self.client.request("POST", _PATHS[call_type], json=body, auth=(self.write_key, ""))

    def settle(self) -> None:
        """Deliver everything due."""
        self.client.control("POST", f"{self._path}/settle")

    def advance(self, by: str) -> None:
        """Move the clock."""
        self.client.control("POST", f"{self._path}/clock/advance", json={"by": by})

    def reset(self) -> None:
        """Put it back to what it was made with."""
        self.client.control("POST", f"{self._path}/reset")

    def delete(self) -> None:
        """Delete it and everything in it."""
        self.client.control("DELETE", self._path)

    def change_connection(self, ident: str, change: Mapping[str, Any]) -> None:
        """Change a connection until the next reset."""
        self.client.control("PATCH", f"{self._path}/connections/{quote(ident)}", json=dict(change))

    def view(self, name: str) -> list[dict[str, Any]]:
        """The rows of a view."""
        return cast("list[dict[str, Any]]", self.client.control("GET", f"{self._path}/views/{quote(name)}")["items"])

    def explain(self, message_id: str) -> dict[str, Any]:
        """The journey of one message."""
        path = f"{self._path}/explain/{quote(message_id, safe='')}"
        return cast("dict[str, Any]", self.client.control("GET", path))

    def explain_newest(self, **asked: str) -> dict[str, Any]:
        """The journey of the newest call that fits (`event`, `userId`, `anonymousId`)."""
        return cast("dict[str, Any]", self.client.control("GET", f"{self._path}/explain", params=asked))


def _detail(response: requests.Response) -> str:
    try:
        return str(response.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{response.status_code} {response.text[:300]}"
