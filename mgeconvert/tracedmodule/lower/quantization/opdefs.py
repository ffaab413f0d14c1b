"""The opdefs of fake quantization, and convolutions fused with bias and activation."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..convolution.functional import convolution
from ..grids import Quantization, half_away, quantize, single_scale
from ..names import OPDEF
from ..operands import FLOAT32
from ..shapes import number
from ..table import lower
from .functional import batch_conv_bias_activation, finished


@lower(OPDEF + "BatchConvBias")
def batch_conv_bias(
    b: Builder, inp: Value, weight: Value, bias: Value, *, stride_h: int, stride_w: int, pad_h: int, pad_w: int,
    dilate_h: int, dilate_w: int, dtype: Any = None, nonlineMode: str = "IDENTITY", sparse: str = "DENSE",
    **tuning: Any,
) -> Value:  # fmt: skip
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    groups = 1 if sparse == "DENSE" else 0
    return batch_conv_bias_activation(b, inp, weight, bias, dtype, stride, padding, dilation, groups, nonlineMode)


@lower(OPDEF + "ConvBias")
def conv_bias(
    b: Builder, inp: Value, weight: Value, bias: Value | None = None, *, stride_h: int, stride_w: int, pad_h: int,
    pad_w: int, dilate_h: int, dilate_w: int, dtype: Any = None, nonlineMode: str = "IDENTITY", sparse: str = "DENSE",
    format: str = "NCHW", **tuning: Any,
) -> Value:  # fmt: skip
    if format != "NCHW":
        refuse(f"the memory format {format}, which only MegEngine's own optimized graphs have")
    groups = number(weight.shape[0], "the number of groups") if sparse == "GROUP" and weight.shape else 1
    stride, padding, dilation = (stride_h, stride_w), (pad_h, pad_w), (dilate_h, dilate_w)
    return finished(b, convolution(b, inp, weight, bias, stride, padding, dilation, groups), nonlineMode, dtype)


@lower(OPDEF + "FakeQuant")
def fake_quant_opdef(b: Builder, inp: Value, scale: Value, zero_point: Value, *, qmin: int, qmax: int) -> Value:
    return _opdef(b, inp, single_scale(scale), half_away(single_scale(zero_point)), qmin, qmax)


@lower(OPDEF + "TQT")
def tqt_opdef(b: Builder, inp: Value, scale: Value, *, qmin: int, qmax: int) -> Value:
    """The scale is given as its logarithm to base 2."""
    return _opdef(b, inp, np.float32(2) ** single_scale(scale), 0, qmin, qmax)


@lower(OPDEF + "LSQ")
def lsq_opdef(
    b: Builder, inp: Value, step: Value, zero_point: Value, grad_scale: Value, *, qmin: int, qmax: int
) -> Value:
    return _opdef(b, inp, single_scale(step), half_away(single_scale(zero_point)), qmin, qmax)


def _opdef(b: Builder, inp: Value, scale: np.float32, zero_point: int, qmin: int, qmax: int) -> Value:
    storage = next((dtype for dtype in map(np.dtype, (np.int8, np.uint8)) if _fits(dtype, qmin, qmax)), None)
    return quantize(b, inp, Quantization(FLOAT32.type(scale), zero_point, storage, qmin, qmax))


def _fits(dtype: np.dtype, qmin: int, qmax: int) -> bool:
    limits = np.iinfo(dtype)
    return limits.min <= qmin and qmax <= limits.max and qmax - qmin >= 254
