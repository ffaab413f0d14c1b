"""Weights in MegEngine's layout, and the built-in modules that hold them.

A grouped weight has the group as an extra first axis, biases and statistics are (1, C, 1, 1).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .calls import ModuleCall, StoredTensor
from .scopes import CLASSES, reshaped_name

Array = np.ndarray[Any, Any]


def module_of(node: Node, kind: str, attributes: dict[str, Any], path: str) -> ModuleCall:
    return ModuleCall(f"{CLASSES[kind]}.{kind}", attributes, (node.inputs[0],), path)


def sized(values: tuple[int, ...], dims: int) -> Any:
    """Conv1d takes numbers, the others tuples."""
    return values[0] if dims == 1 else values


def grouped(weight: Array, groups: int) -> Array:
    return weight if groups == 1 else weight.reshape(groups, weight.shape[0] // groups, *weight.shape[1:])


def in_layout(value: Value | None, shape: tuple[int, ...]) -> Any:
    """An operand in another shape: a constant as it is written, else None where the source left it out."""
    if value is None:
        return None
    if value.array is None:
        refuse("a bias or statistic that is only known at run time")
    return StoredTensor(value.array.reshape(shape), reshaped_name(value))
