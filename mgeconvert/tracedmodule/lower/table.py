"""The lowering table: MegEngine's qualified name to a handler with MegEngine's own signature.

A handler takes the Builder and then exactly the arguments of the MegEngine callable, so that Python binds arguments and
defaults. Keys are ``megengine.functional.nn.conv2d`` (functions), ``megengine.tensor.Tensor.reshape`` (methods and
operators), ``megengine.module.conv.Conv2d`` (modules; the first argument is the `Module`) and
``megengine.core.ops.builtin.Elemwise`` (opdefs; inputs are positional, fields are keywords).
"""

from __future__ import annotations

import inspect
import re
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar

from mgeconvert.ir import Value

from .arguments import Expected, expected_arguments

Version: TypeAlias = "tuple[int, int, int]"
Handler: TypeAlias = "Callable[..., Any]"
H = TypeVar("H", bound=Callable[..., Any])

OLDEST: Version = (1, 6, 0)
"""What a file without a version was written by."""


@dataclass(frozen=True, slots=True)
class LastOutput:
    """What a handler returns for an operator whose other outputs, before this one, have no part in inference."""

    value: Value


@dataclass(frozen=True, slots=True)
class Lowering:
    """A handler and the last MegEngine version whose signature it has (None: the newest)."""

    handler: Handler
    signature: inspect.Signature
    until: Version | None = None
    numbers: frozenset[str] = frozenset()
    """Parameters whose annotation says that they are numbers, which a traced file may give as tensors."""
    expected: Mapping[str, Expected] = field(default_factory=dict)
    """What arguments may be."""
    positional: tuple[str, ...] = ()
    """The parameters that may be given by position."""
    required: int = 0
    """How many of these have no default; more than there are where a parameter after them must be given by name."""

    def bind(self, given: Sequence[Any], named: Mapping[str, Any]) -> inspect.BoundArguments:
        """The arguments by name; TypeError where they are not those of the signature."""
        if not named and self.required <= len(given) <= len(self.positional):
            return inspect.BoundArguments(self.signature, OrderedDict(zip(self.positional, given, strict=False)))
        return self.signature.bind(*given, **named)

    def call(self, bound: inspect.BoundArguments) -> Any:
        """What the handler returns for arguments that `bind` gave."""
        arguments = bound.arguments
        if len(arguments) <= len(self.positional) and tuple(arguments) == self.positional[: len(arguments)]:
            return self.handler(*arguments.values())
        return self.handler(*bound.args, **bound.kwargs)


_TABLE: dict[str, list[Lowering]] = {}
_REFUSALS: dict[str, str] = {}


def lower(*keys: str, until: Version | None = None) -> Callable[[H], H]:
    """Register a handler under MegEngine names; with `until` for files written by that version or an older one."""

    def register(handler: H) -> H:
        for key in keys:
            add(key, handler, until)
        return handler

    return register


def add(key: str, handler: Handler, until: Version | None = None) -> None:
    """`lower` for tables: a key is claimed once per version."""
    rows = _TABLE.setdefault(key, [])
    if key in _REFUSALS or any(row.until == until for row in rows):
        raise ValueError(f"{key} is lowered twice")
    signature = inspect.signature(handler)
    numbers, positional, required = frozenset(_numbers(signature)), *_positions(signature)
    rows.append(Lowering(handler, signature, until, numbers, expected_arguments(signature), positional, required))
    rows.sort(key=lambda row: row.until or (99, 0, 0))


def _positions(signature: inspect.Signature) -> tuple[tuple[str, ...], int]:
    """`positional` and `required` of a Lowering."""
    by_position = [each for each in signature.parameters.values() if each.kind is each.POSITIONAL_OR_KEYWORD]
    by_name = any(
        each.kind is each.KEYWORD_ONLY and each.default is each.empty for each in signature.parameters.values()
    )
    required = sum(each.default is each.empty for each in by_position)
    return tuple(each.name for each in by_position), len(by_position) + 1 if by_name else required


def _numbers(signature: inspect.Signature) -> Iterator[str]:
    for name, parameter in signature.parameters.items():
        words = set(_WORD.findall(str(parameter.annotation)))
        if words & _NUMBER and words <= _NUMBER | {"Sequence", "None"} and parameter.kind is not parameter.VAR_KEYWORD:
            yield name


_WORD = re.compile(r"\w+")
_NUMBER = frozenset(["int", "float", "bool", "Sizes", "Axis"])


def refuse_all(reasons: dict[str, str]) -> None:
    """Register callables that will not be lowered, each with its reason."""
    for key, reason in reasons.items():
        if key in _TABLE or key in _REFUSALS:
            raise ValueError(f"{key} is lowered or refused twice")
        _REFUSALS[key] = reason


def find(key: str, version: Version | None) -> Lowering | None:
    """The handler for a call written by that MegEngine version (None: before 1.7), or None."""
    written = version or OLDEST
    return next((row for row in _TABLE.get(key, ()) if row.until is None or written <= row.until), None)


def refusal(key: str) -> str | None:
    """The reason why a callable is refused in every form, if it is."""
    return _REFUSALS.get(key)


def lowered() -> Iterator[str]:
    """Every key that has a handler, sorted."""
    yield from sorted(_TABLE)


def handlers() -> Iterator[tuple[str, Handler]]:
    """Every key with each of its handlers, that of the oldest MegEngine first."""
    for key, rows in sorted(_TABLE.items()):
        yield from ((key, row.handler) for row in rows)


def refused() -> Iterator[tuple[str, str]]:
    """Every refused key with its reason, sorted."""
    yield from sorted(_REFUSALS.items())
