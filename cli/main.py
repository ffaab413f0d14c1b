"""The `mgeconvert` command: a table of lazily imported subcommands, chained steps, errors as users see them.

``--help`` imports click and the names of the plugins, nothing else.
"""

from __future__ import annotations

import gc
import importlib
import signal
import sys
import time
from collections.abc import Sequence
from typing import Any, NoReturn

import click

from mgeconvert import __version__
from mgeconvert.close import meant
from mgeconvert.entry_points import backend_names, frontend_names
from mgeconvert.errors import UsageError
from mgeconvert.files import noted, noting

from . import problems
from .limits import limited
from .options import limits, switches
from .outputs import inputs
from .report.options import check_page_files
from .session import Session
from .steps import ParsedStep, Step, split

COMMANDS = {
    "load": ("convert:load_command", "Read a model, for the steps that follow."),
    "trace": ("trace:command", "Trace a MegEngine network of your own, and record what it computes."),
    "convert": ("convert:convert_command", "Convert SRC to DST; their suffixes say the formats."),
    "inspect": ("inspect:command", "Inputs, outputs, operators, parameters, MACs; which targets can take the model."),
    "edit": ("edit:command", "Change a model: cut, shapes, pre- and post-processing, names, patterns."),
    "optimize": ("optimize:command", "Run optimization passes and show what they changed."),
    "quantize": ("quantize:command", "Quantize a network of floats by a recipe, with data to calibrate with."),
    "verify": ("verify:command", "Compare a written model with recorded outputs or with the model it comes from."),
    "check": ("check:command", "What would stop each target or lose accuracy, before converting, and what helps."),
    "diff": ("diff:command", "Compare two models: inputs, operators, parameters, modules, what they compute."),
    "run": ("run:command", "Compute a model in its runtime, or another one."),
    "view": ("view:command", "Open a model in netron."),
    "batch": ("batch.command:command", "Convert many models: a manifest, folders, globs; resumes where it was."),
    "checkpoint-to-safetensors": ("checkpoint:command", "The weights of a MegEngine checkpoint, in torch's shapes."),
    "ops": ("ops:command", "What each format supports, operator by operator."),
    "explain": ("explain:command", "What a message means, by the code that it ends with, and what to do."),
    "reference": ("reference:command", "The environment with real MegEngine that traces and verifies."),
    "completion": ("completion:command", "Print the completion script of a shell."),
}
"""Subcommand: (``module:attribute`` in this package, help line). The attribute is the command or makes it."""


COLLECT = (200_000, 30, 30)
"""The garbage collector's thresholds; the default ones cost a fifth of a conversion's time."""


class Application(click.Group):
    """The root command."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [*COMMANDS, *pairs()]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name in COMMANDS:
            module, _, attribute = COMMANDS[cmd_name][0].partition(":")
            found: Any = getattr(importlib.import_module(f".{module}", __package__), attribute)
            command: click.Command = found if isinstance(found, click.Command) else found()
            return command
        if cmd_name in pairs():
            from .pairs import pair_command

            return pair_command(*cmd_name.split("-to-"))
        return None

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args:
            args = ["--help"]
        if args[0] == "help":
            args = [*args[1:2], "--help"]
        return click.Command.parse_args(self, ctx, args)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """For shell completion: the step that is being typed."""
        call = self.calls(ctx, args)[-1]
        return call.name, call.command, call.args

    def calls(self, ctx: click.Context, args: list[str]) -> list[ParsedStep]:
        """The steps of the command line; click.UsageError for a name that no command and no file has."""
        if self.get_command(ctx, args[0]) is None:
            from .look import command, is_file_name

            if is_file_name(args[0]):
                return [ParsedStep(args[0], command, args)]
            guess = meant(args[0], self.list_commands(ctx), "; ")
            raise click.UsageError(f"{args[0]}: no such command{guess}", ctx)
        return split(args, lambda name: self.get_command(ctx, name))

    def invoke(self, ctx: click.Context) -> None:
        """Parse every step first, so that a typing error in the last one costs no conversion; then run them."""
        session = ctx.ensure_object(Session)
        if not ctx.args:
            raise click.UsageError("no command given", ctx)
        calls = self.calls(ctx, ctx.args)
        contexts = []
        for call in calls:
            session.step = call.name if len(calls) > 1 else ""
            contexts.append(call.command.make_context(call.name, list(call.args), parent=ctx))
            if len(contexts) > 1 and isinstance(call.command, Step) and call.command.begins:
                raise UsageError(
                    "a step before has a model already", hint=f"`{call.name}` is the first step of a chain"
                )
        for call, context in zip(calls, contexts, strict=True):
            command = context.command
            session.step = call.name if len(calls) > 1 else ""
            session.inputs.update(dict.fromkeys(inputs(command, context.params)))
            if isinstance(command, Step) and command.check is not None:
                with context:
                    command.check(session, **context.params)
        check_page_files(session)
        with limited(session.limits) as is_run:
            if is_run:
                with noting() as session.inputs:
                    self._run(session, calls, contexts)
                session.finish()

    def _run(self, session: Session, calls: list[ParsedStep], contexts: list[click.Context]) -> None:
        for call, context in zip(calls, contexts, strict=True):
            for path in inputs(context.command, context.params):
                noted(path)
            session.begin(call.name, chained=len(calls) > 1, is_last=call is calls[-1])
            start = time.perf_counter()
            with context:
                context.command.invoke(context)
            if session.step:
                session.say(f"{call.name}: {time.perf_counter() - start:.2f} s")

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])
        targets = ", ".join(backend_names())
        with formatter.section("Conversions"):
            formatter.write_dl([(f"{source}-to-B", f"with B one of {targets}") for source in frontend_names()])

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any) -> NoReturn:  # type: ignore[override]
        """Run, show errors as users see them, exit with their code."""
        session = Session(json="--json" in (sys.argv[1:] if args is None else args))
        extra.pop("standalone_mode", None)
        try:
            code = super().main(args, prog_name or "mgeconvert", standalone_mode=False, obj=session, **extra) or 0
        except (Exception, KeyboardInterrupt, problems.Terminated) as error:  # noqa: BLE001 (the rest are bugs)
            code = problems.show(error, session)
        sys.exit(code)


def pairs() -> list[str]:
    """``A-to-B`` for every source and target format."""
    return [f"{source}-to-{target}" for source in frontend_names() for target in backend_names()]


def _version(context: click.Context, parameter: click.Parameter, value: bool) -> None:  # noqa: ARG001
    if value and not context.resilient_parsing:
        session = context.ensure_object(Session)
        session.answer(f"mgeconvert {__version__}")
        session.only_document("version", version=__version__)
        context.exit()


application = Application(
    "mgeconvert",
    context_settings={"help_option_names": ["-h", "--help"]},
    params=[
        *switches(),
        *limits(),
        click.Option(
            ["-V", "--version"],
            is_flag=True,
            is_eager=True,
            expose_value=False,
            help="Print the version.",
            callback=_version,
        ),
    ],
    help="Convert neural network models: MegEngine TracedModule, ONNX, TFLite, Caffe.\n\n"
    "Steps chain: a word that names a command starts the next step, and MODEL is optional after another step: "
    "`mgeconvert load m.pkl tm-to-onnx -o m.onnx`.",
    epilog="`mgeconvert COMMAND --help` explains a command; `mgeconvert FILE` says what a file is and what can be done "
    "with it.",
)


def _terminate(number: int, _: object) -> NoReturn:
    signal.signal(number, signal.SIG_IGN)
    raise problems.Terminated


def main() -> NoReturn:
    """The console script. The collector runs seldom: graphs are large, live long and are freed by reference counts."""
    gc.set_threshold(*COLLECT)
    signal.signal(signal.SIGTERM, _terminate)
    application.main()
