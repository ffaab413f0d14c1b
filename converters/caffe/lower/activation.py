"""Activation functions and Softmax.

Source: relu_layer, prelu_layer, elu_layer, softmax_layer and their like (src/caffe/layers of BVLC Caffe 1.0).
"""

from __future__ import annotations

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .affine import affine
from .table import Layer, lower, shape_of


@lower("ReLU", param="relu_param")
def relu(b: Builder, layer: Layer, x: Value) -> Value:
    slope = layer.param.negative_slope
    return b.op("LeakyRelu", x, alpha=slope) if slope else b.op("Relu", x)


@lower("ReLU6")
def relu6(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Clip", x, 0.0, 6.0)


@lower("PReLU", param="prelu_param")
def prelu(b: Builder, layer: Layer, x: Value) -> Value:
    if layer.param.channel_shared:
        return b.op("PRelu", x, layer.blob(0, 1))
    shape = shape_of(x)
    return b.op("PRelu", x, layer.blob(0, shape[1]).reshape(-1, *(1,) * (len(shape) - 2)))


@lower("ELU", param="elu_param")
def elu(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Elu", x, alpha=layer.param.alpha)


@lower("Sigmoid")
def sigmoid(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Sigmoid", x)


@lower("TanH")
def tanh(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Tanh", x)


@lower("BNLL")
def bnll(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Softplus", x)


@lower("Swish", param="swish_param")
def swish(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Mul", x, b.op("Sigmoid", affine(b, x, layer.param.beta, 0.0)))


@lower("Mish")
def mish(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Mul", x, b.op("Tanh", b.op("Softplus", x)))


@lower("Softmax", param="softmax_param")
def softmax(b: Builder, layer: Layer, x: Value) -> Value:
    return b.op("Softmax", x, axis=layer.axis(layer.param.axis, x))
