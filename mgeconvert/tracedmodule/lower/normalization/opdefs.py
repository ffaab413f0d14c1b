"""The opdefs of normalization, with the statistics that training reads."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..movement.creation import ones_like
from ..names import OPDEF
from ..operands import rank
from ..shapes import dimension, number, reshape
from ..table import LastOutput, lower
from .functional import batch_norm, general_norm, group_norm, instance_norm, layer_norm, local_response_norm


@lower(OPDEF + "BatchNorm")
def batch_norm_opdef(b: Builder, *inputs: Value, epsilon: float, **tuning: Any) -> LastOutput:
    """Inputs are x, weight, bias, mean, variance. The normalized tensor is the last output; how many statistics come
    before it differs between versions, and only training reads them."""
    inp, weight, bias, *statistics = inputs
    mean, var = statistics or (None, None)
    return LastOutput(batch_norm(b, inp, mean, var, weight, bias, eps=epsilon))


def _moments(b: Builder, inp: Value, axes: range, eps: float | None) -> list[Value]:
    """Mean and, over the same consecutive axes, 1 / sqrt(variance + eps), or without eps the variance."""
    sizes = [dimension(b, inp, axis) for axis in range(rank(inp))]
    axis = axes.start
    flat = reshape(b, inp, [*sizes[:axis], -1, *sizes[axes.stop :]])
    mean = b.op("ReduceMean", flat, [axis], keepdims=1)
    centred = b.op("Sub", flat, mean)
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), [axis], keepdims=0)
    spread = variance if eps is None else b.op("Reciprocal", b.op("Sqrt", b.op("Add", variance, eps)))
    return [b.op("Squeeze", mean, [axis]), spread]


@lower(OPDEF + "LayerNorm")
def layer_norm_opdef(
    b: Builder, inp: Value, weight: Value | None = None, bias: Value | None = None, *, normalized_dim: int, eps: float,
    affine: bool, normalized_size: int = 0,
) -> list[Value]:  # fmt: skip
    shape = [number(size, "a size that is normalized over") for size in (inp.shape or ())[-normalized_dim:]]
    output = layer_norm(b, inp, shape, affine, weight, bias, eps)
    return [output, *_moments(b, inp, range(rank(inp) - normalized_dim, rank(inp)), eps)]


@lower(OPDEF + "GroupNorm")
def group_norm_opdef(
    b: Builder, inp: Value, weight: Value | None = None, bias: Value | None = None, *, group: int, eps: float,
    affine: bool, format: str = "NCHW",
) -> list[Value]:  # fmt: skip
    grouped = b.op("Reshape", inp, [0, group, -1])
    return [
        group_norm(b, inp, group, affine, weight, bias, eps),
        *_moments(b, grouped, range(2, 3), None),
    ]


@lower(OPDEF + "InstanceNorm")
def instance_norm_opdef(
    b: Builder, inp: Value, weight: Value | None = None, bias: Value | None = None, *, eps: float, affine: bool,
    group: int = 1, format: str = "NCHW",
) -> list[Value]:  # fmt: skip
    output = instance_norm(b, inp, affine, weight, bias, eps)
    return [output, *_moments(b, inp, range(2, rank(inp)), None)]


@lower(OPDEF + "GeneralNorm")
def general_norm_opdef(
    b: Builder, inp: Value, weight: Value | None = None, bias: Value | None = None, *, axis_start: int, axis_end: int,
    eps: float, affine: bool,
) -> list[Value]:  # fmt: skip
    if not 0 <= axis_start < axis_end <= rank(inp):
        refuse(f"axes {axis_start} to {axis_end} of {rank(inp)}")
    axes = range(axis_start, axis_end)
    output = general_norm(b, inp, list(axes), affine, weight, bias, eps)
    return [output, *_moments(b, inp, axes, eps)]


@lower(OPDEF + "LRN")
def lrn_opdef(b: Builder, inp: Value, *, n: int, k: float, alpha: float, beta: float) -> Value:
    return local_response_norm(b, inp, n, k, alpha, beta)


@lower(OPDEF + "Dropout")
def dropout_opdef(b: Builder, inp: Value, *, drop_prob: float, seed: Any = 0, handle: Any = 0) -> list[Value]:
    """Nothing is dropped at inference; the second output is the mask of what was kept."""
    return [inp, ones_like(b, inp)]
