"""The Elemwise and Identity modules."""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..module import Module
from ..names import MODULE
from ..table import lower
from .modes import elemwise


@lower(MODULE + "identity.Identity")
def identity_module(b: Builder, self: Module, inp: Value) -> Value:
    return inp


@lower(MODULE + "elemwise.Elemwise")
def elemwise_module(b: Builder, self: Module, *inps: Value) -> Value:
    return elemwise(b, self.method, *inps)
