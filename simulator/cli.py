"""The command line: results on stdout, everything else on stderr, exit codes as in decision 25."""

from __future__ import annotations

import io
import sys
import traceback
from importlib import import_module
from typing import Any

import click

import inkstand

from .commands.common import CANNOT_START, INTERNAL, INTERRUPTED, PASSED, WRONG_USE, say
from .errors import CannotStartError, InkstandError, SandboxFailedError

_COMMANDS = {
    "demo": "playing",
    "run": "running",
    "send": "sending",
    "exec": "executing",
    "scenario": "scenarios",
    **dict.fromkeys(("serve", "ready", "config"), "serving"),
    **dict.fromkeys(("status", "explain", "ledger"), "looking"),
    "tail": "following",
    **dict.fromkeys(("settle", "advance", "reset", "workspace", "snapshot"), "keeping"),
    "template": "templates",
}
"""Each command and the file that holds it, which is loaded when the command is used."""

_CALLED = {"exec": "execute"}
"""Commands whose function has another name."""

_ORDER = (
    *("demo", "serve", "ready", "status", "send", "tail", "explain", "run", "exec", "scenario"),
    *("settle", "advance", "reset", "workspace", "snapshot", "template", "ledger", "config", "version"),
)


class _Commands(click.Group):
    """Commands that are loaded when they are used; every error becomes one line and the exit code of its kind."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The commands, in the order in which a newcomer needs them."""
        del ctx
        return list(_ORDER)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """A command by name."""
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            module = import_module(f"{__package__}.commands.{_COMMANDS[cmd_name]}")
            self.add_command(getattr(module, _CALLED.get(cmd_name, cmd_name)))
        return super().get_command(ctx, cmd_name)

    def main(self, *args: Any, **extra: Any) -> Any:  # click's own signature
        """Run, and turn what goes wrong into a line and an exit code."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        try:
            super().main(*args, **{**extra, "standalone_mode": False})
        except click.exceptions.Exit as done:
            sys.exit(done.exit_code)
        except click.ClickException as error:
            error.show()
            sys.exit(error.exit_code)
        except (click.Abort, KeyboardInterrupt):
            sys.exit(INTERRUPTED)
        except BrokenPipeError:
            sys.stdout = None  # nobody reads it any more
            sys.exit(PASSED)
        except Exception as error:  # noqa: BLE001  # whatever it is, it has an exit code
            sys.exit(_told(error))


def _told(error: Exception) -> int:
    """Tell an error; its exit code."""
    kinds = ((CannotStartError, CANNOT_START), (SandboxFailedError, INTERNAL), (InkstandError, WRONG_USE))
    for kind, code in (*kinds, (ValueError, WRONG_USE)):
        if isinstance(error, kind):
            say(error)
            return code
    traceback.print_exception(error)
    say("this is a fault of Inkstand, not yours")
    return INTERNAL


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Inkstand: a local Segment with fake Inkit and Movable Ink, for tests and demos."""


@main.command()
def version() -> None:
    """Print the version."""
    click.echo(inkstand.__version__)
