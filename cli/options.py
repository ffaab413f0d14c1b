"""Click options: the ones every command has, and those made from the registry's records."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from .limits import Seconds, Size
from .session import Session

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from mgeconvert.registry import Option

STREAM = Path("-")
"""The path that means standard input or output."""


class InputFile(click.Path):
    """A path that is read, for which shells complete file names; whether there is a file is for the readers to say."""

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def paths(self, value: Path | tuple[Path, ...]) -> tuple[Path, ...]:
        """The files in a parameter's value."""
        return value if isinstance(value, tuple) else (value,)


class InputNames(click.types.StringParamType):
    """Text with names of files that are read: ``a.caffemodel,b.caffemodel``, ``x=x.npy``."""

    def paths(self, value: str | tuple[str, ...]) -> tuple[Path, ...]:
        """What may be files in a parameter's value."""
        texts = value if isinstance(value, tuple) else tuple(value.split(","))
        return tuple(Path(text.rpartition("=")[2]) for text in texts if text)


class OutputFile(click.Path):
    """A path that is written; ``/dev/stdout`` is standard output, as ``-`` is."""

    STDOUT = ("/dev/stdout", "/dev/fd/1", "/proc/self/fd/1")

    def __init__(self) -> None:
        super().__init__(path_type=Path, readable=False)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("nothing is no file name", param, ctx)
        return STREAM if value in self.STDOUT else super().convert(value, param, ctx)


class OutputName(click.types.StringParamType):
    """Text that names a file which is written."""


FILE, OUTPUT = InputFile(), OutputFile()

FILES: dict[str, Any] = {"reads": InputNames(), "writes": OutputName()}

SWITCHES = {
    "json": "Print one JSON document on stdout; human text goes to stderr.",
    "quiet": "Print nothing but errors and what was asked for.",
    "debug": "Show full tracebacks; check the graph after each stage.",
}

SHORT = {"quiet": ("-q",)}


def one_of(
    names: Callable[[], Iterable[str]],
) -> Callable[[click.Context, click.Parameter, str], list[CompletionItem]]:
    """`shell_complete` of an option whose value is a name that plugins give."""

    def complete(_: click.Context, __: click.Parameter, incomplete: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        return [CompletionItem(name) for name in names() if name.startswith(incomplete)]

    return complete


def limits() -> list[click.Parameter]:
    """``--timeout --max-memory`` of the whole run: accepted before and after the command's name."""
    described = (
        ("timeout", "seconds", Seconds(), "SECONDS", "End the run, its runtimes included, after so many seconds."),
        ("max-memory", "memory", Size(), "SIZE", "End the run when all its processes hold more memory: 2GB, 500MB."),
    )
    return [
        click.Option([f"--{flag}", f"limit_{name}"], type=kind, metavar=metavar, help=text, expose_value=False,
                     callback=_set_limit)
        for flag, name, kind, metavar, text in described
    ]  # fmt: skip


def _set_limit(context: click.Context, parameter: click.Parameter, value: float | None) -> None:
    if value is not None and parameter.name:
        setattr(context.ensure_object(Session).limits, parameter.name.removeprefix("limit_"), value)


def switches() -> list[click.Parameter]:
    """``--json --quiet --debug``: accepted before and after the command's name."""
    return [
        click.Option(
            [*SHORT.get(name, ()), f"--{name}"], is_flag=True, help=text, expose_value=False, callback=_set_switch
        )
        for name, text in SWITCHES.items()
    ]


def _set_switch(context: click.Context, parameter: click.Parameter, value: bool) -> None:
    if value and parameter.name:
        setattr(context.ensure_object(Session), parameter.name, True)


def click_options(options: Iterable[Option], prefix: str, taken: set[str]) -> list[click.Parameter]:
    """A record's options as click options whose parameter names start with `prefix`.

    A name that is taken already (by the other record or the command itself) gets the prefix on the command line too.
    """
    made: list[click.Parameter] = []
    for option in options:
        flag = option.name.replace("_", "-")
        if flag in taken:
            flag = f"{prefix}-{flag}"
        taken.add(flag)
        settings: dict[str, Any] = {"default": option.default, "help": option.help}
        if option.type is bool:
            declaration = f"--{flag}/--no-{flag}"
        else:
            declaration = f"--{flag}"
            settings["type"] = click.Choice(option.choices) if option.choices else FILES.get(option.file, option.type)
            settings["metavar"] = option.metavar or None
        settings["show_default"] = option.default not in (None, False, "")
        made.append(click.Option([f"{prefix}_{option.name}", declaration], **settings))
    return made


def given_parameters() -> list[click.Parameter]:
    """The parameters of the step that the command line gives."""
    context = click.get_current_context()
    return [
        parameter
        for parameter in context.command.params
        if context.get_parameter_source(parameter.name or "") == ParameterSource.COMMANDLINE
    ]


def option_values(parameters: dict[str, Any], prefix: str) -> dict[str, Any]:
    """Take the values of `click_options(..., prefix, ...)` out of a command's parameters; unset ones are left out."""
    names = [name for name in parameters if name.startswith(f"{prefix}_")]
    values = {name.removeprefix(f"{prefix}_"): parameters.pop(name) for name in names}
    return {name: value for name, value in values.items() if value is not None}
