"""A safetensors file: the length of a JSON header in 8 bytes, the header, the arrays one after the other.

The format is described at https://github.com/huggingface/safetensors#format.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from mgeconvert.errors import BadInputError

NAMES = {
    "float16": "F16", "float32": "F32", "float64": "F64", "bfloat16": "BF16", "bool": "BOOL", "int8": "I8",
    "int16": "I16", "int32": "I32", "int64": "I64", "uint8": "U8", "uint16": "U16", "uint32": "U32", "uint64": "U64",
    "complex64": "C64",
}  # fmt: skip
ALIGNMENT = 8


def write(stream: BinaryIO, arrays: Mapping[str, np.ndarray[Any, Any]], metadata: Mapping[str, str]) -> None:
    """Write the arrays; each is read once and copied only where it is not contiguous."""
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    offset = 0
    order = sorted(arrays, key=lambda name: (-arrays[name].dtype.itemsize, name))
    for name in order:
        array = arrays[name]
        header[name] = {
            "dtype": NAMES[array.dtype.name],
            "shape": list(array.shape),
            "data_offsets": [offset, offset + array.nbytes],
        }
        offset += array.nbytes
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % ALIGNMENT)
    stream.write(struct.pack("<Q", len(text)))
    stream.write(text)
    for name in order:
        array = np.ascontiguousarray(arrays[name])
        little = array.astype(array.dtype.newbyteorder("<"), copy=False) if array.dtype.byteorder == ">" else array
        stream.write(little.reshape(-1).view(np.uint8).data)


def metadata(path: Path) -> dict[str, str]:
    """The texts in the header; BadInputError where the file has none."""
    try:
        with path.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(min(length, 100_000_000)))
        return {str(key): str(value) for key, value in header["__metadata__"].items()}
    except (OSError, struct.error, ValueError, KeyError, AttributeError, RecursionError, TypeError) as error:
        raise BadInputError(f"{path}: is no safetensors file with a description of inputs and outputs") from error
