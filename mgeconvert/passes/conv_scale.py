"""fuse-conv-scale: constant factors and terms right behind a convolution or linear layer go into its weights and bias;
MatMul + Add becomes Gemm.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import broadcast

from .add_mul import AFFINE, check_rounding, read_affine
from .growth import freed
from .nodes import array, channel_vector, data, integer, with_constant
from .rewriter import Rewriter
from .shared import freed_by_all
from .table import Decline, Result, rule
from .weighted import WEIGHTED, Weighted, read_weighted, write_weighted


@rule("fuse-conv-scale", *AFFINE, rounds=True)
def behind(r: Rewriter, node: Node) -> Result:
    """Conv(x, w, b) * scale + shift -> Conv(x, w scale, b scale + shift), likewise for ConvTranspose, Gemm, MatMul"""
    step = read_affine(node)
    layer = None if step is None else r.producer(step[0], *WEIGHTED)
    if step is None or layer is None or (layer.op == "MatMul" and step[1].shift is not None):
        return None
    value, affine = step
    if r.only_user(value) is None:
        raise Decline(f"the result of {layer.name} is used elsewhere too")
    check_rounding(node)
    weighted = read_weighted(layer)
    if affine.scale is not None:
        factor = _by_channel(weighted, value, affine.scale)
        if not factor.all():
            raise Decline("the factor is zero")
        weighted = weighted.scaled(factor, np.zeros(weighted.channels))
    if affine.shift is not None:
        shift = _as_bias(weighted, value, affine.shift)
        weighted = Weighted(layer, weighted.weight, shift if weighted.bias is None else weighted.bias + shift)
    return write_weighted(r, weighted, data(layer), freed(r, node) + freed_by_all(r, layer, node))


def _by_channel(weighted: Weighted, value: Value, constant: np.ndarray) -> np.ndarray:
    vector = channel_vector(constant, value, weighted.channel_axis)
    if vector is None or len(vector) != weighted.channels:
        raise Decline("the constant is not one number per channel")
    return vector


def _as_bias(weighted: Weighted, value: Value, constant: np.ndarray) -> np.ndarray:
    """The constant in a shape that is allowed for the bias."""
    if weighted.is_convolution:
        return _by_channel(weighted, value, constant)
    if value.shape is None or broadcast([value.shape, constant.shape]) != value.shape:
        raise Decline("the constant widens the result")
    return constant


@rule("fuse-conv-scale", "Add", rounds=True)
def matrix_product_plus_constant(r: Rewriter, node: Node) -> Result:
    """MatMul(a, b) + c -> Gemm(a, b, c) of two matrices, neither of them a stack; c must not widen the product"""
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


@rule("fuse-conv-scale", "Gemm", rounds=True)
def transposed_operand(r: Rewriter, node: Node) -> Result:
    """Gemm(Transpose(a), b) -> Gemm(a, b, transA=1), Gemm(a, Transpose(b)) -> Gemm(a, b, transB=1)"""
    changes: dict[str, int | None] = {}
    operands = [data(node), data(node, 1)]
    for index, attribute in enumerate(("transA", "transB")):
        transpose = r.producer(operands[index], "Transpose")
        if transpose is not None:
            operands[index] = data(transpose)
            changes[attribute] = (1 - integer(node, attribute, 0)) or None
    return r.again(node, *operands, *node.inputs[2:], **changes) if changes else None


@rule("fuse-conv-scale", "Conv", "ConvTranspose", "Gemm", rounds=True)
def zero_bias(r: Rewriter, node: Node) -> Result:
    """Conv(x, w, 0) -> Conv(x, w), likewise for ConvTranspose and Gemm"""
    bias = array(node, 2)
    return None if bias is None or bias.any() else r.again(node, *node.inputs[:2], beta=None)
