"""Convolutions that onnxruntime fused with what follows (onnxruntime/docs/ContribOperators.md); blocks that overlap."""

from __future__ import annotations

import math
from typing import cast

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, table_size
from mgeconvert.ir.builder import Builder

from .activation import activated
from .table import Result, array_of, attributes, compose, data, operand, shape_of


@compose("com.microsoft.FusedConv")
def fused_conv(b: Builder, node: Node) -> Result:
    """FusedConv(x, w, bias, z, activation) -> activation(Conv(x, w, bias) + z)"""
    plain = attributes(node, "activation", "activation_params")
    y = b.op("Conv", data(node), data(node, 1), operand(node, 2), **plain)
    added = operand(node, 3)
    params = cast("tuple[float, ...]", node.attrs.get("activation_params", ()))
    return activated(b, y if added is None else b.op("Add", y, added), str(node.attrs.get("activation", "")), params)


@compose("CausalConvWithState")
def causal_conv(b: Builder, node: Node) -> Result:
    """CausalConvWithState(x, w, bias, state) -> activation(Conv(s, w, bias)), the end of s, for s = state, x"""
    x, weights, before = data(node), data(node, 1), operand(node, 3)
    channels, _, taps = shape_of(weights)
    if not isinstance(taps, int) or not isinstance(channels, int):
        refuse("weights of a size known only at run time")
    if taps == 1:
        refuse("a state without elements")
    whole = b.op("Pad", x, [0, 0, taps - 1, 0, 0, 0]) if before is None else b.op("Concat", before, x, axis=2)
    y = b.op("Conv", whole, weights, operand(node, 2), group=channels, kernel_shape=[taps])
    state = b.op("Slice", whole, [1 - taps], [np.iinfo(np.int64).max], [2])
    if node.attrs.get("activation", "none") == "none":
        return [y, state]
    return [b.op("Mul", y, b.op("Sigmoid", y)), state]


@compose("Col2Im")
def col2im(b: Builder, node: Node) -> Result:
    """Col2Im(x, size, block) -> ConvTranspose(Reshape(x, N C*block positions), one tap of the block each)"""
    x, size, block = data(node), array_of(node, 1, "a size"), array_of(node, 2, "a block")
    shape = x.static_shape
    assert size is not None
    assert block is not None
    if shape is None:
        refuse("blocks of a number known only at run time")
    taps, count = math.prod(block.tolist()), len(size)
    channels = shape[1] // taps
    strides = cast("tuple[int, ...]", node.attrs.get("strides", (1,) * count))
    dilations = cast("tuple[int, ...]", node.attrs.get("dilations", (1,) * count))
    pads = cast("tuple[int, ...]", node.attrs.get("pads", (0,) * 2 * count))
    places, extra = [], []
    for axis in range(count):
        free = int(size[axis]) + pads[axis] + pads[axis + count] - dilations[axis] * (int(block[axis]) - 1) - 1
        places.append(free // strides[axis] + 1)
        extra.append(free % strides[axis])
    one_each = np.tile(table_size.eye(taps).reshape(taps, 1, *block), (channels, *[1] * (count + 1)))
    return b.op(
        "ConvTranspose", b.op("Reshape", x, [shape[0], shape[1], *places]), b.constant(one_each, x.dtype),
        group=channels, strides=strides, dilations=dilations, pads=pads, output_padding=extra,
    )  # fmt: skip
