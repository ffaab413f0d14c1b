"""Functions of megengine.functional.quantized: integers in, integers out (MegEngine 1.13)."""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder

from ..convolution.functional import conv_transpose2d, convolution
from ..elementwise.modes import elemwise
from ..grids import convert
from ..names import QFUNCTIONAL
from ..shapes import dimension, reshape
from ..spatial import Sizes
from ..table import lower


def finished(b: Builder, value: Value, nonlinear: str, dtype: Any) -> Value:
    """The activation, then the grid of the output dtype (None: the accumulators' own, which floats hold)."""
    mode = nonlinear.lower()
    value = value if mode == "identity" else elemwise(b, mode, value)
    return value if dtype is None else convert(b, value, dtype)


def quantized_elemwise(b: Builder, mode: str, inputs: Any, dtype: Any) -> Value:
    return convert(b, elemwise(b, mode.upper().removeprefix("Q"), *inputs), dtype)


@lower(QFUNCTIONAL + "conv_bias_activation")
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
    return finished(b, value, nonlinear_mode, dtype)


@lower(QFUNCTIONAL + "batch_conv_bias_activation")
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
    return finished(b, elemwise(b, "ADD", apart, bias), nonlinear_mode, dtype)


@lower(QFUNCTIONAL + "conv_transpose2d")
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
    return finished(b, value, "identity", dtype)
