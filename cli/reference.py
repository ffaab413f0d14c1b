"""`mgeconvert reference`: install and find the environments with the real frameworks."""

from __future__ import annotations

from collections.abc import Sequence

import click

from mgeconvert.reference.environment import ENVIRONMENTS, environment, install

from .session import Session
from .steps import Command

DEFAULT = "megengine"


def _install(session: Session, name: str, python: str | None, force: bool) -> None:
    """Progress goes to stderr, each environment's interpreter to stdout."""
    rows = []
    for wanted in list(ENVIRONMENTS.values()) if name == "all" else [environment(name)]:
        done = install(wanted, python=python, force=force, log=session.say)
        if not done:
            session.say(f"{wanted.title}: already installed in {wanted.folder}")
        session.answer(str(wanted.python))
        rows.append({"environment": wanted.name, "installed_now": done, "interpreter": str(wanted.python)})
    session.document("reference install", environments=rows)


def _status(session: Session) -> None:
    rows = [
        {
            "environment": each.name,
            "title": each.title,
            "installed": each.is_installed,
            "folder": str(each.folder),
            "python": each.stamp()["python"] if each.is_installed else None,
        }
        for each in ENVIRONMENTS.values()
    ]
    session.document("reference status", environments=rows)
    for row in rows:
        state = f"in {row['folder']}, from {row['python']}" if row["installed"] else "not installed"
        session.answer(f"{row['environment']} ({row['title']}): {state}")


def _path(session: Session, name: str) -> None:
    wanted = environment(name)
    wanted.require()
    session.document("reference path", environment=name, interpreter=str(wanted.python))
    session.answer(str(wanted.python))


def _name(choices: Sequence[str]) -> click.Argument:
    return click.Argument(["name"], type=click.Choice(choices), default=DEFAULT, metavar=f"[{'|'.join(choices)}]")


command = click.Group(
    "reference",
    no_args_is_help=False,
    help="The environments with the real frameworks that judge our results and make test data; "
    f"the default is {DEFAULT}.",
    commands=[
        Command(
            "install",
            _install,
            [
                _name([*ENVIRONMENTS, "all"]),
                click.Option(
                    ["--python"], metavar="PATH", help="The Python to create it from; else one is looked for."
                ),
                click.Option(["--force"], is_flag=True, help="Create it anew even if it is there."),
            ],
            "Create an environment unless it is there.",
        ),
        Command("status", _status, [], "Which environments are installed, and where."),
        Command("path", _path, [_name(list(ENVIRONMENTS))], "Print an environment's interpreter."),
    ],
)
