"""`mgeconvert completion SHELL`: the script that a shell sources to complete our command lines."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from .session import Session
from .steps import Command

INSTALL = {
    "bash": "mgeconvert completion bash > ~/.local/share/bash-completion/completions/mgeconvert",
    "zsh": 'mgeconvert completion zsh > "${fpath[1]}/_mgeconvert"',
    "fish": "mgeconvert completion fish > ~/.config/fish/completions/mgeconvert.fish",
}


def _completion(session: Session, shell: str) -> None:
    kind = get_completion_class(shell)
    assert kind is not None
    context = click.get_current_context().find_root()
    source = kind(context.command, {}, "mgeconvert", "_MGECONVERT_COMPLETE").source()
    session.answer(source.rstrip())
    session.document("completion", shell=shell, script=source, install=INSTALL[shell])
    session.say(f"install it: {INSTALL[shell]}")


command = Command(
    "completion",
    _completion,
    [click.Argument(["shell"], type=click.Choice(list(INSTALL)))],
    "Print the completion script of SHELL.",
)
