"""Layers that compute nothing."""

from __future__ import annotations

from collections.abc import Sequence

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .table import Layer, lower


@lower("Silence")
def silence(b: Builder, layer: Layer, *xs: Value) -> Sequence[Value]:
    return []
