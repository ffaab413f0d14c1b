"""Protobuf's wire format for the messages of ONNX, from a table of the public field numbers of onnx.proto.

Why not the classes of the onnx package: a weight would be copied into the message and again into its bytes, and 50,000
nodes take seconds to build. Source: protobuf.dev/programming-guides/encoding and onnx/onnx.proto.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

PRODUCER = "mgeconvert"
"""The `producer_name` of what we write."""

FUNCTIONS = "mgeconvert.modules"
"""The domain of the local functions that we write."""

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
"""The wire types."""

FIELDS: dict[str, dict[str, tuple[int, str]]] = {
    "Model": {
        "ir_version": (1, "int"),
        "producer_name": (2, "bytes"),
        "producer_version": (3, "bytes"),
        "domain": (4, "bytes"),
        "model_version": (5, "int"),
        "doc_string": (6, "bytes"),
        "graph": (7, "Graph"),
        "opset_import": (8, "OperatorSetId"),
        "metadata_props": (14, "StringStringEntry"),
        "functions": (25, "Function"),
    },
    "OperatorSetId": {"domain": (1, "bytes"), "version": (2, "int")},
    "StringStringEntry": {"key": (1, "bytes"), "value": (2, "bytes")},
    "Graph": {
        "node": (1, "Node"),
        "name": (2, "bytes"),
        "initializer": (5, "Tensor"),
        "doc_string": (10, "bytes"),
        "input": (11, "ValueInfo"),
        "output": (12, "ValueInfo"),
        "value_info": (13, "ValueInfo"),
        "sparse_initializer": (15, "SparseTensor"),
    },
    "Function": {
        "name": (1, "bytes"),
        "input": (4, "bytes"),
        "output": (5, "bytes"),
        "attribute": (6, "bytes"),
        "node": (7, "Node"),
        "opset_import": (9, "OperatorSetId"),
        "domain": (10, "bytes"),
        "attribute_proto": (11, "Attribute"),
        "overload": (13, "bytes"),
    },
    "Node": {
        "input": (1, "bytes"),
        "output": (2, "bytes"),
        "name": (3, "bytes"),
        "op_type": (4, "bytes"),
        "attribute": (5, "Attribute"),
        "doc_string": (6, "bytes"),
        "domain": (7, "bytes"),
        "overload": (8, "bytes"),
        "metadata_props": (9, "StringStringEntry"),
    },
    "Attribute": {
        "name": (1, "bytes"),
        "f": (2, "float"),
        "i": (3, "int"),
        "s": (4, "bytes"),
        "t": (5, "Tensor"),
        "g": (6, "Graph"),
        "floats": (7, "float"),
        "ints": (8, "int"),
        "strings": (9, "bytes"),
        "type": (20, "int"),
        "tp": (14, "Type"),
        "ref_attr_name": (21, "bytes"),
        "sparse_tensor": (22, "SparseTensor"),
    },
    "Tensor": {
        "dims": (1, "int"),
        "data_type": (2, "int"),
        "float_data": (4, "float"),
        "int32_data": (5, "int"),
        "string_data": (6, "bytes"),
        "int64_data": (7, "int"),
        "name": (8, "bytes"),
        "raw_data": (9, "bytes"),
        "double_data": (10, "double"),
        "uint64_data": (11, "int"),
        "external_data": (13, "StringStringEntry"),
        "data_location": (14, "int"),
    },
    "SparseTensor": {"values": (1, "Tensor"), "indices": (2, "Tensor"), "dims": (3, "int")},
    "ValueInfo": {"name": (1, "bytes"), "type": (2, "Type")},
    "Type": {
        "tensor_type": (1, "TensorType"),
        "sequence_type": (4, "ElementType"),
        "map_type": (5, "OtherType"),
        "sparse_tensor_type": (8, "OtherType"),
        "optional_type": (9, "ElementType"),
    },
    "OtherType": {},
    "ElementType": {"elem_type": (1, "Type")},
    "TensorType": {"elem_type": (1, "int"), "shape": (2, "Shape")},
    "Shape": {"dim": (1, "Dimension")},
    "Dimension": {"dim_value": (1, "int"), "dim_param": (2, "bytes")},
}
"""Message -> field -> (number, kind); a kind that is a message's name is that message."""

_WIRE_TYPE = {"int": VARINT, "float": FIXED32, "double": FIXED64}


def varint(number: int) -> bytes:
    """The base-128 form; a negative number as its 64-bit two's complement, as int64 and int32 fields have it."""
    if 0 <= number < 128:
        return _SHORT[number]
    number &= 0xFFFF_FFFF_FFFF_FFFF
    digits = bytearray()
    while number > 127:
        digits.append(number & 127 | 128)
        number >>= 7
    digits.append(number)
    return bytes(digits)


def encode(message: str, **fields: Any) -> bytes:
    """The bytes of a message; a list stands for a repeated field, None and "" and [] are left out.

    Text may be str or bytes, a sub-message is given as its bytes.
    """
    forms = _FORMS[message]
    pieces: list[bytes] = []
    for name, given in fields.items():
        key, kind = forms[name]
        is_repeated = isinstance(given, _REPEATED)
        for item in given if is_repeated else (given,):
            if kind == "int":
                if item is not None:
                    pieces += (key, varint(item))
            elif kind == "float":
                pieces += (key, _FLOAT(item))
            elif item or is_repeated:
                data = item.encode() if isinstance(item, str) else item
                size = len(data)
                pieces += (key, _SHORT[size] if size < 128 else varint(size), data)
    return b"".join(pieces)


def _key(number: int, kind: str) -> bytes:
    return varint(number << 3 | _WIRE_TYPE.get(kind, LENGTH))


_SHORT: Sequence[bytes] = [bytes((number,)) for number in range(128)]
_FLOAT = struct.Struct("<f").pack
_REPEATED = (list, tuple)
KEYS = {
    message: {name: _key(number, kind) for name, (number, kind) in fields.items()} for message, fields in FIELDS.items()
}
_FORMS = {
    message: {name: (KEYS[message][name], kind) for name, (_, kind) in fields.items()}
    for message, fields in FIELDS.items()
}
