"""eliminate-identity: nodes that return their input unchanged, to the last bit."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mgeconvert.ir import Node, Value
from mgeconvert.ir.inference import broadcast, dtype_of

from .nodes import array, data, integer, ints, is_computed, same_shape, text
from .rewriter import Rewriter
from .table import Result, rule


def _same_type(source: Value, result: Value) -> bool:
    """Whether dtype and every dimension are known to agree; a symbolic dimension agrees with its own name only."""
    return source.shape is not None and source.shape == result.shape and source.dtype == result.dtype


def _always(_node: Node, _source: Value) -> bool:
    return True


def _dropout(node: Node, _source: Value) -> bool:
    training = array(node, 2)
    return len(node.outputs) == 1 and not is_computed(node, 2) and (training is None or not training.any())


def _cast(node: Node, source: Value) -> bool:
    return source.dtype is not None and dtype_of(integer(node, "to", 0)) == source.dtype


def _keeps_shape(node: Node, source: Value) -> bool:
    """Reshape and its relatives: the order of elements never changes, so the shape decides."""
    return same_shape(source.shape, node.outputs[0].shape)


def _reshape(node: Node, source: Value) -> bool:
    """As above; with several dynamic dimensions also ``[0, 0, 5]`` where the last dimension is 5."""
    target = array(node, 1)
    if target is None or node.attrs.get("allowzero"):
        return _keeps_shape(node, source)
    copied = source.shape is not None and len(source.shape) == len(target)
    return _keeps_shape(node, source) or bool(
        copied and all(dim in (0, known) for dim, known in zip(target.tolist(), source.shape or (), strict=True))
    )


def _transpose(node: Node, source: Value) -> bool:
    perm = node.attrs.get("perm")
    return source.rank is not None and (perm == tuple(range(source.rank)) or (perm is None and source.rank < 2))


def _slice(node: Node, source: Value) -> bool:
    """A slice is whole when it starts at the front with step 1 and no dimension shrinks."""
    starts, ends, steps = array(node, 1), array(node, 2), array(node, 4)
    if starts is None or starts.any() or is_computed(node, 4) or (steps is not None and (steps != 1).any()):
        return False
    most = np.iinfo(np.int32).max
    sizes = [dim for dim in source.shape or () if isinstance(dim, int)]
    endless = ends is not None and bool((ends >= max(most, *sizes, 0)).all())
    return endless or (source.static_shape is not None and _same_type(source, node.outputs[0]))


def _pad(node: Node, _source: Value) -> bool:
    pads = array(node, 1)
    return pads is not None and not pads.any()


def _tile(node: Node, _source: Value) -> bool:
    repeats = array(node, 1)
    return repeats is not None and bool((repeats == 1).all())


def _expand(node: Node, source: Value) -> bool:
    target = array(node, 1)
    narrow = target is not None and source.rank is not None and len(target) <= source.rank and bool((target == 1).all())
    return narrow or _same_type(source, node.outputs[0])


def _single(node: Node, _source: Value) -> bool:
    return len(node.inputs) == 1


def _split(node: Node, _source: Value) -> bool:
    return len(node.outputs) == 1


def _resize(node: Node, source: Value) -> bool:
    """Same size, and a coordinate rule under which each pixel falls on itself."""
    exact = text(node, "coordinate_transformation_mode", "half_pixel") != "tf_crop_and_resize"
    scales = array(node, 2)
    unscaled = scales is None or scales.size == 0 or bool((scales == 1).all())
    return exact and unscaled and source.static_shape is not None and _same_type(source, node.outputs[0])


def _pool(node: Node, _source: Value) -> bool:
    kernel = ints(node, "kernel_shape")
    ones = (1,) * len(kernel)
    return len(node.outputs) == 1 and kernel == ints(node, "strides", ones) == ones and not any(ints(node, "pads"))


def _clip(node: Node, _source: Value) -> bool:
    return all(value is None for value in node.inputs[1:])


def _reduce(node: Node, _source: Value) -> bool:
    axes = array(node, 1)
    nothing = not is_computed(node, 1) and (axes is None or axes.size == 0)
    return nothing and bool(integer(node, "noop_with_empty_axes", 0))


def _neutral(number: int) -> Callable[[Node, Value], bool]:
    """x + 0, x * 1 and their like, where the constant does not widen the shape."""

    def is_neutral(node: Node, source: Value) -> bool:
        constant = array(node, 1)
        return constant is not None and bool((constant == number).all()) and _same_type(source, node.outputs[0])

    return is_neutral


UNCHANGED: dict[str, Callable[[Node, Value], bool]] = {
    "Identity": _always,
    "Dropout": _dropout,
    "Cast": _cast,
    "Reshape": _reshape,
    **dict.fromkeys(["Flatten", "Squeeze", "Unsqueeze"], _keeps_shape),
    "Transpose": _transpose,
    "Slice": _slice,
    "Pad": _pad,
    "Tile": _tile,
    "Expand": _expand,
    **dict.fromkeys(["Concat", "Sum", "Max", "Min", "Mean"], _single),
    "Split": _split,
    "Resize": _resize,
    **dict.fromkeys(["MaxPool", "AveragePool"], _pool),
    "Clip": _clip,
    **dict.fromkeys(["ReduceSum", "ReduceMean", "ReduceMax", "ReduceMin", "ReduceProd"], _reduce),
    **dict.fromkeys(["Add", "Sub"], _neutral(0)),
    **dict.fromkeys(["Mul", "Div", "Pow"], _neutral(1)),
}
"""operator -> whether the node returns its first input as it is."""

COMMUTATIVE = ("Add", "Mul")


def _unchanged(r: Rewriter, node: Node) -> Result:
    source = node.inputs[0]
    if source is not None and r.may_become(node, source) and UNCHANGED[node.op](node, source):
        return source
    if node.op in COMMUTATIVE and source is not None and source.is_constant and (other := node.inputs[1]) is not None:
        swapped = Node(node.op, [other, source], node.outputs)
        if r.may_become(node, other) and UNCHANGED[node.op](swapped, other):
            return other
    return None


TERMS = ("Add", "Sub")


@rule("eliminate-identity", *(op for op in UNCHANGED if op not in TERMS))
def unchanged(r: Rewriter, node: Node) -> Result:
    """Identity(x) -> x, x * 1 -> x, x / 1 -> x, Pow(x, 1) -> x, Transpose(x, 0, 1, 2 ...) -> x, Reshape(x, shape of x)
    -> x and so on: the rows of UNCHANGED"""
    return _unchanged(r, node)


@rule("eliminate-identity", *TERMS, rounds=True)
def no_term(r: Rewriter, node: Node) -> Result:
    """x + 0 -> x, x - 0 -> x; -0.0 + 0 is 0, so the sign of a zero may change"""
    return _unchanged(r, node)


INVOLUTIONS = ("Neg", "Not")


@rule("eliminate-identity", *INVOLUTIONS)
def twice(r: Rewriter, node: Node) -> Result:
    """Neg(Neg(x)) -> x, Not(Not(x)) -> x"""
    inner = r.producer(node.inputs[0], node.op)
    return None if inner is None or not r.may_become(node, data(inner)) else data(inner)


@rule("eliminate-identity", "Abs")
def magnitude(r: Rewriter, node: Node) -> Result:
    """Abs(Neg(x)) -> Abs(x)"""
    inner = r.producer(node.inputs[0], "Neg")
    return None if inner is None else r.op("Abs", data(inner))


NEVER_NEGATIVE = ("Abs", "Exp", "HardSigmoid", "Sigmoid", "Softmax")


@rule("eliminate-identity", "Relu")
def limited_already(r: Rewriter, node: Node) -> Result:
    """Relu(Sigmoid(x)) -> Sigmoid(x), likewise for Abs, Exp, HardSigmoid and Softmax"""
    inner = r.producer(node.inputs[0], *NEVER_NEGATIVE)
    return None if inner is None or not r.may_become(node, inner.outputs[0]) else inner.outputs[0]


BROADCASTING = (
    "Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Mul", "Or", "Pow",
    "Sub", "Xor",
)  # fmt: skip


@rule("eliminate-identity", *BROADCASTING)
def expanded(r: Rewriter, node: Node) -> Result:
    """Expand(x, s) + y -> x + y where the result keeps its shape, likewise for every operator that broadcasts"""
    return _without_expand(r, node)


@rule("eliminate-identity", "Where", rounds=True)
def expanded_choice(r: Rewriter, node: Node) -> Result:
    """Where(Expand(c, s), x, y) -> Where(c, x, y) where the result keeps its shape; onnxruntime makes 0.0 of a
    chosen -0.0 only where nothing is broadcast"""
    return _without_expand(r, node)


def _without_expand(r: Rewriter, node: Node) -> Result:
    operands = list(node.inputs)
    for index, value in enumerate(operands):
        expand = r.producer(value, "Expand")
        if expand is not None:
            kept = [*operands[:index], data(expand), *operands[index + 1 :]]
            shapes = [each.shape for each in kept if each is not None and each.shape is not None]
            if len(shapes) == len(kept) and broadcast(shapes) == node.output.shape:
                operands = kept
    return None if operands == node.inputs else r.again(node, *operands)


IDEMPOTENT = ("Abs", "Ceil", "Floor", "Relu", "Round", "Sign")


@rule("eliminate-identity", *IDEMPOTENT)
def again(r: Rewriter, node: Node) -> Result:
    """Relu(Relu(x)) -> Relu(x), likewise for Abs, Ceil, Floor, Round and Sign"""
    inner = r.producer(node.inputs[0], node.op)
    return None if inner is None or not r.may_become(node, inner.outputs[0]) else inner.outputs[0]


@rule("eliminate-identity", "Gather", "GatherElements", "ScatterElements")
def counted_from_the_front(r: Rewriter, node: Node) -> Result:
    """Gather(x, i + n Cast(i < 0)) -> Gather(x, i) where n is the size of the axis: an index below zero counts from the
    end by itself"""
    x = data(node)
    add = r.producer(node.inputs[1], "Add")
    if add is None or x.shape is None:
        return None
    size = x.shape[integer(node, "axis", 0)]
    for index, product in (add.inputs, add.inputs[::-1]):
        if index is not None and _is_size_below_zero(r, product, index, size):
            attributes: dict[str, Any] = dict(node.attrs)
            return r.op(node.op, x, index, *node.inputs[2:], **attributes)
    return None


def _is_size_below_zero(r: Rewriter, product: Value | None, index: Value, size: int | str) -> bool:
    """Whether the product is size * Cast(index < 0)."""
    mul = r.producer(product, "Mul")
    if mul is None:
        return False
    numbers = [value.array for value in mul.inputs if value is not None and value.array is not None]
    cast = next((found for value in mul.inputs if (found := r.producer(value, "Cast")) is not None), None)
    less = None if cast is None else r.producer(cast.inputs[0], "Less")
    zero = None if less is None else array(less, 1)
    if less is None or zero is None or zero.any() or len(numbers) != 1 or not (numbers[0] == size).all():
        return False
    compared = r.producer(less.inputs[0], "Cast")
    return index in (data(less), None if compared is None else data(compared))
