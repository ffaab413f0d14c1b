"""Writes .tflite files of any form, also those that our backend does not write: several subgraphs, damaged tables."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import flatbuffers
import numpy as np
import tflite

Array = np.ndarray[Any, Any]


@dataclass
class T:
    """A tensor; `data` is its buffer's bytes where that is not what the array has, `kind` a TensorType by name.
    `blocks` are the numbers of the tensors with scales and zero points of its blocks, and how long a block is."""

    name: str
    shape: Sequence[int] = ()
    kind: str = "FLOAT32"
    array: Array | None = None
    scale: Sequence[float] = ()
    zero: Sequence[int] = ()
    axis: int = 0
    signature: Sequence[int] = ()
    variable: bool = False
    data: bytes | None = None
    sparsity: Any = None
    blocks: tuple[int, int, int] | None = None


@dataclass
class O:  # noqa: E742  one letter, as rows are read
    """An operator: names of tensors ("" omitted), its options table and the table's fields."""

    op: str
    inputs: Sequence[str]
    outputs: Sequence[str]
    table: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    custom: tuple[str, bytes] | None = None
    version: int = 1


@dataclass
class G:
    """A subgraph."""

    tensors: Sequence[T]
    inputs: Sequence[str]
    outputs: Sequence[str]
    operators: Sequence[O]


NEWER = {"INT2": 19, "UINT4": 20}
"""TensorTypes that the published schema lacks."""
BLOCKWISE = 2
"""QuantizationDetails of blocks, which it lacks too."""
KINDS = {"float32": "FLOAT32", "float16": "FLOAT16", "int8": "INT8", "uint8": "UINT8", "int16": "INT16",
         "int32": "INT32", "int64": "INT64", "bool": "BOOL"}  # fmt: skip


def constant(name: str, array: Any, dtype: str = "float32", **more: Any) -> T:
    values = np.asarray(array, dtype)
    return T(name, values.shape, KINDS[dtype], values, **more)


def file_of(*graphs: G, key: str = "") -> bytes:
    """The bytes of a file; with a key, the first subgraph has a signature of that name and the tensors' names."""
    return Writer().file(graphs, key)


def file_with_weights_behind(*graphs: G) -> bytes:
    """The form of files above 2 GB: buffers say where behind the flatbuffer their bytes are."""
    head = Writer(outside=1 << 20).file(graphs, "")
    writer = Writer(outside=len(head))
    return writer.file(graphs, "") + b"".join(writer.buffers)


class Writer:
    """Builds tables by name; what they say need not be right."""

    def __init__(self, outside: int = 0) -> None:
        self.outside = outside
        self.b = flatbuffers.Builder(1024)
        self.buffers: list[bytes] = [b""]
        self.codes: dict[tuple[str, str, int], int] = {}

    def end(self, table: str, **fields: Any) -> int:
        getattr(tflite, f"{table}Start")(self.b)
        for name, value in fields.items():
            getattr(tflite, f"{table}Add{name}")(self.b, value)
        return int(getattr(tflite, f"{table}End")(self.b))

    def numbers(self, values: Any, dtype: Any) -> int:
        return int(self.b.CreateNumpyVector(np.asarray(values, dtype)))

    def offsets(self, offsets: Sequence[int]) -> int:
        self.b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            self.b.PrependUOffsetTRelative(offset)
        return int(self.b.EndVector())

    def tensor(self, tensor: T) -> int:
        content = tensor.data if tensor.data is not None else b"" if tensor.array is None else tensor.array.tobytes()
        number = 0
        if content:
            self.buffers.append(content)
            number = len(self.buffers) - 1
        fields: dict[str, Any] = {
            "Name": self.b.CreateString(tensor.name),
            "Shape": self.numbers(tensor.shape, np.int32),
            "Type": NEWER[tensor.kind] if tensor.kind in NEWER else getattr(tflite.TensorType, tensor.kind),
            "Buffer": number,
            "IsVariable": tensor.variable,
        }
        if len(tensor.signature):
            fields["ShapeSignature"] = self.numbers(tensor.signature, np.int32)
        if len(tensor.scale):
            zero = tensor.zero if len(tensor.zero) else [0] * len(tensor.scale)
            fields["Quantization"] = self.end(
                "QuantizationParameters",
                Scale=self.numbers(tensor.scale, np.float32),
                ZeroPoint=self.numbers(zero, np.int64),
                QuantizedDimension=tensor.axis,
            )
        if tensor.blocks is not None:
            fields["Quantization"] = self.blocks(*tensor.blocks)
        if tensor.sparsity is not None:
            fields["Sparsity"] = tensor.sparsity(self)
        return self.end("Tensor", **fields)

    def blocks(self, *numbers: int) -> int:
        """QuantizationParameters whose details are a BlockwiseQuantization."""
        self.b.StartObject(4)
        for slot, number in enumerate(numbers):
            self.b.PrependInt32Slot(slot, number, 0)
        details = self.b.EndObject()
        return self.end("QuantizationParameters", DetailsType=BLOCKWISE, Details=details)

    def operator(self, operator: O, numbers: dict[str, int]) -> int:
        code = (operator.op, operator.custom[0] if operator.custom else "", operator.version)
        fields: dict[str, Any] = {
            "OpcodeIndex": self.codes.setdefault(code, len(self.codes)),
            "Inputs": self.numbers([numbers[name] if name else -1 for name in operator.inputs], np.int32),
            "Outputs": self.numbers([numbers[name] for name in operator.outputs], np.int32),
        }
        if operator.custom:
            fields["CustomOptions"] = self.b.CreateByteVector(operator.custom[1])
        if operator.table:
            values = {name: self.option(value) for name, value in operator.options.items()}
            fields["BuiltinOptionsType"] = getattr(tflite.BuiltinOptions, operator.table)
            fields["BuiltinOptions"] = self.end(operator.table, **values)
        return self.end("Operator", **fields)

    def option(self, value: Any) -> Any:
        if isinstance(value, str):
            return self.b.CreateString(value)
        if isinstance(value, list):
            return self.numbers(value, np.float32 if isinstance(value[0], float) else np.int32)
        return value

    def graph(self, graph: G) -> tuple[int, dict[str, int]]:
        numbers = {tensor.name: at for at, tensor in enumerate(graph.tensors)}
        made = self.end(
            "SubGraph",
            Tensors=self.offsets([self.tensor(tensor) for tensor in graph.tensors]),
            Inputs=self.numbers([numbers[name] for name in graph.inputs], np.int32),
            Outputs=self.numbers([numbers[name] for name in graph.outputs], np.int32),
            Operators=self.offsets([self.operator(operator, numbers) for operator in graph.operators]),
        )
        return made, numbers

    def file(self, graphs: Sequence[G], key: str) -> bytes:
        made = [self.graph(graph) for graph in graphs]
        more: dict[str, Any] = {}
        if key:
            sides = [self.offsets([
                self.end("TensorMap", Name=self.b.CreateString(name), TensorIndex=made[0][1][name]) for name in names
            ]) for names in (graphs[0].inputs, graphs[0].outputs)]  # fmt: skip
            signature = self.end(
                "SignatureDef", Inputs=sides[0], Outputs=sides[1], SignatureKey=self.b.CreateString(key)
            )
            more["SignatureDefs"] = self.offsets([signature])
        return self.finished([offset for offset, _ in made], **more)

    def finished(self, subgraphs: Sequence[int], **more: int) -> bytes:
        """The file with these subgraphs, and the codes and buffers that they use."""
        codes = []
        for op, custom, version in self.codes:
            number = getattr(tflite.BuiltinOperator, op)
            fields_of = {"CustomCode": self.b.CreateString(custom)} if custom else {}
            fields_of |= {"DeprecatedBuiltinCode": min(number, 127), "BuiltinCode": number, "Version": version}
            codes.append(self.end("OperatorCode", **fields_of))
        buffers = []
        position = self.outside
        for content in self.buffers:
            data = {"Data": self.b.CreateByteVector(content)} if content and not position else {}
            if content and position:
                data = {"Offset": position, "Size": len(content)}
                position += len(content)
            buffers.append(self.end("Buffer", **data))
        lists = {"Subgraphs": subgraphs, "OperatorCodes": codes, "Buffers": buffers}
        vectors = {name: self.offsets(offsets) for name, offsets in lists.items()}
        self.b.Finish(self.end("Model", Version=3, **vectors, **more), file_identifier=b"TFL3")
        return bytes(self.b.Output())
