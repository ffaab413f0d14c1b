"""How a factor passes backwards through operators: f(x) * s = f(x * t). One row per operator.

A row gives, for a factor on a node's output, the factors on its inputs; constants are multiplied by theirs. A factor is
an array of the rank of the value it belongs to, with a size other than 1 on at most one axis.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from mgeconvert.ir import Node

from .nodes import data, integer, ints, operand, scalar, text
from .table import Decline

Factor: TypeAlias = "np.ndarray"
Row: TypeAlias = "Callable[[Node, Factor], list[Factor | None]]"
"""None for an input that stays as it is."""


def _rest(node: Node, first: Factor) -> list[Factor | None]:
    return [first, *[None] * (len(node.inputs) - 1)]


def _unary(node: Node, factor: Factor) -> list[Factor | None]:
    return _rest(node, factor)


def _positive(node: Node, factor: Factor) -> list[Factor | None]:
    if not (factor > 0).all():
        raise Decline(f"{node.op} changes with the sign of the factor")
    return _rest(node, factor)


def _terms(node: Node, factor: Factor) -> list[Factor | None]:
    """Both operands of a sum; a constant that broadcasts gets the factor broadcast."""
    return [_for_rank(factor, value.shape) for value in (data(node), data(node, 1))]


def _for_rank(factor: Factor, shape: tuple[int | str, ...] | None) -> Factor:
    """The factor on an operand that broadcasts; declines where the factor has an axis the operand has not."""
    if shape is None:
        raise Decline("an operand of unknown rank")
    lead = factor.ndim - len(shape)
    if any(dim != 1 for dim in factor.shape[:lead]):
        raise Decline("the factor varies along an axis that is broadcast")
    inner = factor.reshape(factor.shape[lead:])
    if inner.size > 1 and shape[int(np.argmax(inner.shape))] == 1:
        raise Decline("the factor varies along an axis that is broadcast")
    return inner


def _one_factor(node: Node, factor: Factor) -> list[Factor | None]:
    """A product takes the factor into one operand: the constant one, else the first."""
    second = node.op == "Mul" and data(node, 1).array is not None
    index = 1 if second else 0
    shape = data(node, index).shape
    factors: list[Factor | None] = [None, None]
    factors[index] = factor if data(node, index).array is not None else _for_rank(factor, shape)
    return factors


def _matmul(node: Node, factor: Factor) -> list[Factor | None]:
    """A product of two computed matrices: one number goes into the first."""
    rank = data(node).rank
    if factor.size != 1 or rank is None:
        raise Decline("the factor is not one number for the whole product")
    return [factor.reshape((1,) * rank), None]


def _concat(node: Node, factor: Factor) -> list[Factor | None]:
    axis = integer(node, "axis", 0) % factor.ndim
    if factor.shape[axis] == 1:
        return [factor] * len(node.inputs)
    sizes = [(value.shape or ())[axis] for value in node.inputs if value is not None]
    known = [size for size in sizes if isinstance(size, int)]
    if len(known) != len(node.inputs):
        raise Decline("Concat of pieces whose size is known only at run time")
    return list(np.split(factor, np.cumsum(known)[:-1], axis))


def _transpose(node: Node, factor: Factor) -> list[Factor | None]:
    perm = ints(node, "perm", tuple(range(factor.ndim))[::-1])
    return [np.transpose(factor, np.argsort(perm))]


def _reshape(node: Node, factor: Factor) -> list[Factor | None]:
    """One number passes any reshape; one number per channel passes where the axes up to the channels stay."""
    source = data(node).shape
    if source is None:
        raise Decline("an operand of unknown rank")
    if factor.size == 1:
        return _rest(node, factor.reshape((1,) * len(source)))
    axis = next(index for index, size in enumerate(factor.shape) if size != 1)
    target = data_shape(node)
    if source[: axis + 1] != target[: axis + 1]:
        raise Decline("a reshape moves the axis the factor varies along")
    return _rest(node, factor.reshape([factor.size if index == axis else 1 for index in range(len(source))]))


def data_shape(node: Node) -> tuple[int | str, ...]:
    """The shape of a node's first output; declines where its rank is not known."""
    if node.outputs[0].shape is None:
        raise Decline("a result of unknown rank")
    return node.outputs[0].shape


def _reduce(node: Node, factor: Factor) -> list[Factor | None]:
    """Only one number: which axes are left depends on the axes."""
    rank = data(node).rank
    if factor.size != 1 or rank is None:
        raise Decline(f"{node.op} mixes the axes the factor varies along")
    return _rest(node, factor.reshape((1,) * rank))


def _reduce_extreme(node: Node, factor: Factor) -> list[Factor | None]:
    _positive(node, factor)
    return _reduce(node, factor)


def _pad(node: Node, factor: Factor) -> list[Factor | None]:
    if text(node, "mode", "constant") == "constant" and operand(node, 2) is not None and scalar(operand(node, 2)) != 0:
        raise Decline("the padding is not with zeros")
    return _reduce(node, factor)


def _resize(node: Node, factor: Factor) -> list[Factor | None]:
    """Interpolation is linear; one factor per channel stays on its channel."""
    if factor.size != factor.shape[1 if factor.ndim > 1 else 0] or text(node, "coordinate_transformation_mode", "") == (
        "tf_crop_and_resize"
    ):
        raise Decline("Resize mixes the axes the factor varies along")
    return _rest(node, factor)


def _pool(node: Node, factor: Factor) -> list[Factor | None]:
    if factor.size != factor.shape[1]:
        raise Decline(f"{node.op} mixes the axes the factor varies along")
    return _rest(node, factor)


def _max_pool(node: Node, factor: Factor) -> list[Factor | None]:
    _positive(node, factor)
    return _pool(node, factor)


ROWS: dict[str, Row] = {
    **dict.fromkeys(["Identity", "Neg"], _unary),
    **dict.fromkeys(["Relu", "LeakyRelu", "PRelu", "Abs"], _positive),
    **dict.fromkeys(["Add", "Sub"], _terms),
    **dict.fromkeys(["Mul", "Div"], _one_factor),
    **dict.fromkeys(["AveragePool", "GlobalAveragePool"], _pool),
    **dict.fromkeys(["MaxPool", "GlobalMaxPool"], _max_pool),
    **dict.fromkeys(["Reshape", "Flatten", "Squeeze", "Unsqueeze"], _reshape),
    **dict.fromkeys(["ReduceSum", "ReduceMean", "Slice", "Gather", "DepthToSpace", "SpaceToDepth"], _reduce),
    **dict.fromkeys(["ReduceMax", "ReduceMin"], _reduce_extreme),
    "MatMul": _matmul,
    "Concat": _concat,
    "Transpose": _transpose,
    "Pad": _pad,
    "Resize": _resize,
}
"""operator -> the factors on its inputs that together are a factor on its output."""
