"""Quantized modules (megengine.module.quantized) and functions: integers in, integers out.

Inputs and weights are float values on a known grid (see `quantization`), so each module is its float operator, with the
bias on the grid of the accumulators and the result on the grid of its output dtype.
Source: megengine/module/quantized/*.py and megengine/functional/quantized.py (MegEngine 1.13).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from .convolution import Sizes, conv_transpose2d, convolution
from .elemwise import elemwise
from .modules import Module, conv_transpose2d_with, padded
from .quantization import convert, fake_quantized_bias
from .reduction import linear, matmul
from .shapes import dimension, number, reshape
from .table import lower
from .tensors import concat

Q = "megengine.module.quantized."
FQ = "megengine.functional.quantized."
OP = "megengine.core.ops.builtin."


def _finished(b: Builder, value: Value, nonlinear: str, dtype: Any) -> Value:
    """The activation, then the grid of the output dtype (None: the accumulators' own, which floats hold)."""
    mode = nonlinear.lower()
    value = value if mode == "identity" else elemwise(b, mode, value)
    return value if dtype is None else convert(b, value, dtype)


def conv(b: Builder, self: Module, inp: Value, nonlinear: str) -> Value:
    bias = fake_quantized_bias(b, self.bias, inp, self.weight)
    x, padding = padded(b, self, inp)
    value = convolution(b, x, self.weight, bias, self.stride, padding, self.dilation, self.groups)
    return _finished(b, value, nonlinear, self.output_dtype)


def conv_transpose(b: Builder, self: Module, inp: Value, nonlinear: str) -> Value:
    """Only ever without activation: MegEngine refuses to run the others."""
    bias = fake_quantized_bias(b, self.bias, inp, self.weight)
    return _finished(b, conv_transpose2d_with(b, self, inp, self.weight, bias), nonlinear, self.output_dtype)


def linear_module(b: Builder, self: Module, inp: Value, nonlinear: str) -> Value:
    """The activation comes after the result is on its grid."""
    bias = fake_quantized_bias(b, self.bias, inp, self.weight)
    value = _finished(b, linear(b, inp, self.weight, bias), "identity", self.output_dtype)
    return elemwise(b, nonlinear, value) if nonlinear != "identity" else value


def batch_matmul(b: Builder, self: Module, inp: Value, nonlinear: str) -> Value:
    weight = b.op("Squeeze", self.weight, [-2, -1])
    value = matmul(b, weight, inp)
    bias = fake_quantized_bias(b, b.op("Squeeze", self.bias, [-1]), inp, self.weight)
    value = value if bias is None else elemwise(b, "ADD", value, bias)
    return _finished(b, value, self.get("nonlinear_mode", nonlinear), self.output_dtype)


_MODULES: dict[str, tuple[Callable[..., Value], str]] = {
    "conv.Conv2d": (conv, "identity"),
    "conv.ConvRelu2d": (conv, "relu"),
    "conv_bn.ConvBn2d": (conv, "identity"),
    "conv_bn.ConvBnRelu2d": (conv, "relu"),
    "conv.ConvTranspose2d": (conv_transpose, "identity"),
    "conv.ConvTransposeRelu2d": (conv_transpose, "relu"),
    "conv_transpose_bn.ConvTransposeBn2d": (conv_transpose, "identity"),
    "conv_transpose_bn.ConvTransposeBnRelu2d": (conv_transpose, "relu"),
    "linear.Linear": (linear_module, "identity"),
    "linear.LinearRelu": (linear_module, "relu"),
    "linear_bn.LinearBn1d": (linear_module, "identity"),
    "linear_bn.LinearBnRelu1d": (linear_module, "relu"),
    "batch_matmul_activation.BatchMatMulActivation": (batch_matmul, "identity"),
}
"""Module: its operator and its activation."""


def _module(compute: Callable[..., Value], nonlinear: str) -> Callable[..., Value]:
    return lambda b, self, inp: compute(b, self, inp, nonlinear)


for _name, _form in _MODULES.items():
    lower(Q + _name)(_module(*_form))


@lower(Q + "quant_dequant.QuantStub")
def quant_stub(b: Builder, self: Module, inp: Value) -> Value:
    return convert(b, inp, self.output_dtype)


@lower(Q + "quant_dequant.DequantStub")
def dequant_stub(b: Builder, self: Module, inp: Value) -> Value:
    return inp


@lower(Q + "concat.Concat")
def concat_module(b: Builder, self: Module, inps: Any, axis: int = 0) -> Value:
    return concat(b, [convert(b, inp, self.output_dtype) for inp in inps], axis)


@lower(Q + "elemwise.Elemwise")
def elemwise_module(b: Builder, self: Module, *inps: Value) -> Value:
    """Its method is the float one's with a Q before it."""
    return quantized_elemwise(b, self.method, inps, self.output_dtype)


def quantized_elemwise(b: Builder, mode: str, inputs: Any, dtype: Any) -> Value:
    return convert(b, elemwise(b, mode.upper().removeprefix("Q"), *inputs), dtype)


@lower(FQ + "conv_bias_activation")
def conv_bias_activation(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value,
    dtype: Any = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    nonlinear_mode: str = "identity",
    conv_mode: str = "cross_correlation",
    compute_mode: str = "default",
) -> Value:
    value = convolution(b, inp, weight, bias, stride, padding, dilation, groups)
    return _finished(b, value, nonlinear_mode, dtype)


@lower(FQ + "batch_conv_bias_activation")
def batch_conv_bias_activation(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value,
    dtype: Any = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: int = 1,
    nonlinear_mode: str = "identity",
    conv_mode: str = "cross_correlation",
    compute_mode: str = "default",
) -> Value:
    """Every image has a kernel of its own, weight (N, O, I, KH, KW): the images become groups of one convolution."""
    batch, *outputs = weight.shape or ("N",)
    if groups != 1 or not isinstance(batch, int):
        refuse("a batched convolution in groups, or of a batch that is only known at run time")
    side_by_side = reshape(b, inp, [1, -1, *(dimension(b, inp, axis) for axis in (2, 3))])
    value = convolution(b, side_by_side, weight, None, stride, padding, dilation, batch)
    apart = reshape(b, value, [batch, *outputs[:1], *(dimension(b, value, axis) for axis in (2, 3))])
    return _finished(b, elemwise(b, "ADD", apart, bias), nonlinear_mode, dtype)


@lower(OP + "BatchConvBias")
def batch_conv_bias(
    b: Builder, inp: Value, weight: Value, bias: Value, *, stride_h: int, stride_w: int, pad_h: int, pad_w: int,
    dilate_h: int, dilate_w: int, dtype: Any = None, nonlineMode: str = "IDENTITY", sparse: str = "DENSE",
    **tuning: Any,
) -> Value:  # fmt: skip
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    groups = 1 if sparse == "DENSE" else 0
    return batch_conv_bias_activation(b, inp, weight, bias, dtype, stride, padding, dilation, groups, nonlineMode)


@lower(FQ + "conv_transpose2d")
def quantized_conv_transpose2d(
    b: Builder,
    inp: Value,
    weight: Value,
    bias: Value | None = None,
    dtype: Any = None,
    stride: Sizes = 1,
    padding: Sizes = 0,
    output_padding: Sizes = 0,
    dilation: Sizes = 1,
    groups: Any = 1,
    conv_mode: str = "cross_correlation",
    compute_mode: str = "default",
) -> Value:
    """Old files have no output padding, see `conv_transpose2d`."""
    value = conv_transpose2d(b, inp, weight, bias, stride, padding, output_padding, dilation, groups)
    return _finished(b, value, "identity", dtype)


@lower(OP + "ConvBias")
def conv_bias(
    b: Builder, inp: Value, weight: Value, bias: Value | None = None, *, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, dilate_h: int, dilate_w: int, dtype: Any = None, nonlineMode: str = "IDENTITY", sparse: str = "DENSE",
    format: str = "NCHW", **tuning: Any,
) -> Value:  # fmt: skip
    if format != "NCHW":
        refuse(f"the memory format {format}, which only MegEngine's own optimized graphs have")
    groups = number(weight.shape[0], "the number of groups") if sparse == "GROUP" and weight.shape else 1
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return _finished(b, convolution(b, inp, weight, bias, stride, padding, dilation, groups), nonlineMode, dtype)
