"""Rewrites of normalization over channels and over the last axes."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .attributes import floats, integer, rank
from .rewrite_windows import again, data
from .rewriter import Rewriter
from .table import rewrite


def _in_four_axes(inner: Callable[[Rewriter, Node, Value], Value]) -> Callable[[Rewriter, Node], Value | None]:
    """Runs a normalization over channels on (N, C, H, W), whatever the rank is."""

    def rule(b: Rewriter, node: Node) -> Value | None:
        x = data(node)
        shape = x.static_shape
        if rank(x) == 4:
            return None
        if shape is None:
            refuse(f"{node.op} of {rank(x)} axes with sizes that are only known at run time")
        flat = b.op("Reshape", x, [shape[0], shape[1], -1, 1])
        return b.op("Reshape", inner(b, node, flat), list(shape))

    return rule


@_in_four_axes
def _same_node(b: Rewriter, node: Node, x: Value) -> Value:
    return again(b, node, x, node.inputs[1:])


rewrite("GroupNormalization", "InstanceNormalization")(_same_node)


@rewrite("BatchNormalization")
def batch_normalization(b: Rewriter, node: Node) -> Value | None:
    """Statistics that are computed make it a scale and a shift; more than four axes are reshaped."""
    x, scale, shift, mean, variance = node.inputs
    if node.attrs.get("training_mode"):
        refuse("batch normalization in training mode")
    if any(value is None or value.array is None for value in (scale, shift, mean, variance)):
        shape = [1, -1, *[1] * (rank(x) - 2)]
        factor = b.op("Div", scale, b.op("Sqrt", b.op("Add", variance, floats(node, "epsilon", 1e-5))))
        offset = b.op("Sub", shift, b.op("Mul", mean, factor))
        return b.op("Add", b.op("Mul", x, b.op("Reshape", factor, shape)), b.op("Reshape", offset, shape))
    return _same_node(b, node) if rank(x) > 4 else None


@rewrite("LayerNormalization")
def layer_normalization(b: Rewriter, node: Node) -> Value | None:
    """A scale that broadcasts, or that is computed, is applied after the normalization."""
    x, scale, shift = [*node.inputs, None][:3]
    assert x is not None
    assert x.shape is not None
    assert scale is not None
    axis = integer(node, "axis", -1) % rank(x)
    shape = x.shape[axis:]
    constant = scale.array is not None and (shift is None or shift.array is not None)
    if len(node.outputs) > 1 or x.dtype != np.float32:
        return _by_hand(b, node, axis)
    if scale.shape == shape and (shift is None or shift.shape == shape) and constant:
        return None
    return _by_hand(b, node, axis)


def _by_hand(b: Rewriter, node: Node, axis: int) -> Value:
    if len(node.outputs) > 1:
        refuse("layer normalization that gives its statistics too")
    x, scale, shift = [*node.inputs, None][:3]
    axes = list(range(axis, rank(x)))
    centred = b.op("Sub", x, b.op("ReduceMean", x, axes, keepdims=1))
    variance = b.op("ReduceMean", b.op("Mul", centred, centred), axes, keepdims=1)
    normal = b.op("Div", centred, b.op("Sqrt", b.op("Add", variance, floats(node, "epsilon", 1e-5))))
    scaled = b.op("Mul", normal, scale)
    return scaled if shift is None else b.op("Add", scaled, shift)
