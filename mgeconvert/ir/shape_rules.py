"""Shape rules of our own for the operators that networks are made of: what onnx's inference says, without protobufs.

A rule sets dtype and shape of the node's outputs and returns True, or returns False and leaves the node alone: where a
size that it needs is known only at run time, or where the operands do not fit and onnx has the better message.
Sizes: https://onnx.ai/onnx/operators/, opset 21.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import TypeAlias, cast

import numpy as np

from .graph import Dim, Node, Shape, Value

ShapeRule: TypeAlias = "Callable[[Node], bool]"


def _set(node: Node, shape: Sequence[Dim], like: Value, output: int = 0) -> bool:
    node.outputs[output].dtype, node.outputs[output].shape = like.dtype, tuple(shape)
    return True


def _shape(node: Node, index: int = 0) -> Shape:
    """The shape of an input that is there; rules are called where all shapes are known."""
    value = node.inputs[index]
    assert value is not None
    assert value.shape is not None
    return value.shape


def _first(node: Node) -> Value:
    value = node.inputs[0]
    assert value is not None
    return value


def _ints(node: Node, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    return cast("tuple[int, ...]", node.attrs.get(name, default))


def _int(node: Node, name: str, default: int) -> int:
    return cast("int", node.attrs.get(name, default))


def _constant(node: Node, index: int) -> list[int] | None:
    """The numbers of a constant vector of integers; None where it is left out or computed."""
    value = node.inputs[index] if index < len(node.inputs) else None
    if value is None or value.array is None or value.array.ndim != 1:
        return None
    return cast("list[int]", value.array.tolist())


def _is_given(node: Node, index: int) -> bool:
    return index < len(node.inputs) and node.inputs[index] is not None


def _numbers(dims: Sequence[Dim]) -> tuple[int, ...] | None:
    """The dimensions where all of them are known."""
    return None if any(isinstance(dim, str) for dim in dims) else cast("tuple[int, ...]", tuple(dims))


def _windows(node: Node, sizes: Sequence[Dim], kernel: Sequence[Dim]) -> list[Dim] | None:
    """How many windows fit along each spatial axis, an unknown number for a size known only at run time; None
    where that depends on a rule for rounding."""
    rank, widths = len(sizes), _numbers(kernel)
    if widths is None or len(widths) != rank or node.attrs.get("ceil_mode"):
        return None
    if node.attrs.get("auto_pad", "NOTSET") != "NOTSET":
        return None
    strides, dilations = _ints(node, "strides", (1,) * rank), _ints(node, "dilations", (1,) * rank)
    pads = _ints(node, "pads", (0,) * (2 * rank))
    if len(strides) != rank or len(dilations) != rank or len(pads) != 2 * rank or min(strides, default=1) < 1:
        return None
    counts: list[Dim] = []
    for axis, (size, before, after, width) in enumerate(zip(sizes, pads[:rank], pads[rank:], widths, strict=True)):
        if isinstance(size, str):
            counts.append(_unknown(node, axis + 2))
            continue
        spare = size + before + after - (width - 1) * dilations[axis] - 1
        if spare < 0:
            return None
        counts.append(spare // strides[axis] + 1)
    return counts


def _unknown(node: Node, axis: int) -> str:
    """A size of the first output that is known only at run time."""
    return f"{node.outputs[0].name}_{axis}"


def _conv(node: Node) -> bool:
    """(N, C, size...) by (M, C / group, kernel...) is (N, M, windows...)."""
    x, weight = _shape(node), _shape(node, 1)
    if len(x) < 3 or len(weight) != len(x) or _ints(node, "kernel_shape", weight[2:]) != weight[2:]:  # type: ignore[arg-type]
        return False
    groups, channels = _int(node, "group", 1), weight[1]
    if not isinstance(channels, int) or x[1] != channels * groups:
        return False
    counts = _windows(node, x[2:], weight[2:])
    return counts is not None and _set(node, (x[0], weight[0], *counts), _first(node))


def _pool(node: Node) -> bool:
    """(N, C, size...) is (N, C, windows...); so are the indices of a MaxPool."""
    x, kernel = _shape(node), _ints(node, "kernel_shape", ())
    if node.attrs.get("ceil_mode") and node.attrs.get("auto_pad", "NOTSET") == "NOTSET" and len(kernel) == len(x) - 2:
        counts: list[Dim] | None = _windows_rounded_up(node, x[2:], kernel)
    else:
        counts = _windows(node, x[2:], kernel)
    if counts is None:
        return False
    for index in node.outputs[1:]:
        index.dtype, index.shape = np.dtype(np.int64), (*x[:2], *counts)
    return _set(node, (*x[:2], *counts), _first(node))


def _windows_rounded_up(node: Node, sizes: Sequence[Dim], kernel: Sequence[int]) -> list[Dim]:
    """How many windows there are if the last may reach over the end; one that would begin in the padding there is none.

    ceil((size + pads - extent) / stride) + 1, and one less where (that - 1) * stride >= size + the padding before.
    """
    rank = len(sizes)
    strides, dilations = _ints(node, "strides", (1,) * rank), _ints(node, "dilations", (1,) * rank)
    pads = _ints(node, "pads", (0,) * (2 * rank))
    counts: list[Dim] = []
    for axis, (size, width, step, apart) in enumerate(zip(sizes, kernel, strides, dilations, strict=True)):
        if isinstance(size, str):
            counts.append(_unknown(node, axis + 2))
            continue
        extent = (width - 1) * apart + 1
        count = -(-(size + pads[axis] + pads[rank + axis] - extent) // step) + 1
        counts.append(count - 1 if (count - 1) * step >= size + pads[axis] else count)
    return counts


def _global_pool(node: Node) -> bool:
    x = _shape(node)
    return len(x) > 2 and _set(node, (*x[:2], *[1] * (len(x) - 2)), _first(node))


def _gemm(node: Node) -> bool:
    first, second = _shape(node), _shape(node, 1)
    if len(first) != 2 or len(second) != 2:
        return False
    rows, inner = first[::-1] if _int(node, "transA", 0) else first
    other, columns = second[::-1] if _int(node, "transB", 0) else second
    return inner == other and _set(node, (rows, columns), _first(node))


def _matmul(node: Node) -> bool:
    """Stacks of matrices with equal leading sizes, or one matrix for a whole stack."""
    first, second = _shape(node), _shape(node, 1)
    if len(first) < 2 or len(second) < 2 or first[-1] != second[-2]:
        return False
    if second[:-2] not in ((), first[:-2]):
        return False
    return _set(node, (*first[:-1], second[-1]), _first(node))


def _concat(node: Node) -> bool:
    shapes = [_shape(node, index) for index in range(len(node.inputs))]
    rank = len(shapes[0])
    axis = _int(node, "axis", 0)
    if not -rank <= axis < rank or any(len(shape) != rank for shape in shapes):
        return False
    axis %= rank
    pieces = _numbers([shape[axis] for shape in shapes])
    rest = [(*shape[:axis], *shape[axis + 1 :]) for shape in shapes]
    if pieces is None or any(each != rest[0] for each in rest):
        return False
    return _set(node, (*shapes[0][:axis], sum(pieces), *shapes[0][axis + 1 :]), _first(node))


def _transpose(node: Node) -> bool:
    x = _shape(node)
    perm = _ints(node, "perm", tuple(range(len(x)))[::-1])
    return sorted(perm) == list(range(len(x))) and _set(node, [x[axis] for axis in perm], _first(node))


def _reshape(node: Node) -> bool:
    """Where the target is constant and names every size but at most one; 0 takes the size of the input."""
    x, target = _shape(node), _constant(node, 1)
    if target is None or _int(node, "allowzero", 0) or target.count(-1) > 1 or min(target, default=0) < -1:
        return False
    if any(dim == 0 and axis >= len(x) for axis, dim in enumerate(target)):
        return False
    shape: list[Dim] = [x[axis] if dim == 0 else dim for axis, dim in enumerate(target)]
    sizes, wanted = _numbers(x), _numbers(shape)
    if sizes is None or wanted is None:
        return -1 not in target and _set(node, shape, _first(node))
    size, rest = math.prod(sizes), math.prod(dim for dim in wanted if dim != -1)
    if -1 not in target:
        return size == rest and _set(node, wanted, _first(node))
    if not rest or size % rest:
        return False
    return _set(node, [size // rest if dim == -1 else dim for dim in wanted], _first(node))


def _flatten(node: Node) -> bool:
    x, axis = _numbers(_shape(node)), _int(node, "axis", 1)
    if x is None or not -len(x) <= axis <= len(x):
        return False
    axis += len(x) if axis < 0 else 0
    return _set(node, (math.prod(x[:axis]), math.prod(x[axis:])), _first(node))


def _axes(axes: list[int] | None, rank: int) -> list[int] | None:
    """Axes counted from the front, each once; None where they do not fit."""
    if axes is None or any(not -rank <= axis < rank for axis in axes):
        return None
    found = sorted(axis % rank for axis in axes)
    return found if len(set(found)) == len(found) else None


def _unsqueeze(node: Node) -> bool:
    x, given = _shape(node), _constant(node, 1)
    axes = _axes(given, len(x) + len(given or ()))
    if axes is None:
        return False
    shape: list[Dim] = list(x)
    for axis in axes:
        shape.insert(axis, 1)
    return _set(node, shape, _first(node))


def _squeeze(node: Node) -> bool:
    x = _shape(node)
    axes = _axes(_constant(node, 1), len(x))
    if axes is None or any(x[axis] != 1 for axis in axes):
        return False
    return _set(node, [dim for axis, dim in enumerate(x) if axis not in axes], _first(node))


def _reduce(node: Node) -> bool:
    x = _shape(node)
    axes = _axes(_constant(node, 1), len(x)) if _is_given(node, 1) else None
    if not axes:
        return False
    kept: list[Dim] = [1] if _int(node, "keepdims", 1) else []
    shape = [new for axis, dim in enumerate(x) for new in (kept if axis in axes else [dim])]
    return _set(node, shape, _first(node))


def _slice(node: Node) -> bool:
    """Of axes of known size, with constant bounds."""
    x, (starts, ends, axes, steps) = _shape(node), (_constant(node, index) for index in (1, 2, 3, 4))
    if starts is None or ends is None or len(ends) != len(starts):
        return False
    if (axes is None and _is_given(node, 3)) or (steps is None and _is_given(node, 4)):
        return False
    axes = list(range(len(starts))) if axes is None else axes
    steps = [1] * len(starts) if steps is None else steps
    if _axes(axes, len(x)) is None or len(axes) != len(starts) or len(steps) != len(starts) or 0 in steps:
        return False
    shape: list[Dim] = list(x)
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        size = x[axis]
        if not isinstance(size, int):
            return False
        shape[axis % len(x)] = len(range(size)[_bounds(start, end, step, size)])
    return _set(node, shape, _first(node))


def _bounds(start: int, end: int, step: int, size: int) -> slice:
    """ONNX's bounds as Python's: an end before the first element of a backward slice is no end."""
    backwards = step < 0 and end < -size
    return slice(start, None if backwards else end, step)


def _gather(node: Node) -> bool:
    x, indices, axis = _shape(node), _shape(node, 1), _int(node, "axis", 0)
    if not -len(x) <= axis < len(x):
        return False
    axis %= len(x)
    return _set(node, (*x[:axis], *indices, *x[axis + 1 :]), _first(node))


def _pad(node: Node) -> bool:
    x, pads = _numbers(_shape(node)), _constant(node, 1)
    if x is None or pads is None or _is_given(node, 3) or len(pads) != 2 * len(x):
        return False
    shape = [dim + before + after for dim, before, after in zip(x, pads[: len(x)], pads[len(x) :], strict=True)]
    return min(shape, default=0) >= 0 and _set(node, shape, _first(node))


def _dequantize(node: Node) -> bool:
    scale = node.inputs[1]
    assert scale is not None
    return _set(node, _shape(node), scale)


def _quantize(node: Node) -> bool:
    zero = node.inputs[2] if len(node.inputs) > 2 else None
    return zero is not None and "output_dtype" not in node.attrs and _set(node, _shape(node), zero)


SHAPE_RULES: dict[str, ShapeRule] = {
    "Conv": _conv,
    **dict.fromkeys(["AveragePool", "LpPool", "MaxPool"], _pool),
    **dict.fromkeys(["GlobalAveragePool", "GlobalMaxPool"], _global_pool),
    "Gemm": _gemm,
    "MatMul": _matmul,
    "Concat": _concat,
    "Transpose": _transpose,
    "Reshape": _reshape,
    "Flatten": _flatten,
    "Unsqueeze": _unsqueeze,
    "Squeeze": _squeeze,
    **dict.fromkeys(["ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"], _reduce),
    "Slice": _slice,
    "Gather": _gather,
    "Pad": _pad,
    "DequantizeLinear": _dequantize,
    "QuantizeLinear": _quantize,
}
"""operator -> its rule; called where dtype and shape of every input are known."""
