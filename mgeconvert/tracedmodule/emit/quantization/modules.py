"""Emitters of quantized modules: integers in, integers out; or those of quantization-aware training, of floats.

Source: megengine/module/{quantized,qat}/*.py (MegEngine 1.13).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.ir import Node, Value

from ..attributes import floats, integer, numbers, one_side
from ..calls import EmittedCall, ModuleCall, StoredGrid, StoredTensor
from ..scopes import fallback_path, origin, place, weight_path
from ..table import emit
from ..weights import grouped, sized
from .grids import quantized_dtype, stored

FILES = {
    "Conv2d": "conv", "ConvRelu2d": "conv", "ConvBn2d": "conv_bn", "ConvBnRelu2d": "conv_bn",
    "ConvTranspose2d": "conv", "Linear": "linear", "LinearRelu": "linear", "LinearBn1d": "linear_bn",
    "LinearBnRelu1d": "linear_bn", "Elemwise": "elemwise", "Concat": "concat", "QuantStub": "quant_dequant",
    "DequantStub": "quant_dequant",
}  # fmt: skip
"""The quantized modules that are written, and the file below megengine.module.quantized each is in."""


def _module(node: Node, attributes: dict[str, Any], *args: Any, path: str = "", gives: bool = True) -> ModuleCall:
    """`gives` says whether the module's result is on a grid."""
    kind = origin(node)[1]
    if is_trained(node):
        attributes |= _rounding(node, gives)
    elif gives:
        attributes |= {"output_dtype": _output_dtype(node)}
    package = "qat" if is_trained(node) else "quantized"
    return ModuleCall(f"{package}.{FILES[kind]}.{kind}", attributes, args, path or place(node) or fallback_path(node))


def is_trained(node: Node) -> bool:
    """Whether the module is one of quantization-aware training, which computes in floats. attrs: trained."""
    return integer(node, "trained") == 1


def _rounding(node: Node, gives: bool) -> dict[str, Any]:
    """The observers and fake quantizers of a QATModule."""
    prefixes = [*(["weight_"] if "weight_scale" in node.attrs else []), *([""] if gives else [])]
    found: dict[str, Any] = {}
    for role in ("observer", "fake_quant"):
        found |= {f"weight_{role}": None, f"act_{role}": None}
        for prefix in prefixes:
            scale, zero_point = floats(node, f"{prefix}scale", 1.0), integer(node, f"{prefix}zero_point")
            found[f"{prefix or 'act_'}{role}"] = StoredGrid(role, _is_symmetric(node), scale, zero_point)
    return found


def _is_symmetric(node: Node) -> bool:
    return integer(node, "symmetric") == 1


def _output_dtype(node: Node) -> np.dtype[Any]:
    """attrs: scale, zero_point, symmetric."""
    storage = np.dtype(np.int8 if _is_symmetric(node) else np.uint8)
    return quantized_dtype(storage, floats(node, "scale", 1.0), integer(node, "zero_point"))


def _weight(node: Node, weight: Value, groups: int) -> StoredTensor:
    """attrs: weight_scale, weight_zero_point."""
    if is_trained(node):
        assert weight.array is not None
        return StoredTensor(grouped(np.ascontiguousarray(weight.array), groups))
    integers = np.ascontiguousarray(stored(weight, _is_symmetric(node)))
    scale, zero_point = floats(node, "weight_scale", 1.0), integer(node, "weight_zero_point")
    return StoredTensor(grouped(integers, groups).view(quantized_dtype(integers.dtype, scale, zero_point)))


def _path(node: Node, weight: Value) -> str:
    """Where a module with a weight hangs: where it stood, else where the weight did."""
    return place(node) or weight_path(node, weight)


@emit("megengine.QuantizedConv", "megengine.QuantizedConvTranspose")
def quantized_conv(node: Node) -> EmittedCall:
    """inputs: x, integers (floats in training) of the weight, a bias of floats or None."""
    x, weight, bias = node.inputs
    assert weight is not None
    assert weight.array is not None
    groups, transposed = integer(node, "group", 1), node.op.endswith("Transpose")
    out, into, *kernel_size = weight.array.shape
    if transposed:
        out, into = into, out
    extra: Any = numbers(node, "output_padding", (0, 0)) if transposed else 0
    shift = None
    if bias is not None and bias.array is not None:
        shift = StoredTensor(bias.array.reshape(1, -1, 1, 1))
    return _module(
        node,
        {
            "conv_mode": "cross_correlation", "compute_mode": "default",
            **({} if transposed else {"padding_mode": "zeros"}), "in_channels": into * groups, "out_channels": out,
            "kernel_size": tuple(kernel_size), "stride": sized(numbers(node, "strides", (1, 1)), 2),
            "padding": one_side(node, 2), "output_padding": extra,
            "dilation": sized(numbers(node, "dilations", (1, 1)), 2), "groups": groups,
            "weight": _weight(node, weight, groups), "bias": shift,
        },
        x, path=_path(node, weight),
    )  # fmt: skip


@emit("megengine.QuantizedLinear")
def quantized_linear(node: Node) -> EmittedCall:
    """inputs: x, integers (floats in training) of the (out, in) weight, a bias of floats or None."""
    x, weight, bias = node.inputs
    assert weight is not None
    shift = None if bias is None or bias.array is None else StoredTensor(bias.array)
    attributes: dict[str, Any] = {"weight": _weight(node, weight, 1), "bias": shift}
    if is_trained(node):
        out, into = weight.shape or ()
        attributes = {"out_features": out, "in_features": into, **attributes, "compute_mode": "default"}
    return _module(node, attributes, x, path=_path(node, weight))


@emit("megengine.QuantizedElemwise")
def quantized_elemwise(node: Node) -> EmittedCall:
    """attrs: method, MegEngine's name of the operator on quantized tensors: ``qadd``; in training it is ``add``."""
    method = str(node.attrs["method"])
    return _module(node, {"method": method[1:] if is_trained(node) else method}, *node.inputs)


@emit("megengine.QuantizedConcat")
def quantized_concat(node: Node) -> EmittedCall:
    return _module(node, {}, list(node.inputs), integer(node, "axis"))


@emit("megengine.QuantStub")
def quant_stub(node: Node) -> EmittedCall:
    return _module(node, {}, node.inputs[0])


@emit("megengine.DequantStub")
def dequant_stub(node: Node) -> EmittedCall:
    return _module(node, {}, node.inputs[0], gives=False)
