"""A manifest's keys as options of the commands `A-to-B`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import click

from mgeconvert.errors import UsageError

from ..pairs import pair_command

NOT_IN_A_MANIFEST = frozenset({"out", "json", "help", "quiet", "debug", "timeout", "max-memory"})
"""Options that a batch sets itself."""


@functools.cache
def _options(source: str, target: str) -> dict[str, click.Option]:
    """The long names of the options of a pair's command, without dashes, those that switch off included."""
    found: dict[str, click.Option] = {}
    for parameter in pair_command(source, target).params:
        if isinstance(parameter, click.Option):
            for name in (*parameter.opts, *parameter.secondary_opts):
                if name.startswith("--") and name.removeprefix("--") not in NOT_IN_A_MANIFEST:
                    found[name.removeprefix("--")] = parameter
    return found


def option_names(source: str, target: str) -> frozenset[str]:
    """What a manifest may say for this pair."""
    return frozenset(_options(source, target))


def command_line(source: str, target: str, options: Mapping[str, Any], place: Callable[[str], str]) -> Iterator[str]:
    """The words of the options; `place` names a key's place in the manifest for a message."""
    for name, value in options.items():
        option = _options(source, target)[name]
        if option.is_flag or option.count:
            if not isinstance(value, bool):
                raise UsageError(f"{place(name)}: {name} is true or false, not {value!r}")
            if value:
                yield f"--{name}"
            elif f"--no-{name}" in option.secondary_opts:
                yield f"--no-{name}"
        elif isinstance(value, list):
            for item in value:
                yield from (f"--{name}", str(item))
        elif isinstance(value, bool | Mapping):
            raise UsageError(f"{place(name)}: {name} needs a value, not {value!r}")
        else:
            yield from (f"--{name}", str(value))
