"""Activation functions that TFLite lacks, composed of those it has, exact up to rounding."""

from __future__ import annotations

from ...layout.wants import ANY
from ...model import Tensor
from ..emission import Emission
from ..table import emit


@emit("Softplus", wants=ANY)
def softplus(c: Emission, x: Tensor) -> Tensor:
    """max(x, 0) + log(1 + exp(-|x|)), which does not overflow."""
    tail = c.op("LOG", c.op("ADD", c.op("EXP", c.op("NEG", c.op("ABS", x))), c.like(1, x)))
    return c.op("ADD", c.op("RELU", x), tail)


@emit("Softsign", wants=ANY)
def softsign(c: Emission, x: Tensor) -> Tensor:
    return c.op("DIV", x, c.op("ADD", c.op("ABS", x), c.like(1, x)))


@emit("Mish", wants=ANY)
def mish(c: Emission, x: Tensor) -> Tensor:
    """x n / (n + 2) with n = e (e + 2) and e = exp(x): tanh(log(1 + e)) without the digits that 1 + e loses; at 20 the
    factor is 1. Of more than four axes, where LiteRT's
    builtin kernels give other numbers for that, x tanh(log(1 + e)).
    """
    if len(x.shape) > 4:
        return c.op("MUL", x, c.op("TANH", softplus(c, x)))
    e = c.op("EXP", c.op("MINIMUM", x, c.like(20, x)))
    n = c.op("MUL", e, c.op("ADD", e, c.like(2, x)))
    return c.op("MUL", x, c.op("DIV", n, c.op("ADD", n, c.like(2, x))))


@emit("Selu", wants=ANY)
def selu(c: Emission, x: Tensor) -> Tensor:
    alpha, gamma = c.attr("alpha", 1.67326319217681884765625), c.attr("gamma", 1.05070102214813232421875)
    return c.op("MUL", _elu(c, x, alpha), c.like(gamma, x))


def _elu(c: Emission, x: Tensor, alpha: float) -> Tensor:
    negative = c.op("MUL", c.op("ELU", c.op("MINIMUM", x, c.like(0, x))), c.like(alpha, x))
    return c.op("ADD", c.op("RELU", x), negative)


@emit("Celu", wants=ANY)
def celu(c: Emission, x: Tensor) -> Tensor:
    alpha = c.attr("alpha", 1.0)
    scaled = c.op("MUL", c.op("MINIMUM", x, c.like(0, x)), c.like(1 / alpha, x))
    return c.op("ADD", c.op("RELU", x), c.op("MUL", c.op("ELU", scaled), c.like(alpha, x)))


@emit("HardSigmoid", wants=ANY)
def hard_sigmoid(c: Emission, x: Tensor) -> Tensor:
    line = c.op("ADD", c.op("MUL", x, c.like(c.attr("alpha", 0.2), x)), c.like(c.attr("beta", 0.5), x))
    return c.op("MINIMUM", c.op("MAXIMUM", line, c.like(0, x)), c.like(1, x))


@emit("ThresholdedRelu", wants=ANY)
def thresholded_relu(c: Emission, x: Tensor) -> Tensor:
    above = c.op("GREATER", x, c.like(c.attr("alpha", 1.0), x), dtype=bool)
    return c.op("MUL", x, c.cast(above, x.dtype))


@emit("Shrink", wants=ANY)
def shrink(c: Emission, x: Tensor) -> Tensor:
    bias, lambd = c.attr("bias", 0.0), c.attr("lambd", 0.5)
    above = c.cast(c.op("GREATER", x, c.like(lambd, x), dtype=bool), x.dtype)
    below = c.cast(c.op("LESS", x, c.like(-lambd, x), dtype=bool), x.dtype)
    high = c.op("MUL", c.op("SUB", x, c.like(bias, x)), above)
    return c.op("ADD", high, c.op("MUL", c.op("ADD", x, c.like(bias, x)), below))
