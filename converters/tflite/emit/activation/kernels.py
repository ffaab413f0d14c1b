"""Activation functions that TFLite has itself."""

from __future__ import annotations

from mgeconvert.errors import refuse

from ...layout.wants import ANY, FOLLOW
from ...model import Tensor
from ..emission import Emission
from ..table import emit

KERNELS = {"Relu": "RELU", "Sigmoid": "LOGISTIC", "Tanh": "TANH", "HardSwish": "HARD_SWISH"}


@emit(*KERNELS, wants=ANY)
def activation(c: Emission, x: Tensor) -> Tensor:
    """The kernels compute floats; max(x, 0) of integers is MAXIMUM."""
    if x.dtype.kind == "f":
        return c.op(KERNELS[c.node.op], x)
    if c.node.op == "Relu":
        return c.op("MAXIMUM", x, c.like(0, x))
    refuse(f"{KERNELS[c.node.op]} computes float32, not {x.dtype.name}")


@emit("LeakyRelu", wants=ANY)
def leaky_relu(c: Emission, x: Tensor) -> Tensor:
    return c.op("LEAKY_RELU", x, Alpha=c.attr("alpha", 0.01))


@emit("Elu", wants=ANY)
def elu(c: Emission, x: Tensor) -> Tensor:
    alpha = c.attr("alpha", 1.0)
    if alpha == 1:
        return c.op("ELU", x)
    negative = c.op("MUL", c.op("ELU", c.op("MINIMUM", x, c.like(0, x))), c.like(alpha, x))
    return c.op("ADD", c.op("RELU", x), negative)


@emit("Gelu", wants=ANY)
def gelu(c: Emission, x: Tensor) -> Tensor:
    return c.op("GELU", x, Approximate=c.attr("approximate", "none") == "tanh")


@emit("PRelu", wants=FOLLOW)
def prelu(c: Emission, x: Tensor, slope: Tensor) -> Tensor:
    if slope.is_constant and x.rank <= 4 and slope.array is not None and slope.shape[:1] in ((), (1,)):
        alpha = slope.array.reshape(slope.shape[1:] if slope.rank == x.rank else slope.shape)
        return c.op("PRELU", x, c.const(alpha, name=slope.name), shape=x.shape)
    negative = c.op("MUL", c.op("MINIMUM", x, c.like(0, x)), slope)
    return c.op("ADD", c.op("RELU", x), negative)
