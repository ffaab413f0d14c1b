"""Elementwise functions TFLite lacks, composed of those it has, exact up to rounding."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse

from ...model import Tensor
from ..emission import Call
from ..table import ANY, FOLLOW, emit

TINY = 1e-30
"""Stands in for 0 where a quotient by x has a limit there."""


@emit("Reciprocal", wants=ANY)
def reciprocal(c: Call, x: Tensor) -> Tensor:
    return c.op("DIV", c.like(1, x), x)


@emit("Tan", wants=ANY)
def tan(c: Call, x: Tensor) -> Tensor:
    return c.op("DIV", c.op("SIN", x), c.op("COS", x))


@emit("Atan", wants=ANY)
def atan(c: Call, x: Tensor) -> Tensor:
    return _atan2(c, x, c.op("ADD", c.op("MUL", x, c.like(0, x)), c.like(1, x)))


@emit("Asin", wants=ANY)
def asin(c: Call, x: Tensor) -> Tensor:
    return _atan2(c, x, _leg(c, x))


@emit("Acos", wants=ANY)
def acos(c: Call, x: Tensor) -> Tensor:
    return _atan2(c, _leg(c, x), x)


def _atan2(c: Call, y: Tensor, x: Tensor) -> Tensor:
    """ATAN2 does not broadcast."""
    return c.op("ATAN2", y, x, shape=y.shape)


def _leg(c: Call, x: Tensor) -> Tensor:
    """sqrt(1 - x*x) as sqrt((1 - x) * (1 + x)), which keeps its digits near 1."""
    one = c.like(1, x)
    return c.op("SQRT", c.op("MUL", c.op("SUB", one, x), c.op("ADD", one, x)))


@emit("Sinh", wants=ANY)
def sinh(c: Call, x: Tensor) -> Tensor:
    return _half(c, c.op("SUB", c.op("EXP", x), c.op("EXP", c.op("NEG", x))))


@emit("Cosh", wants=ANY)
def cosh(c: Call, x: Tensor) -> Tensor:
    return _half(c, c.op("ADD", c.op("EXP", x), c.op("EXP", c.op("NEG", x))))


def _half(c: Call, x: Tensor) -> Tensor:
    return c.op("MUL", x, c.like(0.5, x))


@emit("Asinh", wants=ANY)
def asinh(c: Call, x: Tensor) -> Tensor:
    """sign(x) * log(|x| + sqrt(x*x + 1))."""
    root = c.op("SQRT", c.op("ADD", c.op("SQUARE", x), c.like(1, x)))
    return c.op("MUL", c.op("SIGN", x), c.op("LOG", c.op("ADD", c.op("ABS", x), root)))


@emit("Acosh", wants=ANY)
def acosh(c: Call, x: Tensor) -> Tensor:
    root = c.op("SQRT", c.op("SUB", c.op("SQUARE", x), c.like(1, x)))
    return c.op("LOG", c.op("ADD", x, root))


@emit("Atanh", wants=ANY)
def atanh(c: Call, x: Tensor) -> Tensor:
    one = c.like(1, x)
    return _half(c, c.op("LOG", c.op("DIV", c.op("ADD", one, x), c.op("SUB", one, x))))


@emit("Erf", wants=ANY)
def erf(c: Call, x: Tensor) -> Tensor:
    """Gelu(y) = y * (1 + erf(y / sqrt 2)) / 2, hence erf(x) = 2 * Gelu(y) / y - 1 with y = x * sqrt 2, y not 0."""
    y = c.op("MUL", x, c.like(math.sqrt(2), x))
    y = c.op("SELECT_V2", c.op("EQUAL", y, c.like(0, y), dtype=bool), c.like(TINY, y), y, shape=y.shape, dtype=y.dtype)
    ratio = c.op("DIV", c.op("GELU", y, Approximate=False), y)
    return c.op("SUB", c.op("MUL", ratio, c.like(2, x)), c.like(1, x))


@emit("Softplus", wants=ANY)
def softplus(c: Call, x: Tensor) -> Tensor:
    """max(x, 0) + log(1 + exp(-|x|)), which does not overflow."""
    tail = c.op("LOG", c.op("ADD", c.op("EXP", c.op("NEG", c.op("ABS", x))), c.like(1, x)))
    return c.op("ADD", c.op("RELU", x), tail)


@emit("Softsign", wants=ANY)
def softsign(c: Call, x: Tensor) -> Tensor:
    return c.op("DIV", x, c.op("ADD", c.op("ABS", x), c.like(1, x)))


@emit("Mish", wants=ANY)
def mish(c: Call, x: Tensor) -> Tensor:
    return c.op("MUL", x, c.op("TANH", softplus(c, x)))


@emit("Selu", wants=ANY)
def selu(c: Call, x: Tensor) -> Tensor:
    alpha, gamma = c.attr("alpha", 1.67326319217681884765625), c.attr("gamma", 1.05070102214813232421875)
    return c.op("MUL", _elu(c, x, alpha), c.like(gamma, x))


def _elu(c: Call, x: Tensor, alpha: float) -> Tensor:
    negative = c.op("MUL", c.op("ELU", c.op("MINIMUM", x, c.like(0, x))), c.like(alpha, x))
    return c.op("ADD", c.op("RELU", x), negative)


@emit("Celu", wants=ANY)
def celu(c: Call, x: Tensor) -> Tensor:
    alpha = c.attr("alpha", 1.0)
    scaled = c.op("MUL", c.op("MINIMUM", x, c.like(0, x)), c.like(1 / alpha, x))
    return c.op("ADD", c.op("RELU", x), c.op("MUL", c.op("ELU", scaled), c.like(alpha, x)))


@emit("HardSigmoid", wants=ANY)
def hard_sigmoid(c: Call, x: Tensor) -> Tensor:
    line = c.op("ADD", c.op("MUL", x, c.like(c.attr("alpha", 0.2), x)), c.like(c.attr("beta", 0.5), x))
    return c.op("MINIMUM", c.op("MAXIMUM", line, c.like(0, x)), c.like(1, x))


@emit("ThresholdedRelu", wants=ANY)
def thresholded_relu(c: Call, x: Tensor) -> Tensor:
    above = c.op("GREATER", x, c.like(c.attr("alpha", 1.0), x), dtype=bool)
    return c.op("MUL", x, c.cast(above, x.dtype))


@emit("Shrink", wants=ANY)
def shrink(c: Call, x: Tensor) -> Tensor:
    bias, lambd = c.attr("bias", 0.0), c.attr("lambd", 0.5)
    above = c.cast(c.op("GREATER", x, c.like(lambd, x), dtype=bool), x.dtype)
    below = c.cast(c.op("LESS", x, c.like(-lambd, x), dtype=bool), x.dtype)
    high = c.op("MUL", c.op("SUB", x, c.like(bias, x)), above)
    return c.op("ADD", high, c.op("MUL", c.op("ADD", x, c.like(bias, x)), below))


@emit("IsNaN", wants=ANY)
def is_nan(c: Call, x: Tensor) -> Tensor:
    return c.op("NOT_EQUAL", x, x, dtype=bool)


@emit("IsInf", wants=ANY)
def is_inf(c: Call, x: Tensor) -> Tensor:
    positive, negative = c.attr("detect_positive", 1), c.attr("detect_negative", 1)
    if positive and negative:
        x = c.op("ABS", x)
    return c.op("EQUAL", x, c.like(np.inf if positive else -np.inf, x), dtype=bool)


@emit("BitShift", wants=FOLLOW)
def bit_shift(c: Call, x: Tensor, count: Tensor) -> Tensor:
    if c.attr("direction") == "RIGHT":
        return c.op("RIGHT_SHIFT", x, count)
    refuse("TFLite shifts bits only to the right")


@emit("BitwiseNot", wants=ANY)
def bitwise_not(c: Call, x: Tensor) -> Tensor:
    """-1 - x in two's complement."""
    return c.op("BITWISE_XOR", x, c.like(-1, x) if x.dtype.kind == "i" else c.like(np.iinfo(x.dtype).max, x))
