"""Elementwise functions TFLite lacks, composed of those it has, exact up to rounding."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse

from ...layout.wants import ANY, FOLLOW
from ...model import Tensor
from ..emission import Emission
from ..table import emit

TINY = 1e-30
"""Stands in for 0 where a quotient by x has a limit there."""


@emit("Reciprocal", wants=ANY)
def reciprocal(c: Emission, x: Tensor) -> Tensor:
    return c.op("DIV", c.like(1, x), x)


@emit("Tan", wants=ANY)
def tan(c: Emission, x: Tensor) -> Tensor:
    return c.op("DIV", c.op("SIN", x), c.op("COS", x))


@emit("Atan", wants=ANY)
def atan(c: Emission, x: Tensor) -> Tensor:
    return _atan2(c, x, c.op("ADD", c.op("MUL", x, c.like(0, x)), c.like(1, x)))


@emit("Asin", wants=ANY)
def asin(c: Emission, x: Tensor) -> Tensor:
    return _atan2(c, x, _leg(c, x))


@emit("Acos", wants=ANY)
def acos(c: Emission, x: Tensor) -> Tensor:
    return _atan2(c, _leg(c, x), x)


def _atan2(c: Emission, y: Tensor, x: Tensor) -> Tensor:
    """ATAN2 does not broadcast."""
    return c.op("ATAN2", y, x, shape=y.shape)


def _leg(c: Emission, x: Tensor) -> Tensor:
    """sqrt(1 - x*x) as sqrt((1 - x) * (1 + x)), which keeps its digits near 1."""
    one = c.like(1, x)
    return c.op("SQRT", c.op("MUL", c.op("SUB", one, x), c.op("ADD", one, x)))


@emit("Sinh", wants=ANY)
def sinh(c: Emission, x: Tensor) -> Tensor:
    return _half(c, c.op("SUB", c.op("EXP", x), c.op("EXP", c.op("NEG", x))))


@emit("Cosh", wants=ANY)
def cosh(c: Emission, x: Tensor) -> Tensor:
    return _half(c, c.op("ADD", c.op("EXP", x), c.op("EXP", c.op("NEG", x))))


def _half(c: Emission, x: Tensor) -> Tensor:
    return c.op("MUL", x, c.like(0.5, x))


@emit("Asinh", wants=ANY)
def asinh(c: Emission, x: Tensor) -> Tensor:
    """sign(x) * log(|x| + sqrt(x*x + 1))."""
    root = c.op("SQRT", c.op("ADD", c.op("SQUARE", x), c.like(1, x)))
    return c.op("MUL", c.op("SIGN", x), c.op("LOG", c.op("ADD", c.op("ABS", x), root)))


@emit("Acosh", wants=ANY)
def acosh(c: Emission, x: Tensor) -> Tensor:
    root = c.op("SQRT", c.op("SUB", c.op("SQUARE", x), c.like(1, x)))
    return c.op("LOG", c.op("ADD", x, root))


@emit("Atanh", wants=ANY)
def atanh(c: Emission, x: Tensor) -> Tensor:
    one = c.like(1, x)
    return _half(c, c.op("LOG", c.op("DIV", c.op("ADD", one, x), c.op("SUB", one, x))))


@emit("Erf", wants=ANY)
def erf(c: Emission, x: Tensor) -> Tensor:
    """Gelu(y) = y * (1 + erf(y / sqrt 2)) / 2, hence erf(x) = 2 * Gelu(y) / y - 1 with y = x * sqrt 2, y not 0."""
    y = c.op("MUL", x, c.like(math.sqrt(2), x))
    y = c.op("SELECT_V2", c.op("EQUAL", y, c.like(0, y), dtype=bool), c.like(TINY, y), y, shape=y.shape, dtype=y.dtype)
    ratio = c.op("DIV", c.op("GELU", y, Approximate=False), y)
    return c.op("SUB", c.op("MUL", ratio, c.like(2, x)), c.like(1, x))


@emit("IsNaN", wants=ANY)
def is_nan(c: Emission, x: Tensor) -> Tensor:
    return c.op("NOT_EQUAL", x, x, dtype=bool)


@emit("IsInf", wants=ANY)
def is_inf(c: Emission, x: Tensor) -> Tensor:
    positive, negative = c.attr("detect_positive", 1), c.attr("detect_negative", 1)
    if positive and negative:
        x = c.op("ABS", x)
    return c.op("EQUAL", x, c.like(np.inf if positive else -np.inf, x), dtype=bool)


@emit("BitShift", wants=FOLLOW)
def bit_shift(c: Emission, x: Tensor, count: Tensor) -> Tensor:
    if c.attr("direction") != "RIGHT":
        refuse("TFLite shifts bits only to the right")
    if x.dtype.kind == "i" and count.array is None:
        count = _clamped(c, count, x.dtype.itemsize * 8 - 1)
    return c.op("RIGHT_SHIFT", x, count)


def _clamped(c: Emission, count: Tensor, most: int) -> Tensor:
    """A number of bits that no shift leaves behind: more, or a negative one, shifts all of them out."""
    is_negative = c.op("LESS", count, c.like(0, count), dtype=bool)
    limit = c.broadcast_to(c.like(most, count), count.shape)
    return c.op("SELECT_V2", is_negative, limit, c.op("MINIMUM", count, limit), dtype=count.dtype)


@emit("BitwiseNot", wants=ANY)
def bitwise_not(c: Emission, x: Tensor) -> Tensor:
    """-1 - x in two's complement."""
    return c.op("BITWISE_XOR", x, c.like(-1, x) if x.dtype.kind == "i" else c.like(np.iinfo(x.dtype).max, x))
