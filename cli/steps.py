"""Chained steps: how a command line is cut into steps and how a step hands its state on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from .options import limits, switches
from .sections import Parameters, Section, flat, sections, write_help
from .session import Session
from .state import State

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

StepFunction = Callable[..., State]
"""(session, state, **parameters) -> the state after the step."""


class Command(click.Command):
    """A command that stands alone; its function takes the session."""

    def __init__(self, name: str, function: Callable[..., Any], params: Parameters, text: str) -> None:
        own = flat(params)
        taken = {flag for parameter in own for flag in parameter.opts}
        every = [option for option in (*switches(), *limits()) if taken.isdisjoint(option.opts)]
        super().__init__(name, callback=function, params=[*own, *every], help=text)
        self.declared = params

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """What every command takes comes last."""
        declared = flat(self.declared)
        general = [parameter for parameter in self.get_params(ctx) if parameter not in declared]
        own = [parameter for parameter in self.declared if isinstance(parameter, click.Parameter)]
        write_help(formatter, ctx, own, [*sections(self.declared), Section("Of every command", general)])

    def invoke(self, ctx: click.Context) -> Any:
        return ctx.invoke(self.callback, ctx.find_object(Session), **ctx.params)  # type: ignore[arg-type]


class Step(Command):
    """A command that can be chained: its function takes the session and the state and returns the new state.

    One that `begins` reads the chain's model and can only be its first step. `check(session, **parameters)` refuses
    wrong use before any step reads anything.
    """

    def __init__(
        self,
        name: str,
        function: StepFunction,
        params: Parameters,
        text: str,
        *,
        begins: bool = False,
        check: Callable[..., None] | None = None,
    ) -> None:
        super().__init__(name, function, params, text)
        self.begins = begins
        self.check = check

    def possible(self) -> list[click.Parameter]:
        """Every parameter that the command may have."""
        return self.params

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Beside what this step takes: the steps that may follow."""
        from click.shell_completion import CompletionItem

        root = ctx.find_root()
        assert isinstance(root.command, click.Group)
        names = [name for name in root.command.list_commands(root) if name.startswith(incomplete)]
        steps = [(name, root.command.get_command(root, name)) for name in names]
        follow = [CompletionItem(name) for name, step in steps if isinstance(step, Step) and not step.begins]
        return [*super().shell_complete(ctx, incomplete), *follow]

    def invoke(self, ctx: click.Context) -> None:
        session = ctx.find_object(Session)
        assert session is not None
        assert self.callback is not None
        session.state = ctx.invoke(self.callback, session, session.state, **ctx.params)


@dataclass(frozen=True, slots=True)
class ParsedStep:
    """One step of the command line: the command and the arguments that belong to it."""

    name: str
    command: click.Command
    args: list[str]


def split(args: list[str], find: Callable[[str], click.Command | None]) -> list[ParsedStep]:
    """Cut ``load m.pkl tm-to-onnx -o m.onnx`` before each token that names a step.

    An option's value and everything after ``--`` never starts a step, and a command that is not a step keeps all that
    follows it. `find` gives the command of a name or None; the first token must name one (the caller has checked).
    """
    calls: list[ParsedStep] = []
    tokens = iter(args)
    for token in tokens:
        command = find(token) if not token.startswith("-") else None
        if command is not None and (not calls or isinstance(command, Step)):
            calls.append(ParsedStep(token, command, []))
            if not isinstance(command, Step):
                calls[-1].args.extend(tokens)
            continue
        current = calls[-1]
        current.args.append(token)
        if token == "--":
            current.args.extend(tokens)
        elif takes_value(current.command, token):
            current.args.extend(value for value in [next(tokens, None)] if value is not None)
    return calls


def takes_value(command: click.Command, token: str) -> bool:
    """Whether the token is an option of the command whose value is the next token."""
    possible = command.possible() if isinstance(command, Step) else command.params
    return any(
        isinstance(parameter, click.Option)
        and not parameter.is_flag
        and not parameter.count
        and token in parameter.opts
        for parameter in possible
    )
