"""Einsum by transposes and one product of matrices per step; the fused products of onnxruntime."""

from __future__ import annotations

import math

from mgeconvert.errors import refuse
from mgeconvert.ir import Dim, Node, Value
from mgeconvert.ir.builder import Builder

from ..activation import activated
from ..table import Result, attributes, compose, data, integer, number, operand, reshape_target, scalar, shape_of


@compose("Einsum")
def einsum(b: Builder, node: Node) -> Result:
    """Einsum(operands, "ij,jk->ik") -> Reshape, Transpose, MatMul: two operands at a time, from the left.

    Labels that an operand repeats are its diagonal; those that no later operand and not the result has are summed away.
    """
    terms, result = _labels(node)
    current, value = _diagonal(b, data(node), terms[0])
    for index, term in enumerate(terms[1:], 1):
        labels, other = _diagonal(b, data(node, index), term)
        later = set(result).union(*terms[index + 1 :])
        current, value = _product(b, current, value, labels, other, later)
    kept = [label for label in current if label in result]
    value = _summed(b, value, current, set(result))
    return _transposed(b, value, kept, list(result))


def _labels(node: Node) -> tuple[list[list[str]], list[str]]:
    """The labels of each operand and of the result; those that an ellipsis stands for are numbers."""
    left, arrow, right = str(node.attrs["equation"]).replace(" ", "").partition("->")
    terms: list[list[str]] = []
    widest = 0
    for index, term in enumerate(left.split(",")):
        rank = len(shape_of(data(node, index)))
        before, dots, after = term.partition("...")
        extra = rank - len(before) - len(after)
        if extra < 0 or (extra and not dots):
            refuse(f"{term} has not as many labels as its operand dimensions")
        widest = max(widest, extra)
        terms.append([*before, *(str(number) for number in range(-extra, 0)), *after])
    if not arrow:
        every = [label for term in terms for label in term]
        named = sorted(label for label in set(every) if label.isalpha() and every.count(label) == 1)
        return terms, [*(str(number) for number in range(-widest, 0)), *named]
    before, dots, after = right.partition("...")
    return terms, [*before, *(str(number) for number in range(-widest, 0) if dots), *after]


def _diagonal(b: Builder, x: Value, labels: list[str]) -> tuple[list[str], Value]:
    """Repeated labels one after the other: the elements whose positions along them are equal, that label first."""
    labels = list(labels)
    while len(set(labels)) < len(labels):
        label = next(each for each in labels if labels.count(each) > 1)
        first = labels.index(label)
        second = labels.index(label, first + 1)
        size = shape_of(x)[first]
        if not isinstance(size, int) or shape_of(x)[second] != size:
            refuse(f"the diagonal of label {label}, whose size is known only at run time")
        others = [axis for axis in range(len(labels)) if axis not in (first, second)]
        x = b.op("Transpose", x, perm=[first, second, *others])
        rest = [shape_of(x)[axis] for axis in range(2, len(labels))]
        x = b.op("Reshape", x, reshape_target([size * size, *rest]))
        x = b.op("Gather", x, [index * (size + 1) for index in range(size)], axis=0)
        labels = [label, *(labels[axis] for axis in others)]
    return labels, x


def _product(
    b: Builder, left: list[str], x: Value, right: list[str], y: Value, later: set[str]
) -> tuple[list[str], Value]:
    """Labels that both have are a batch where something later needs them, and summed where nothing does."""
    x, left = _summed(b, x, left, later | set(right)), [label for label in left if label in later | set(right)]
    y, right = _summed(b, y, right, later | set(left)), [label for label in right if label in later | set(left)]
    batch = [label for label in left if label in right and label in later]
    inner = [label for label in left if label in right and label not in later]
    rows = [label for label in left if label not in right]
    columns = [label for label in right if label not in left]
    sizes = {label: dim for labels, value in ((right, y), (left, x)) for label, dim in _sizes(labels, value)}
    x = _spread(b, x, left, batch + inner, sizes)
    y = _spread(b, y, right, batch + inner, sizes)
    first = _grouped(b, _transposed(b, x, left, batch + rows + inner), (batch, rows, inner), sizes)
    second = _grouped(b, _transposed(b, y, right, batch + inner + columns), (batch, inner, columns), sizes)
    labels = batch + rows + columns
    return labels, b.op("Reshape", b.op("MatMul", first, second), reshape_target([sizes[label] for label in labels]))


def _sizes(labels: list[str], x: Value) -> list[tuple[str, Dim]]:
    return [(label, dim) for label, dim in zip(labels, shape_of(x), strict=True) if dim != 1] + [
        (label, dim) for label, dim in zip(labels, shape_of(x), strict=True) if dim == 1
    ]


def _spread(b: Builder, x: Value, labels: list[str], shared: list[str], sizes: dict[str, Dim]) -> Value:
    """Dimensions of size 1 that the other operand has larger."""
    wanted = [sizes[label] if label in shared else 1 for label in labels]
    if all(label not in shared or dim == sizes[label] for label, dim in zip(labels, shape_of(x), strict=True)):
        return x
    if any(isinstance(dim, str) for dim in wanted):
        refuse("a size that is broadcast and known only at run time")
    return b.op("Expand", x, [int(dim) for dim in wanted])


def _grouped(b: Builder, x: Value, groups: tuple[list[str], ...], sizes: dict[str, Dim]) -> Value:
    """One dimension for each group of labels."""
    dims: list[Dim] = []
    for group in groups:
        inside = [sizes[label] for label in group]
        numbers = [dim for dim in inside if isinstance(dim, int)]
        unknown = len(inside) - len(numbers)
        dims.append("?" if unknown else math.prod(numbers))
    return b.op("Reshape", x, reshape_target(dims))


def _summed(b: Builder, x: Value, labels: list[str], kept: set[str]) -> Value:
    axes = [axis for axis, label in enumerate(labels) if label not in kept]
    return b.op("ReduceSum", x, axes, keepdims=0) if axes else x


def _transposed(b: Builder, x: Value, labels: list[str], wanted: list[str]) -> Value:
    if any(label not in labels for label in wanted):
        refuse("a label of the result that no operand has")
    perm = [labels.index(label) for label in wanted]
    return x if perm == list(range(len(perm))) else b.op("Transpose", x, perm=perm)


@compose("com.microsoft.FusedMatMul", "com.microsoft.TransposeMatMul")
def fused_matmul(b: Builder, node: Node) -> Result:
    """FusedMatMul(x, y, transA, transB, alpha) -> alpha MatMul(Transpose(x), Transpose(y))

    With transBatchA the first axis of x is that of its rows: (rows, batches, columns) -> (batches, rows, columns).
    """
    x, y = (
        _turned(
            b, data(node, index), bool(integer(node, f"trans{name}", 0)), bool(integer(node, f"transBatch{name}", 0))
        )
        for index, name in enumerate("AB")
    )
    product, alpha = b.op("MatMul", x, y), number(node, "alpha", 1.0)
    return product if alpha == 1 else b.op("Mul", product, scalar(x, alpha))


def _turned(b: Builder, x: Value, matrices: bool, batches: bool) -> Value:
    rank = len(shape_of(x))
    order = list(range(rank))
    if batches:
        if rank < 3:
            refuse("batches to transpose in an operand that has none")
        order = [*order[1:-1], 0, rank - 1]
    if matrices and rank > 1:
        order = [*order[:-2], order[-1], order[-2]]
    return x if order == list(range(rank)) else b.op("Transpose", x, perm=order)


@compose("com.microsoft.FusedGemm")
def fused_gemm(b: Builder, node: Node) -> Result:
    """FusedGemm(a, b, c, activation) -> activation(Gemm(a, b, c))"""
    named = ("activation_alpha", "activation_beta", "activation_gamma")
    plain = attributes(node, "activation", *named)
    y = b.op("Gemm", data(node), data(node, 1), operand(node, 2), **plain)
    params = tuple(number(node, name, 0.0) for name in named if name in node.attrs)
    return activated(b, y, str(node.attrs.get("activation", "")), params)
