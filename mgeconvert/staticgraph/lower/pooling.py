"""Pools. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .layouts import spatial
from .table import lower


@lower("PoolingV1")
def pooling(b: Builder, inp: Value, *, format: str, **fields: Any) -> Value:
    return spatial(b, "Pooling", inp, format=format, **fields)


@lower("AdaptivePoolingV1")
def adaptive_pooling(b: Builder, inp: Value, size: Value, *, format: str, **fields: Any) -> Value:
    return spatial(b, "AdaptivePooling", inp, size, format=format, **fields)
