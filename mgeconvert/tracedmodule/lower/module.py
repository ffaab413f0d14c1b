"""Built-in modules (megengine.module) as their handlers see them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Protocol

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .names import MODULE
from .table import lower


class Module(Protocol):
    """A built-in module as a handler sees it: attributes by name, tensors as values, submodules as modules."""

    def __getattr__(self, name: str) -> Any: ...

    def get(self, name: str, default: Any = None) -> Any:
        """An attribute that older versions did not have."""
        ...


def relu_after(handler: Callable[..., Value]) -> Callable[..., Value]:
    """The handler of a module that is another one with a ReLU after it."""

    @functools.wraps(handler)
    def fused(b: Builder, self: Module, inp: Value) -> Value:
        return b.op("Relu", handler(b, self, inp))

    return fused


def with_relu(plain: str, fused: str, handler: Callable[..., Value]) -> None:
    """Register modules, and those that have a ReLU after them; names are separated by spaces."""
    lower(*(MODULE + name for name in plain.split()))(handler)
    lower(*(MODULE + name for name in fused.split()))(relu_after(handler))
