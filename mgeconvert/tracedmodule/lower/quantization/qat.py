"""Quantization-aware training modules (megengine.module.qat) and fake quantization.

A module's observers and fake quantizers give the parameters; where fake quantization is switched off the module is the
float one. Source: megengine/module/qat/*.py and megengine/quantization/{observer,fake_quant}.py (MegEngine 1.13).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..convolution.functional import convolution
from ..convolution.modules import conv_transpose2d_with, padded
from ..elementwise.modes import elemwise
from ..grids import Quantization, fake_quantized_bias, half_away, quantize, single_scale
from ..matmul.functional import linear, matmul
from ..module import Module
from ..movement.functional import concat
from ..names import QAT
from ..operands import INT8, INT32, UINT8
from ..shapes import reshape
from ..table import lower
from .modules import unquantized


def _grid(dtype: Any, scale: np.float32, zero_point: int, symmetric: bool) -> Quantization:
    """`dtype` is the QuantDtypeMeta of an observer or fake quantizer, which a user may have made."""
    storage = next((kind for kind in (INT8, UINT8, INT32) if kind.name == dtype.np_dtype_str), None)
    whole = storage is not None and dtype.qmax - dtype.qmin >= 254 and _holds(storage, dtype.qmin, dtype.qmax)
    rounds_bias = symmetric and dtype.np_dtype_str == "int8"
    return Quantization(scale, zero_point, storage if whole else None, dtype.qmin, dtype.qmax, rounds_bias)


def _holds(storage: np.dtype, *integers: int) -> bool:
    limits = np.iinfo(storage)
    return all(limits.min <= integer <= limits.max for integer in integers)


def stated(dtype: Any, qparams: Any) -> Quantization:
    """What a QParams with a scale says, for integers of the QuantDtypeMeta `dtype`."""
    zero_point = 0 if qparams.zero_point is None else int(_scalar(qparams.zero_point))
    symmetric = qparams.mode is not None and qparams.mode.is_symmetric
    return _grid(dtype, np.float32(_scalar(qparams.scale)), zero_point, symmetric)


def observed(observer: Module) -> Quantization:
    """What an observer would quantize with."""
    dtype = observer.dtype
    kind = observer.qualname.rpartition(".")[2]
    if kind == "PassiveObserver":
        return stated(dtype, observer.qparams)
    if kind == "HistogramObserver":
        refuse("fake quantization by a HistogramObserver, whose parameters are searched for at run time")
    low, high = min(single_scale(observer.min_val), np.float32(0)), max(single_scale(observer.max_val), np.float32(0))
    limit = np.float32(observer.scale_limit)
    if observer.mode.is_symmetric:
        return _grid(
            dtype, max(np.float32(max(-low, high) / np.float32((dtype.qmax - dtype.qmin) / 2)), limit), 0, True
        )
    scale = max(np.float32((high - low) / np.float32(dtype.qmax - dtype.qmin)), limit)
    return _grid(dtype, scale, dtype.qmin - half_away(low / scale), False)


def _scalar(record: Any) -> Any:
    array = np.asarray(record.array)
    if array.size != 1:
        refuse(f"fake quantization with a scale or zero point of {array.size} numbers")
    return array.reshape(())


def parameters(fake_quant: Module | None, observer: Module | None) -> Quantization | None:
    """What a pair of fake quantizer and observer quantizes with; None where it only passes on."""
    if fake_quant is None or not fake_quant.enabled:
        return None
    kind = fake_quant.qualname.rpartition(".")[2]
    if kind == "TQT":
        return _grid(fake_quant.dtype, np.float32(2) ** single_scale(fake_quant.scale), 0, True)
    if kind == "LSQ":
        step = np.abs(single_scale(fake_quant.step_size)) + single_scale(fake_quant.eps)
        mode = fake_quant.get("mode")
        symmetric = mode is not None and mode.is_symmetric
        return _grid(fake_quant.dtype, np.float32(step), half_away(single_scale(fake_quant.zero_point)), symmetric)
    return None if observer is None else observed(observer)


@lower(QAT + "module.QATModule._apply_fakequant_with_observer")
def fake_quantize(b: Builder, self: Module, target: Value, fake_quant: Module | None, observer: Module | None) -> Value:
    q = parameters(fake_quant, observer)
    return target if q is None else quantize(b, target, q)


def quantized_weight(b: Builder, self: Module, weight: Value) -> Value:
    return fake_quantize(b, self, weight, self.weight_fake_quant, self.weight_observer)


def quantized_activation(b: Builder, self: Module, value: Value) -> Value:
    return fake_quantize(b, self, value, self.act_fake_quant, self.act_observer)


def quantized_bias(b: Builder, self: Module, bias: Value | None, inp: Value, weight: Value) -> Value | None:
    """Only where activations and weights are both fake-quantized."""
    both = parameters(self.act_fake_quant, self.act_observer), parameters(self.weight_fake_quant, self.weight_observer)
    return bias if None in both else fake_quantized_bias(b, bias, inp, weight)


def _conv(b: Builder, self: Module, conv: Module, inp: Value, weight: Value, bias: Value | None) -> Value:
    weight = quantized_weight(b, self, weight)
    bias = quantized_bias(b, self, bias, inp, weight)
    x, padding = padded(b, conv, inp)
    return convolution(b, x, weight, bias, conv.stride, padding, conv.dilation, conv.groups)


def conv2d(b: Builder, self: Module, inp: Value) -> Value:
    return _conv(b, self, self, inp, self.weight, self.bias)


def _folded(b: Builder, bn: Module, bias: Value | None, shape: list[int]) -> tuple[Value, Value]:
    """Scale and shift, both of `shape`, that batch normalization is after an operator with that bias."""
    mean, var = (reshape(b, x, shape) for x in (bn.running_mean, bn.running_var))
    deviation = b.op("Reciprocal", b.op("Sqrt", b.op("Add", var, bn.eps)))
    scale = deviation if bn.weight is None else b.op("Mul", reshape(b, bn.weight, shape), deviation)
    offset = b.op("Neg", mean) if bias is None else b.op("Sub", reshape(b, bias, shape), mean)
    shift = b.op("Mul", scale, offset)
    return scale, shift if bn.bias is None else b.op("Add", reshape(b, bn.bias, shape), shift)


def conv_bn(b: Builder, self: Module, inp: Value) -> Value:
    conv = self.conv
    scale, bias = _folded(b, self.bn, conv.bias, [1, -1, 1, 1])
    per_kernel = [-1, 1, 1, 1] if conv.groups == 1 else [conv.groups, -1, 1, 1, 1]
    return _conv(b, self, conv, inp, b.op("Mul", conv.weight, reshape(b, scale, per_kernel)), bias)


def _conv_transpose(b: Builder, self: Module, conv: Module, inp: Value, weight: Value, bias: Value | None) -> Value:
    weight = quantized_weight(b, self, weight)
    return conv_transpose2d_with(b, conv, inp, weight, quantized_bias(b, self, bias, inp, weight))


def conv_transpose2d(b: Builder, self: Module, inp: Value) -> Value:
    return _conv_transpose(b, self, self, inp, self.weight, self.bias)


def conv_transpose_bn(b: Builder, self: Module, inp: Value) -> Value:
    conv = self.conv_transpose2d
    scale, bias = _folded(b, self.bn, conv.bias, [1, -1, 1, 1])
    per_kernel = [1, -1, 1, 1] if conv.groups == 1 else [conv.groups, 1, -1, 1, 1]
    return _conv_transpose(b, self, conv, inp, b.op("Mul", conv.weight, reshape(b, scale, per_kernel)), bias)


def _linear(b: Builder, self: Module, inp: Value, weight: Value, bias: Value | None) -> Value:
    weight = quantized_weight(b, self, weight)
    return linear(b, inp, weight, quantized_bias(b, self, bias, inp, weight))


def linear_module(b: Builder, self: Module, inp: Value) -> Value:
    return _linear(b, self, inp, self.weight, self.bias)


def linear_bn(b: Builder, self: Module, inp: Value) -> Value:
    scale, bias = _folded(b, self.bn, self.linear.bias, [-1])
    return _linear(b, self, inp, b.op("Mul", self.linear.weight, reshape(b, scale, [-1, 1])), bias)


def batch_matmul(b: Builder, self: Module, inp: Value) -> Value:
    weight = quantized_weight(b, self, self.weight)
    bias = quantized_bias(b, self, self.bias, inp, weight)
    product = matmul(b, weight, inp)
    product = product if bias is None else elemwise(b, "ADD", product, bias)
    return b.op("Relu", product) if self.nonlinear_mode == "relu" else product


def _then_quantized(compute: Callable[..., Value], relu: bool) -> Callable[..., Value]:
    def handler(b: Builder, self: Module, inp: Value) -> Value:
        value = compute(b, self, inp)
        return quantized_activation(b, self, b.op("Relu", value) if relu else value)

    return handler


_MODULES: dict[str, tuple[Callable[..., Value], bool]] = {
    "conv.Conv2d": (conv2d, False),
    "conv.ConvRelu2d": (conv2d, True),
    "conv_bn.ConvBn2d": (conv_bn, False),
    "conv_bn.ConvBnRelu2d": (conv_bn, True),
    "conv.ConvTranspose2d": (conv_transpose2d, False),
    "conv.ConvTransposeRelu2d": (conv_transpose2d, True),
    "conv_transpose_bn.ConvTransposeBn2d": (conv_transpose_bn, False),
    "conv_transpose_bn.ConvTransposeBnRelu2d": (conv_transpose_bn, True),
    "linear.Linear": (linear_module, False),
    "linear.LinearRelu": (linear_module, True),
    "linear_bn.LinearBn1d": (linear_bn, False),
    "linear_bn.LinearBnRelu1d": (linear_bn, True),
    "batch_matmul_activation.BatchMatMulActivation": (batch_matmul, False),
    "quant_dequant.QuantStub": (unquantized, False),
}
"""Module: what it computes before its activation is quantized, and whether a ReLU comes between."""


for _name, _form in _MODULES.items():
    lower(QAT + _name)(_then_quantized(*_form))


@lower(QAT + "elemwise.Elemwise")
def elemwise_module(b: Builder, self: Module, *inps: Value) -> Value:
    return quantized_activation(b, self, elemwise(b, self.method, *inps))


@lower(QAT + "concat.Concat")
def concat_module(b: Builder, self: Module, inps: Any, axis: int = 0) -> Value:
    return quantized_activation(b, self, concat(b, inps, axis))
