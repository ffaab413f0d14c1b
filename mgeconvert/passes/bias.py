"""fuse-bias: constants added behind a convolution or linear layer go into its bias; MatMul + Add becomes Gemm."""

from __future__ import annotations

import numpy as np

from mgeconvert.inference import broadcast
from mgeconvert.ir import Node, Value

from .add_mul import check_rounding
from .linear import Linear, read_linear, write_linear
from .nodes import array, channel_vector, data, integer, with_constant
from .rewriter import NODE_BYTES, Rewriter, share
from .table import Decline, Result, rule


@rule("fuse-bias", "Add", "Sub")
def added(r: Rewriter, node: Node) -> Result:
    operands = with_constant(node)
    if operands is None or (node.op == "Sub" and data(node).array is not None):
        return None
    value, constant = operands
    layer = r.producer(value, "Conv", "ConvTranspose", "Gemm")
    if layer is None:
        return None
    if r.only_user(value) is None:
        raise Decline(f"the result of {layer.name} is used elsewhere too")
    check_rounding(node)
    linear = read_linear(layer)
    shift = _as_bias(linear, value, -constant.astype(np.float64) if node.op == "Sub" else constant.astype(np.float64))
    bias = shift if linear.bias is None else linear.bias + shift
    freed = NODE_BYTES + sum(share(r, each) for each in node.inputs if each is not None)
    return write_linear(r, Linear(layer, linear.weight, bias), data(layer), freed)


def _as_bias(linear: Linear, value: Value, constant: np.ndarray) -> np.ndarray:
    """The constant in a shape that is allowed for the bias."""
    if linear.is_convolution:
        vector = channel_vector(constant, value, 1)
        if vector is None:
            raise Decline("the constant is not one number a channel")
        return vector
    if value.shape is None or broadcast([value.shape, constant.shape]) != value.shape:
        raise Decline("the constant widens the result")
    return constant


@rule("fuse-bias", "Add")
def matrix_product_plus_constant(r: Rewriter, node: Node) -> Result:
    """Of two matrices, neither of them a stack; the constant must not widen the product."""
    operands = with_constant(node)
    if operands is None:
        return None
    value, constant = operands
    product = r.producer(value, "MatMul")
    if product is None or not r.allows("Gemm") or value.dtype is None or value.dtype.kind != "f":
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


@rule("fuse-bias", "Gemm")
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


@rule("fuse-bias", "Conv", "ConvTranspose", "Gemm")
def zero_bias(r: Rewriter, node: Node) -> Result:
    """A bias of zeros says nothing."""
    bias = array(node, 2)
    return None if bias is None or bias.any() else r.again(node, *node.inputs[:2], beta=None)
