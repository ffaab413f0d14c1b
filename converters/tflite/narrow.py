"""Arithmetic on narrow integers that are no quantized numbers: computed in int32, between two casts.

TFLite's int8, uint8 and int16 arithmetic takes scales for granted; without them LiteRT refuses the file or crashes. A
cast back to the narrow type wraps as the source's own arithmetic does.
"""

from __future__ import annotations

import numpy as np

from .model import Model, Operator, Tensor

INT32 = np.dtype(np.int32)
ARITHMETIC = frozenset([
    "ABS", "ADD", "DIV", "EQUAL", "FLOOR_DIV", "FLOOR_MOD", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL", "MUL",
    "NEG", "NOT_EQUAL", "SPLIT", "SUB",
])  # fmt: skip
NARROW = frozenset(["int8", "uint8", "int16", "bool"])


def widen_arithmetic(model: Model) -> None:
    """Put casts around every such operator; comparisons of bools and their results stay bools."""
    operators: list[Operator] = []
    for operator in model.operators:
        if operator.op not in ARITHMETIC or not any(map(_is_narrow, (*operator.inputs, *operator.outputs))):
            operators.append(operator)
            continue
        behind = []
        for place, tensor in enumerate(operator.inputs):
            if tensor is not None and _is_narrow(tensor):
                operator.inputs[place] = _wide_input(tensor, operator, operators)
        for place, tensor in enumerate(operator.outputs):
            if _is_narrow(tensor) and (tensor.dtype != np.bool_ or operator.op == "SPLIT"):
                wide = Tensor(f"{tensor.name}_int32", INT32, tensor.shape)
                behind.append(Operator("CAST", [wide], [tensor], origin=operator.origin))
                operator.outputs[place] = wide
        operators += [operator, *behind]
    model.operators[:] = operators


def _is_narrow(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.quantization is None and tensor.dtype.name in NARROW


def _wide_input(tensor: Tensor, operator: Operator, operators: list[Operator]) -> Tensor:
    if tensor.array is not None:
        return Tensor(f"{tensor.name}_int32", INT32, tensor.shape, tensor.array.astype(INT32))
    wide = Tensor(f"{tensor.name}_int32", INT32, tensor.shape)
    operators.append(Operator("CAST", [tensor], [wide], origin=operator.origin))
    return wide
