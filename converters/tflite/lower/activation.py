"""Activation functions, and softmax.

Source: activations.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

from mgeconvert.ir import Value

from ..layout.wants import ANY, FOLLOW
from .table import lower
from .translation import Translation

ALIKE = {"ELU": "Elu", "HARD_SWISH": "HardSwish", "LOGISTIC": "Sigmoid", "RELU": "Relu", "TANH": "Tanh"}
BOUNDS = {"RELU_N1_TO_1": (-1.0, 1.0), "RELU6": (0.0, 6.0), "RELU_0_TO_1": (0.0, 1.0)}


@lower(*ALIKE, wants=ANY)
def activation(t: Translation, x: Value) -> Value:
    return t.b.op(ALIKE[t.operator.op], x)


@lower(*BOUNDS, wants=ANY)
def bounded(t: Translation, x: Value) -> Value:
    return t.b.op("Clip", x, *BOUNDS[t.operator.op])


@lower("LEAKY_RELU", wants=ANY)
def leaky_relu(t: Translation, x: Value) -> Value:
    return t.b.op("LeakyRelu", x, alpha=t.option("Alpha"))


@lower("GELU", wants=ANY)
def gelu(t: Translation, x: Value) -> Value:
    return t.b.op("Gelu", x, approximate="tanh" if t.option("Approximate") else None)


@lower("PRELU", wants=FOLLOW)
def prelu(t: Translation, x: Value, slope: Value) -> Value:
    return t.b.op("PRelu", x, slope)


@lower("SOFTMAX", wants=FOLLOW)
def softmax(t: Translation, x: Value) -> Value:
    """Along the file's last axis, of beta * x."""
    beta = t.option("Beta", 1.0)
    return t.b.op("Softmax", x if beta == 1 else t.b.op("Mul", x, beta), axis=t.axis(-1))


@lower("LOG_SOFTMAX", wants=FOLLOW)
def log_softmax(t: Translation, x: Value) -> Value:
    return t.b.op("LogSoftmax", x, axis=t.axis(-1))
