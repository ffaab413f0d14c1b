"""What stands between a float operator and its QUANTIZE goes behind it: the operator can compute on integers then."""

from __future__ import annotations

import numpy as np

from ..model import Model, Operator, Quantization, Tensor
from .operator_list import OperatorList

INT8 = np.dtype(np.int8)
MOVING = frozenset(["STRIDED_SLICE", "SLICE", "RESHAPE", "TRANSPOSE"])
LIMITING = frozenset(["MAXIMUM", "MINIMUM"])


def quantize_first(model: Model) -> None:
    """QUANTIZE(MAXIMUM(x, a)) -> MAXIMUM(QUANTIZE(x), Q(a)), QUANTIZE(STRIDED_SLICE(x)) -> STRIDED_SLICE(QUANTIZE(x)).

    Rounding is monotone and does not depend on the place, so that the bits are the same. What is before has to be
    computed, by what is no DEQUANTIZE.
    """
    r = OperatorList(model)
    operators: list[Operator] = []
    for operator in model.operators:
        chain = _chain(r, operator) if operator.op == "QUANTIZE" else []
        operators.append(operator)
        scales = operator.output.quantization
        if not chain or scales is None or scales.scale.size != 1 or operator.output.dtype != INT8:
            continue
        source, result = chain[-1].inputs[0], operator.output
        assert source is not None
        operator.inputs[0] = source
        operator.outputs = [Tensor(f"{result.name}_whole", INT8, source.shape, None, scales)]
        before = operator.output
        for number, step in enumerate(reversed(chain), start=1):
            is_last = number == len(chain)
            made = result if is_last else Tensor(f"{result.name}_{number}", INT8, step.output.shape, None, scales)
            others = [_whole(tensor, scales) for tensor in step.inputs[1:]]
            operators.append(Operator(step.op, [before, *others], [made], dict(step.options), step.origin, step.cause))
            step.outputs = []
            before = made
    model.operators[:] = [operator for operator in operators if operator.outputs]


def _chain(r: OperatorList, quantize: Operator) -> list[Operator]:
    """The operators before a QUANTIZE that may go behind it, last first."""
    chain: list[Operator] = []
    tensor = quantize.inputs[0]
    while tensor is not None and r.alone(tensor):
        made = r.producer(tensor, *MOVING, *LIMITING)
        if made is None or made.options.get("FusedActivationFunction"):
            break
        if made.op in LIMITING and not _is_number(made.inputs[1]):
            break
        chain.append(made)
        tensor = made.inputs[0]
    last = None if tensor is None else r.producers.get(tensor)
    return chain if last is not None and last.op != "DEQUANTIZE" and tensor is not None and r.alone(tensor) else []


def _is_number(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.array is not None and tensor.array.size == 1


def _whole(tensor: Tensor | None, scales: Quantization) -> Tensor | None:
    """A float limit on the grid; positions as they are."""
    if tensor is None or tensor.array is None or tensor.dtype != np.float32:
        return tensor
    steps = np.rint(tensor.array / scales.scale[0]) + scales.zero_point[0]
    return Tensor(tensor.name, INT8, tensor.shape, np.clip(steps, -128, 127).astype(np.int8), scales)
