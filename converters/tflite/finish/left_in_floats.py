"""Operators of a quantized graph that compute in floats between integers, and why."""

from __future__ import annotations

import numpy as np

from ..model import Model, Operator, Tensor
from .integer_kernels import EXACT, FIXED, INT8, KEEPING, RESCALING, WEIGHTED
from .operator_list import OperatorList

FLOAT = np.dtype(np.float32)


def left_in_floats(model: Model) -> list[str]:
    """A line for each operator with a float result that comes from a DEQUANTIZE and goes to a QUANTIZE."""
    behind: set[Tensor] = set()
    for operator in model.operators:
        if operator.op == "DEQUANTIZE" or any(tensor in behind for tensor in operator.inputs):
            behind.update(tensor for tensor in operator.outputs if tensor.dtype == FLOAT)
    before: set[Tensor] = set()
    for operator in reversed(model.operators):
        if operator.op == "QUANTIZE" or any(tensor in before for tensor in operator.outputs):
            before.update(tensor for tensor in operator.inputs if tensor is not None and tensor.dtype == FLOAT)
    r = OperatorList(model)
    readers = model.readers()
    return [
        f"{operator.op} at {operator.origin or operator.output.name} ({reason})"
        for operator in model.operators
        if any(tensor in behind and tensor in before for tensor in operator.outputs)
        and (reason := _reason(r, operator, readers))
    ]


def _reason(r: OperatorList, operator: Operator, readers: dict[Tensor, list[Operator]]) -> str:
    """Why it has no integer kernel; empty for a DEQUANTIZE that only casts for such an operator."""
    result = readers.get(operator.output, [])
    if operator.op == "DEQUANTIZE":
        is_rescaled = any(reader.op == "QUANTIZE" for reader in result)
        return "another scale behind it: LiteRT's rescaling of integers is not exact" if is_rescaled else ""
    if operator.op not in {*WEIGHTED, *RESCALING, *KEEPING, *EXACT, *FIXED}:
        return "it has no integer kernel"
    floats = [tensor for tensor in operator.inputs if tensor is not None and tensor.dtype == FLOAT]
    computed = [tensor for tensor in floats if not tensor.is_constant]
    if any(not _is_dequantized(r, tensor) for tensor in computed):
        return "an input is not quantized"
    if any(reader.op != "QUANTIZE" for reader in result) or len(result) != 1:
        return "its result is not quantized, or more than once"
    if result[0].output.dtype != INT8:
        return f"its result is {result[0].output.dtype}"
    if operator.op in FIXED:
        return (
            f"its integer kernel gives the scale {FIXED[operator.op][0]:g} and the zero point {FIXED[operator.op][1]}"
        )
    if operator.op in KEEPING:
        return "its integer kernel keeps the scale of its input"
    return "a constant is on no grid that its integer kernel takes"


def _is_dequantized(r: OperatorList, tensor: Tensor) -> bool:
    made = r.producer(tensor, "DEQUANTIZE")
    source = None if made is None else made.inputs[0]
    return source is not None and source.dtype == INT8
