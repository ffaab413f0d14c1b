"""``mgeconvert reference``: install and find the environments with the real frameworks."""

from __future__ import annotations

import json

import click

from mgeconvert.reference.environment import ENVIRONMENTS, environment, install


@click.group("reference", help="The environments with the real frameworks that trace, judge and make test data.")
def command() -> None:
    """The group that the main program loads."""


_name = click.argument("name", type=click.Choice(list(ENVIRONMENTS)), default="megengine")
_names = click.argument("name", type=click.Choice([*ENVIRONMENTS, "all"]), default="megengine")


@command.command("install", help="Create the environment NAME (default: megengine; or all) unless it is there.")
@_names
@click.option("--python", metavar="PATH", help="The Python to create it from; found by itself when not given.")
@click.option("--force", is_flag=True, help="Create it anew even if it is there.")
def install_command(name: str, python: str | None, force: bool) -> None:
    """Progress goes to stderr, the environment's interpreter to stdout."""
    for wanted in list(ENVIRONMENTS.values()) if name == "all" else [environment(name)]:
        if not install(wanted, python=python, force=force, log=lambda line: click.echo(line, err=True)):
            click.echo(f"{wanted.title}: already installed in {wanted.folder}", err=True)
        click.echo(wanted.python)


@command.command("status", help="Which environments are installed, where, with what.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document.")
def status_command(as_json: bool) -> None:
    """One line an environment."""
    rows = {
        each.name: {
            "installed": each.is_installed,
            "folder": str(each.folder),
            "python": each.stamp()["python"] if each.is_installed else None,
        }
        for each in ENVIRONMENTS.values()
    }
    if as_json:
        click.echo(json.dumps(rows, indent=1))
        return
    for name, row in rows.items():
        state = f"in {row['folder']}, from {row['python']}" if row["installed"] else "not installed"
        click.echo(f"{name} ({environment(name).title}): {state}")


@command.command("path", help="Print the interpreter of the environment NAME (default: megengine).")
@_name
def path_command(name: str) -> None:
    """Exit code 1 when it is not installed."""
    environment(name).require()
    click.echo(environment(name).python)
