"""Model -> bytes of a .tflite file, weights streamed.

The tables (a few hundred kilobytes) are built with flatbuffers; each constant's bytes follow them as a vector of its
own, written straight from its array, and the table's reference is patched to point there. So no second copy of the
weights ever exists: a constant that is stored permuted is made contiguous one at a time.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import flatbuffers  # type: ignore[import-untyped,unused-ignore]
import numpy as np
import tflite  # type: ignore[import-untyped,unused-ignore]

from mgeconvert.errors import ConversionError
from mgeconvert.ir.packing import PER_BYTE, packed, stored_bytes
from mgeconvert.version import VERSION

from ..dtypes import PACKED, TYPES
from ..model import Array, Model, Operator, Tensor
from ..names import ABOUT, DEFAULT_SIGNATURE
from ..schema import OPTIONS
from ..versions import min_runtime, version

ALIGNMENT = 16
LIMIT = 2**31 - 1
"""Offsets inside a flatbuffer are 32 bits, signed where tables refer to their layout."""


def write(model: Model, stream: BinaryIO) -> None:
    """Write the file. Same model, same bytes. Raises ConversionError for a file that would exceed 2 GB."""
    tables = _Tables(model)
    offsets = tables.place()
    stream.write(tables.head)
    position = len(tables.head)
    for array, offset in zip(tables.arrays, offsets, strict=True):
        size = stored_bytes(array.size, array.dtype)
        stream.write(b"\0" * (offset - position) + struct.pack("<I", size))
        stream.write(_little_endian(array).data)
        position = offset + 4 + size


def _little_endian(array: Array) -> Array:
    """The array's bytes in the file's order."""
    contiguous = np.ascontiguousarray(array).reshape(-1)
    if array.dtype.name in PER_BYTE:
        return packed(contiguous, PER_BYTE[array.dtype.name])
    return contiguous.astype(contiguous.dtype.newbyteorder("<"), copy=False).view(np.uint8)


class _Tables:
    """Builds all tables; `head` is the flatbuffer without weights, `arrays` what follows it in order."""

    def __init__(self, model: Model) -> None:
        self.model = model
        self.builder = flatbuffers.Builder(1 << 16)
        self.arrays: list[Array] = []
        self._slots: list[int] = []
        self._buffers: list[int] = []
        self._numbers: dict[object, list[tuple[int, Array]]] = {}
        self._layouts: dict[int, dict[Any, int]] = {}
        self._empty = self.builder.CreateByteVector(b"")
        self._buffers.append(self._end("Buffer"))
        self.index = {tensor: index for index, tensor in enumerate(model.tensors())}
        subgraph = self._subgraph()
        signature = self._signature()
        metadata = self._metadata()
        self._model(subgraph, signature, metadata)
        self.head = bytearray(self.builder.Output())

    def place(self) -> list[int]:
        """Where each array's vector goes (the offset of its length); the references in `head` are patched."""
        offsets = []
        position = len(self.head)
        for slot, array in zip(self._slots, self.arrays, strict=True):
            offset = -(-(position + 4) // ALIGNMENT) * ALIGNMENT - 4
            where = len(self.head) - slot
            position = offset + 4 + stored_bytes(array.size, array.dtype)
            if position > LIMIT:
                total = sum(array.nbytes for array in self.arrays)
                raise ConversionError(
                    f"{self.model.name}: the .tflite file would have {total / 2**30:.1f} GiB; the format ends at 2 GiB",
                    hint="--fp16 halves the weights, --weight-int8 quarters them",
                )
            struct.pack_into("<I", self.head, where, offset - where)
            offsets.append(offset)
        return offsets

    def _end(self, table: str, **fields: Any) -> int:
        """Write one table from already written fields (scalars and offsets)."""
        getattr(tflite, f"{table}Start")(self.builder)
        for name, value in fields.items():
            getattr(tflite, f"{table}Add{name}")(self.builder, value)
        return self._closed(table)

    def _closed(self, table: str) -> int:
        """End the table. Tables of one layout share its description only where they are of one size, which flatbuffers
        before 25.12 do not ask: equal models would be other bytes with them."""
        size = -(-self.builder.Offset() // 4) * 4 - self.builder.objectEnd
        self.builder.vtables = self._layouts.setdefault(size, {})
        end: int = getattr(tflite, f"{table}End")(self.builder)
        return end

    def _offsets(self, offsets: Sequence[int]) -> int:
        self.builder.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.builder.PrependUOffsetTRelative(offset)
        end: int = self.builder.EndVector()
        return end

    def _numbers_vector(self, values: Any, dtype: Any) -> int:
        end: int = self.builder.CreateNumpyVector(np.asarray(values, dtype))
        return end

    def _buffer(self, array: Array) -> int:
        """The number of the buffer with these bytes; equal bytes share one."""
        edge = array.flat[:8].tobytes() + array.flat[-8:].tobytes() if array.size > 8 else array.tobytes()
        same = self._numbers.setdefault((array.nbytes, edge), [])
        for number, other in same:
            if array is other or _same_bytes(array, other):
                return number
        if not array.nbytes:
            return 0
        tflite.BufferStart(self.builder)
        tflite.BufferAddData(self.builder, self._empty)
        self._slots.append(self.builder.Offset())
        self._buffers.append(self._closed("Buffer"))
        self.arrays.append(array)
        same.append((len(self._buffers) - 1, array))
        return len(self._buffers) - 1

    def _tensor(self, tensor: Tensor) -> int:
        fields: dict[str, Any] = {
            "Name": self.builder.CreateString(tensor.name),
            "Shape": self._numbers_vector([dim if isinstance(dim, int) else 1 for dim in tensor.shape], np.int32),
            "Type": {**TYPES, **PACKED}[tensor.dtype.name],
            "Buffer": 0 if tensor.array is None else self._buffer(tensor.array),
            "HasRank": True,
        }
        if not tensor.is_static:
            signature = [dim if isinstance(dim, int) else -1 for dim in tensor.shape]
            fields["ShapeSignature"] = self._numbers_vector(signature, np.int32)
        if tensor.quantization is not None and (tensor.dtype.kind in "iu" or tensor.dtype.name in PACKED):
            fields["Quantization"] = self._end(
                "QuantizationParameters",
                Scale=self._numbers_vector(tensor.quantization.scale, np.float32),
                ZeroPoint=self._numbers_vector(tensor.quantization.zero_point, np.int64),
                QuantizedDimension=tensor.quantization.axis,
            )
        return self._end("Tensor", **fields)

    def _operator(self, operator: Operator, code: int) -> int:
        inputs = [-1 if tensor is None else self.index[tensor] for tensor in operator.inputs]
        fields: dict[str, Any] = {
            "OpcodeIndex": code,
            "Inputs": self._numbers_vector(inputs, np.int32),
            "Outputs": self._numbers_vector([self.index[tensor] for tensor in operator.outputs], np.int32),
        }
        if operator.custom is not None:
            fields["CustomOptions"] = self.builder.CreateByteVector(operator.custom[1])
        table = OPTIONS.get(operator.op)
        if table is not None:
            values = {name: self._option(value) for name, value in sorted(operator.options.items())}
            number = getattr(tflite.BuiltinOptions, table, None)
            prefix = "BuiltinOptions" if number is not None else "BuiltinOptions2"
            fields[f"{prefix}Type"] = number if number is not None else getattr(tflite.BuiltinOptions2, table)
            fields[prefix] = self._end(table, **values)
        return self._end("Operator", **fields)

    def _option(self, value: Any) -> Any:
        return self._numbers_vector(value, np.int32) if isinstance(value, tuple | list) else value

    def _subgraph(self) -> int:
        model, builder = self.model, self.builder
        self.codes: dict[tuple[str, int, str], int] = {}
        tensors = self._offsets([self._tensor(tensor) for tensor in self.index])
        operators = []
        for operator in model.operators:
            key = (operator.op, version(operator), operator.custom[0] if operator.custom is not None else "")
            operators.append(self._operator(operator, self.codes.setdefault(key, len(self.codes))))
        return self._end(
            "SubGraph",
            Operators=self._offsets(operators),
            Tensors=tensors,
            Inputs=self._numbers_vector([self.index[tensor] for tensor in model.inputs.values()], np.int32),
            Outputs=self._numbers_vector([self.index[tensor] for tensor in model.outputs.values()], np.int32),
            Name=builder.CreateString(model.name),
        )

    def _signature(self) -> int:
        maps = []
        for tensors in (self.model.inputs, self.model.outputs):
            entries = [
                self._end("TensorMap", Name=self.builder.CreateString(name), TensorIndex=self.index[tensor])
                for name, tensor in tensors.items()
            ]
            maps.append(self._offsets(entries))
        key = self.builder.CreateString(DEFAULT_SIGNATURE)
        return self._end("SignatureDef", Inputs=maps[0], Outputs=maps[1], SignatureKey=key, SubgraphIndex=0)

    def _metadata(self) -> list[int]:
        """The runtime that is needed, and how inputs and outputs are laid out (for `run` and for people)."""
        model = self.model
        about = {
            "computes": _computes(model),
            "producer": f"mgeconvert {VERSION}",
            "inputs": [[name, layout] for name, layout in model.input_layouts.items()],
            "outputs": [[name, layout] for name, layout in model.output_layouts.items()],
            "integers": model.integer_borders,
            "source": dict(sorted(model.metadata.items())),
        }
        texts = {
            "min_runtime_version": min_runtime(model.operators).encode().ljust(16, b"\0"),
            ABOUT: json.dumps(about, sort_keys=True).encode(),
        }
        return [
            self._end(
                "Metadata",
                Name=self.builder.CreateString(name),
                Buffer=self._buffer(np.frombuffer(text, np.uint8)),
            )
            for name, text in texts.items()
        ]

    def _model(self, subgraph: int, signature: int, metadata: list[int]) -> None:
        codes = [self._operator_code(*key) for key in self.codes]
        fields = {
            "Description": self.builder.CreateString(f"mgeconvert {VERSION}"),
            "OperatorCodes": self._offsets(codes),
            "Subgraphs": self._offsets([subgraph]),
            "Buffers": self._offsets(self._buffers),
            "Metadata": self._offsets(metadata),
            "SignatureDefs": self._offsets([signature]),
        }
        self.builder.Finish(self._end("Model", Version=3, **fields), file_identifier=b"TFL3")

    def _operator_code(self, name: str, number: int, custom: str) -> int:
        code = getattr(tflite.BuiltinOperator, name)
        fields = {"CustomCode": self.builder.CreateString(custom)} if custom else {}
        fields |= {"DeprecatedBuiltinCode": min(code, 127), "Version": number, "BuiltinCode": code}
        return self._end("OperatorCode", **fields)


def _computes(model: Model) -> str:
    """What kernels must agree on: ``float32`` exactly, others to their own rounding."""
    types = {tensor.dtype.name for operator in model.operators for tensor in operator.outputs}
    if any(operator.custom is not None for operator in model.operators):
        return "custom"
    if "float16" in types:
        return "float16"
    read = {tensor for operator in model.operators for tensor in operator.inputs if tensor is not None}
    constants = {tensor.dtype.name for tensor in read if tensor.is_constant}
    return "int8" if "int8" in types | constants else "float32"


def _same_bytes(first: Array, second: Array) -> bool:
    """Whether two arrays of equal byte size are stored as the same bytes."""
    if first.dtype == second.dtype and first.shape == second.shape:
        equal: Callable[..., bool] = np.array_equal
        if first.dtype.kind == "f":
            unsigned = np.dtype(f"u{first.dtype.itemsize}")
            return equal(np.ascontiguousarray(first).view(unsigned), np.ascontiguousarray(second).view(unsigned))
        return equal(first, second)
    if {first.dtype.name, second.dtype.name} & PACKED.keys():
        return False
    return np.ascontiguousarray(first).tobytes() == np.ascontiguousarray(second).tobytes()
