"""Elementwise operators TFLite has itself: one to one, in whatever layout is there."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse

from ...layout.view import Stored
from ...layout.wants import ANY, FOLLOW, VIEW
from ...model import Tensor
from ..emission import Emission
from ..table import emit

UNARY = {
    "Abs": "ABS", "Ceil": "CEIL", "Cos": "COS", "Exp": "EXP", "Floor": "FLOOR", "Log": "LOG", "Neg": "NEG",
    "Not": "LOGICAL_NOT", "Round": "ROUND", "Sign": "SIGN", "Sin": "SIN", "Sqrt": "SQRT",
}  # fmt: skip
BINARY = {
    "Add": "ADD", "Sub": "SUB", "Mul": "MUL", "And": "LOGICAL_AND", "Or": "LOGICAL_OR",
    "Equal": "EQUAL", "Greater": "GREATER", "Less": "LESS", "GreaterOrEqual": "GREATER_EQUAL",
    "LessOrEqual": "LESS_EQUAL", "Div": "DIV", "BitwiseXor": "BITWISE_XOR",
}  # fmt: skip
VARIADIC = {"Max": "MAXIMUM", "Min": "MINIMUM", "Sum": "ADD"}
FLOAT_ONLY = {"Ceil", "Cos", "Exp", "Floor", "Log", "Round", "Sin", "Sqrt"}


@emit("Identity", wants=VIEW)
def identity(c: Emission) -> Stored:
    return c.stored()


@emit(*UNARY, wants=ANY)
def unary(c: Emission, x: Tensor) -> Tensor:
    if c.node.op in FLOAT_ONLY and x.dtype.kind != "f":
        if c.node.op in ("Ceil", "Floor", "Round"):
            return x
        refuse(f"{UNARY[c.node.op]} computes float32, not {x.dtype.name}")
    return c.op(UNARY[c.node.op], x)


@emit(*BINARY, wants=FOLLOW)
def arithmetic(c: Emission, a: Tensor, b: Tensor) -> Tensor:
    if c.node.op == "Equal" and a.dtype == bool:
        return c.op("LOGICAL_NOT", c.op("NOT_EQUAL", a, b, dtype=bool))
    return c.op(BINARY[c.node.op], a, b, dtype=c.dtype())


@emit("Pow", wants=FOLLOW)
def power(c: Emission, base: Tensor, exponent: Tensor) -> Tensor:
    """Of two types the float one computes; the result has the base's."""
    wide = base.dtype if base.dtype.kind == "f" else exponent.dtype
    return c.cast(c.op("POW", c.cast(base, wide), c.cast(exponent, wide)), c.dtype())


@emit("Xor", wants=FOLLOW)
def xor(c: Emission, a: Tensor, b: Tensor) -> Tensor:
    return c.op("NOT_EQUAL", a, b, dtype=bool)


@emit(*VARIADIC, wants=FOLLOW)
def variadic(c: Emission, first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = c.op(VARIADIC[c.node.op], first, other)
    return first


@emit("Mean", wants=FOLLOW)
def mean(c: Emission, first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = c.op("ADD", first, other)
    return c.op("MUL", first, c.like(1 / (1 + len(others)), first))


@emit("Mod", wants=FOLLOW)
def mod(c: Emission, a: Tensor, b: Tensor) -> Tensor:
    if not c.attr("fmod", 0):
        return c.op("FLOOR_MOD", a, b)
    if a.dtype.kind != "f":
        magnitude = c.op("FLOOR_MOD", c.op("ABS", a), c.op("ABS", b))
        return c.op("MUL", magnitude, c.op("SIGN", a))
    magnitude = c.op("FLOOR_MOD", c.op("ABS", a), c.op("ABS", b))
    return c.op("MUL", magnitude, c.op("SIGN", a))


@emit("Cast", wants=ANY)
def cast(c: Emission, x: Tensor) -> Tensor:
    if c.dtype().kind == "b" and x.dtype.kind in "fiu":
        return c.op("NOT_EQUAL", x, c.like(0, x), dtype=bool)
    return c.cast(x, c.dtype())


@emit("CastLike", wants=ANY, data=1)
def cast_like(c: Emission, x: Tensor) -> Tensor:
    return c.cast(x, c.dtype())


RELUS = {(0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1", (0.0, np.inf): "RELU"}


@emit("Clip", wants=ANY, data=1)
def clip(c: Emission, x: Tensor) -> Tensor:
    low, high = c.value(1), c.value(2)
    bounds = [
        default if bound is None or bound.array is None else float(bound.array)
        for bound, default in ((low, -np.inf), (high, np.inf))
    ]
    run_time = any(bound is not None and bound.array is None for bound in (low, high))
    if not run_time and x.dtype.kind == "f" and tuple(bounds) in RELUS:
        return c.op(RELUS[bounds[0], bounds[1]], x)
    for op, index in (("MAXIMUM", 1), ("MINIMUM", 2)):
        if c.value(index) is not None:
            x = c.op(op, x, c.tensor(index), shape=x.shape)
    return x
