"""Activation functions and softmax: functions, modules and the Softmax opdef.

Source: megengine/functional/nn.py and megengine/module/activation.py (MegEngine 1.13). What each Elemwise mode computes
stands in `elementwise.modes`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .elementwise.modes import elemwise
from .module import Module
from .names import ELEMWISE, MODULE, NN, OPDEF
from .operands import FLOAT32, Tensor, cast, is_float, rank
from .reduction import logsumexp
from .table import lower


@lower(NN + "gelu")
def gelu(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "GELU", x)


@lower(NN + "hsigmoid")
def hsigmoid(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "HSIGMOID", x)


@lower(NN + "hswish")
def hswish(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "H_SWISH", x)


@lower(NN + "logsigmoid")
def logsigmoid(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "LOGSIGMOID", x)


@lower(NN + "relu")
def relu(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "RELU", x)


@lower(NN + "relu6")
def relu6(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "RELU6", x)


@lower(NN + "sigmoid")
def sigmoid(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "SIGMOID", x)


@lower(NN + "silu")
def silu(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "SILU", x)


@lower(NN + "softplus")
def softplus(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "SOFTPLUS", x)


@lower(ELEMWISE + "tanh")
def tanh(b: Builder, x: Tensor) -> Value:
    return elemwise(b, "TANH", x)


@lower(NN + "prelu")
def prelu(b: Builder, x: Tensor, y: Tensor) -> Value:
    """`y` is the slope of what is negative."""
    return elemwise(b, "PRELU", x, y)


@lower(NN + "leaky_relu")
def leaky_relu(b: Builder, inp: Value, negative_slope: float = 0.01) -> Value:
    x = inp if is_float(inp) else cast(b, inp, FLOAT32)
    return b.op("LeakyRelu", x, alpha=negative_slope)


def softmax_axis(ndim: int) -> int:
    """The axis MegEngine takes when none is given."""
    return 0 if ndim in (0, 1, 3) else 1


@lower(NN + "softmax")
def softmax(b: Builder, inp: Value, axis: int | Sequence[int] | None = None) -> Value:
    axis = softmax_axis(rank(inp)) if axis is None else axis
    if isinstance(axis, int):
        return b.op("Softmax", inp, axis=axis)
    exponents = b.op("Exp", b.op("Sub", inp, b.op("ReduceMax", inp, list(axis), keepdims=1)))
    return b.op("Div", exponents, b.op("ReduceSum", exponents, list(axis), keepdims=1))


@lower(NN + "logsoftmax")
def logsoftmax(b: Builder, inp: Value, axis: int | Sequence[int]) -> Value:
    return (
        b.op("LogSoftmax", inp, axis=axis) if isinstance(axis, int) else b.op("Sub", inp, logsumexp(b, inp, axis, True))
    )


def _activation(mode: str) -> Callable[..., Value]:
    def activation(b: Builder, self: Module, inp: Value) -> Value:
        return elemwise(b, mode, inp)

    return activation


for _name, _mode in {"Sigmoid": "SIGMOID", "SiLU": "SILU", "GELU": "GELU", "ReLU": "RELU"}.items():
    lower(f"{MODULE}activation.{_name}")(_activation(_mode))


@lower(MODULE + "activation.Softmax")
def softmax_module(b: Builder, self: Module, inp: Value) -> Value:
    return softmax(b, inp, self.axis)


@lower(MODULE + "activation.LeakyReLU")
def leaky_relu_module(b: Builder, self: Module, inp: Value) -> Value:
    return leaky_relu(b, inp, self.negative_slope)


@lower(MODULE + "activation.PReLU")
def prelu_module(b: Builder, self: Module, inp: Value) -> Value:
    return elemwise(b, "PRELU", inp, self.weight)


@lower(OPDEF + "Softmax")
def softmax_opdef(b: Builder, inp: Value, *, axis: int) -> Value:
    return softmax(b, inp, axis)
