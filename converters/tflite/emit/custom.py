"""Operators TFLite lacks, left to somebody else's kernels when the user allows it.

A custom operator is called ``ONNX_<Op>`` and carries its ONNX attributes as a flexbuffer map; the application registers
its kernel. A select operator is TensorFlow's own (``Flex<Op>``) with its NodeDef; the Flex delegate runs it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgeconvert.ir import Node

TF_TYPES = {"float32": 1, "int32": 3, "uint8": 4, "int8": 6, "bool": 10, "float16": 19}
"""DataType in TensorFlow's types.proto."""
Attributes = dict[str, bytes]


def _type_of(node: Node) -> bytes:
    value = node.inputs[0]
    assert value is not None
    assert value.dtype is not None
    name = "int32" if value.dtype == np.int64 else value.dtype.name
    return _varint_field(6, TF_TYPES[name])


def _typed(node: Node) -> Attributes:
    return {"T": _type_of(node)}


def _einsum(node: Node) -> Attributes:
    equation = str(node.attrs["equation"]).replace(" ", "").encode()
    return {"N": _varint_field(3, len(node.inputs)), "T": _type_of(node), "equation": _bytes_field(2, equation)}


SELECT: dict[str, tuple[str, Callable[[Node], Attributes]]] = {
    "BitwiseAnd": ("BitwiseAnd", _typed),
    "BitwiseOr": ("BitwiseOr", _typed),
    "Det": ("MatrixDeterminant", _typed),
    "Einsum": ("Einsum", _einsum),
}
"""IR operators that are one operator of TensorFlow: its name and attributes."""


@dataclass(frozen=True, slots=True)
class CustomOperators:
    """What the user allows."""

    custom: bool = False
    select: bool = False

    def takes(self, node: Node) -> tuple[str, bytes] | None:
        """The custom code and options for a node that has no builtin form, None if it is refused."""
        if self.select and node.op in SELECT and not node.domain:
            name, attributes = SELECT[node.op]
            return f"Flex{name}", _flex([name, node_def(name, attributes(node))])
        if self.custom:
            prefix = node.domain.upper() if node.domain else "ONNX"
            return f"{prefix}_{node.op}", _flex({key: _plain(value) for key, value in sorted(node.attrs.items())})
        return None


def hint(ops: set[str]) -> str:
    """What can be done about these operators."""
    text = (
        "`mgeconvert ops tflite` lists what can be exported; --allow-custom-ops leaves the others to your own kernels"
    )
    if ops <= set(SELECT):
        text += ", --allow-select-tf-ops for TensorFlow's"
    return text


def node_def(op: str, attributes: Attributes) -> str:
    """TensorFlow's NodeDef, serialized: name and op (fields 1, 2), attributes (a map, field 5)."""
    content = _bytes_field(1, op.encode()) + _bytes_field(2, op.encode())
    for key, value in sorted(attributes.items()):
        content += _bytes_field(5, _bytes_field(1, key.encode()) + _bytes_field(2, value))
    return content.decode("ascii")


def _varint(number: int) -> bytes:
    parts = []
    while number > 0x7F:
        parts.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*parts, number])


def _varint_field(field: int, number: int) -> bytes:
    return _varint(field << 3) + _varint(number)


def _bytes_field(field: int, content: bytes) -> bytes:
    return _varint(field << 3 | 2) + _varint(len(content)) + content


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def _flex(content: Any) -> bytes:
    from flatbuffers import flexbuffers  # type: ignore[import-untyped,unused-ignore]

    return bytes(flexbuffers.Dumps(content))
