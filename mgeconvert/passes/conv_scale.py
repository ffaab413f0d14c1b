"""fuse-conv-scale: constant factors and terms right behind a convolution or linear layer go into its weights and bias;
MatMul + Add becomes Gemm.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import broadcast

from .add_mul import AFFINE, check_rounding, read_affine
from .nodes import array, channel_vector, data, integer, with_constant
from .rewriter import NODE_BYTES, Rewriter, share
from .table import Decline, Result, rule
from .weighted import LINEAR, Linear, read_linear, write_linear


@rule("fuse-conv-scale", *AFFINE)
def behind(r: Rewriter, node: Node) -> Result:
    """layer * scale + shift"""
    step = read_affine(node)
    layer = None if step is None else r.producer(step[0], *LINEAR)
    if step is None or layer is None or (layer.op == "MatMul" and step[1].shift is not None):
        return None
    value, affine = step
    if r.only_user(value) is None:
        raise Decline(f"the result of {layer.name} is used elsewhere too")
    check_rounding(node)
    linear = read_linear(layer)
    if affine.scale is not None:
        factor = _by_channel(linear, value, affine.scale)
        if not factor.all():
            raise Decline("the factor is zero")
        linear = linear.scaled(factor, np.zeros(linear.channels))
    if affine.shift is not None:
        shift = _as_bias(linear, value, affine.shift)
        linear = Linear(layer, linear.weight, shift if linear.bias is None else linear.bias + shift)
    freed = NODE_BYTES + sum(share(r, each) for each in node.inputs if each is not None)
    return write_linear(r, linear, data(layer), freed)


def _by_channel(linear: Linear, value: Value, constant: np.ndarray) -> np.ndarray:
    vector = channel_vector(constant, value, linear.channel_axis)
    if vector is None or len(vector) != linear.channels:
        raise Decline("the constant is not one number a channel")
    return vector


def _as_bias(linear: Linear, value: Value, constant: np.ndarray) -> np.ndarray:
    """The constant in a shape that is allowed for the bias."""
    if linear.is_convolution:
        return _by_channel(linear, value, constant)
    if value.shape is None or broadcast([value.shape, constant.shape]) != value.shape:
        raise Decline("the constant widens the result")
    return constant


@rule("fuse-conv-scale", "Add")
def matrix_product_plus_constant(r: Rewriter, node: Node) -> Result:
    """Of two matrices, neither of them a stack; the constant must not widen the product."""
    operands = with_constant(node)
    if operands is None:
        return None
    value, constant = operands
    product = r.producer(value, "MatMul")
    if product is None or value.dtype is None or value.dtype.kind != "f":
        return None
    if any(operand.rank != 2 for operand in (data(product), data(product, 1))):
        return None
    if any(r.producer(operand, "DequantizeLinear") for operand in (data(product), data(product, 1))):
        raise Decline("its operands are quantized")
    if r.only_user(value) is None:
        raise Decline(f"the result of {product.name} is used elsewhere too")
    if value.shape is None or constant.ndim > 2 or broadcast([value.shape, constant.shape]) != value.shape:
        raise Decline("the constant widens the product")
    bias = next(each for each in node.inputs if each is not None and each.array is constant)
    return r.op("Gemm", data(product), data(product, 1), bias, like=product)


@rule("fuse-conv-scale", "Gemm")
def transposed_operand(r: Rewriter, node: Node) -> Result:
    """Gemm transposes its operands itself."""
    changes: dict[str, int | None] = {}
    operands = [data(node), data(node, 1)]
    for index, attribute in enumerate(("transA", "transB")):
        transpose = r.producer(operands[index], "Transpose")
        if transpose is not None:
            operands[index] = data(transpose)
            changes[attribute] = (1 - integer(node, attribute, 0)) or None
    return r.again(node, *operands, *node.inputs[2:], **changes) if changes else None


@rule("fuse-conv-scale", "Conv", "ConvTranspose", "Gemm")
def zero_bias(r: Rewriter, node: Node) -> Result:
    """A bias of zeros says nothing."""
    bias = array(node, 2)
    return None if bias is None or bias.any() else r.again(node, *node.inputs[:2], beta=None)
