"""Shape arithmetic with sizes that only the run will tell: an exporter's Shape, Gather, Concat, Reshape becomes a
Reshape to a constant wherever the unknown sizes are merely passed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from mgeconvert.ir import Value
from mgeconvert.ir.dtypes import dtype_of
from mgeconvert.ir.evaluate import EvaluationError, evaluate

PASSING_ON = frozenset({"Concat", "Gather", "Identity", "Reshape", "Slice", "Squeeze", "Unsqueeze"})
"""Operators that only move the numbers they are given; computed on arrays of numbers and names alike."""


class SymbolicSizes:
    """What is known of values that hold sizes: arrays of Python integers and the names of dimensions."""

    def __init__(self) -> None:
        self._of: dict[Value, np.ndarray] = {}

    def note(self, value: Value, sizes: np.ndarray) -> None:
        self._of[value] = sizes

    def computed(self, op: str, inputs: list[Value | None], attrs: Mapping[str, Any]) -> np.ndarray | None:
        """The result of an operator in the form of opset 21 on sizes (dtype object), None where it is not known."""
        first = inputs[0] if inputs else None
        if op == "Shape" and first is not None and first.shape is not None:
            return np.array(first.shape, object)[attrs.get("start", 0) : attrs.get("end")]
        if op == "Cast" and first in self._of:
            wanted = dtype_of(attrs["to"])
            return self._of[first] if wanted is not None and wanted.kind == "i" else None
        if op not in PASSING_ON or self._of.keys().isdisjoint(inputs):
            return None
        arrays = [None if value is None else self._of.get(value, value.array) for value in inputs]
        if any(array is None and value is not None for array, value in zip(arrays, inputs, strict=True)):
            return None
        try:
            result = evaluate(op, arrays, dict(attrs))
        except EvaluationError:  # the operator's own numbers, such as the bounds of a Slice, are names
            return None
        return None if result is None else result[0].astype(object)

    def target(self, inputs: list[Value | None], attrs: Mapping[str, Any]) -> np.ndarray | None:
        """The shape input of a Reshape as a constant: 0 for a size that stays in its place, -1 for one other."""
        x, shape = inputs
        if x is None or shape is None or x.shape is None or shape not in self._of or attrs.get("allowzero"):
            return None
        target: list[int] = []
        for axis, size in enumerate(self._of[shape].tolist()):
            if isinstance(size, str):
                size = 0 if axis < len(x.shape) and x.shape[axis] == size else -1
            target.append(size)
        return np.array(target, np.int64) if target.count(-1) <= 1 else None


def is_known(sizes: np.ndarray) -> bool:
    """Whether all of them are numbers."""
    return not any(isinstance(size, str) for size in sizes.ravel().tolist())
