"""What can be set from outside: flag over environment over default."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_PORT = 4650
DEFAULT_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Settings:
    """How one process runs.

    `data_dir` None means a temporary directory; `url` is the server that client commands speak to; `public_url` is
    what absolute addresses begin with when the request's Host should not decide.
    """

    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    data_dir: str | None = None
    public_url: str | None = None
    url: str = f"http://{DEFAULT_HOST}:{DEFAULT_PORT}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """The settings that the environment's `INKSTAND_*` variables ask for.

        Raises ValueError, naming the variable, for a port that is not a number.
        """
        port = environ.get("INKSTAND_PORT", str(DEFAULT_PORT))
        if not port.isdecimal():
            message = f"INKSTAND_PORT must be a number from 0 to 65535; {port!r} came."
            raise ValueError(message)
        host = environ.get("INKSTAND_HOST", DEFAULT_HOST)
        return cls(
            host=host,
            port=int(port),
            data_dir=environ.get("INKSTAND_DATA_DIR") or None,
            public_url=environ.get("INKSTAND_PUBLIC_URL") or None,
            url=environ.get("INKSTAND_URL") or f"http://{host}:{port}",
        )
