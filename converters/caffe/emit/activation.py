"""Activation functions, Softmax among them."""

from __future__ import annotations

import math

import numpy as np

from .along_axes import log_sum_exp
from .broadcasting import add, multiply
from .error_function import erfc_of_absolute
from .net import Blob, Net
from .table import Operand, emit
from .thresholds import clamp, relu, step


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


@emit("Gelu", note="by a rational approximation with the error of float32 rounding")
def gelu(net: Net, x: Blob, *, approximate: str = "none") -> Blob:
    if approximate == "tanh":
        cubic = net.eltwise("SUM", x, net.power(x, power=3.0), coeff=(1.0, 0.044715))
        half = net.power(net.layer("TanH", net.power(cubic, scale=math.sqrt(2 / math.pi))), scale=0.5, shift=0.5)
        return net.eltwise("PROD", x, half)
    absolute = net.layer("AbsVal", x)
    tail = net.eltwise("PROD", absolute, erfc_of_absolute(net, net.power(absolute, scale=math.sqrt(0.5))))
    return net.eltwise("SUM", relu(net, x), tail, coeff=(1.0, -0.5))


@emit("Softmax")
def softmax(net: Net, x: Blob, *, axis: int = -1) -> Blob:
    axis %= x.rank
    return net.along("Softmax", axis, x)


@emit("LogSoftmax")
def log_softmax(net: Net, x: Blob, *, axis: int = -1) -> Blob:
    return add(net, x, log_sum_exp(net, x, [axis % x.rank]), factors=(1.0, -1.0))
