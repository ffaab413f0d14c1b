"""Functions of one blob, element by element."""

from __future__ import annotations

import math

import numpy as np

from mgeconvert.errors import refuse

from ..net import Blob, Net
from .arithmetic import add, maximum, minimum, multiply
from .table import Operand, emit

STEEP = 1e30
"""tanh(STEEP * x) is exactly the sign of x for 0 and for every |x| > 1e-29."""


def relu(net: Net, x: Blob) -> Blob:
    return net.layer("ReLU", x)


def sign(net: Net, x: Blob) -> Blob:
    return net.layer("TanH", net.power(x, scale=STEEP))


def step(net: Net, x: Blob) -> Blob:
    """1 where x > 0, else 0."""
    return relu(net, sign(net, x))


def clamp(net: Net, x: Blob, low: float, high: float) -> Blob:
    """min(max(x, low), high) by two ReLUs; exact for huge x too, which relu(x) - relu(x - high) is not."""
    if low > high:
        low = high
    y = net.power(relu(net, net.power(x, shift=-low)), shift=low if math.isinf(high) else 0.0) if low > -math.inf else x
    if math.isinf(high):
        return y
    shift = high - low if low > -math.inf else high
    return net.power(relu(net, net.power(y, scale=-1.0, shift=shift)), scale=-1.0, shift=high)


@emit("Relu")
def relu_(net: Net, x: Blob) -> Blob:
    return relu(net, x)


@emit("LeakyRelu")
def leaky_relu(net: Net, x: Blob, *, alpha: float = 0.01) -> Blob:
    return net.layer("ReLU", x, negative_slope=alpha)


@emit("PRelu")
def prelu(net: Net, x: Blob, slope: Operand) -> Blob:
    if isinstance(slope, np.ndarray):
        if slope.size == 1:
            return net.layer("ReLU", x, negative_slope=float(slope.reshape(())))
        per_channel = (x.shape[1], *(1,) * (x.rank - 2)) if x.rank >= 2 else None
        if per_channel == slope.shape[max(0, slope.ndim - x.rank + 1) :] and slope.size == x.shape[1]:
            return net.layer("PReLU", x, blobs=[slope.reshape(-1)])
    negative = relu(net, net.power(x, scale=-1.0))
    return add(net, relu(net, x), multiply(net, negative, slope), factors=(1.0, -1.0))


@emit("Elu")
def elu(net: Net, x: Blob, *, alpha: float = 1.0) -> Blob:
    return net.layer("ELU", x, alpha=alpha)


@emit("Selu")
def selu(net: Net, x: Blob, *, alpha: float = 1.6732632423543772, gamma: float = 1.0507009873554805) -> Blob:
    return net.power(net.layer("ELU", x, alpha=alpha), scale=gamma)


@emit("Celu")
def celu(net: Net, x: Blob, *, alpha: float = 1.0) -> Blob:
    return net.power(net.layer("ELU", net.power(x, scale=1 / alpha)), scale=alpha)


@emit("Sigmoid")
def sigmoid(net: Net, x: Blob) -> Blob:
    return net.layer("Sigmoid", x)


@emit("Tanh")
def tanh(net: Net, x: Blob) -> Blob:
    return net.layer("TanH", x)


@emit("HardSigmoid")
def hard_sigmoid(net: Net, x: Blob, *, alpha: float = 0.2, beta: float = 0.5) -> Blob:
    return clamp(net, net.power(x, scale=alpha, shift=beta), 0.0, 1.0)


@emit("HardSwish")
def hard_swish(net: Net, x: Blob) -> Blob:
    return net.eltwise("PROD", x, hard_sigmoid(net, x, alpha=1 / 6, beta=0.5))


@emit("Swish")
def swish(net: Net, x: Blob, *, alpha: float = 1.0) -> Blob:
    return net.eltwise("PROD", x, net.layer("Sigmoid", net.power(x, scale=alpha)))


@emit("Softplus")
def softplus(net: Net, x: Blob) -> Blob:
    return net.layer("BNLL", x)


@emit("Mish")
def mish(net: Net, x: Blob) -> Blob:
    return net.eltwise("PROD", x, net.layer("TanH", net.layer("BNLL", x)))


@emit("Softsign")
def softsign(net: Net, x: Blob) -> Blob:
    return net.eltwise("PROD", x, net.power(net.layer("AbsVal", x), power=-1.0, shift=1.0))


@emit("ThresholdedRelu")
def thresholded_relu(net: Net, x: Blob, *, alpha: float = 1.0) -> Blob:
    return net.eltwise("PROD", x, step(net, net.power(x, shift=-alpha)))


@emit("Clip")
def clip(net: Net, x: Blob, low: Operand | None = None, high: Operand | None = None) -> Blob:
    if isinstance(low, Blob) or isinstance(high, Blob):
        x = x if low is None else maximum(net, x, low)
        return x if high is None else minimum(net, x, high)
    return clamp(net, x, _bound(low, -math.inf), _bound(high, math.inf))


def _bound(value: np.ndarray | None, default: float) -> float:
    """A limit; that of the type itself is none at all."""
    if value is None:
        return default
    limit = float(value.reshape(()))
    return default if abs(limit) >= float(np.finfo(np.float32).max) else limit


ERFC = (0.254829592, -0.284496736, 1.421413741, -1.453152027, 1.061405429)
ERFC_P = 0.3275911
"""Abramowitz and Stegun, Handbook of Mathematical Functions, 7.1.26: |error| <= 1.5e-7, the rounding of float32."""


def erfc_of_absolute(net: Net, absolute: Blob) -> Blob:
    """erfc(x) for x >= 0, as polynomial(t) * exp(-x * x) with t = 1 / (1 + p * x)."""
    t = net.power(absolute, power=-1.0, scale=ERFC_P, shift=1.0)
    polynomial = net.power(t, scale=ERFC[-1], shift=ERFC[-2])
    for coefficient in ERFC[-3::-1]:
        polynomial = net.power(net.eltwise("PROD", polynomial, t), shift=coefficient)
    decay = net.layer("Exp", net.power(net.power(absolute, power=2.0), scale=-1.0))
    return net.eltwise("PROD", polynomial, t, decay)


@emit("Erf", note="by a rational approximation with the error of float32 rounding")
def erf(net: Net, x: Blob) -> Blob:
    magnitude = net.power(erfc_of_absolute(net, net.layer("AbsVal", x)), scale=-1.0, shift=1.0)
    return net.eltwise("PROD", sign(net, x), magnitude)


@emit("Gelu", note="by a rational approximation with the error of float32 rounding")
def gelu(net: Net, x: Blob, *, approximate: str = "none") -> Blob:
    if approximate == "tanh":
        cubic = net.eltwise("SUM", x, net.power(x, power=3.0), coeff=(1.0, 0.044715))
        half = net.power(net.layer("TanH", net.power(cubic, scale=math.sqrt(2 / math.pi))), scale=0.5, shift=0.5)
        return net.eltwise("PROD", x, half)
    absolute = net.layer("AbsVal", x)
    tail = net.eltwise("PROD", absolute, erfc_of_absolute(net, net.power(absolute, scale=math.sqrt(0.5))))
    return net.eltwise("SUM", relu(net, x), tail, coeff=(1.0, -0.5))


@emit("Identity", "Dropout", "CastLike")
def identity(net: Net, x: Blob, *_: Operand, **__: object) -> Blob:
    return x


@emit("Cast")
def cast(net: Net, x: Blob, *, to: int, saturate: int = 1, in_dtype: np.dtype, dtype: np.dtype) -> Blob:
    if dtype == np.bool_:
        return step(net, net.layer("AbsVal", x))
    if in_dtype.kind == "f" and dtype.kind in "iu":
        refuse("Caffe has no layer that rounds, so a real number cannot become an integer")
    return x


@emit("Sinh")
def sinh(net: Net, x: Blob) -> Blob:
    return net.eltwise("SUM", net.layer("Exp", x), net.layer("Exp", x, scale=-1.0), coeff=(0.5, -0.5))


@emit("Cosh")
def cosh(net: Net, x: Blob) -> Blob:
    return net.eltwise("SUM", net.layer("Exp", x), net.layer("Exp", x, scale=-1.0), coeff=(0.5, 0.5))


def log_with_root(net: Net, x: Blob, shift: float) -> Blob:
    """log(x + sqrt(x * x + shift))."""
    root = net.power(net.eltwise("PROD", x, x), power=0.5, shift=shift)
    return net.layer("Log", net.eltwise("SUM", x, root))


@emit("Asinh")
def asinh(net: Net, x: Blob) -> Blob:
    return net.eltwise("PROD", sign(net, x), log_with_root(net, net.layer("AbsVal", x), 1.0))


@emit("Acosh")
def acosh(net: Net, x: Blob) -> Blob:
    return log_with_root(net, x, -1.0)


@emit("Atanh")
def atanh(net: Net, x: Blob) -> Blob:
    # with Power layers, because OpenCV ignores the scale and shift of a Log
    above, below = (net.layer("Log", net.power(x, scale=scale, shift=1.0)) for scale in (1.0, -1.0))
    return net.eltwise("SUM", above, below, coeff=(0.5, -0.5))


@emit("Sign")
def sign_(net: Net, x: Blob) -> Blob:
    return sign(net, x)
