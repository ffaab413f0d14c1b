"""Rows as source code: the module class that the reference environment defines, traces and saves.

Source is what both sides understand: the worker runs Python 3.8 and numpy 1, and a failing row can be read.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from .cases import X

F = "megengine.functional."
M = "megengine.module."
T = "megengine.tensor.Tensor."
OP = "megengine.core.ops.builtin."
"""What qualified names begin with in MegEngine: those of functions, modules, methods of tensors, raw operators."""


@dataclass(frozen=True)
class ModuleSource:
    """`text` defines the class Row; `operands` are its inputs (letter x) and parameters (letter p) by name."""

    text: str
    operands: Mapping[str, X]

    @property
    def arguments(self) -> list[str]:
        """The names of forward()'s arguments, in order."""
        return [name for name, operand in self.operands.items() if operand.letter == "x"]

    @property
    def parameters(self) -> list[str]:
        """The names of the parameters."""
        return [name for name, operand in self.operands.items() if operand.letter == "p"]


def of_call(
    target: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], init: tuple[Any, ...], init_kwargs: Mapping[str, Any]
) -> ModuleSource:
    """A module that calls one MegEngine callable; what kind it is shows in its qualified name."""
    names = {operand: f"{operand.letter}{number}" for number, operand in enumerate(operands_in((args, kwargs)))}
    operands = {name: operand for operand, name in names.items()}
    if target.startswith(OP):
        fields = call_text("builtin." + target.removeprefix(OP), (), kwargs, names)
        inputs = ", ".join(text_of(value, names) for value in args)
        return of_body(
            f"results = apply({fields}, {inputs})\nreturn results if len(results) > 1 else results[0]", "", operands
        )
    if target.startswith(T):
        method = f"{text_of(args[0], names)}.{target.removeprefix(T)}"
        return of_body(call_text(method, args[1:], kwargs, names), "", operands)
    if target.startswith(M):
        return of_body(
            call_text("self.module", args, kwargs, names),
            f"self.module = {call_text(target, init, init_kwargs, names)}",
            operands,
        )
    return of_body(call_text(target, args, kwargs, names), "", operands)


def of_body(body: str, init: str, operands: Mapping[str, X]) -> ModuleSource:
    """A module with that forward(); a body that is an expression is returned."""
    body = textwrap.dedent(body).strip()
    try:
        ast.parse(body, mode="eval")
        body = f"return {body}"
    except SyntaxError:
        ast.parse(f"def forward():\n{textwrap.indent(body, '    ')}")
    module = ModuleSource("", operands)
    constructor = f"super().__init__()\n{textwrap.dedent(init).strip()}"
    text = (
        f"class Row(M.Module):\n"
        f"    def __init__(self):\n{textwrap.indent(constructor, ' ' * 8)}\n"
        f"    def forward(self, {', '.join(module.arguments)}):\n{textwrap.indent(body, ' ' * 8)}\n"
    )
    return ModuleSource(text, operands)


def of_file(path: Path, call: str, operands: Mapping[str, X]) -> ModuleSource:
    """A module that a file of networks defines."""
    return ModuleSource(f"{path.read_text(encoding='utf-8')}\n\ndef Row():\n    return {call}\n", operands)


def call_text(callee: str, args: tuple[Any, ...], kwargs: Mapping[str, Any], names: Mapping[X, str]) -> str:
    """``callee(x0, axis=1)``."""
    given = [text_of(value, names) for value in args] + [
        f"{key}={text_of(value, names)}" for key, value in kwargs.items()
    ]
    return f"{callee}({', '.join(given)})"


def operands_in(value: Any) -> Iterator[X]:
    """Every X and P in a nested structure, in order."""
    if hasattr(value, "letter"):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from operands_in(item)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from operands_in(item)
    elif isinstance(value, slice):
        yield from operands_in((value.start, value.stop, value.step))


def text_of(value: Any, names: Mapping[X, str]) -> str:
    """A value as Python source."""
    if value in names if hasattr(value, "letter") else False:
        return f"self.{names[value]}" if value.letter == "p" else names[value]
    if isinstance(value, tuple):
        return f"({', '.join(text_of(item, names) for item in value)}{',' if len(value) == 1 else ''})"
    if isinstance(value, list):
        return f"[{', '.join(text_of(item, names) for item in value)}]"
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {text_of(item, names)}' for key, item in value.items())}}}"
    if isinstance(value, slice):
        return f"slice({', '.join(text_of(item, names) for item in (value.start, value.stop, value.step))})"
    if isinstance(value, np.ndarray):
        return f"np.array({value.tolist()!r}, {value.dtype.name!r})"
    if isinstance(value, float) and not np.isfinite(value):
        return f"float('{value}')"
    if value is None or value is Ellipsis or isinstance(value, bool | int | float | str):
        return repr(value)
    raise TypeError(f"a row cannot hold {value!r}; write it with Code")


def brief(value: Any) -> str:
    """A value in a row's id: ``1x3x4x4``, ``axis=1``."""
    if hasattr(value, "letter"):
        shape = "x".join(map(str, value.shape)) or "scalar"
        return shape if value.dtype == "float32" else f"{shape}.{value.dtype}"
    if isinstance(value, tuple | list):
        return ",".join(map(brief, value))
    if isinstance(value, Mapping):
        return ",".join(f"{key}={brief(item)}" for key, item in value.items())
    if isinstance(value, slice):
        return ",".join(str(item) for item in (value.start, value.stop, value.step))
    return str(value.tolist() if isinstance(value, np.ndarray) else value)
