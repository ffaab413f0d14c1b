"""Quantize and dequantize, as arithmetic."""

from __future__ import annotations

from typing import Any

import numpy as np

from mgeconvert.errors import refuse

from ..emission import Emission
from ..table import emit
from .quantizers import Quantizer, quantizer


def _shaped(e: Emission, number: int) -> str:
    """A scale or zero point, along the axis of its operand."""
    value = e.value(number)
    if value is None or value.rank in (None, 0) or (value.array is not None and value.array.size == 1):
        return e[number]
    if e.attr("block_size", 0):
        refuse("quantization by blocks")
    axis = e.attr("axis", 1) % e.rank()
    return f"{e[number]}.reshape({[-1, *[1] * (e.rank() - 1 - axis)]})"


@emit("QuantizeLinear")
def quantize(e: Emission) -> str:
    dtype = e.node.outputs[0].dtype
    if dtype is None or dtype.name not in ("int8", "uint8", "int16", "int32"):
        refuse(f"torch has no {dtype} tensors")
    info = np.iinfo(dtype)
    text = f"torch.round({e[0]} / {_shaped(e, 1)})"
    text = f"{text} + {_shaped(e, 2)}" if e.has(2) else text
    return f"torch.clamp({text}, {info.min}, {info.max}).to({e.out_dtype})"


@emit("DequantizeLinear")
def dequantize(e: Emission) -> str:
    if e.attr("low") is not None:
        return _fake_quantize(e)
    x = f"{e[0]}.to({e.out_dtype})"
    zero = e.constant(2)
    if e.has(2) and (zero is None or zero.any()):
        x = f"({x} - {_shaped(e, 2)}.to({e.out_dtype}))"
    return f"{x} * {_shaped(e, 1)}"


def _ends(found: Quantizer) -> tuple[Any, ...]:
    """The smallest and the largest integer."""
    return tuple(value for name, value in found.made.args if name is None)


def _fake_quantize(e: Emission) -> str:
    """Quantization and back in one: the source's own module where it has one, else one with the scale as its state."""
    scope = e.node.scope
    attributes = getattr(e.writer.record(scope.path), "attributes", {}) if scope is not None and scope.path else {}
    found = quantizer(attributes, "act")
    if found is not None:
        options = dict(found.made.args[2:])
        return f"{e.module(found.made.callee, {None: _ends(found), **options}, found.state)}({e[0]})"
    scale = e.array(1, "a scale")
    zero = e.array(2, "a zero point") if e.has(2) else np.zeros(scale.shape, np.float32)
    shape = () if scale.ndim == 0 else (-1, *[1] * (e.rank() - 1 - e.attr("axis", 1) % e.rank()))
    state = {
        "scale": scale.astype(np.float32).reshape(shape),
        "zero_point": zero.astype(np.float32).reshape(shape),
    }
    args: dict[Any, Any] = {None: (e.attr("low"), e.attr("high"))}
    if shape:
        args["shape"] = state["scale"].shape
    if e.attr("learns"):
        args["learns"] = True
    return f"{e.module('FakeQuantize', args, state)}({e[0]})"
