"""A QUANTIZE behind a DEQUANTIZE: what went in, or the same steps in the other type of eight bits."""

from __future__ import annotations

import numpy as np

from ..layout.holding import same_scales
from ..model import Quantization, Tensor
from .operator_list import OperatorList

SIGNS = frozenset(["int8", "uint8"])


def drop_pairs(r: OperatorList) -> None:
    """QUANTIZE(DEQUANTIZE(q)) -> q with the same scales, -> QUANTIZE(q) where only int8 becomes uint8 or uint8 int8."""
    same_as: dict[Tensor, Tensor] = {}
    for operator in r.model.operators:
        operator.inputs = [None if tensor is None else same_as.get(tensor, tensor) for tensor in operator.inputs]
        made = r.producer(operator.inputs[0], "DEQUANTIZE") if operator.op == "QUANTIZE" and operator.outputs else None
        source = None if made is None else made.inputs[0]
        if source is None:
            continue
        result = operator.output
        if source.dtype != result.dtype:
            if _only_signs(source, result):
                operator.inputs[0] = source
        elif same_scales(source.quantization, result.quantization) and result not in r.public:
            same_as[result] = source
    _make_outputs(r)


def _make_outputs(r: OperatorList) -> None:
    """An output of the model that is such a pair: the operator before the pair makes the output."""
    instead: dict[Tensor, Tensor] = {}
    for operator in r.model.operators:
        made = r.producer(operator.inputs[0], "DEQUANTIZE") if operator.op == "QUANTIZE" and operator.outputs else None
        source = None if made is None else made.inputs[0]
        if source is None or operator.output not in r.public or source in r.public or source in instead:
            continue
        same = source.dtype == operator.output.dtype and source.shape == operator.output.shape
        if same and source in r.producers and same_scales(source.quantization, operator.output.quantization):
            instead[source], operator.outputs = operator.output, []
    for operator in r.model.operators if instead else ():
        operator.inputs = [None if tensor is None else instead.get(tensor, tensor) for tensor in operator.inputs]
        operator.outputs = [instead.get(tensor, tensor) for tensor in operator.outputs]


def _only_signs(source: Tensor, result: Tensor) -> bool:
    """Whether the real numbers are the same: LiteRT flips the highest bit."""
    if {source.dtype.name, result.dtype.name} != SIGNS:
        return False
    assert source.quantization is not None
    assert result.quantization is not None
    moved = 128 if result.dtype == np.uint8 else -128
    return same_scales(_moved(source.quantization, moved), result.quantization)


def _moved(scales: Quantization, by: int) -> Quantization:
    return Quantization(scales.scale, scales.zero_point + by, scales.axis)
