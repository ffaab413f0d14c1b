"""What the TFLite schema says of each operator: the table of its options."""

from __future__ import annotations

OPTIONS: dict[str, str] = {
    "ABS": "AbsOptions", "ADD": "AddOptions", "ARG_MAX": "ArgMaxOptions", "ARG_MIN": "ArgMinOptions",
    "ATAN2": "ATan2Options", "AVERAGE_POOL_2D": "Pool2DOptions", "BATCH_MATMUL": "BatchMatMulOptions",
    "BITWISE_XOR": "BitwiseXorOptions", "BROADCAST_TO": "BroadcastToOptions", "CAST": "CastOptions",
    "CONCATENATION": "ConcatenationOptions", "CONV_2D": "Conv2DOptions", "CONV_3D": "Conv3DOptions",
    "CONV_3D_TRANSPOSE": "Conv3DOptions", "COS": "CosOptions", "CUMSUM": "CumsumOptions",
    "DEPTH_TO_SPACE": "DepthToSpaceOptions", "DEPTHWISE_CONV_2D": "DepthwiseConv2DOptions",
    "DEQUANTIZE": "DequantizeOptions", "DIV": "DivOptions", "EQUAL": "EqualOptions", "EXP": "ExpOptions",
    "FILL": "FillOptions", "FLOOR_DIV": "FloorDivOptions", "FLOOR_MOD": "FloorModOptions",
    "FULLY_CONNECTED": "FullyConnectedOptions", "GATHER": "GatherOptions", "GATHER_ND": "GatherNdOptions",
    "GELU": "GeluOptions", "GREATER": "GreaterOptions", "GREATER_EQUAL": "GreaterEqualOptions",
    "HARD_SWISH": "HardSwishOptions", "L2_NORMALIZATION": "L2NormOptions", "LEAKY_RELU": "LeakyReluOptions",
    "LESS": "LessOptions", "LESS_EQUAL": "LessEqualOptions",
    "LOCAL_RESPONSE_NORMALIZATION": "LocalResponseNormalizationOptions", "LOG_SOFTMAX": "LogSoftmaxOptions",
    "LOGICAL_AND": "LogicalAndOptions", "LOGICAL_NOT": "LogicalNotOptions", "LOGICAL_OR": "LogicalOrOptions",
    "MAX_POOL_2D": "Pool2DOptions", "MAXIMUM": "MaximumMinimumOptions", "MEAN": "ReducerOptions",
    "MINIMUM": "MaximumMinimumOptions", "MIRROR_PAD": "MirrorPadOptions", "MUL": "MulOptions", "NEG": "NegOptions",
    "NON_MAX_SUPPRESSION_V4": "NonMaxSuppressionV4Options", "NOT_EQUAL": "NotEqualOptions",
    "ONE_HOT": "OneHotOptions", "PACK": "PackOptions", "PAD": "PadOptions", "PADV2": "PadV2Options",
    "POW": "PowOptions", "QUANTIZE": "QuantizeOptions", "RANGE": "RangeOptions", "REDUCE_ALL": "ReducerOptions",
    "REDUCE_ANY": "ReducerOptions", "REDUCE_MAX": "ReducerOptions", "REDUCE_MIN": "ReducerOptions",
    "REDUCE_PROD": "ReducerOptions", "RESHAPE": "ReshapeOptions", "RESIZE_BILINEAR": "ResizeBilinearOptions",
    "RESIZE_NEAREST_NEIGHBOR": "ResizeNearestNeighborOptions", "REVERSE_V2": "ReverseV2Options",
    "REVERSE_SEQUENCE": "ReverseSequenceOptions",
    "RIGHT_SHIFT": "RightShiftOptions", "SCATTER_ND": "ScatterNdOptions", "SELECT_V2": "SelectV2Options",
    "SHAPE": "ShapeOptions", "SIGN": "SignOptions", "SLICE": "SliceOptions", "SOFTMAX": "SoftmaxOptions",
    "SPACE_TO_DEPTH": "SpaceToDepthOptions", "SPLIT": "SplitOptions", "SPLIT_V": "SplitVOptions",
    "SQUARE": "SquareOptions", "SQUARED_DIFFERENCE": "SquaredDifferenceOptions",
    "STRIDED_SLICE": "StridedSliceOptions", "SUB": "SubOptions", "SUM": "ReducerOptions", "TILE": "TileOptions",
    "TOPK_V2": "TopKV2Options", "TRANSPOSE": "TransposeOptions", "TRANSPOSE_CONV": "TransposeConvOptions",
    "UNPACK": "UnpackOptions", "WHERE": "WhereOptions",
}  # fmt: skip
"""The options table of each operator that has one."""
