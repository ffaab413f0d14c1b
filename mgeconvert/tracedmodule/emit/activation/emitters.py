"""Activation functions as functions of megengine.functional.nn, or as modules where the source had those."""

from __future__ import annotations

from mgeconvert.ir import Node

from ..attributes import floats, integer
from ..calls import EmittedCall, function
from ..operands import rank
from ..scopes import module_kind
from ..table import Emitter, emit

MODULES = {"Gelu": ("nn.gelu", "GELU"), "Relu": ("nn.relu", "ReLU"), "Sigmoid": ("nn.sigmoid", "Sigmoid")}
"""Functions of one tensor that are also modules."""


def _function_or_module(name: str, kind: str) -> Emitter:
    def emitter(node: Node) -> EmittedCall:
        module = module_kind(node, kind, {}, node.inputs[0])
        return module or function(name, node.inputs[0])

    return emitter


for _op, (_function, _kind) in MODULES.items():
    emit(_op)(_function_or_module(_function, _kind))


@emit("megengine.Relu6")
def relu6(node: Node) -> EmittedCall:
    return function("nn.relu6", node.inputs[0])


@emit("megengine.Silu")
def silu(node: Node) -> EmittedCall:
    return module_kind(node, "SiLU", {}, node.inputs[0]) or function("nn.silu", node.inputs[0])


@emit("HardSwish")
def hard_swish(node: Node) -> EmittedCall:
    return function("nn.hswish", node.inputs[0])


@emit("Softplus")
def softplus(node: Node) -> EmittedCall:
    return function("nn.softplus", node.inputs[0])


@emit("Tanh")
def tanh(node: Node) -> EmittedCall:
    return function("elemwise.tanh", node.inputs[0])


@emit("HardSigmoid")
def hard_sigmoid(node: Node) -> EmittedCall:
    """Other slopes are rewritten."""
    return function("nn.hsigmoid", node.inputs[0])


@emit("LeakyRelu")
def leaky_relu(node: Node) -> EmittedCall:
    slope = floats(node, "alpha", 0.01)
    module = module_kind(node, "LeakyReLU", {"negative_slope": slope}, node.inputs[0])
    return module or function("nn.leaky_relu", node.inputs[0], slope)


@emit("PRelu")
def prelu(node: Node) -> EmittedCall:
    return function("nn.prelu", *node.inputs)


@emit("Softmax")
def softmax(node: Node) -> EmittedCall:
    axis = integer(node, "axis", -1) % max(rank(node.inputs[0]), 1)
    return module_kind(node, "Softmax", {"axis": axis}, node.inputs[0]) or function("nn.softmax", node.inputs[0], axis)


@emit("LogSoftmax")
def log_softmax(node: Node) -> EmittedCall:
    axis = integer(node, "axis", -1) % max(rank(node.inputs[0]), 1)
    return function("nn.logsoftmax", node.inputs[0], axis)
