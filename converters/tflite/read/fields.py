"""The schema's tables by field id: tensorflow/lite/schema/schema.fbs of TensorFlow 2.18.

A row of `OPTIONS` lists the fields of one options table in the order of their ids, each as ``Name:form`` or
``Name:form=default``: `form` as in `struct`, ``[form]`` for a vector, ``s`` for a string, ``-`` for an id that is gone.
"""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from typing import Any

import numpy as np

from .tables import Table


class ModelFields(IntEnum):
    VERSION, OPERATOR_CODES, SUBGRAPHS, DESCRIPTION, BUFFERS, METADATA_BUFFER, METADATA, SIGNATURES = range(8)


class SubGraphFields(IntEnum):
    TENSORS, INPUTS, OUTPUTS, OPERATORS, NAME = range(5)


class TensorFields(IntEnum):
    SHAPE, TYPE, BUFFER, NAME, QUANTIZATION, IS_VARIABLE, SPARSITY, SHAPE_SIGNATURE = range(8)


class OperatorFields(IntEnum):
    OPCODE, INPUTS, OUTPUTS, OPTIONS_TYPE, OPTIONS, CUSTOM_OPTIONS, CUSTOM_FORMAT, MUTATING, INTERMEDIATES = range(9)
    CUSTOM_OFFSET, CUSTOM_SIZE, OPTIONS_2_TYPE, OPTIONS_2 = range(9, 13)


class OperatorCodeFields(IntEnum):
    OLD_CODE, CUSTOM, VERSION, CODE = range(4)


class BufferFields(IntEnum):
    DATA, OFFSET, SIZE = range(3)


class QuantizationFields(IntEnum):
    MIN, MAX, SCALE, ZERO_POINT, DETAILS_TYPE, DETAILS, AXIS = range(7)


class BlockwiseFields(IntEnum):
    SCALES, ZERO_POINTS, SIZE = range(3)


class SparsityFields(IntEnum):
    ORDER, BLOCK_MAP, DIMENSIONS = range(3)


class DimensionFields(IntEnum):
    FORMAT, DENSE_SIZE, SEGMENTS_TYPE, SEGMENTS, INDICES_TYPE, INDICES = range(6)


class MetadataFields(IntEnum):
    NAME, BUFFER = range(2)


class SignatureFields(IntEnum):
    INPUTS, OUTPUTS, KEY, _, SUBGRAPH = range(5)


class TensorMapFields(IntEnum):
    NAME, TENSOR = range(2)


_WINDOW = "Padding:b StrideW:i StrideH:i"
_ACTIVATED = "FusedActivationFunction:b"
OPTIONS = {
    "AddOptions": _ACTIVATED,
    "ArgMaxOptions": "OutputType:b",
    "ArgMinOptions": "OutputType:b",
    "BatchMatMulOptions": "AdjX:? AdjY:?",
    "BidirectionalSequenceLSTMOptions": f"{_ACTIVATED} CellClip:f ProjClip:f MergeOutputs:? TimeMajor:?=1",
    "BidirectionalSequenceRNNOptions": f"TimeMajor:? {_ACTIVATED} MergeOutputs:?",
    "BucketizeOptions": "Boundaries:[f]",
    "CallOnceOptions": "InitSubgraphIndex:i",
    "CallOptions": "Subgraph:I",
    "CastOptions": "InDataType:b OutDataType:b",
    "ConcatenationOptions": f"Axis:i {_ACTIVATED}",
    "Conv2DOptions": f"{_WINDOW} {_ACTIVATED} DilationWFactor:i=1 DilationHFactor:i=1",
    "Conv3DOptions": f"Padding:b StrideD:i StrideW:i StrideH:i {_ACTIVATED} DilationDFactor:i=1 DilationWFactor:i=1 "
    "DilationHFactor:i=1",
    "CumsumOptions": "Exclusive:? Reverse:?",
    "DepthToSpaceOptions": "BlockSize:i",
    "DepthwiseConv2DOptions": f"{_WINDOW} DepthMultiplier:i {_ACTIVATED} DilationWFactor:i=1 DilationHFactor:i=1",
    "DivOptions": _ACTIVATED,
    "FakeQuantOptions": "Min:f Max:f NumBits:i NarrowRange:?",
    "FullyConnectedOptions": f"{_ACTIVATED} WeightsFormat:b KeepNumDims:?",
    "GatherOptions": "Axis:i BatchDims:i",
    "GeluOptions": "Approximate:?",
    "IfOptions": "ThenSubgraphIndex:i ElseSubgraphIndex:i",
    "L2NormOptions": _ACTIVATED,
    "LeakyReluOptions": "Alpha:f",
    "LocalResponseNormalizationOptions": "Radius:i Bias:f Alpha:f Beta:f",
    "LSTMOptions": f"{_ACTIVATED} CellClip:f ProjClip:f KernelType:b",
    "MirrorPadOptions": "Mode:b",
    "MulOptions": _ACTIVATED,
    "OneHotOptions": "Axis:i",
    "PackOptions": "ValuesCount:i Axis:i",
    "Pool2DOptions": f"{_WINDOW} FilterWidth:i FilterHeight:i {_ACTIVATED}",
    "ReducerOptions": "KeepDims:?",
    "ReshapeOptions": "NewShape:[i]",
    "ResizeBilinearOptions": "- - AlignCorners:? HalfPixelCenters:?",
    "ResizeNearestNeighborOptions": "AlignCorners:? HalfPixelCenters:?",
    "ReverseSequenceOptions": "SeqDim:i BatchDim:i",
    "RNNOptions": _ACTIVATED,
    "SequenceRNNOptions": f"TimeMajor:? {_ACTIVATED}",
    "ShapeOptions": "OutType:b",
    "SoftmaxOptions": "Beta:f",
    "SpaceToDepthOptions": "BlockSize:i",
    "SplitOptions": "NumSplits:i",
    "SplitVOptions": "NumSplits:i",
    "SqueezeOptions": "SqueezeDims:[i]",
    "StridedSliceOptions": "BeginMask:i EndMask:i EllipsisMask:i NewAxisMask:i ShrinkAxisMask:i Offset:?",
    "SubOptions": _ACTIVATED,
    "SVDFOptions": f"Rank:i {_ACTIVATED}",
    "TransposeConvOptions": f"{_WINDOW} {_ACTIVATED}",
    "UnidirectionalSequenceLSTMOptions": f"{_ACTIVATED} CellClip:f ProjClip:f TimeMajor:?",
    "UniqueOptions": "IdxOutType:b=2",
    "UnpackOptions": "Num:i Axis:i",
    "VarHandleOptions": "Container:s SharedName:s",
    "WhileOptions": "CondSubgraphIndex:i BodySubgraphIndex:i",
}
"""The fields of each options table; one that is not here has none, or no operator that is lowered."""
_NUMPY = {"i": np.int32, "f": np.float32}


@cache
def _fields(table: str) -> tuple[tuple[int, str, str, float], ...]:
    rows = []
    for number, text in enumerate(OPTIONS[table].split()):
        name, _, form = text.partition(":")
        form, _, default = form.partition("=")
        if name != "-":
            rows.append((number, name, form, float(default or 0) if form == "f" else int(default or 0)))
    return tuple(rows)


def options(table: str, content: Table | None) -> dict[str, Any]:
    """All options of an operator by name, those that the file leaves out with their defaults."""
    if table not in OPTIONS:
        return {}
    found: dict[str, Any] = {}
    for number, name, form, default in _fields(table):
        if form.startswith("["):
            found[name] = () if content is None else tuple(content.vector(number, _NUMPY[form[1]]).tolist())
        elif form == "s":
            found[name] = "" if content is None else content.text(number)
        else:
            found[name] = default if content is None else content.scalar(number, form, default)
    return found
