"""Quantized modules (megengine.module.quantized) and functions: integers in, integers out.

Inputs and weights are float values on a known grid (see `grids`), so each module is its float operator, with the
bias on the grid of the accumulators and the result on the grid of its output dtype.
Source: megengine/module/quantized/*.py and megengine/functional/quantized.py (MegEngine 1.13).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..convolution.functional import convolution
from ..convolution.modules import conv_transpose2d_with, padded
from ..elementwise.modes import elemwise
from ..grids import accumulated, convert
from ..matmul.functional import linear, matmul
from ..module import Module
from ..movement.functional import concat
from ..names import MODULE, QAT, QUANTIZED
from ..table import lower
from .functional import finished, quantized_elemwise


def conv(b: Builder, self: Module, inp: Value, nonlinear: str) -> Value:
    bias = accumulated(b, self.bias, inp, self.weight)
    x, padding = padded(b, self, inp)
    value = convolution(b, x, self.weight, bias, self.stride, padding, self.dilation, self.groups)
    return finished(b, value, nonlinear, self.output_dtype)


def conv_transpose(b: Builder, self: Module, inp: Value, nonlinear: str) -> Value:
    """Only ever without activation: MegEngine refuses to run the others."""
    bias = accumulated(b, self.bias, inp, self.weight)
    return finished(b, conv_transpose2d_with(b, self, inp, self.weight, bias), nonlinear, self.output_dtype)


def linear_module(b: Builder, self: Module, inp: Value, nonlinear: str) -> Value:
    """The activation comes after the result is on its grid."""
    bias = accumulated(b, self.bias, inp, self.weight)
    value = finished(b, linear(b, inp, self.weight, bias), "identity", self.output_dtype)
    return elemwise(b, nonlinear, value) if nonlinear != "identity" else value


def batch_matmul(b: Builder, self: Module, inp: Value, nonlinear: str) -> Value:
    weight = b.op("Squeeze", self.weight, [-2, -1])
    value = matmul(b, weight, inp)
    bias = accumulated(b, b.op("Squeeze", self.bias, [-1]), inp, self.weight)
    value = value if bias is None else elemwise(b, "ADD", value, bias)
    return finished(b, value, self.get("nonlinear_mode", nonlinear), self.output_dtype)


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
    lower(QUANTIZED + _name)(_module(*_form))


@lower(QUANTIZED + "quant_dequant.QuantStub")
def quant_stub(b: Builder, self: Module, inp: Value) -> Value:
    return convert(b, inp, self.output_dtype)


@lower(
    MODULE + "quant_dequant.QuantStub",
    MODULE + "quant_dequant.DequantStub",
    QAT + "quant_dequant.DequantStub",
    QUANTIZED + "quant_dequant.DequantStub",
)
def unquantized(b: Builder, self: Module, inp: Value) -> Value:
    """Values are floats already, on a grid or not."""
    return inp


@lower(QUANTIZED + "concat.Concat")
def concat_module(b: Builder, self: Module, inps: Any, axis: int = 0) -> Value:
    return concat(b, [convert(b, inp, self.output_dtype) for inp in inps], axis)


@lower(QUANTIZED + "elemwise.Elemwise")
def elemwise_module(b: Builder, self: Module, *inps: Value) -> Value:
    """The quantized module's `method` is that of the float one with QUANTIZED before it."""
    return quantized_elemwise(b, self.method, inps, self.output_dtype)
