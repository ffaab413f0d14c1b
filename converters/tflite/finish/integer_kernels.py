"""Integer kernels for quantized graphs: DEQUANTIZE, a float operator, QUANTIZE become one int8 operator.

Scales and zero points are the source's own. Where a kernel would need others (a pool with another scale behind it than
in front), the float operator stays between its DEQUANTIZE and QUANTIZE, which computes exactly what the source says.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ..layout.holding import same_scales
from ..model import Array, Model, Operator, Quantization, Tensor
from ..padding import LOWEST
from .operator_list import OperatorList, remove_dead
from .requantizing import drop_pairs

INT32 = np.dtype(np.int32)
INT8 = np.dtype(np.int8)
WEIGHTED = {"CONV_2D": 0, "DEPTHWISE_CONV_2D": 3, "FULLY_CONNECTED": 0, "TRANSPOSE_CONV": 0}
"""Operators with weights and a bias, and the weights' output channels."""
RESCALING = frozenset(["ADD", "SUB", "MUL", "MEAN", "HARD_SWISH", "LEAKY_RELU", "PRELU"])
"""Kernels that take any scales in and out."""
KEEPING = frozenset(["AVERAGE_POOL_2D", "RESIZE_BILINEAR"])
"""Kernels that round to the scale of their input."""
EXACT = frozenset(
    [
        "RESHAPE",
        "TRANSPOSE",
        "MAX_POOL_2D",
        "PAD",
        "PADV2",
        "CONCATENATION",
        "RESIZE_NEAREST_NEIGHBOR",
        "GATHER",
        "STRIDED_SLICE",
        "SLICE",
        "SPLIT",
        "SPLIT_V",
        "TILE",
        "RELU",
        "MAXIMUM",
        "MINIMUM",
        "DEPTH_TO_SPACE",
        "SPACE_TO_DEPTH",
    ]
)
"""Kernels that only move or choose numbers: dequantizing behind them is the same as in front."""
FIXED = {"LOGISTIC": (1 / 256, -128), "SOFTMAX": (1 / 256, -128), "TANH": (1 / 128, 0)}
"""Kernels whose output scale and zero point are fixed."""


def integer_kernels(model: Model) -> None:
    """Replace every float operator between DEQUANTIZE and QUANTIZE that has an int8 kernel for those scales."""
    rewriter = OperatorList(model)
    quantizers: dict[Tensor, list[Operator]] = {}
    for operator in model.operators:
        if operator.op == "QUANTIZE" and operator.inputs[0] is not None:
            quantizers.setdefault(operator.inputs[0], []).append(operator)
    operators: list[Operator] = []
    for operator in model.operators:
        operators.append(operator)
        rule = _rule(operator.op)
        if operator.op in EXACT:
            operators += _moved(rewriter, operator)
        elif rule is not None:
            _integer(rewriter, operator, quantizers, rule)
    model.operators[:] = operators
    drop_pairs(rewriter)
    remove_dead(model)


def _sources(r: OperatorList, operator: Operator) -> list[Tensor] | None:
    """The int8 tensors behind the operator's float inputs; None if one of those is not dequantized."""
    sources: list[Tensor] = []
    for tensor in operator.inputs:
        if tensor is None or tensor.is_constant or tensor.dtype != np.float32:
            continue
        made = r.producer(tensor, "DEQUANTIZE")
        source = None if made is None else made.inputs[0]
        if source is None or source.dtype != INT8 or source.is_constant:
            return None
        sources.append(source)
    return sources or None


def _moved(r: OperatorList, operator: Operator) -> list[Operator]:
    """Let the operator move integers; returns the DEQUANTIZEs that now follow it."""
    sources = _sources(r, operator)
    if sources is None:
        return []
    inputs = _keeping(operator, sources, ())
    scales = sources[0].quantization
    if inputs is None or any(tensor in r.public for tensor in operator.outputs):
        return []
    operator.inputs = inputs
    followers = []
    for index, tensor in enumerate(operator.outputs):
        moved = Tensor(f"{tensor.name}_int8", INT8, tensor.shape, None, scales)
        follower = Operator("DEQUANTIZE", [moved], [tensor], origin=operator.origin)
        operator.outputs[index] = moved
        r.producers[moved], r.producers[tensor] = operator, follower
        r.uses[moved] = 1
        followers.append(follower)
    return followers


IntegerForm = Callable[[Operator, Sequence[Tensor], Sequence[Tensor]], "list[Tensor | None] | None"]


def _rule(op: str) -> IntegerForm | None:
    if op in WEIGHTED:
        return _weighted
    if op in RESCALING:
        return _rescaling
    if op in KEEPING:
        return _keeping
    return _fixed if op in FIXED else None


def _integer(r: OperatorList, operator: Operator, quantizers: dict[Tensor, list[Operator]], rule: IntegerForm) -> None:
    """Let one operator compute on integers if all its float results are only quantized, all alike."""
    behind = []
    for tensor in operator.outputs:
        readers = quantizers.get(tensor, [])
        if len(readers) != 1 or not r.alone(tensor):
            return
        behind.append(readers[0])
    sources = _sources(r, operator)
    if sources is None:
        return
    results = [quantizer.output for quantizer in behind]
    if any(result.dtype != INT8 for result in results):
        return
    inputs = rule(operator, sources, results)
    if inputs is None and _is_whole(operator):
        _as_mean(operator)
        inputs = _rescaling(operator, sources, results)
    if inputs is None:
        return
    operator.inputs = inputs
    operator.outputs = results
    for quantizer in behind:
        quantizer.outputs = []
    for result in results:
        r.producers[result] = operator


def _is_whole(operator: Operator) -> bool:
    """Whether it averages all rows and columns: a MEAN, whose kernel takes any scales."""
    source = operator.inputs[0]
    if operator.op != "AVERAGE_POOL_2D" or source is None or operator.options.get("FusedActivationFunction"):
        return False
    window = (operator.options["FilterHeight"], operator.options["FilterWidth"])
    return source.shape[1:3] == window and operator.output.shape[1:3] == (1, 1)


def _as_mean(operator: Operator) -> None:
    axes = Tensor(f"{operator.output.name}_axes", INT32, (2,), np.array([1, 2], np.int32))
    operator.op, operator.options = "MEAN", {"KeepDims": True}
    operator.inputs = [operator.inputs[0], axes]


def _replaced(
    operator: Operator, sources: Sequence[Tensor], constant: Callable[[Tensor], Tensor | None]
) -> list[Tensor | None] | None:
    """The operator's inputs with integers for floats; None where a constant has no integers."""
    given = iter(sources)
    inputs: list[Tensor | None] = []
    for tensor in operator.inputs:
        if tensor is None or tensor.dtype != np.float32:
            inputs.append(tensor)
        elif tensor.is_constant:
            made = constant(tensor)
            if made is None:
                return None
            inputs.append(made)
        else:
            inputs.append(next(given))
    return inputs


def _weighted(operator: Operator, sources: Sequence[Tensor], results: Sequence[Tensor]) -> list[Tensor | None] | None:
    """int8 weights with their scales, an int32 bias with scale input * weights."""
    del results
    weights = operator.inputs[1]
    if weights is None or weights.array is None or weights.quantization is None or len(sources) != 1:
        return None
    scales, axis = weights.quantization, WEIGHTED[operator.op]
    if scales.zero_point.any() or (scales.scale.size > 1 and scales.axis != axis):
        return None
    if operator.op != "FULLY_CONNECTED":
        scales = _per_channel(scales, weights.array.shape[axis], axis)
    whole = integers(weights.array, scales, np.int8)
    given = sources[0].quantization
    assert given is not None
    stored = Tensor(weights.name, INT8, weights.shape, whole, scales)
    is_transposed = operator.op == "TRANSPOSE_CONV"  # the shape of its result, weights, data
    inputs: list[Tensor | None] = [operator.inputs[0], stored, sources[0]] if is_transposed else [sources[0], stored]
    for row in operator.inputs[len(inputs) :]:
        if row is None or row.array is None:
            return None
        product = np.broadcast_to(given.scale * scales.scale, row.array.shape).astype(np.float32)
        quantization = Quantization(product, np.zeros(product.size, np.int64), 0)
        bias = integers(row.array, quantization, np.int32)
        inputs.append(Tensor(row.name, INT32, row.shape, bias, quantization))
    return inputs


def _per_channel(scales: Quantization, channels: int, axis: int) -> Quantization:
    """One scale per channel, as the convolution kernels want it."""
    scale, zero = np.broadcast_to(scales.scale, channels), np.broadcast_to(scales.zero_point, channels)
    return Quantization(scale, zero, axis)


def integers(array: Array, quantization: Quantization, dtype: type) -> Array:
    """array / scale + zero point, rounded."""
    shape = [1] * array.ndim
    if quantization.scale.size > 1:
        shape[quantization.axis] = -1
    stored = np.rint(array / quantization.scale.astype(np.float64).reshape(shape))
    limits = np.iinfo(dtype)
    clipped: Array = np.clip(stored + quantization.zero_point.reshape(shape), limits.min, limits.max)
    return clipped.astype(dtype)


def _rescaling(operator: Operator, sources: Sequence[Tensor], results: Sequence[Tensor]) -> list[Tensor | None] | None:
    del results

    def constant(tensor: Tensor) -> Tensor | None:
        if tensor.quantization is None or tensor.array is None or tensor.quantization.scale.size > 1:
            return None
        array = integers(tensor.array, tensor.quantization, np.int8)
        return Tensor(tensor.name, INT8, tensor.shape, array, tensor.quantization)

    return _replaced(operator, sources, constant)


def _keeping(operator: Operator, sources: Sequence[Tensor], results: Sequence[Tensor]) -> list[Tensor | None] | None:
    """Only with one scale for the tensor everywhere, on whose grid the constants are."""
    first = sources[0].quantization
    if (
        first is None
        or first.scale.size > 1
        or any(not same_scales(tensor.quantization, first) for tensor in (*sources, *results))
    ):
        return None

    def constant(tensor: Tensor) -> Tensor | None:
        """On the grid of the scale; the lowest float, which pads maxima, is the lowest integer."""
        if tensor.array is None:
            return None
        array = integers(tensor.array, first, np.int8)
        scale, zero = first.scale.astype(np.float64), first.zero_point
        if (
            not np.array_equal(((array - zero) * scale).astype(np.float32), tensor.array)
            and tensor.array.max() > LOWEST
        ):
            return None
        return Tensor(tensor.name, INT8, tensor.shape, array, first)

    return _replaced(operator, sources, constant)


def _fixed(operator: Operator, sources: Sequence[Tensor], results: Sequence[Tensor]) -> list[Tensor | None] | None:
    scale, zero = FIXED[operator.op]
    fixed = Quantization(np.array([scale], np.float32), np.array([zero]))
    if not same_scales(results[0].quantization, fixed):
        return None
    return _replaced(operator, sources, lambda _: None)
