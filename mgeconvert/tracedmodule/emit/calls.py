"""What an emitter returns: calls of MegEngine, as data.

Arguments are given in full and in the order of MegEngine's signature, as its tracer records them. They are IR values,
Python constants, and tuples, lists and slices of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np


@dataclass(frozen=True, eq=False)
class FunctionCall:
    """A function by its name below megengine.functional: ``nn.relu``."""

    name: str
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class MethodCall:
    """A method of the tensor args[0]. `path` is that of the tensor the call belongs to more than to its place in the
    graph, and names the result."""

    name: str
    args: tuple[Any, ...]
    path: str = ""


@dataclass(frozen=True, eq=False)
class OpdefCall:
    """A raw operator of megengine.core._imperative_rt.ops with its fields."""

    name: str
    inputs: tuple[Any, ...]
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class StoredTensor:
    """A tensor in MegEngine's layout; `name` is its wanted path where it is an argument of its own."""

    array: np.ndarray[Any, Any]
    name: str = ""
    trained: bool = True


@dataclass(frozen=True)
class StoredGrid:
    """What a module of quantization-aware training rounds to: number = scale (q - zero_point), with q an int8 and no
    zero point where it is symmetric, else an uint8. `role` is ``observer`` or ``fake_quant``."""

    role: str
    symmetric: bool
    scale: float
    zero_point: int


@dataclass(frozen=True, eq=False)
class ModuleCall:
    """A built-in module (``conv.Conv2d`` below megengine.module) and its call on `args`.

    `attributes` are those its constructor makes, in that order; `path` is where it should hang.
    """

    name: str
    attributes: Mapping[str, Any]
    args: tuple[Any, ...]
    path: str


EmittedCall: TypeAlias = "FunctionCall | MethodCall | OpdefCall | ModuleCall"


def parts(item: Any) -> Iterator[Any]:
    """Every leaf of a call's arguments."""
    if isinstance(item, ModuleCall | MethodCall | FunctionCall):
        item = item.args
    elif isinstance(item, OpdefCall):
        item = item.inputs
    elif isinstance(item, slice):
        item = (item.start, item.stop, item.step)
    elif not isinstance(item, tuple | list):
        yield item
        return
    for part in item:
        yield from parts(part)


def function(name: str, *args: Any, **kwargs: Any) -> FunctionCall:
    """``function("nn.leaky_relu", x, 0.1)``"""
    return FunctionCall(name, args, kwargs)


def method(name: str, *args: Any) -> MethodCall:
    """``method("reshape", x, 2, -1)``"""
    return MethodCall(name, args)
