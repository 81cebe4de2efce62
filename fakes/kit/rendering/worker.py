"""Draws pages for another process, one after the other: `python -m …worker`, asked on stdin, answering on stdout.

A message is its length in four bytes, then itself in MessagePack. It ends with its parent, whatever it is drawing.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from importlib import import_module
from typing import Any, BinaryIO

import msgspec

from . import pages
from .shapes import Paper, UndrawableError

MEMORY = 1_000_000_000
"""How many bytes of memory the drawing process may take."""

_LENGTH = 4
_LONGEST_TOLD = 200
_WORK: dict[str, Callable[..., Any]] = {
    "to_pdf": pages.to_pdf,
    "to_png": pages.to_png,
    "page_to_png": pages.page_to_png,
}


def send(stream: BinaryIO, message: object) -> None:
    """Write one message."""
    data = msgspec.msgpack.encode(message)
    stream.write(len(data).to_bytes(_LENGTH, "big") + data)
    stream.flush()


def receive(stream: BinaryIO) -> Any:  # what the other side wrote; None at its end
    """Read one message."""
    head = stream.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    length = int.from_bytes(head, "big")
    data = stream.read(length)
    return msgspec.msgpack.decode(data) if len(data) == length else None


def main() -> None:
    """Work until nobody asks any more."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    _bound()
    asked, told = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    while (message := receive(asked)) is not None:
        send(told, _answered(*message))


def _answered(name: str, arguments: list[Any]) -> dict[str, Any]:
    given = [Paper(**one) if isinstance(one, dict) else one for one in arguments]
    try:
        return {"drawn": perform(name, given)}
    except UndrawableError as error:
        return {"undrawable": str(error)}
    except MemoryError:
        return {"undrawable": f"The page takes more than {MEMORY // 1_000_000:,} MB of memory."}
    except ValueError as error:
        return {"wrong": str(error)}
    except RecursionError:
        return {"wrong": "It is nested too deeply."}
    except Exception as error:  # noqa: BLE001  # a library that fails at a stranger's file
        return {"undrawable": f"It cannot be read: {type(error).__name__}, {str(error)[:_LONGEST_TOLD]}"}


def perform(name: str, given: list[Any]) -> Any:
    """Draw something by its name, or call a function by its own."""
    if name in _WORK:
        return asdict(_WORK[name](*given))
    module, _, function = given[0].partition(":")
    return getattr(import_module(module), function)(*given[1:])


def _bound() -> None:
    with suppress(ImportError, ValueError, OSError):  # not every system can
        import resource  # noqa: PLC0415  # not every system has it

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(1)
    os._exit(0)


if __name__ == "__main__":
    main()
