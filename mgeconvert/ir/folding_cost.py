"""What evaluating an operator on constants would cost, from shapes alone, before a kernel runs.

A file of 150 bytes can ask for gigabytes: a Tile, a Pad or a OneHot of one element, a product of two long vectors.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = "np.ndarray[Any, Any]"
Operands: TypeAlias = "Sequence[Array | None]"
Count: TypeAlias = "Callable[[Operands, Mapping[str, Any]], int]"

WORK = 1 << 30
"""Multiplications, or the like, beyond which nothing is evaluated: about a second."""

SLOW = {"Erf": 256, "Resize": 64}
"""How much longer than one multiplication an element takes where that is far longer."""


def elements(op: str, operands: Operands, attrs: Mapping[str, Any]) -> int:
    """How many elements the results have, at the most; operands that do not fit count as nothing."""
    count = _COUNTS.get(op)
    try:
        return _broadcast(operands, attrs) if count is None else count(operands, attrs)
    except (ArithmeticError, IndexError, TypeError, ValueError):
        return 0


def result_bytes(op: str, operands: Operands, attrs: Mapping[str, Any]) -> int:
    """The bytes of the results, at the most, if they have the widest type of the operands."""
    widest = max((array.itemsize for array in operands if array is not None), default=1)
    return elements(op, operands, attrs) * (8 if op in _INDICES else widest)


def is_cheap(op: str, operands: Operands, attrs: Mapping[str, Any]) -> bool:
    """Whether the results are computed within WORK."""
    inner = 1
    first = operands[0] if operands else None
    if op == "MatMul" and first is not None and first.ndim:
        inner = first.shape[-1]
    read = sum(array.size for array in operands if array is not None)
    return (elements(op, operands, attrs) * inner + read) * SLOW.get(op, 1) <= WORK


_INDICES = frozenset({"ArgMax", "ArgMin", "NonZero", "Shape", "Size"})
"""Operators that return int64 whatever they read."""


def _array(operands: Operands, index: int) -> Array:
    array = operands[index]
    if array is None:
        raise ValueError
    return array


def _numbers(operands: Operands, index: int) -> list[int]:
    return [int(number) for number in _array(operands, index).ravel()]


def _first(operands: Operands, _: Mapping[str, Any]) -> int:
    return _array(operands, 0).size


def _broadcast(operands: Operands, _: Mapping[str, Any]) -> int:
    return math.prod(np.broadcast_shapes(*(array.shape for array in operands if array is not None)))


def _concat(operands: Operands, _: Mapping[str, Any]) -> int:
    return sum(array.size for array in operands if array is not None)


def _expand(operands: Operands, _: Mapping[str, Any]) -> int:
    shape, target = list(_array(operands, 0).shape), _numbers(operands, 1)
    rank = max(len(shape), len(target))
    pairs = zip([1] * (rank - len(shape)) + shape, [1] * (rank - len(target)) + target, strict=True)
    return math.prod(max(pair) for pair in pairs)


def _tile(operands: Operands, _: Mapping[str, Any]) -> int:
    return int(_array(operands, 0).size) * math.prod(_numbers(operands, 1))


def _pad(operands: Operands, _: Mapping[str, Any]) -> int:
    x, pads = _array(operands, 0), _numbers(operands, 1)
    axes = _numbers(operands, 3) if len(operands) > 3 and operands[3] is not None else list(range(x.ndim))
    shape = list(x.shape)
    for position, axis in enumerate(axes):
        shape[axis] += max(pads[position], 0) + max(pads[position + len(pads) // 2], 0)
    return math.prod(shape)


def _filled(operands: Operands, _: Mapping[str, Any]) -> int:
    return math.prod(_numbers(operands, 0))


def _range(operands: Operands, _: Mapping[str, Any]) -> int:
    start, limit, delta = (float(_array(operands, index).item()) for index in range(3))
    return max(int((limit - start) / delta) + 1, 0)


def _one_hot(operands: Operands, _: Mapping[str, Any]) -> int:
    return int(_array(operands, 0).size) * _numbers(operands, 1)[0]


def _gather(operands: Operands, attrs: Mapping[str, Any]) -> int:
    x, indices = _array(operands, 0), _array(operands, 1)
    return int(x.size // max(x.shape[int(attrs.get("axis", 0))], 1) * indices.size)


def _gather_nd(operands: Operands, _: Mapping[str, Any]) -> int:
    x, indices = _array(operands, 0), _array(operands, 1)
    return int(math.prod(indices.shape[:-1]) * math.prod(x.shape[indices.shape[-1] :]))


def _matmul(operands: Operands, _: Mapping[str, Any]) -> int:
    x, y = _array(operands, 0), _array(operands, 1)
    stack = np.broadcast_shapes(x.shape[:-2], y.shape[:-2])
    return int(math.prod(stack) * math.prod(x.shape[-2:-1]) * math.prod(y.shape[-1:] if y.ndim > 1 else ()))


_MOVED = """ArgMax ArgMin Cast CumSum EyeLike Flatten Identity ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum
Reshape ScatterElements ScatterND Slice Split Squeeze Transpose Trilu Unsqueeze"""
_COUNTS: dict[str, Count] = {
    **dict.fromkeys(_MOVED.split(), _first),
    "Concat": _concat,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Gather": _gather,
    "GatherElements": lambda operands, _: _array(operands, 1).size,
    "GatherND": _gather_nd,
    "MatMul": _matmul,
    "NonZero": lambda operands, _: _array(operands, 0).size * _array(operands, 0).ndim,
    "OneHot": _one_hot,
    "Pad": _pad,
    "Range": _range,
    "Shape": lambda operands, _: _array(operands, 0).ndim,
    "Size": lambda _, __: 1,
    "Tile": _tile,
}
"""Operator -> the elements of its results; the others broadcast their operands."""
