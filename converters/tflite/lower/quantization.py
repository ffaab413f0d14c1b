"""Integers that stand for real numbers: the driver dequantizes what is read and rounds what is made.

Source: quantize.cc, dequantize.cc, fake_quant.cc of tensorflow/lite/kernels/.
"""

from __future__ import annotations

import numpy as np

from mgeconvert.errors import refuse
from mgeconvert.ir import Value
from mgeconvert.ir.dtypes import elem_type

from ..layout.holding import Held, dequantize, quantize
from ..layout.wants import ANY, VIEW
from ..model import Quantization, Tensor
from ..names import WEIGHTS
from .table import lower
from .translation import Translation


@lower("DEQUANTIZE", wants=VIEW)
def dequantize_(t: Translation) -> Held | Tensor:
    """Float16 weights become float32 ones; integers are held as the real numbers they stand for already."""
    tensor = t.given(0, "operand")
    if tensor.dtype.kind == "f" or tensor.dtype.name == "bfloat16":
        return _widened(t, tensor)
    if tensor.quantization is None:
        refuse(f"{tensor.dtype.name} without scales")
    return t.held() if t.is_computed(0) else tensor


def _widened(t: Translation, tensor: Tensor) -> Held | Tensor:
    """A constant of any size is a float32 constant from here on."""
    if t.is_computed(0):
        where = t.held()
        return Held(t.b.op("Cast", where.value, to=elem_type(t.output.dtype)), where.view)
    if tensor.array is None:
        refuse(f"{tensor.name} is read before anything makes it")
    if tensor.dtype == np.float16:
        t.b.graph.metadata[WEIGHTS] = tensor.dtype.name
    return Tensor(t.output.name, t.output.dtype, tensor.shape, tensor.array.astype(t.output.dtype))


@lower("QUANTIZE", wants=ANY)
def quantize_(t: Translation, x: Value) -> Value:
    """What the driver does with every result of integers; its result must have scales."""
    if t.output.quantization is None:
        refuse("a result without scales")
    return x


@lower("DENSIFY", wants=VIEW, moves=True)
def densify(t: Translation) -> Held | Tensor:
    """Sparse weights are read as dense ones."""
    return t.held() if t.is_computed(0) else t.given(0, "operand")


@lower("FAKE_QUANT", wants=ANY)
def fake_quant(t: Translation, x: Value) -> Value:
    """Rounding to 2 ** bits steps between Min and Max, moved so that zero is a step (NudgeQuantizationParams)."""
    low, high, bits = t.option("Min"), t.option("Max"), t.option("NumBits")
    first, last = int(t.option("NarrowRange")), (1 << bits) - 1
    if not 2 <= bits <= 8 or high <= low:
        refuse(f"{bits} bits between {low} and {high}")
    scale = np.float32((high - low) / (last - first))
    zero = min(max(round(first - low / float(scale)), first), last)
    scales = Quantization(np.array([scale]), np.array([zero]))
    bounded = t.b.op("Clip", x, float((first - zero) * scale), float((last - zero) * scale))
    return dequantize(t.b, quantize(t.b, bounded, scales, np.dtype(np.uint8)), scales)
