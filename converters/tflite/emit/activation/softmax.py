"""Softmax and its relatives: their kernels work along the last axis."""

from __future__ import annotations

import numpy as np

from ...layout.view import Stored, plain
from ...layout.wants import PLAIN, VIEW
from ...model import Tensor, merged
from ..emission import Emission
from ..table import emit


@emit("Softmax", "LogSoftmax", wants=VIEW)
def softmax(c: Emission) -> Stored:
    """The kernel works along the last axis: another one is brought there."""
    dims = c.dims()
    axis = c.attr("axis", -1) % max(len(dims), 1)
    value = c.value(0)
    stored = c.stored()
    preferred = c.storage.preferred(value) if value is not None else []
    natural = stored.view.natural(preferred) or tuple(range(len(dims)))
    layout = (*(index for index in natural if index != axis), axis)
    x = c.tensor(0, layout) if dims else c.reshape(c.tensor(0), (1,))
    whole = x.shape
    if x.rank > 4:
        x = c.reshape(x, (merged(x.shape[:-1]), x.shape[-1]))
    made = c.op("SOFTMAX", x, Beta=1.0) if c.node.op == "Softmax" else c.op("LOG_SOFTMAX", x)
    made = c.reshape(made, whole)
    return Stored(c.reshape(made, dims) if not dims else made, plain(dims, layout))


@emit("Hardmax", wants=PLAIN)
def hardmax(c: Emission, x: Tensor) -> Tensor:
    """One-hot of the first maximum."""
    axis = c.attr("axis", -1) % x.rank
    depth = c.static(x, "Hardmax")[axis]
    shape = tuple(dim for index, dim in enumerate(x.shape) if index != axis)
    best = c.op("ARG_MAX", x, c.const(axis, np.int32), shape=shape, dtype=np.int32, OutputType=2)
    operands = [c.const(depth, np.int32), c.like(1, x), c.like(0, x)]
    return c.op("ONE_HOT", best, *operands, shape=x.shape, dtype=x.dtype, Axis=axis if axis < x.rank - 1 else -1)
