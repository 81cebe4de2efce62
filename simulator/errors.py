"""What can be asked wrongly of the sandbox; each is answered with what was wanted, what came and what to do."""

from __future__ import annotations

PROBLEM = "application/problem+json"


class InkstandError(Exception):
    """Anything that a person can put right; the text says how. `status` is its HTTP status, `title` its kind."""

    status = 400
    title = "Bad request"


class UnknownNameError(InkstandError):
    """Something was asked for by a name that nothing has."""

    status = 404
    title = "Not found"


class NameTakenError(InkstandError):
    """A workspace is to be made under a name that one already has."""

    status = 409
    title = "Name taken"


class SetupError(InkstandError):
    """A workspace is to be set up with something that there is not; `path` is where that stands in its setup."""

    status = 422
    title = "Cannot be set up"

    def __init__(self, path: tuple[str | int, ...], text: str) -> None:
        super().__init__(f"{'.'.join(map(str, path))}: {text}")
        self.path = path
        self.text = text


class NotNowError(InkstandError):
    """It could be done with something else, or at another time, but not so."""

    status = 409
    title = "Conflict"


class BrokenFileError(InkstandError):
    """A file does not say what it should; the text names file, line and column."""

    status = 422
    title = "Broken file"


class CannotStartError(InkstandError):
    """The sandbox cannot start, or cannot be reached."""

    status = 503
    title = "Not available"


class SandboxFailedError(InkstandError):
    """The sandbox itself failed; it is not the caller's fault."""

    status = 500
    title = "Internal error"


class GoneError(InkstandError):
    """What was asked for belongs to an earlier life of the workspace."""

    status = 410
    title = "Gone"


class BusyError(InkstandError):
    """More requests are held open than may be; the next may come in a second."""

    status = 503
    title = "Busy"


def problem(status: int, title: str, detail: str) -> dict[str, object]:
    """An error as RFC 9457 has it, for an answer of the type `PROBLEM`."""
    return {"type": "about:blank", "title": title, "status": status, "detail": detail}


def nearest(name: str, known: list[str], at_least: float = 0.5) -> str:
    """A hint at the known name that was probably meant; empty when none is as near as `at_least` (0 to 1).

    One that differs only in case, spaces and dashes is the nearest there is.
    """
    from difflib import get_close_matches  # noqa: PLC0415  # only mistakes need it

    same = [one for one in known if _plain(one) == _plain(name)]
    found = same or get_close_matches(name, known, 1, at_least)
    return f" Did you mean {found[0]!r}?" if found else ""


def _plain(name: str) -> str:
    return name.casefold().replace(" ", "").replace("_", "").replace("-", "")
