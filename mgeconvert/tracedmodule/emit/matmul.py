"""Products of matrices: matmul and Linear."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Node, Value

from .attributes import floats
from .builder import EmitBuilder
from .calls import EmittedCall, StoredTensor, function
from .operands import elem_type_of, is_float, rank
from .scopes import origin, reshaped_name, was_function, weight_path
from .table import emit, rewrite
from .weights import module_of


@emit("MatMul")
def matmul(node: Node) -> EmittedCall:
    return function("math.matmul", *node.inputs, False, False, "default")


@emit("megengine.Linear")
def linear(node: Node) -> EmittedCall:
    """A constant (out, in) weight and a bias that may be left out."""
    x, weight, bias = [*node.inputs, None][:3]
    assert weight is not None
    assert weight.array is not None
    if was_function(node):
        return function("nn.linear", x, weight, bias, "default")
    out, into = weight.array.shape
    shift = None if bias is None or bias.array is None else StoredTensor(bias.array)
    return module_of(
        node, "Linear",
        {
            "out_features": out, "in_features": into, "weight": StoredTensor(weight.array), "bias": shift,
            "compute_mode": "default",
        },
        weight_path(node, weight),
    )  # fmt: skip


@emit("megengine.LinearOf")
def linear_of(node: Node) -> EmittedCall:
    """inputs: the tensor, an (out, in) weight and a bias."""
    return function("nn.linear", *node.inputs, "default")


@rewrite("Gemm")
def gemm(b: EmitBuilder, node: Node) -> Value | None:
    """``Gemm(x, w, c) -> Linear(x, w, c)`` where w is constant, else ``-> alpha * (x @ w) + beta * c``."""
    left, right, bias = [*node.inputs, None][:3]
    assert left is not None
    assert right is not None
    alpha, beta = floats(node, "alpha", 1.0), floats(node, "beta", 1.0)
    if node.attrs.get("transA"):
        left = b.op("Transpose", left, perm=[1, 0])
    plain_bias = bias is None or (bias.array is not None and rank(bias) == 1 and beta == 1.0)
    if right.array is not None and alpha == 1.0 and plain_bias and is_float(left):
        weight = right.array if node.attrs.get("transB") else right.array.T
        vector = None if bias is None or bias.array is None else _wide(b, bias, weight.shape[0])
        kernel = right if weight is right.array else Value(right.name, array=weight)
        return b.call("Linear", [b.typed(node.output)], left, kernel, vector)[0]
    if right.array is None and node.attrs.get("transB") and alpha == beta == 1.0 and (bias is None or rank(bias) == 1):
        return b.call("LinearOf", [b.typed(node.output)], left, right, bias)[0]
    if node.attrs.get("transB"):
        right = b.op("Transpose", right, perm=[1, 0])
    product = b.op("MatMul", left, right)
    product = product if alpha == 1.0 else b.op("Mul", product, alpha)
    if bias is None:
        return product
    return b.op("Add", product, bias if beta == 1.0 else b.op("Mul", bias, beta))


def _wide(b: EmitBuilder, bias: Value, count: int) -> Value:
    assert bias.array is not None
    return bias if bias.array.size == count else b.constant(np.broadcast_to(bias.array, count).copy(), name=bias.name)


@rewrite("MatMul")
def same_batch(b: EmitBuilder, node: Node) -> Value | None:
    """``MatMul(x, y) -> MatMul(Expand(x), Expand(y))``; ``-> MatMul(Squeeze(x), y)`` where all batch axes of x are 1.

    MegEngine broadcasts the batch axes of the operand that has fewer axes, and only to those of the other."""
    left, right = (value for value in node.inputs if value is not None)
    batches = [tuple((value.shape or ())[:-2]) for value in (left, right)]
    if rank(left) < 3 or rank(right) < 3 or batches[0] == batches[1]:
        return None
    ones = [not any(size != 1 for size in batch) for batch in batches]
    if ones[0] and len(batches[0]) <= len(batches[1]):
        return b.op("MatMul", b.op("Squeeze", left, list(range(len(batches[0])))), right)
    if ones[1] and len(batches[1]) <= len(batches[0]):
        return b.op("MatMul", left, b.op("Squeeze", right, list(range(len(batches[1])))))
    common = tuple((node.output.shape or ())[:-2])
    if common == max(batches, key=len) and len(batches[0]) != len(batches[1]):
        return None
    if any(isinstance(size, str) for size in (*common, *(left.shape or ()), *(right.shape or ()))):
        refuse("a product of stacks of matrices that broadcast to a size that is only known at run time")
    whole = [
        value if batch == common else b.op("Expand", value, [*map(int, common), *map(int, (value.shape or ())[-2:])])
        for value, batch in zip((left, right), batches, strict=True)
    ]
    return b.op("MatMul", *whole)


@rewrite("MatMul")
def product_by_constant(b: EmitBuilder, node: Node) -> Value | None:
    """``x @ w -> Linear(x, w)`` with a constant matrix, if the source had a Linear;
    ``n @ m -> Cast(float(n) @ float(m))`` of integers."""
    left, right = node.inputs
    assert left is not None
    assert right is not None
    if not is_float(left):
        product = b.op("MatMul", b.op("Cast", left, to=1), b.op("Cast", right, to=1))
        return b.op("Cast", product, to=elem_type_of(node.output))
    if right.array is None or rank(right) != 2 or rank(left) < 2 or not _linear(node):
        return None
    weight = Value(reshaped_name(right), array=right.array.T)
    return b.call("Linear", [b.typed(node.output)], left, weight, None)[0]


def _linear(node: Node) -> bool:
    return not was_function(node) or origin(node)[1] == "linear"


@rewrite("Add", about="Gemm")
def bias_of_linear(b: EmitBuilder, node: Node) -> Value | None:
    """``Linear(x, w) + c -> Linear(x, w, c)`` where both come from one place."""
    for product, bias in (node.inputs, node.inputs[::-1]):
        made = b.producer(product, "Linear", alone=True)
        if made is None or made.inputs[2] is not None or bias is None or bias.array is None:
            continue
        weight = made.inputs[1]
        belongs = made.origin == node.origin or origin(node)[1] == ""
        if belongs and weight is not None and weight.shape is not None and bias.shape == weight.shape[:1]:
            return b.call("Linear", [b.typed(node.output)], made.inputs[0], weight, bias)[0]
    return None
