"""fuse-conv-scale: constant factors and terms right behind a convolution or linear layer go into its weights and bias;
MatMul + Add becomes Gemm.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import broadcast

from .add_mul import AFFINE, check_rounding, read_affine
from .growth import check_growth, freed, share
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


@rule("fuse-conv-scale", "Add", rounds=True)
def behind_an_addition(r: Rewriter, node: Node) -> Result:
    """(Conv(x, w, b) + y) + c -> Conv(x, w, b + c) + y for one number c per channel, likewise for ConvTranspose and
    Gemm: how MegEngine's optimize_for_inference orders the end of a residual block"""
    operands = with_constant(node)
    addition = None if operands is None else r.producer(operands[0], "Add")
    if operands is None or addition is None or r.only_user(operands[0]) is None:
        return None
    for value, other in ((data(addition), data(addition, 1)), (data(addition, 1), data(addition))):
        layer = r.producer(value, "Conv", "ConvTranspose", "Gemm")
        if layer is None or r.only_user(value) is None or value.shape != node.output.shape:
            continue
        check_rounding(node)
        weighted = read_weighted(layer)
        shift = _as_bias(weighted, value, operands[1].astype(np.float64))
        biased = Weighted(layer, weighted.weight, shift if weighted.bias is None else weighted.bias + shift)
        moved = write_weighted(r, biased, data(layer), freed(r, node) + freed_by_all(r, layer, node))
        return r.again(addition, moved, other)
    return None


@rule("fuse-conv-scale", "Mul", "Div", rounds=True)
def behind_a_bias(r: Rewriter, node: Node) -> Result:
    """(MatMul(x, w) + b) * s -> MatMul(x, w s) + b s: products of stacks of matrices have no bias of their own"""
    step = read_affine(node)
    addition = None if step is None else r.producer(step[0], "Add")
    operands = None if addition is None else with_constant(addition)
    layer = None if operands is None else r.producer(operands[0], "MatMul")
    if step is None or addition is None or operands is None or layer is None:
        return None
    (product, bias), scale = operands, step[1].scale
    if scale is None or None in (r.only_user(product), r.only_user(step[0])):
        return None
    check_rounding(addition)
    weighted = read_weighted(layer)
    factor = _by_channel(weighted, product, scale)
    shift = (_as_bias(weighted, product, bias) * scale).astype(bias.dtype)
    if not factor.all() or not np.isfinite(shift).all():
        raise Decline("the factor is zero, or the bias leaves the range of its type")
    check_growth(r, shift.nbytes, share(r, _bias(addition)), "the bias is used elsewhere too")
    moved = write_weighted(r, weighted.scaled(factor, np.zeros(weighted.channels)), data(layer), freed(r, node))
    return r.again(addition, moved, r.constant(shift, _bias(addition).name))


def _bias(addition: Node) -> Value:
    """The constant operand."""
    return data(addition, 1 if data(addition).array is None else 0)


MOVED = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose")
"""Operators that one number passes."""


@rule("fuse-conv-scale", *AFFINE, rounds=True)
def behind_a_reshape(r: Rewriter, node: Node) -> Result:
    """Reshape(Conv(x, w, b)) * s + t -> Reshape(Conv(x, w s, b s + t)) for numbers s and t, likewise for Transpose and
    for several of them in a row"""
    step = read_affine(node)
    if step is None or any(each is not None and each.size != 1 for each in (step[1].scale, step[1].shift)):
        return None
    value, affine = step
    moves: list[Node] = []
    while (move := r.producer(value, *MOVED)) is not None and r.only_user(value) is not None:
        moves.append(move)
        value = data(move)
    layer = r.producer(value, *WEIGHTED)
    if not moves or layer is None or step[0].shape != node.output.shape:
        return None
    if r.only_user(value) is None or (layer.op == "MatMul" and affine.shift is not None):
        return None
    check_rounding(node)
    weighted = read_weighted(layer)
    scale, shift = (
        np.full(weighted.channels, neutral if number is None else number.item(), np.float64)
        for number, neutral in ((affine.scale, 1), (affine.shift, 0))
    )
    if not scale.all():
        raise Decline("the factor is zero")
    result = write_weighted(r, weighted.scaled(scale, shift), data(layer), freed(r, node))
    for move in reversed(moves):
        result = r.again(move, result, *move.inputs[1:])
    return result


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


@rule("fuse-conv-scale", "MatMul", rounds=True)
def product_with_transposed(r: Rewriter, node: Node) -> Result:
    """MatMul(a, Transpose(b)) -> Gemm(a, b, transB=1), MatMul(Transpose(a), b) -> Gemm(a, b, transA=1) of matrices"""
    operands = [data(node), data(node, 1)]
    if any(each.rank != 2 or each.dtype is None or each.dtype.kind != "f" for each in operands):
        return None
    transposes = [r.producer(each, "Transpose") if r.only_user(each) is not None else None for each in operands]
    if not any(transposes) or any(r.producer(each, "DequantizeLinear") for each in operands):
        return None
    changes = {name: 1 for name, each in zip(("transA", "transB"), transposes, strict=True) if each is not None}
    sources = [value if each is None else data(each) for value, each in zip(operands, transposes, strict=True)]
    return r.op("Gemm", *sources, like=node, **changes)


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
