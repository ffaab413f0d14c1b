"""Layers of a network that is trained to be quantized (megengine.module.qat): they round their weight, bias and result.

A layer is written as itself, so that in training mode its observers go on and its batch norm is one. Where it has an
observer that is not known here, it is written as the operators that it was lowered to, with its weights on their grid.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir.graph import Made as Operation

from ..emission import Emission
from ..table import emit_call
from ..text import simplest
from ..tree import Made
from .quantizers import is_known, quantizer

QAT = "megengine.module.qat."
Array = np.ndarray[Any, Any]


def _layer(
    e: Emission, callee: str, positional: tuple[Any, ...], options: dict[str, Any], state: dict[str, Array]
) -> str:
    """The module with its quantizers."""
    if not all(is_known(e.record, what) for what in ("weight", "act")):
        refuse("an observer or fake quantization that is lowered")
    args: dict[Any, Any] = {None: positional, **options}
    if "Relu" in e.node.op:
        args["relu"] = True
    step = bias_scale(e)
    if step is not None:
        args["rounds_bias"] = True
        state["bias_scale"] = step
    for what in ("weight", "act"):
        found = quantizer(e.record, what)
        if found is not None:
            args[found.attribute] = found.made
            state |= {f"{found.attribute}.{name}": array for name, array in found.state.items()}
    return f"{e.module(callee, args, state)}({e[0]})"


def bias_scale(e: Emission) -> Array | None:
    """What the layer's bias is rounded with: the scale of its input times that of its weight, as they were."""
    call = e.node.scope.call if e.node.scope is not None else None
    made = call.made if call is not None and call.made is not None else ()
    makers: dict[Any, Operation] = {value: each for each in made for value in each.node.outputs}
    for each in made:
        bias = each.inputs[2] if len(each.inputs) > 2 and each.op in ("Conv", "Gemm") else None
        bias = each.inputs[1] if each.op == "Add" else bias
        maker = makers.get(bias)
        if maker is not None and maker.op == "DequantizeLinear" and maker.arrays[1].size == 1:
            return np.asarray(maker.arrays[1], np.float32).reshape(())
    return None


def _convolution(attributes: Any, bias: bool) -> tuple[tuple[Any, ...], dict[str, Any], dict[str, Array]]:
    """The arguments of an nn.Conv2d that is the same, and its state."""
    if getattr(attributes["weight"].array, "dtype", None) != np.float32:
        refuse("a layer with weights of another type")
    weight = attributes["weight"].array
    groups = int(attributes.get("groups", 1))
    sizes = [attributes.get(name, default) for name, default in (("stride", 1), ("padding", 0), ("dilation", 1))]
    stride, padding, dilation = (simplest(size) if isinstance(size, tuple | list) else int(size) for size in sizes)
    weight = weight.reshape(-1, *weight.shape[-3:])
    options: dict[str, Any] = {}
    for name, value, usual in (("stride", stride, 1), ("padding", padding, 0), ("dilation", dilation, 1)):
        options |= {name: value} if value != usual else {}
    options |= {"groups": groups} if groups != 1 else {}
    state = {"weight": weight}
    if bias and attributes.get("bias") is not None:
        state["bias"] = attributes["bias"].array.reshape(-1)
    else:
        options["bias"] = False
    mode = attributes.get("padding_mode", "zeros")
    options |= {"padding_mode": mode} if mode != "zeros" else {}
    return (weight.shape[1] * groups, weight.shape[0], simplest(weight.shape[2:])), options, state


@emit_call(QAT + "conv.Conv2d", QAT + "conv.ConvRelu2d")
def convolution(e: Emission) -> str:
    return _layer(e, "QuantizedConv2d", *_convolution(e.record, True))


@emit_call(QAT + "conv_bn.ConvBn2d", QAT + "conv_bn.ConvBnRelu2d")
def convolution_with_batch_norm(e: Emission) -> str:
    sizes, options, state = _convolution(e.record["conv"].attributes, True)
    conv = Made("nn.Conv2d", (*((None, size) for size in sizes), *options.items()))
    bn = e.record["bn"].attributes
    names = ("weight", "bias", "running_mean", "running_var")
    tensors = {name: getattr(bn.get(name), "array", None) for name in names}
    if any(array is None for array in tensors.values()) or bn.get("freeze"):
        refuse("a batch norm that is frozen or has no scale, shift or statistics")
    momentum, eps = round(1 - float(bn.get("momentum", 0.9)), 7), float(bn.get("eps", 1e-5))
    about = ({"eps": eps} if eps != 1e-5 else {}) | ({"momentum": momentum} if momentum != 0.1 else {})
    norm = Made("nn.BatchNorm2d", ((None, sizes[1]), *about.items()))
    held = {f"conv.{name}": array for name, array in state.items()}
    held |= {f"bn.{name}": array.reshape(-1) for name, array in tensors.items() if array is not None}
    held["bn.num_batches_tracked"] = np.array(0, np.int64)
    return _layer(e, "QuantizedConvBn2d", (conv, norm), {}, held)


@emit_call(QAT + "linear.Linear", QAT + "linear.LinearRelu")
def linear(e: Emission) -> str:
    state = e.tensors("weight", "bias")
    rows, columns = state["weight"].shape
    state |= {"bias": state["bias"].reshape(-1)} if "bias" in state else {}
    return _layer(e, "QuantizedLinear", (columns, rows), {} if "bias" in state else {"bias": False}, state)
