"""Losses and metrics, where they are deterministic maths. Source: megengine/functional/{loss,metric}.py (1.13)."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .elementwise.modes import elemwise
from .indexing.functional import indexing_one_hot
from .names import FUNCTIONAL, LOSS
from .operands import FLOAT32, INT32, cast, tensor
from .reduction import logsumexp, reduce
from .selection import topk as largest
from .shapes import dimension, pack
from .table import lower

Reduced = Callable[..., Value]


def _loss(name: str) -> Callable[[Reduced], Reduced]:
    """Register a loss under its name; `reduction` is applied to what the function returns."""

    def register(function: Reduced) -> Reduced:
        @functools.wraps(function)
        def handler(b: Builder, *args: Any, reduction: str = "mean", **kwargs: Any) -> Value:
            loss = function(b, *args, **kwargs)
            return loss if reduction == "none" else reduce(b, f"Reduce{reduction.capitalize()}", loss, None, False)

        return lower(LOSS + name)(handler)

    return register


@_loss("l1_loss")
def l1_loss(b: Builder, pred: Value, label: Value, reduction: str = "mean") -> Value:
    return b.op("Abs", elemwise(b, "SUB", pred, label))


@_loss("square_loss")
def square_loss(b: Builder, pred: Value, label: Value, reduction: str = "mean") -> Value:
    difference = elemwise(b, "SUB", pred, label)
    return b.op("Mul", difference, difference)


@_loss("cross_entropy")
def cross_entropy(
    b: Builder,
    pred: Value,
    label: Value,
    axis: int = 1,
    with_logits: bool = True,
    label_smooth: float = 0,
    reduction: str = "mean",
) -> Value:
    """log Z - (1 - s) p[label] - s mean(p), with logits p."""
    logits = pred if with_logits else b.op("Log", pred)
    picked = indexing_one_hot(b, logits, label, axis)
    if label_smooth:
        mean = b.op("Mul", b.op("ReduceMean", logits, [axis], keepdims=0), float(label_smooth))
        picked = b.op("Add", b.op("Mul", picked, 1.0 - label_smooth), mean)
    return b.op("Sub", logsumexp(b, pred, axis), picked) if with_logits else b.op("Neg", picked)


@_loss("binary_cross_entropy")
def binary_cross_entropy(
    b: Builder, pred: Value, label: Value, with_logits: bool = True, reduction: str = "mean"
) -> Value:
    """-(y log p + (1 - y) log(1 - p))"""
    if with_logits:
        positive, negative = elemwise(b, "LOGSIGMOID", pred), elemwise(b, "LOGSIGMOID", b.op("Neg", pred))
    else:
        positive, negative = b.op("Log", pred), b.op("Log", elemwise(b, "SUB", 1, pred))
    other = elemwise(b, "MUL", elemwise(b, "SUB", 1, label), negative)
    return b.op("Neg", b.op("Add", elemwise(b, "MUL", label, positive), other))


@_loss("hinge_loss")
def hinge_loss(b: Builder, pred: Value, label: Value, norm: str = "L1", reduction: str = "mean") -> Value:
    loss = b.op("Relu", elemwise(b, "SUB", 1.0, elemwise(b, "MUL", pred, label)))
    return reduce(b, "ReduceSum", loss if norm.upper() == "L1" else b.op("Mul", loss, loss), 1, False)


@lower(FUNCTIONAL + "metric.topk_accuracy")
def topk_accuracy(b: Builder, logits: Value, target: Value, topk: int | Sequence[int] = 1) -> Any:
    counts = [topk] if isinstance(topk, int) else list(topk)
    _, found = largest(b, logits, max(counts), descending=True)
    column = b.op("Unsqueeze", tensor(b, target, INT32), [1])
    total = cast(b, pack(b, [dimension(b, target, 0)]), FLOAT32)
    hits = [b.op("Equal", b.op("Slice", found, [0], [count], [1]), column) for count in counts]
    accuracies = [
        b.op("Div", b.op("ReduceSum", cast(b, hit, FLOAT32), None, keepdims=0), b.op("Squeeze", total, [0]))
        for hit in hits
    ]
    return accuracies if len(accuracies) > 1 else accuracies[0]
