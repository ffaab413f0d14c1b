"""Evaluates operators on constants with numpy: what constant folding and shape arithmetic need.

One kernel per operator, with ONNX's inputs as positional and its attributes as keyword arguments. Convolutions and the
like are not here: a network does not compute them on constants. Results may be views of the inputs.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypeAlias

import numpy as np

from mgeconvert.errors import BadInputError

from .folding_cost import is_cheap, result_bytes
from .inference import dtype_of

Array: TypeAlias = "np.ndarray[Any, Any]"
Kernel: TypeAlias = "Callable[..., Array | tuple[Array, ...]]"

_KERNELS: dict[str, Kernel] = {}

BYTES = 1 << 28
"""What the results of an operator may take where the caller sets no limit."""


class EvaluationError(BadInputError):
    """An operator on constants that it does not take: the model can never be computed."""


def evaluate(
    op: str, inputs: Sequence[Array | None], attrs: dict[str, Any], outputs: int = 1, limit: int | None = None
) -> list[Array] | None:
    """The outputs of an operator of the IR's opset on arrays.

    None when there is no kernel, when an attribute or a type is one the kernel does not know, or when the results would
    take more than `limit` bytes (by default BYTES) or too long, which is found beforehand. Raises EvaluationError for
    operands that the operator does not take.
    """
    kernel = _KERNELS.get(op)
    if kernel is None or not _takes(kernel, len(inputs), tuple(attrs)):
        return None
    if result_bytes(op, inputs, attrs) > (BYTES if limit is None else limit) or not is_cheap(op, inputs, attrs):
        return None
    try:
        with np.errstate(all="ignore"):
            result = kernel(*inputs, **attrs)
    except (MemoryError, TypeError):
        return None
    except (ArithmeticError, IndexError, ValueError) as error:
        shapes = ", ".join("_" if array is None else f"{array.dtype}{list(array.shape)}" for array in inputs)
        raise EvaluationError(f"{op}({shapes}): {error}") from error
    results = list(result) if isinstance(result, tuple) else [result]
    if len(results) < outputs or (limit is not None and sum(array.nbytes for array in results) > limit):
        return None
    return results[:outputs]


@functools.cache
def _takes(kernel: Kernel, inputs: int, attrs: tuple[str, ...]) -> bool:
    """Whether a kernel takes that many operands and these attributes; looked at once, however many nodes it folds."""
    try:
        inspect.signature(kernel).bind(*[None] * inputs, **dict.fromkeys(attrs))
    except TypeError:
        return False
    return True


def _kernel(*ops: str) -> Callable[[Kernel], Kernel]:
    def register(function: Kernel) -> Kernel:
        for op in ops:
            _KERNELS[op] = function
        return function

    return register


def _erf(x: Array) -> Array:
    return np.asarray(np.vectorize(math.erf, otypes=[x.dtype])(x))


def _unary(function: Callable[[Array], Array]) -> Kernel:
    return lambda x: np.asarray(function(x)).astype(x.dtype, copy=False)


def _binary(function: Callable[[Array, Array], Array]) -> Kernel:
    return lambda x, y: np.asarray(function(x, y)).astype(x.dtype, copy=False)


def _power(x: Array, y: Array) -> Array:
    """Integers to the power of integers below zero are computed in float64, as onnxruntime does, and cut off."""
    if x.dtype.kind in "iu" and y.dtype.kind in "iu" and (y < 0).any():
        return np.asarray(np.trunc(np.power(x.astype(np.float64), y)))
    return np.asarray(np.power(x, y))


def _comparison(function: Callable[[Array, Array], Array]) -> Kernel:
    return lambda x, y: np.asarray(function(x, y))


def _variadic(function: Callable[[Array, Array], Array]) -> Kernel:
    def combine(first: Array, *others: Array) -> Array:
        for other in others:
            first = np.asarray(function(first, other))
        return first

    return combine


_KERNELS.update({
    "Abs": _unary(np.abs), "Neg": _unary(np.negative), "Sign": _unary(np.sign), "Floor": _unary(np.floor),
    "Ceil": _unary(np.ceil), "Round": _unary(np.rint), "Sqrt": _unary(np.sqrt), "Exp": _unary(np.exp),
    "Log": _unary(np.log), "Sin": _unary(np.sin), "Cos": _unary(np.cos), "Tan": _unary(np.tan),
    "Tanh": _unary(np.tanh), "Sinh": _unary(np.sinh), "Cosh": _unary(np.cosh), "Asin": _unary(np.arcsin),
    "Acos": _unary(np.arccos), "Atan": _unary(np.arctan), "Asinh": _unary(np.arcsinh), "Acosh": _unary(np.arccosh),
    "Atanh": _unary(np.arctanh), "Erf": _erf, "Not": _unary(np.logical_not), "Reciprocal": _unary(lambda x: 1 / x),
    "Relu": _unary(lambda x: np.maximum(x, 0)), "Sigmoid": _unary(lambda x: 1 / (1 + np.exp(-x))),
    "Identity": lambda x: x, "IsNaN": lambda x: np.asarray(np.isnan(x)),
    "Add": _binary(np.add), "Sub": _binary(np.subtract), "Mul": _binary(np.multiply), "Pow": _binary(_power),
    "And": _binary(np.logical_and), "Or": _binary(np.logical_or), "Xor": _binary(np.logical_xor),
    "BitwiseAnd": _binary(np.bitwise_and), "BitwiseOr": _binary(np.bitwise_or), "BitwiseXor": _binary(np.bitwise_xor),
    "Equal": _comparison(np.equal), "Greater": _comparison(np.greater), "Less": _comparison(np.less),
    "GreaterOrEqual": _comparison(np.greater_equal), "LessOrEqual": _comparison(np.less_equal),
    "Max": _variadic(np.maximum), "Min": _variadic(np.minimum), "Sum": _variadic(np.add),
})  # fmt: skip


@_kernel("Div")
def _div(x: Array, y: Array) -> Array:
    if x.dtype.kind == "f":
        return np.asarray(x / y)
    quotient = np.floor_divide(x, np.where(y == 0, 1, y))
    inexact = quotient * y != x
    return np.asarray(quotient + (inexact & ((x < 0) != (y < 0)))).astype(x.dtype)


@_kernel("Mod")
def _mod(x: Array, y: Array, fmod: int = 0) -> Array:
    return np.asarray(np.fmod(x, y) if fmod else np.mod(x, y))


@_kernel("Where")
def _where(condition: Array, x: Array, y: Array) -> Array:
    return np.where(condition, x, y)


@_kernel("Clip")
def _clip(x: Array, low: Array | None = None, high: Array | None = None) -> Array:
    if low is not None:
        x = np.maximum(x, low)
    return np.asarray(x if high is None else np.minimum(x, high))


@_kernel("Cast")
def _cast(x: Array, to: int, saturate: int = 1) -> Array:  # noqa: ARG001 (only for float8, which numpy lacks)
    dtype = dtype_of(to)
    return x if x.dtype == dtype else x.astype(dtype)


@_kernel("Reshape")
def _reshape(x: Array, shape: Array, allowzero: int = 0) -> Array:
    dims = [x.shape[axis] if dim == 0 and not allowzero else int(dim) for axis, dim in enumerate(shape)]
    return x if tuple(dims) == x.shape else x.reshape(dims)


@_kernel("Flatten")
def _flatten(x: Array, axis: int = 1) -> Array:
    return x.reshape(math.prod(x.shape[:axis]), -1)


@_kernel("Transpose")
def _transpose(x: Array, perm: tuple[int, ...] | None = None) -> Array:
    return np.transpose(x, perm)


@_kernel("Squeeze")
def _squeeze(x: Array, axes: Array | None = None) -> Array:
    return np.squeeze(x, None if axes is None else tuple(axes.tolist()))


@_kernel("Unsqueeze")
def _unsqueeze(x: Array, axes: Array) -> Array:
    return np.expand_dims(x, tuple(axes.tolist()))


@_kernel("Expand")
def _expand(x: Array, shape: Array) -> Array:
    target = np.broadcast_shapes(x.shape, tuple(shape.tolist()))
    return x if target == x.shape else np.broadcast_to(x, target)


@_kernel("Tile")
def _tile(x: Array, repeats: Array) -> Array:
    return np.tile(x, repeats)


@_kernel("Concat")
def _concat(*inputs: Array, axis: int) -> Array:
    return inputs[0] if len(inputs) == 1 else np.concatenate(inputs, axis)


@_kernel("Split")
def _split(x: Array, sizes: Array | None = None, axis: int = 0, num_outputs: int = 0) -> tuple[Array, ...]:
    if sizes is None:
        chunk = -(-x.shape[axis] // num_outputs)
        bounds = np.arange(1, num_outputs) * chunk
    else:
        bounds = np.cumsum(sizes)[:-1]
    return tuple(np.split(x, bounds, axis))


@_kernel("Slice")
def _slice(x: Array, starts: Array, ends: Array, axes: Array | None = None, steps: Array | None = None) -> Array:
    index = [slice(None)] * x.ndim
    which = range(len(starts)) if axes is None else axes.tolist()
    for position, axis in enumerate(which):
        step = 1 if steps is None else int(steps[position])
        end: int | None = int(ends[position])
        if step < 0 and end is not None and end < -x.shape[axis]:
            end = None
        index[axis] = slice(int(starts[position]), end, step)
    return np.asarray(x[tuple(index)])


@_kernel("Gather")
def _gather(x: Array, indices: Array, axis: int = 0) -> Array:
    return np.asarray(np.take(x, indices, axis))


@_kernel("GatherElements")
def _gather_elements(x: Array, indices: Array, axis: int = 0) -> Array:
    return np.take_along_axis(x, indices, axis)


@_kernel("GatherND")
def _gather_nd(x: Array, indices: Array) -> Array:
    return np.asarray(x[tuple(np.moveaxis(indices, -1, 0))])


@_kernel("ScatterElements")
def _scatter_elements(x: Array, indices: Array, updates: Array, axis: int = 0) -> Array:
    result: Array = x.copy()
    np.put_along_axis(result, indices, updates, axis)
    return result


@_kernel("ScatterND")
def _scatter_nd(x: Array, indices: Array, updates: Array) -> Array:
    result: Array = x.copy()
    result[tuple(np.moveaxis(indices, -1, 0))] = updates
    return result


@_kernel("Shape")
def _shape(x: Array, start: int = 0, end: int | None = None) -> Array:
    return np.array(x.shape[start:end], np.int64)


@_kernel("Size")
def _size(x: Array) -> Array:
    return np.array(x.size, np.int64)


@_kernel("Range")
def _range(start: Array, limit: Array, delta: Array) -> Array:
    count = max(int(np.ceil((limit.item() - start.item()) / delta.item())), 0)
    return np.asarray(start.item() + np.arange(count) * delta.item(), start.dtype)


@_kernel("ConstantOfShape")
def _constant_of_shape(shape: Array, value: Array | None = None) -> Array:
    fill = np.zeros(1, np.float32) if value is None else value
    return np.broadcast_to(fill.reshape(()), tuple(shape.tolist()))


@_kernel("EyeLike")
def _eye_like(x: Array, dtype: int | None = None, k: int = 0) -> Array:
    rows, columns = x.shape
    return np.asarray(np.eye(rows, columns, k), x.dtype if dtype is None else dtype_of(dtype))


@_kernel("OneHot")
def _one_hot(indices: Array, depth: Array, values: Array, axis: int = -1) -> Array:
    classes = int(depth.reshape(()))
    hot = np.expand_dims(indices % classes, axis) == np.arange(classes).reshape(
        [-1 if dim == axis % (indices.ndim + 1) else 1 for dim in range(indices.ndim + 1)]
    )
    return np.asarray(np.where(hot, values[1], values[0]))


@_kernel("Pad")
def _pad(x: Array, pads: Array, value: Array | None = None, axes: Array | None = None, mode: str = "constant") -> Array:
    """Pads below zero cut elements off, before others are put around."""
    widths = [(0, 0)] * x.ndim
    which = range(x.ndim) if axes is None else axes.tolist()
    for position, axis in enumerate(which):
        before, after = int(pads[position]), int(pads[position + len(pads) // 2])
        kept = slice(max(-before, 0), x.shape[axis] - max(-after, 0))
        x = x[tuple(kept if each == axis % x.ndim else slice(None) for each in range(x.ndim))]
        widths[axis] = (max(before, 0), max(after, 0))
    if mode == "constant":
        return np.pad(x, widths, constant_values=0 if value is None else value.item())
    return np.pad(x, widths, mode=_PAD_MODES[mode])


_PAD_MODES: dict[str, Literal["edge", "reflect", "wrap"]] = {"edge": "edge", "reflect": "reflect", "wrap": "wrap"}


@_kernel("MatMul")
def _matmul(x: Array, y: Array) -> Array:
    return np.asarray(np.matmul(x, y))


@_kernel("Gemm")
def _gemm(
    x: Array,
    y: Array,
    z: Array | None = None,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,  # noqa: N803 - the name of the attribute
    transB: int = 0,  # noqa: N803
) -> Array:
    product = np.matmul(x.T if transA else x, y.T if transB else y) * np.asarray(alpha, x.dtype)
    return np.asarray(product if z is None else product + z * np.asarray(beta, x.dtype)).astype(x.dtype, copy=False)


@_kernel("CumSum")
def _cumsum(x: Array, axis: Array, exclusive: int = 0, reverse: int = 0) -> Array:
    along = int(axis.reshape(()))
    ordered = np.flip(x, along) if reverse else x
    sums = np.cumsum(ordered, along, dtype=x.dtype)
    sums = sums - ordered if exclusive else sums
    return np.flip(sums, along) if reverse else sums


@_kernel("Trilu")
def _trilu(x: Array, k: Array | None = None, upper: int = 1) -> Array:
    return (np.triu if upper else np.tril)(x, 0 if k is None else int(k))


@_kernel("NonZero")
def _non_zero(x: Array) -> Array:
    return np.array(np.nonzero(x), np.int64)


def _reduction(function: Callable[..., Array]) -> Kernel:
    def reduce(x: Array, axes: Array | None = None, keepdims: int = 1, noop_with_empty_axes: int = 0) -> Array:
        if axes is None or not axes.size:
            if noop_with_empty_axes:
                return x
            return np.asarray(function(x, axis=None, keepdims=bool(keepdims))).astype(x.dtype)
        return np.asarray(function(x, axis=tuple(axes.tolist()), keepdims=bool(keepdims))).astype(x.dtype)

    return reduce


_KERNELS.update(
    ReduceSum=_reduction(np.sum),
    ReduceMean=_reduction(np.mean),
    ReduceMax=_reduction(np.max),
    ReduceMin=_reduction(np.min),
    ReduceProd=_reduction(np.prod),
)


def _arg(function: Callable[..., Array]) -> Kernel:
    def find(x: Array, axis: int = 0, keepdims: int = 1, select_last_index: int = 0) -> Array:
        if select_last_index:
            last = x.shape[axis] - 1 - function(np.flip(x, axis), axis=axis, keepdims=bool(keepdims))
            return np.asarray(last, np.int64)
        return np.asarray(function(x, axis=axis, keepdims=bool(keepdims)), np.int64)

    return find


_KERNELS.update(ArgMax=_arg(np.argmax), ArgMin=_arg(np.argmin))
