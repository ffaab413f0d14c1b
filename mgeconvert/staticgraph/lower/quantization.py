"""Quantization, and convolutions fused with bias and activation. Source: measured on dumps of MegEngine 1.13."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mgeconvert.ir import Value
from mgeconvert.ir.builder import Builder
from mgeconvert.tracedmodule.lower.elementwise.modes import elemwise
from mgeconvert.tracedmodule.lower.grids import convert
from mgeconvert.tracedmodule.lower.operands import FLOAT32, cast

from .layouts import channels_of, formats, from_nchw, in_nchw, to_nchw, weight_to_oihw
from .table import call, lower, opdef, value_of

opdef("BatchConvBias", "BatchConvBiasForward", "BatchConvBiasForwardV1")


@lower("ConvBiasForward", "ConvBiasForwardV4")
def conv_bias(
    b: Builder, inp: Value, weight: Value, bias: Value | None = None, z: Value | None = None, *, format: str,
    sparse: str, nonlineMode: str, dtype: Any = None, **fields: Any,
) -> Value:  # fmt: skip
    """activation(conv(x, w) + bias + z), on the grid of the output type where there is one."""
    source, target = formats(format)
    x, kernel = inp, weight
    if format != "NCHW":
        x, kernel = channels_of(b, to_nchw(b, inp, source), weight_to_oihw(b, weight, source, sparse), sparse)
        bias, z = (None if part is None else to_nchw(b, part, target) for part in (bias, z))
    if z is None:
        result = call(b, "ConvBias", x, kernel, bias, sparse=sparse, nonlineMode=nonlineMode, dtype=dtype, **fields)
    else:
        result = b.op("Add", call(b, "ConvBias", x, kernel, bias, sparse=sparse, **fields), z)
        result = result if nonlineMode == "IDENTITY" else elemwise(b, nonlineMode, result)
        result = result if dtype is None else convert(b, result, dtype)
    return result if format == "NCHW" else from_nchw(b, result, target)


@lower("FakeQuant")
def fake_quant(b: Builder, *inputs: Value, **fields: Any) -> Value:
    return _in_float32(b, "FakeQuant", inputs, fields)


@lower("LSQ")
def lsq(b: Builder, *inputs: Value, **fields: Any) -> Value:
    return _in_float32(b, "LSQ", inputs, fields)


@lower("TQT")
def tqt(b: Builder, *inputs: Value, **fields: Any) -> Value:
    return _in_float32(b, "TQT", inputs, fields)


def _in_float32(b: Builder, kind: str, inputs: Sequence[Value], fields: Mapping[str, Any]) -> Value:
    """Fake quantization of a float16 value by float32 scales: optimization for float16 leaves these in float32."""
    operands = [cast(b, value, FLOAT32) for value in inputs]
    result = in_nchw(b, operands, lambda *values: value_of(b, kind, *values, **fields))
    return cast(b, result, inputs[0].dtype)
