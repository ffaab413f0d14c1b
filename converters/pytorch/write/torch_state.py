"""MegEngine's parameters in torch's shapes, by their names and shapes alone.

| in MegEngine | in torch |
| --- | --- |
| bias of a convolution, (1, C, 1, 1) | (C,) |
| weight, bias, running_mean, running_var of a batch norm, (1, C, 1, 1) | (C,), and num_batches_tracked |
| weight of a grouped convolution, (G, O/G, I/G, KH, KW) | (O, I/G, KH, KW) |
| weight of a grouped transposed convolution, (G, I/G, O/G, KH, KW) | (I, O/G, KH, KW) |

A weight of five axes is that of Conv3d where its bias has five axes, or where no bias is there and it is no depthwise
one whose kernel is a cube; else it is that of a grouped Conv2d.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
STATISTICS = ("running_mean", "running_var")


def torch_state(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """The state dict for torch; arrays are views of the given ones."""
    result: dict[str, Array] = {}
    for name, array in arrays.items():
        home, _, last = name.rpartition(".")
        around = f"{home}." if home else ""
        normalizes = f"{around}running_mean" in arrays
        if last in STATISTICS or last == "bias" or (last == "weight" and normalizes):
            array = _flat(array)
        elif last == "weight" and array.ndim >= 5 and _is_grouped(array, arrays.get(f"{around}bias")):
            array = array.reshape(array.shape[0] * array.shape[1], *array.shape[2:])
        result[name] = array
        if last == "running_mean" and f"{around}num_batches_tracked" not in arrays:
            result[f"{around}num_batches_tracked"] = np.array(0, np.int64)
    return result


def _flat(array: Array) -> Array:
    """(C,) of (1, C, 1, 1)."""
    return array.reshape(-1) if array.ndim > 1 and array.size == array.shape[1] else array


def _is_grouped(weight: Array, bias: Array | None) -> bool:
    """Whether a weight of five or six axes begins with the groups."""
    if weight.ndim > 5:
        return True
    if bias is not None and bias.ndim > 1:
        return bias.ndim == 4
    is_depthwise = weight.shape[1] == weight.shape[2] == 1
    return is_depthwise or len(set(weight.shape[2:])) > 1
