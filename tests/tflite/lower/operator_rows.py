"""The forms of TFLite operators, by family."""

from __future__ import annotations

import numpy as np

from .rows import P, Row, X, ints

IMAGE = X(2, 5, 6, 4)
SAME, VALID = 0, 1
ONE = {"StrideH": 1, "StrideW": 1}
WINDOW = {"StrideH": 2, "StrideW": 1, "FilterHeight": 3, "FilterWidth": 2}
EIGHT = X(2, 5, 6, 4, dtype="int8", quantized=True)

ELEMENTWISE = [
    *(
        Row(op, X(2, 3, 4, low=-2, high=2))
        for op in ("ABS", "CEIL", "COS", "EXP", "FLOOR", "NEG", "ROUND", "SIGN", "SIN", "SQUARE")
    ),
    *(Row(op, X(2, 3, 4, low=0.1)) for op in ("LOG", "SQRT", "RSQRT")),
    Row("LOGICAL_NOT", X(2, 3, dtype="bool"), out="bool"),
    *(Row(op, X(2, 3, 4), X(4)) for op in ("ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM", "SQUARED_DIFFERENCE")),
    *(Row("ADD", X(2, 3, 4), X(2, 3, 4), FusedActivationFunction=number) for number in (1, 2, 3)),
    *(Row(op, X(2, 3, 4), X(2, 3, 4, low=0.5)) for op in ("DIV", "FLOOR_DIV", "FLOOR_MOD")),
    Row("FLOOR_MOD", X(2, 3, 4), X(2, 3, 4, low=-2, high=-0.5)),
    *(
        Row(op, X(4, 6, dtype="int32", low=-20, high=20), ints([[3], [-4], [5], [-7]]), out="int32")
        for op in ("FLOOR_DIV", "FLOOR_MOD")
    ),
    Row("POW", X(2, 3, low=0.1), X(2, 3)),
    Row("ATAN2", X(4, 5), X(4, 5)),
    Row("ADD_N", X(2, 3), X(2, 3), X(2, 3)),
    *(Row(op, X(3, 4, dtype="bool"), X(3, 4, dtype="bool"), out="bool") for op in ("LOGICAL_AND", "LOGICAL_OR")),
    *(
        Row(op, X(4, 6, dtype="int32"), X(6, dtype="int32"), out="bool")
        for op in ("EQUAL", "NOT_EQUAL", "GREATER", "GREATER_EQUAL", "LESS", "LESS_EQUAL")
    ),
    Row("BITWISE_XOR", X(9, dtype="int32", low=0, high=99), X(9, dtype="int32", low=0, high=99), out="int32"),
    Row("RIGHT_SHIFT", X(9, dtype="int32", low=-99, high=99), ints([2]), out="int32"),
    Row("CAST", X(2, 3, low=-9, high=9), out="int32", InDataType=0, OutDataType=2),
    Row("ZEROS_LIKE", X(2, 3)),
    *(Row(op, EIGHT, EIGHT, out="int8", quantized=True, steps=1) for op in ("ADD", "SUB", "MUL")),
]
ACTIVATION = [
    *(
        Row(op, X(2, 3, 4, low=-4, high=4))
        for op in (
            "ELU",
            "HARD_SWISH",
            "LOGISTIC",
            "RELU",
            "RELU6",
            "RELU_N1_TO_1",
            "RELU_0_TO_1",
            "TANH",
            "LOG_SOFTMAX",
        )
    ),
    Row("GELU", X(2, 3)),
    Row("GELU", X(2, 3), Approximate=True),
    Row("LEAKY_RELU", X(2, 3, 4), Alpha=0.3),
    Row("PRELU", IMAGE, P(1, 1, 4)),
    Row("SOFTMAX", X(2, 3, 4, 5), Beta=1.0),
    Row("SOFTMAX", X(2, 5), Beta=2.5),
    Row("RELU", EIGHT, out="int8", quantized=True, steps=1),
]
REDUCTION = [
    *(Row("MEAN", IMAGE, ints(axes), KeepDims=keep) for axes in ([1, 2], [3], [-1, 0]) for keep in (True, False)),
    Row("ARG_MAX", IMAGE, ints(3), out="int64", OutputType=4),
    Row("ARG_MAX", IMAGE, ints(-2), out="int32", OutputType=2),
    Row("REDUCE_ALL", X(3, 4, dtype="bool"), ints([1]), out="bool"),
    Row("REDUCE_ANY", X(3, 4, dtype="bool"), ints([0]), out="bool", KeepDims=True),
    Row("CUMSUM", X(2, 5), ints(1), Exclusive=True, Reverse=True),
]
MATMUL = [
    Row("FULLY_CONNECTED", X(3, 4), P(5, 4), P(5)),
    Row("FULLY_CONNECTED", X(2, 3, 4), P(5, 4), None, KeepNumDims=True, FusedActivationFunction=1),
    Row("FULLY_CONNECTED", X(2, 2, 3), P(5, 6), P(5)),
    Row("BATCH_MATMUL", X(2, 3, 4), X(2, 4, 5)),
    Row("BATCH_MATMUL", X(2, 4, 3), X(2, 5, 4), AdjX=True, AdjY=True),
    Row("FULLY_CONNECTED", X(3, 8, dtype="int8", quantized=True),
        P(5, 8, dtype="int8", low=-99, high=99, scale=[0.01]),
        P(5, dtype="int32", low=-99, high=99, scale=[0.0005]), out="int8", quantized=True, steps=1),
]  # fmt: skip
CONVOLUTION = [
    *(
        Row("CONV_2D", IMAGE, P(3, 3, 2, 4), P(3), Padding=pad, StrideH=2, StrideW=1, FusedActivationFunction=1)
        for pad in (SAME, VALID)
    ),
    Row("CONV_2D", IMAGE, P(3, 2, 2, 4), P(3), Padding=SAME, **ONE, DilationHFactor=2, DilationWFactor=2),
    Row("CONV_2D", IMAGE, P(6, 3, 3, 2), P(6), Padding=SAME, StrideH=1, StrideW=1),
    *(
        Row("DEPTHWISE_CONV_2D", IMAGE, P(1, 3, 3, 8), P(8), Padding=pad, StrideH=1, StrideW=1, DepthMultiplier=2)
        for pad in (SAME, VALID)
    ),
    *(
        Row("TRANSPOSE_CONV", ints(shape), P(3, 3, 3, 4), IMAGE, Padding=pad, StrideH=2, StrideW=2)
        for shape, pad in (([2, 10, 12, 3], SAME), ([2, 11, 13, 3], VALID), ([2, 9, 11, 3], SAME))
    ),
    Row("CONV_2D", EIGHT, P(3, 3, 2, 4, dtype="int8", low=-99, high=99, scale=[0.01, 0.02, 0.005]),
        P(3, dtype="int32", low=-99, high=99, scale=[0.0005, 0.001, 0.00025]), out="int8", quantized=True, steps=1,
        Padding=SAME, StrideH=1, StrideW=1),
]  # fmt: skip
POOLING = [
    *(
        Row(op, IMAGE, Padding=pad, **WINDOW)
        for op in ("AVERAGE_POOL_2D", "L2_POOL_2D", "MAX_POOL_2D")
        for pad in (SAME, VALID)
    ),
    *(Row(op, EIGHT, out="int8", quantized=True, steps=1, Padding=SAME, **WINDOW) for op in ("AVERAGE_POOL_2D",)),
]
NORMALIZATION = [
    Row("L2_NORMALIZATION", X(2, 5)),
    Row("LOCAL_RESPONSE_NORMALIZATION", IMAGE, Radius=1, Bias=1.5, Alpha=0.3, Beta=0.75),
]
RESIZE = [
    *(
        Row(op, IMAGE, ints(size), **rule)
        for op in ("RESIZE_BILINEAR", "RESIZE_NEAREST_NEIGHBOR")
        for size in ([10, 12], [3, 9], [1, 1])
        for rule in ({}, {"AlignCorners": True}, {"HalfPixelCenters": True})
    ),
]
MOVEMENT = [
    Row("RESHAPE", IMAGE, ints([2, -1])),
    Row("RESHAPE", IMAGE, NewShape=[2, 120]),
    Row("TRANSPOSE", X(2, 3, 4), ints([2, 0, 1])),
    Row("SQUEEZE", X(1, 3, 1, 4), SqueezeDims=[0]),
    Row("SQUEEZE", X(1, 3, 1, 4)),
    Row("EXPAND_DIMS", X(2, 3), ints(1)),
    Row("EXPAND_DIMS", X(2, 3), ints(-1)),
    Row("CONCATENATION", X(2, 3), X(2, 2), Axis=-1, FusedActivationFunction=0),
    Row("PACK", X(2, 3), X(2, 3), ValuesCount=2, Axis=1),
    Row("UNPACK", X(2, 3), out="float32 float32", Num=2, Axis=0),
    Row("SPLIT", ints(1), X(2, 6), out="float32 float32 float32", NumSplits=3),
    Row("SPLIT_V", X(2, 6), ints([1, -1, 2]), ints(1), out="float32 float32 float32", NumSplits=3),
    Row("TILE", X(2, 3), ints([2, 3])),
    Row("BROADCAST_TO", X(1, 3), ints([4, 3])),
    Row("BROADCAST_ARGS", X(values=[1, 3], dtype="int32"), X(values=[5, 1, 3], dtype="int32"), out="int32"),
    Row("SPACE_TO_BATCH_ND", X(1, 4, 6, 3), ints([2, 3]), ints([[0, 0], [0, 0]])),
    Row("SPACE_TO_BATCH_ND", X(2, 5, 5, 1), ints([2, 2]), ints([[1, 0], [0, 1]])),
    Row("BATCH_TO_SPACE_ND", X(4, 3, 2, 5), ints([2, 2]), ints([[0, 1], [1, 0]])),
    Row("DEPTH_TO_SPACE", X(1, 2, 3, 8), BlockSize=2),
    Row("SPACE_TO_DEPTH", X(1, 4, 6, 3), BlockSize=2),
    Row("SHAPE", X(2, 3, 4), out="int32", OutType=2),
    Row("RANK", X(2, 3, 4), out="int32"),
    Row("FILL", ints([2, 3]), X(values=4.5)),
    Row("RANGE", X(values=0, dtype="int32"), X(values=9, dtype="int32"), X(values=2, dtype="int32"), out="int32"),
    Row("PAD", IMAGE, ints([[0, 0], [1, 2], [0, 1], [0, 0]])),
    Row("PADV2", IMAGE, ints([[0, 0], [1, 2], [0, 1], [0, 0]]), P(values=-1.5)),
    *(Row("MIRROR_PAD", X(3, 4), ints([[1, 2], [0, 3]]), Mode=mode) for mode in (0, 1)),
    Row("PAD", EIGHT, ints([[0, 0], [1, 2], [0, 1], [0, 0]]), out="int8", quantized=True),
]
INDEXING = [
    Row("GATHER", X(4, 5, 6), ints([2, 0]), Axis=1),
    Row("GATHER", X(4, 5, 6), ints([[2, 0], [1, 3]]), Axis=0),
    Row("GATHER", X(2, 5, 3), ints([[4, 0], [1, 3]]), Axis=1, BatchDims=1),
    Row("GATHER_ND", X(4, 5, 6), ints([[2, 0], [1, 3]])),
    Row("EMBEDDING_LOOKUP", X(values=[1, 0, 2], dtype="int32"), P(4, 3)),
    Row("REVERSE_SEQUENCE", X(3, 4, 2), ints([2, 3, 4, 2][:3]), SeqDim=1, BatchDim=0),
    Row("REVERSE_SEQUENCE", X(3, 4, 5), ints([2, 3, 1]), SeqDim=2, BatchDim=0),
    Row("REVERSE_V2", X(3, 4), ints([1])),
    Row("SLICE", X(4, 5, 6), ints([1, 0, 2]), ints([2, -1, 3])),
    Row("SLICE", X(4, 5), X(values=[1, 2], dtype="int32"), ints([2, 3])),
    Row("STRIDED_SLICE", X(5, 6), ints([1, 0]), ints([4, 6]), ints([1, 2])),
    Row("STRIDED_SLICE", X(5, 6), ints([4, 0]), ints([0, 6]), ints([-2, 1]), EndMask=1),
    Row("STRIDED_SLICE", X(5, 6), ints([-1, 0]), ints([0, 6]), ints([1, 1]), ShrinkAxisMask=1, EndMask=2),
    Row(
        "STRIDED_SLICE",
        X(5, 6),
        ints([0, 0, 1]),
        ints([0, 0, 5]),
        ints([1, 1, 1]),
        NewAxisMask=1,
        BeginMask=2,
        EndMask=2,
    ),
    Row("STRIDED_SLICE", X(4, 5, 6), ints([0, 2]), ints([0, 4]), ints([1, 1]), EllipsisMask=1),
    Row("DYNAMIC_UPDATE_SLICE", X(4, 5), X(2, 3), X(values=[3, 1], dtype="int32")),
    Row("SCATTER_ND", ints([[1], [3], [1]]), X(3, 2), ints([5, 2])),
    Row("SPARSE_TO_DENSE", ints([[0, 1], [2, 3]]), ints([3, 4]), P(2), P(values=0.5)),
    Row("SEGMENT_SUM", X(5, 2), ints([0, 0, 1, 2, 2])),
    *(Row(f"UNSORTED_SEGMENT_{op}", X(5, 2), ints([2, 0, 1, 2, 0]), ints(4)) for op in ("MAX", "MIN", "PROD", "SUM")),
]
SELECTION = [
    Row("SELECT", X(3, dtype="bool"), X(3, 4), X(3, 4)),
    Row("SELECT_V2", X(3, 1, dtype="bool"), X(3, 4), X(4)),
    Row("TOPK_V2", X(3, 6), ints(2), out="float32 int32"),
    Row("ONE_HOT", X(values=[1, -1, 4, 0], dtype="int32"), ints(4), P(values=2.0), P(values=-1.0),
        Axis=-1),
    Row("WHERE", X(3, 4, dtype="bool"), out="int64"),
    Row("UNIQUE", X(values=[3, 1, 3, 2, 1], dtype="int32"), out="int32 int32"),
    Row("MATRIX_DIAG", X(2, 3)),
    Row("MATRIX_SET_DIAG", X(2, 3, 4), X(2, 3)),
    Row("BUCKETIZE", X(3, 4, low=0, high=10), out="int32", Boundaries=[1.0, 4.0, 7.0]),
]  # fmt: skip
VISION = [
    Row("NON_MAX_SUPPRESSION_V5", X(values=np.array([[0, 0, 1, 1], [0, 0.1, 1, 1], [0, 2, 1, 3]], np.float32)),
        X(values=[0.5, 0.9, 0.7]), ints(3), P(values=0.5), P(values=0.1), P(values=0.0),
        out="int32 float32 int32"),
]  # fmt: skip
GATES = [P(3, 4) for _ in range(4)], [P(3, 3) for _ in range(4)], [P(3) for _ in range(4)]
STATE = P(2, 3, variable=True)
RECURRENT = [
    *(
        Row("UNIDIRECTIONAL_SEQUENCE_LSTM", X(*shape), *GATES[0], *GATES[1], None, None, None, *GATES[2], None, None,
            STATE, STATE, None, None, None, None, FusedActivationFunction=4, TimeMajor=major)
        for shape, major in (((5, 2, 4), True), ((2, 5, 4), False))
    ),
    Row("UNIDIRECTIONAL_SEQUENCE_RNN", X(5, 2, 4), P(3, 4), P(3, 3), P(3), STATE, FusedActivationFunction=4,
        TimeMajor=True),
    Row("RNN", X(2, 4), P(3, 4), P(3, 3), P(3), STATE, FusedActivationFunction=4),
    Row("SVDF", X(2, 4), P(6, 4), P(6, 5), P(3), P(2, 30, variable=True), Rank=2,
        FusedActivationFunction=1),
    Row("BIDIRECTIONAL_SEQUENCE_LSTM", X(5, 2, 4), *(
        operand for _ in range(2)
        for operand in (*GATES[0], *GATES[1], None, None, None, *GATES[2], None, None)
    ), STATE, STATE, STATE, STATE, *[None] * 9, out="float32", FusedActivationFunction=4, MergeOutputs=True,
        TimeMajor=True),
]  # fmt: skip
QUANTIZATION = [
    Row("DEQUANTIZE", EIGHT),
    Row("DEQUANTIZE", X(2, 3, dtype="uint8", quantized=True)),
    Row("QUANTIZE", X(2, 3, 4), out="int8", quantized=True),
    Row("QUANTIZE", EIGHT, out="uint8", quantized=True, steps=1),
    Row("FAKE_QUANT", X(4, 5), Min=-1.0, Max=1.5, NumBits=8, NarrowRange=False),
]
ROWS = [
    *ELEMENTWISE, *ACTIVATION, *REDUCTION, *MATMUL, *CONVOLUTION, *POOLING, *NORMALIZATION, *RESIZE, *MOVEMENT,
    *INDEXING, *SELECTION, *VISION, *RECURRENT, *QUANTIZATION,
]  # fmt: skip
