"""Products of matrices. Source: megengine/functional/{math,nn}.py (MegEngine 1.13)."""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..elementwise.modes import elemwise
from ..names import MATH, METHOD, NN
from ..operands import FLOAT32, INT8, INT32, Tensor, cast, is_narrow, promote, rank, tensor
from ..table import lower


@lower(MATH + "matmul")
def matmul(
    b: Builder,
    inp1: Value,
    inp2: Value,
    transpose_a: bool = False,
    transpose_b: bool = False,
    compute_mode: str = "default",
    format: str = "default",
) -> Value:
    """A vector is never transposed; more than two axes are batches that broadcast. Products of int8 are int32."""
    left, right = promote(b, inp1, inp2)
    if is_narrow(left.dtype):
        wide = FLOAT32 if _fit_floats(left) and _fit_floats(right) else INT32
        product = matmul(b, cast(b, left, wide), cast(b, right, wide), transpose_a, transpose_b)
        return cast(b, product, INT32)
    left = last_axes_swapped(b, left) if transpose_a and rank(left) > 1 else left
    right = last_axes_swapped(b, right) if transpose_b and rank(right) > 1 else right
    return b.op("MatMul", left, right)


def _fit_floats(x: Value) -> bool:
    """Whether sums of products of int8 along either of the last axes are below 2**24, so that float32 is exact."""
    return all(isinstance(size, int) and size < 1024 for size in (x.shape or ())[-2:]) and x.dtype == INT8


def last_axes_swapped(b: Builder, x: Value) -> Value:
    order = list(range(rank(x)))
    return b.op("Transpose", x, perm=[*order[:-2], order[-1], order[-2]])


@lower(METHOD + "__matmul__", METHOD + "__imatmul__")
def matmul_operator(b: Builder, self: Value, other: Tensor) -> Value:
    return matmul(b, self, tensor(b, other))


@lower(METHOD + "__rmatmul__")
def reflected_matmul_operator(b: Builder, self: Value, other: Tensor) -> Value:
    return matmul(b, tensor(b, other), self)


@lower(MATH + "dot")
def dot(b: Builder, inp1: Value, inp2: Value) -> Value:
    left, right = promote(b, inp1, inp2)
    return b.op("MatMul", left, right) if rank(left) == rank(right) == 1 else _scalar_dot(b, left, right)


def _scalar_dot(b: Builder, left: Value, right: Value) -> Value:
    product = b.op("Mul", left, right)
    return b.op("ReduceSum", product, None, keepdims=0) if rank(product) else product


@lower(NN + "linear")
def linear(b: Builder, inp: Value, weight: Value, bias: Value | None = None, compute_mode: str = "default") -> Value:
    """`weight` is (out, in); a matrix of inputs makes one Gemm, more axes a MatMul and an Add."""
    inp, weight = promote(b, inp, weight)
    if rank(inp) == 2:
        return b.op("Gemm", inp, weight, None if bias is None else tensor(b, bias, inp.dtype), transB=1)
    product = b.op("MatMul", inp, b.op("Transpose", weight, perm=[1, 0]))
    return product if bias is None else elemwise(b, "ADD", product, bias)
