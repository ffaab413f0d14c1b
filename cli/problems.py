"""Errors as users see them: `error:` and `hint:` on stderr, no traceback unless --debug."""

from __future__ import annotations

import errno
import os
import sys
from typing import Any

import click

from mgeconvert.errors import MgeconvertError, UnsupportedError

from .colours import BAD, coloured
from .limits import out_of_memory
from .session import Session

INTERRUPTED, TERMINATED = 130, 143
"""The shell's exit codes of commands ended by SIGINT and SIGTERM."""
INTERNAL = 4
"""The exit code of a bug of ours."""


class Terminated(BaseException):
    """SIGTERM came: temporary files go, as after SIGINT, before the process ends."""


def show(error: BaseException, session: Session) -> int:
    """Print the error and return the exit code."""
    if isinstance(error, KeyboardInterrupt | click.Abort):
        _say("error: interrupted")
        return INTERRUPTED
    if isinstance(error, Terminated):
        _say("error: terminated")
        return TERMINATED
    if isinstance(error, OSError) and error.errno == errno.EPIPE:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    code, found = say(error, session, f"step {session.step}: " if session.step else "")
    session.finish(found)
    return code


def say(error: BaseException, session: Session, place: str = "") -> tuple[int, dict[str, Any]]:
    """Print an error; its exit code, and its place in the JSON document."""
    if session.debug:
        import traceback

        traceback.print_exception(error)
    message, hint, code = describe(error, session.limits.memory)
    message = message if message.startswith(place) else f"{place}{message}"
    _say(f"error: {message}")
    if hint:
        click.echo(f"hint: {hint}", err=True)
    found = document(error, message, hint)
    codes = dict.fromkeys((found["code"], *(each["code"] for each in found.get("problems", ()) if each["code"])))
    click.echo(f"more: mgeconvert explain {' '.join(codes)}", err=True)
    return code, found


def _say(line: str) -> None:
    word, colon, rest = line.partition(":")
    click.echo(f"{coloured(word + colon, BAD)}{rest}", err=True)


def describe(error: BaseException, memory: int = 0) -> tuple[str, str | None, int]:
    """Message, hint and exit code; `memory` is the run's --max-memory in bytes."""
    if isinstance(error, MgeconvertError):
        return error.message, error.hint, error.exit_code
    if isinstance(error, click.UsageError):
        path = error.ctx.command_path if error.ctx else "mgeconvert"
        return error.format_message().rstrip("."), f"`{path} --help` lists what can be given", error.exit_code
    if isinstance(error, click.ClickException):
        return error.format_message(), None, error.exit_code
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"{place}{error.strerror or error}", None, 1
    if isinstance(error, MemoryError):
        lack = out_of_memory(memory)
        return lack.message, lack.hint, lack.exit_code
    fact = f"internal error: {type(error).__name__}: {error}"
    return fact, "this is a bug in mgeconvert; add --debug to see where, and report it", INTERNAL


def is_ours(error: BaseException) -> bool:
    """Whether the error is meant for users; any other one is a bug."""
    return isinstance(error, MgeconvertError | click.ClickException | MemoryError | OSError)


def document(error: BaseException, message: str, hint: str | None) -> dict[str, Any]:
    """The error's place in the JSON document."""
    from mgeconvert.explanations import code_of, code_of_error

    kind = type(error).__name__ if is_ours(error) else "internal"
    content: dict[str, Any] = {"kind": kind, "code": code_of_error(error), "message": message, "hint": hint}
    if isinstance(error, UnsupportedError):
        content["problems"] = [
            {"scope": each.scope, "op": each.op, "reason": each.reason, "code": code_of(each.reason)}
            for each in error.problems
        ]
    return content
