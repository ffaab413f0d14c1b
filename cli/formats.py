"""Steps with the options of the formats that their arguments name: `convert m.pkl m.onnx --opset 13`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import click

from mgeconvert import registry
from mgeconvert.errors import UsageError
from mgeconvert.registry import Backend, Frontend

from .options import STREAM, click_options
from .sections import Parameters, Section, flat, with_formats
from .steps import Step

Formats: TypeAlias = "tuple[Frontend | None, Backend | None]"
"""What a command reads and what it writes, as far as its arguments say."""


class FormatStep(Step):
    """A step that has, beside its own options, those of the formats which `formats(parameters)` finds in its arguments.
    Its function and its check get them as ``from_NAME`` and ``to_NAME``."""

    def __init__(
        self,
        name: str,
        function: Callable[..., Any],
        params: Parameters,
        text: str,
        *,
        formats: Callable[[Mapping[str, Any]], Formats],
        example: str,
        begins: bool = False,
        check: Callable[..., None] | None = None,
    ) -> None:
        super().__init__(name, function, params, text, begins=begins, check=check)
        self.formats = formats
        self.epilog = (
            f"The formats have options too: `mgeconvert {example} --help` lists those of the formats it names."
        )

    def possible(self) -> list[click.Parameter]:
        every: dict[str, click.Parameter] = {}
        for parameter in flat(
            format_options(
                [registry.frontend(name) for name in registry.frontend_names()],
                [registry.backend(name) for name in registry.backend_names()],
                self.params,
            )
        ):
            every.setdefault(parameter.opts[0], parameter)
        return [*self.params, *every.values()]

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        """A first look at the arguments finds the formats; errors are for the second."""
        with click.Command(self.name, params=self.possible()).make_context(
            info_name, list(args), parent, resilient_parsing=True, ignore_unknown_options=True
        ) as look:
            try:
                source, target = self.formats(look.params)
            except UsageError:
                source = target = None
        options = format_options([source] if source else [], [target] if target else [], self.params)
        complete = Step(
            self.name or "",
            self.callback,  # type: ignore[arg-type]  # click's type is wider
            with_formats(self.declared, options),
            self.help or "",
            begins=self.begins,
            check=self.check,
        )
        complete.epilog = None if options else self.epilog
        try:
            return complete.make_context(info_name, args, parent, **extra)
        except click.NoSuchOption as error:
            if not any(error.option_name in (*each.opts, *each.secondary_opts) for each in self.possible()):
                raise
            raise _of_another(error.option_name, source, target) from error


def _of_another(option: str, source: Frontend | None, target: Backend | None) -> UsageError:
    titles = list(dict.fromkeys(each.title for each in (source, target) if each is not None))
    if not titles:
        return UsageError(f"{option} is an option of a format, and none is named", hint="name it with --from or --to")
    owner = f"the {titles[0]} format" if len(titles) == 1 else f"the formats {' and '.join(titles)}"
    return UsageError(f"{option} is no option of {owner}")


def format_options(sources: list[Frontend], targets: list[Backend], own: list[click.Parameter]) -> list[Section]:
    """A section for each format; a name that is taken by the command, or by the target, gets ``to-`` or ``from-``."""
    taken = flags(own)
    found = [Section(f"Writing {each.title}", click_options(each.options, "to", taken)) for each in targets]
    found += [Section(f"Reading {each.title}", click_options(each.options, "from", taken)) for each in sources]
    return [section for section in found if section.options]


def named(model: Path | None, out: Path | None, parameters: Mapping[str, Any]) -> Formats:
    """The formats that --from and --to name, else those of the suffixes; UsageError for unknown ones."""
    source = target = None
    if parameters.get("source_format"):
        source = registry.frontend(parameters["source_format"])
    elif model is not None and model != STREAM:
        source = registry.frontend_for(model)
    if parameters.get("target_format"):
        target = registry.backend(parameters["target_format"])
    elif out == STREAM and source is not None and source.name in registry.backend_names():
        target = registry.backend(source.name)
    elif out is not None and out != STREAM:
        if out.is_dir():
            raise UsageError(f"{out}: cannot be written: it is a folder", hint="give a file name")
        target = registry.backend_for(out)
    return source, target


def flags(parameters: list[click.Parameter]) -> set[str]:
    """The long names that are taken, those of the switches included."""
    names = {
        option.removeprefix("--") for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)
    }
    return names | {"json", "quiet", "debug", "help"}
