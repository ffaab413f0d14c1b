"""The version of each operator's kernel, and the first runtime that has it.

Versions follow TensorFlow's versioning of builtin kernels (tensorflow/lite/tools/versioning): a file names for each
operator the first version of the kernel that can compute it, so that old runtimes load what they can compute.
"""

from __future__ import annotations

from collections.abc import Callable

from .model import Operator, Tensor

_INT8_IS_2 = frozenset(
    [
        "ARG_MAX",
        "ARG_MIN",
        "AVERAGE_POOL_2D",
        "MAX_POOL_2D",
        "ADD",
        "SUB",
        "MUL",
        "CONCATENATION",
        "SPACE_TO_DEPTH",
        "DEPTH_TO_SPACE",
        "SPLIT_V",
        "SUM",
        "LOG_SOFTMAX",
        "GREATER",
        "LESS_EQUAL",
        "LESS",
        "GREATER_EQUAL",
        "EQUAL",
        "NOT_EQUAL",
        "SQUARED_DIFFERENCE",
        "SOFTMAX",
        "MEAN",
        "MIRROR_PAD",
        "REDUCE_MAX",
        "REDUCE_MIN",
        "RELU6",
        "RSQRT",
        "TANH",
        "LOGISTIC",
        "PAD",
        "PADV2",
        "TOPK_V2",
        "EXP",
        "LOG",
        "REDUCE_PROD",
        "SLICE",
        "TRANSPOSE",
        "PACK",
        "MAXIMUM",
        "MINIMUM",
        "STRIDED_SLICE",
        "UNPACK",
        "ABS",
        "RELU",
        "GATHER",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        "L2_NORMALIZATION",
        "GELU",
        "BATCH_MATMUL",
    ]
)
"""Operators whose version 2 brought int8."""


def version(operator: Operator) -> int:
    """The first kernel version that computes this operator with these operands."""
    rule = _RULES.get(operator.op)
    special = rule(operator) if rule is not None else 0
    if special:
        return special
    return 2 if operator.op in _INT8_IS_2 and _type(operator) == "int8" else 1


def _type(operator: Operator, index: int = 0) -> str:
    if index >= len(operator.inputs):
        return ""
    tensor = operator.inputs[index]
    return "" if tensor is None else tensor.dtype.name


def _rank(operator: Operator) -> int:
    return max((tensor.rank for tensor in operator.inputs if tensor is not None), default=0)


def _broadcasts(operator: Operator) -> bool:
    first, second = operator.inputs[:2]
    return first is not None and second is not None and first.shape != second.shape


def _per_channel(tensor: Tensor | None) -> bool:
    return tensor is not None and tensor.quantization is not None and tensor.quantization.scale.size > 1


def _hybrid(operator: Operator) -> bool:
    return _type(operator) == "float32" and _type(operator, 1) == "int8"


def _conv(operator: Operator) -> int:
    data, weights = operator.inputs[:2]
    assert data is not None
    assert weights is not None
    if data.shape[-1] != weights.shape[-1]:
        return 6
    if _hybrid(operator):
        return 5 if _per_channel(weights) else 2
    return 3 if _type(operator) == "int8" else 1


def _depthwise(operator: Operator) -> int:
    if _hybrid(operator):
        return 6 if _per_channel(operator.inputs[1]) else 4
    if _type(operator) == "int8":
        return 3
    return 2 if max(operator.options.get("DilationHFactor", 1), operator.options.get("DilationWFactor", 1)) > 1 else 1


def _fully_connected(operator: Operator) -> int:
    if _hybrid(operator) and _per_channel(operator.inputs[1]):
        return 12
    if len(operator.inputs) == 2 or operator.inputs[2] is None:
        return 6
    if operator.options.get("KeepNumDims"):
        return 5
    if _hybrid(operator):
        return 3
    return 4 if _type(operator) == "int8" else 1


def _transpose_conv(operator: Operator) -> int:
    if operator.options.get("FusedActivationFunction"):
        return 4
    if len(operator.inputs) == 4:
        return 3
    return 2 if _type(operator, 1) == "int8" else 1


def _transpose(operator: Operator) -> int:
    rank = _rank(operator)
    if rank > 4:
        return 6 if rank > 5 else 4
    return 3 if _type(operator) == "bool" else 0


def _gather(operator: Operator) -> int:
    if operator.options.get("BatchDims"):
        return 5
    return 3 if _type(operator) == "bool" else 0


def _cast(operator: Operator) -> int:
    types = {_type(operator), operator.output.dtype.name}
    for names, number in (("float64 float16", 5), ("uint16", 4), ("int8", 3), ("uint32", 2)):
        if types & set(names.split()):
            return number
    return 1


def _dequantize(operator: Operator) -> int:
    if _type(operator) in ("float16", "int16"):
        return 3
    if _type(operator) == "int8":
        return 5 if _per_channel(operator.inputs[0]) else 2
    return 1


def _above_four(number: int) -> Callable[[Operator], int]:
    return lambda operator: number if _rank(operator) > 4 else 0


def _broadcast_above_four(number: int) -> Callable[[Operator], int]:
    return lambda operator: number if _rank(operator) > 4 and _broadcasts(operator) else 0


def _mul(operator: Operator) -> int:
    if _type(operator) != "int8":
        return 0
    scales = [
        float(tensor.quantization.scale[0])
        for tensor in (*operator.inputs[:2], operator.output)
        if tensor is not None and tensor.quantization is not None
    ]
    return 3 if len(scales) == 3 and scales[0] * scales[1] / scales[2] >= 1 else 2


def _half_pixel(*names: str) -> Callable[[Operator], int]:
    return lambda operator: 3 if any(operator.options.get(name) for name in names) else 0


def _by_type(index: int, **versions: int) -> Callable[[Operator], int]:
    return lambda operator: versions.get(_type(operator, index), 0)


def _strided_slice(operator: Operator) -> int:
    return 4 if _rank(operator) > 4 else 3 if _type(operator) == "bool" else 0


_RULES: dict[str, Callable[[Operator], int]] = {
    "CONV_2D": _conv, "DEPTHWISE_CONV_2D": _depthwise, "FULLY_CONNECTED": _fully_connected,
    "TRANSPOSE_CONV": _transpose_conv, "TRANSPOSE": _transpose, "GATHER": _gather, "CAST": _cast,
    "DEQUANTIZE": _dequantize, "QUANTIZE": lambda operator: 3 if _per_channel(operator.output) else 1, "MUL": _mul,
    "SUB": _broadcast_above_four(3), "DIV": _broadcast_above_four(2), "MAXIMUM": _broadcast_above_four(3),
    "MINIMUM": _broadcast_above_four(3), "SLICE": _above_four(5), "PAD": _above_four(4), "PADV2": _above_four(4),
    "STRIDED_SLICE": _strided_slice, "RESIZE_BILINEAR": _half_pixel("HalfPixelCenters"),
    "RESIZE_NEAREST_NEIGHBOR": _half_pixel("HalfPixelCenters", "AlignCorners"),
    "SPLIT": _by_type(1, int32=3, int8=2), "FLOOR_DIV": _by_type(0, float32=2), "SIGN": _by_type(0, int32=2),
    "BROADCAST_TO": lambda operator: 3 if _type(operator) == "int8" else 2, "ABS": _by_type(0, int32=5),
    "FILL": _by_type(1, bool=2, int8=3), "UNPACK": _by_type(0, bool=3), "REVERSE_V2": _by_type(0, bool=2, int8=3),
    "ARG_MAX": _by_type(0, bool=3), "ARG_MIN": _by_type(0, bool=3), "TILE": _by_type(0, int8=3),
    "WHERE": _by_type(0, float32=2, int32=2), "GATHER_ND": _by_type(0, bool=5),
}  # fmt: skip


_RUNTIMES: dict[str, str] = {
    "1.14.0": """ADD:2 SUB:2 CONV_2D:2 CONV_2D:3 DEPTHWISE_CONV_2D:3 CONCATENATION:2 FULLY_CONNECTED:3 FULLY_CONNECTED:4
        GATHER:2 GATHER_ND:1 MAX_POOL_2D:2 AVERAGE_POOL_2D:2 MAXIMUM:1 MAXIMUM:2 MINIMUM:1 MINIMUM:2 MUL:2 PAD:2 PADV2:2
        SOFTMAX:2 TRANSPOSE:2 MEAN:2 REDUCE_MAX:2 REDUCE_MIN:2 RELU6:2 RESIZE_BILINEAR:2 RESIZE_NEAREST_NEIGHBOR:2
        SPLIT:2 SPLIT:3 STRIDED_SLICE:2 TOPK_V2:2 ARG_MAX:2 ARG_MIN:2 PACK:2 SLICE:1 SLICE:2 TANH:1 TANH:2 UNPACK:2
        LOGISTIC:1 LOGISTIC:2 LOG_SOFTMAX:1 LOG_SOFTMAX:2 WHERE:1 DEQUANTIZE:2 EQUAL:1 EQUAL:2 NOT_EQUAL:1 NOT_EQUAL:2
        GREATER:1 GREATER:2 GREATER_EQUAL:1 GREATER_EQUAL:2 LESS:1 LESS:2 LESS_EQUAL:1 LESS_EQUAL:2 FLOOR_DIV:1
        FLOOR_DIV:2 CEIL:1 ELU:1 QUANTIZE:1 ROUND:1 COS:1 LOG:1 REVERSE_V2:1 SPACE_TO_DEPTH:2 L2_NORMALIZATION:2""",
    "1.15.0": "MUL:3 GATHER:3 TRANSPOSE:3 SUM:2 DEQUANTIZE:3 HARD_SWISH:1",
    "2.0.0": "FULLY_CONNECTED:5",
    "2.1.0": "FULLY_CONNECTED:6 DEPTH_TO_SPACE:1 STRIDED_SLICE:3 SCATTER_ND:1 RELU:2 NON_MAX_SUPPRESSION_V4:1",
    "2.2.0": """DEPTHWISE_CONV_2D:4 RESIZE_BILINEAR:3 TRANSPOSE_CONV:2 STRIDED_SLICE:4 UNPACK:3 SELECT_V2:1
        REVERSE_V2:2""",
    "2.3.0": """SUB:3 DIV:2 MAXIMUM:3 MINIMUM:3 DEPTHWISE_CONV_2D:6 FULLY_CONNECTED:9 BATCH_MATMUL:1 BATCH_MATMUL:2
        RESIZE_NEAREST_NEIGHBOR:3 TRANSPOSE:4 TRANSPOSE_CONV:3 SPLIT_V:2 MIRROR_PAD:2 FILL:2""",
    "2.4.0": "CONV_2D:5 CUMSUM:1 ABS:2",
    "2.5.0": """GATHER:5 SLICE:5 BROADCAST_TO:2 BROADCAST_TO:3 DEPTH_TO_SPACE:2 SQUARED_DIFFERENCE:2 RSQRT:2 CONV_3D:1
        FILL:3 REVERSE_V2:3""",
    "2.6.0": "BROADCAST_ARGS:1 PAD:4 PADV2:4 CONV_3D_TRANSPOSE:1 REDUCE_PROD:2 REDUCE_ALL:1",
    "2.7.0": "CAST:2 DEQUANTIZE:5 QUANTIZE:3",
    "2.8.0": "CAST:3 WHERE:2 TILE:3",
    "2.9.0": "CONV_2D:6 CAST:4 GELU:1 GELU:2 ARG_MAX:3 ARG_MIN:3",
    "2.10.0": "ATAN2:1",
    "2.11.0": "SIGN:1 CAST:5",
    "2.12.0": "SIGN:2 TRANSPOSE:6 ABS:5 BITWISE_XOR:1 RIGHT_SHIFT:1",
    "2.15.0": "TRANSPOSE_CONV:4 GATHER_ND:5",
    "2.17.0": "FULLY_CONNECTED:12",
}


_FIRST_RUNTIME = {key: runtime for runtime, keys in _RUNTIMES.items() for key in keys.split()}


def min_runtime(operators: list[Operator]) -> str:
    """The first TensorFlow release whose runtime has all these kernels (1.5.0 had the oldest ones)."""
    releases = {_FIRST_RUNTIME.get(f"{operator.op}:{version(operator)}", "1.13.1") for operator in operators}
    return max(releases, key=lambda release: [int(part) for part in release.split(".")], default="1.5.0")
