"""The language of the field tables: what a line of `containers` and `params` means.

A table is one line: its fields in the order of their FlatBuffers ids, ``name:kind`` or ``name:kind=default``. A kind is
a scalar type, ``string``, an enumeration, a struct, a table, or a union, which takes two ids; ``[kind]`` is a vector.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .enums import ENUM_NAMES, STORAGE

_ZERO: Mapping[str, Any] = {"bool": False, "float": 0.0, "double": 0.0}
_SCALARS = frozenset(["bool", "byte", "ubyte", "short", "ushort", "int", "uint", "long", "ulong", "float", "double"])


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a table: its id (a union's kind has this id, its value the next one) and what it is when absent."""

    id: int
    name: str
    kind: str
    is_vector: bool
    default: Any


@dataclass(frozen=True, slots=True)
class Enum:
    """An enumeration: how it is stored and the names of its numbers."""

    storage: str
    names: tuple[str, ...]

    def name(self, number: int) -> str:
        """``MAX`` for MAX_ (C++ has macros of that name); a number of a newer version is said as such."""
        return self.names[number] if 0 <= number < len(self.names) else f"number {number}"


@dataclass(frozen=True, slots=True)
class Struct:
    """A struct: its bytes, and (name, kind, offset) of each part."""

    size: int
    parts: tuple[tuple[str, str, int], ...]


ENUMS: Mapping[str, Enum] = {
    name: Enum(STORAGE.get(name, "uint"), tuple(word.removesuffix("_") for word in text.split()))
    for name, text in ENUM_NAMES.items()
}

STRUCTS: Mapping[str, Struct] = {
    "PersistentDTypeScalar": Struct(5, (("dtype", "DTypeEnum", 0), ("storage", "uint", 1))),
    "AxisDesc": Struct(8, (("method", "AxisDescMethod", 0), ("axis", "int", 4))),
    "IndexDescMaskItem": Struct(
        5, (("axis", "byte", 0), ("begin", "bool", 1), ("end", "bool", 2), ("step", "bool", 3), ("idx", "bool", 4))
    ),
    "OutputVarStruct": Struct(8, (("compact_id", "uint", 0), ("original_id", "uint", 4))),
}

_PARAMS = """
    Empty Axis Convolution MaskPropagate ConvPooling ConvBias SeparableConv Images2Neibs Pooling LRN BN
    ROIPooling WarpPerspective SpatialTfGridGenerator SpatialTfSampler MGBAddUpdate Elemwise ElemwiseMultiType
    PowC MatrixMul DeprecatedParam SVD Reduce Cumsum CondTake Argsort IndexingRemap MGBSleep Linspace
    LinspaceFull Eye UniformRNG GaussianRNG Flip Rotate ROICopy CvtColor WarpAffine GaussianBlur Resize
    Convolution3D Conv3DBias SeparableConv3D TopK RelayoutFormat SeparableFilter LocalShare ROIAlign
    DeformablePSROIPooling BatchConvBias DTypeOnly PersistentOutputStorage OptionalAxis OptionalAxisV1
    ExecutionPolicy AssertEqual Reserved0 CollectiveComm CondExecPred CondExecPredLogical CondExecMark
    CondExecMerge Host2DeviceCopy Dimshuffle AxisAddRemove IndexDescMaskDump DType Remap NMSKeep AdaptivePooling
    NvOf DctChannelSelect FakeQuant TQT Correlation LSQ GammaRNG PoissonRNG PermutationRNG BetaRNG
    SlidingWindowTranspose Padding ShuffleRNG CheckNonFinite LayerNorm Dropout RNNCell RNN LSTM Softmax Diag
    GroupNorm Fill GeneralNorm MultiHeadAttn Resize3D Cross
"""
"""The parameter tables, in the order of their numbers in the union."""

UNIONS: dict[str, Mapping[int, str]] = {
    "TensorFormat": {
        1: "DefaultTensorFormat", 2: "Image2DPackedTensorFormat", 3: "LowbitsAlignedTensorFormat",
    },
    "DTypeParam": {1: "LinearQuantizationParam"},
    "OperatorParam": dict(enumerate(_PARAMS.split(), 1)),
}  # fmt: skip
"""The members of each union by number."""


def tables(lines: Mapping[str, str]) -> dict[str, tuple[Field, ...]]:
    """Field tables from their lines."""
    return {name: _fields(line) for name, line in lines.items()}


def _fields(line: str) -> tuple[Field, ...]:
    found: list[Field] = []
    number = 0
    for item in line.split():
        name, _, rest = item.partition(":")
        kind, _, default = rest.partition("=")
        is_vector = kind.startswith("[")
        kind = kind.strip("[]")
        found.append(Field(number, name, kind, is_vector, _default(kind, is_vector, default)))
        number += 2 if kind in UNIONS else 1
    return tuple(found)


def _default(kind: str, is_vector: bool, text: str) -> Any:
    """The default as it is decoded: a number, an enumeration's name, an empty list, or None."""
    if is_vector:
        return []
    if kind in ENUMS:
        return text or ENUMS[kind].names[0]
    if kind not in _SCALARS:
        return None
    if not text:
        return _ZERO.get(kind, 0)
    return text == "true" if kind == "bool" else float(text) if kind in ("float", "double") else int(text)
