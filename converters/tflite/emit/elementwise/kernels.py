"""Elementwise operators TFLite has itself: one to one, in whatever layout is there."""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse

from ...model import Tensor
from ..emission import Call
from ..table import ANY, FOLLOW, emit

UNARY = {
    "Abs": "ABS", "Ceil": "CEIL", "Cos": "COS", "Exp": "EXP", "Floor": "FLOOR", "Log": "LOG", "Neg": "NEG",
    "Not": "LOGICAL_NOT", "Relu": "RELU", "Round": "ROUND", "Sigmoid": "LOGISTIC", "Sign": "SIGN", "Sin": "SIN",
    "Sqrt": "SQRT", "Tanh": "TANH", "HardSwish": "HARD_SWISH",
}  # fmt: skip
BINARY = {
    "Add": "ADD", "Sub": "SUB", "Mul": "MUL", "And": "LOGICAL_AND", "Or": "LOGICAL_OR",
    "Equal": "EQUAL", "Greater": "GREATER", "Less": "LESS", "GreaterOrEqual": "GREATER_EQUAL",
    "LessOrEqual": "LESS_EQUAL", "Div": "DIV", "BitwiseXor": "BITWISE_XOR",
}  # fmt: skip
VARIADIC = {"Max": "MAXIMUM", "Min": "MINIMUM", "Sum": "ADD"}
FLOAT_ONLY = {"Ceil", "Cos", "Exp", "Floor", "Log", "Relu", "Round", "Sigmoid", "Sin", "Sqrt", "Tanh", "HardSwish"}


@emit(*UNARY, wants=ANY)
def unary(c: Call, x: Tensor) -> Tensor:
    if c.node.op in FLOAT_ONLY and x.dtype.kind != "f":
        if c.node.op in ("Ceil", "Floor", "Round"):
            return x
        if c.node.op == "Relu":
            return c.op("MAXIMUM", x, c.like(0, x))
        refuse(f"{UNARY[c.node.op]} computes float32, not {x.dtype.name}")
    return c.op(UNARY[c.node.op], x)


@emit(*BINARY, wants=FOLLOW)
def arithmetic(c: Call, a: Tensor, b: Tensor) -> Tensor:
    if c.node.op == "Equal" and a.dtype == bool:
        return c.op("LOGICAL_NOT", c.op("NOT_EQUAL", a, b, dtype=bool))
    return c.op(BINARY[c.node.op], a, b, dtype=c.dtype())


@emit("Pow", wants=FOLLOW)
def power(c: Call, base: Tensor, exponent: Tensor) -> Tensor:
    """Of two types the float one computes; the result has the base's."""
    wide = base.dtype if base.dtype.kind == "f" else exponent.dtype
    return c.cast(c.op("POW", c.cast(base, wide), c.cast(exponent, wide)), c.dtype())


@emit("Xor", wants=FOLLOW)
def xor(c: Call, a: Tensor, b: Tensor) -> Tensor:
    return c.op("NOT_EQUAL", a, b, dtype=bool)


@emit(*VARIADIC, wants=FOLLOW)
def variadic(c: Call, first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = c.op(VARIADIC[c.node.op], first, other)
    return first


@emit("Mean", wants=FOLLOW)
def mean(c: Call, first: Tensor, *others: Tensor) -> Tensor:
    for other in others:
        first = c.op("ADD", first, other)
    return c.op("MUL", first, c.like(1 / (1 + len(others)), first))


@emit("Mod", wants=FOLLOW)
def mod(c: Call, a: Tensor, b: Tensor) -> Tensor:
    if not c.attr("fmod", 0):
        return c.op("FLOOR_MOD", a, b)
    if a.dtype.kind != "f":
        magnitude = c.op("FLOOR_MOD", c.op("ABS", a), c.op("ABS", b))
        return c.op("MUL", magnitude, c.op("SIGN", a))
    magnitude = c.op("FLOOR_MOD", c.op("ABS", a), c.op("ABS", b))
    return c.op("MUL", magnitude, c.op("SIGN", a))


@emit("Cast", wants=ANY)
def cast(c: Call, x: Tensor) -> Tensor:
    if c.dtype().kind == "b" and x.dtype.kind in "fiu":
        return c.op("NOT_EQUAL", x, c.like(0, x), dtype=bool)
    return c.cast(x, c.dtype())


@emit("CastLike", wants=ANY, data=1)
def cast_like(c: Call, x: Tensor) -> Tensor:
    return c.cast(x, c.dtype())


@emit("LeakyRelu", wants=ANY)
def leaky_relu(c: Call, x: Tensor) -> Tensor:
    return c.op("LEAKY_RELU", x, Alpha=c.attr("alpha", 0.01))


@emit("Elu", wants=ANY)
def elu(c: Call, x: Tensor) -> Tensor:
    alpha = c.attr("alpha", 1.0)
    if alpha == 1:
        return c.op("ELU", x)
    negative = c.op("MUL", c.op("ELU", c.op("MINIMUM", x, c.like(0, x))), c.like(alpha, x))
    return c.op("ADD", c.op("RELU", x), negative)


@emit("Gelu", wants=ANY)
def gelu(c: Call, x: Tensor) -> Tensor:
    return c.op("GELU", x, Approximate=c.attr("approximate", "none") == "tanh")


@emit("PRelu", wants=FOLLOW)
def prelu(c: Call, x: Tensor, slope: Tensor) -> Tensor:
    if slope.is_constant and x.rank <= 4 and slope.array is not None and slope.shape[:1] in ((), (1,)):
        alpha = slope.array.reshape(slope.shape[1:] if slope.rank == x.rank else slope.shape)
        return c.op("PRELU", x, c.const(alpha, name=slope.name), shape=x.shape)
    negative = c.op("MUL", c.op("MINIMUM", x, c.like(0, x)), slope)
    return c.op("ADD", c.op("RELU", x), negative)


RELUS = {(0.0, 6.0): "RELU6", (-1.0, 1.0): "RELU_N1_TO_1", (0.0, np.inf): "RELU"}


@emit("Clip", wants=ANY, data=1)
def clip(c: Call, x: Tensor) -> Tensor:
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


@emit("Where", wants=FOLLOW)
def where(c: Call, condition: Tensor, x: Tensor, y: Tensor) -> Tensor:
    return c.op("SELECT_V2", condition, x, y, dtype=x.dtype)
