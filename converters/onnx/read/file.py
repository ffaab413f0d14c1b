"""The bytes of an ONNX file as a small ModelProto and the weights apart from it, as views of the mapped file.

Only what is not weights goes through protobuf. Source of the form: onnx/onnx.proto and onnx/docs/ExternalData.md.
"""

from __future__ import annotations

import math
import mmap
import os
from pathlib import Path
from typing import BinaryIO

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import numpy_helper

from mgeconvert.errors import BadInputError
from mgeconvert.files import missing, noted
from mgeconvert.ir.dtypes import NAMES, dtype_of
from mgeconvert.ir.packing import PER_BYTE, stored_bytes, unpacked
from mgeconvert.recognise import HEAD, STREAM, other_than
from mgeconvert.registry import Source

from ..tensors import STRING
from ..wire import FIELDS, LENGTH, encode, varint
from .declared import names_of
from .fields import fields


def is_anothers(data: os.stat_result, model: os.stat_result) -> bool:
    """Whether a file has other names and an owner who is neither the model's nor the one who reads it: such a hard link
    shows what its maker cannot read."""
    return data.st_nlink > 1 and data.st_uid not in (model.st_uid, os.geteuid())


SMALL = 1024
"""Bytes up to which a constant stays in the ModelProto."""

DENSE = 1 << 28
"""Bytes that a sparse tensor may have with its zeros."""

GRAPH = FIELDS["Model"]["graph"][0]
INITIALIZER = FIELDS["Graph"]["initializer"][0]
RAW_DATA = FIELDS["Tensor"]["raw_data"][0]
EXTERNAL = onnx.TensorProto.EXTERNAL


class ModelFile:
    """A parsed file: `proto` without its large constants, and `array` to get at any of its tensors."""

    def __init__(self, source: Source) -> None:
        self.name = str(source) if isinstance(source, Path) else STREAM
        self.folder = source.parent if isinstance(source, Path) else None
        data = _bytes_of(source)
        self._raw: dict[str, memoryview] = {}
        self._files: dict[str, memoryview] = {}
        try:
            self.proto = onnx.ModelProto.FromString(self._without_weights(memoryview(data)))
        except (DecodeError, ValueError) as error:
            raise self._not_a_model(data) from error
        if not self.proto.HasField("graph") or not self.proto.opset_import:
            raise self._not_a_model(data)
        if any(isinstance(name, bytes) for name in names_of(self.proto.graph)):
            raise self.error("it is damaged: a name in it is not text")

    def array(self, tensor: onnx.TensorProto) -> np.ndarray:
        """The tensor's elements; a view of the file where they lie there as numpy wants them, and then read-only.

        Raises BadInputError where bytes are missing or outside of the model's folder.
        """
        if tensor.data_type not in NAMES:
            raise self.error(f"tensor {tensor.name}: there is no element type {tensor.data_type}")
        if tensor.data_location == EXTERNAL:
            data = self._raw[tensor.name] if tensor.name in self._raw else self._external(tensor)
        elif tensor.HasField("raw_data"):
            data = memoryview(tensor.raw_data)
        else:
            try:
                return numpy_helper.to_array(tensor)
            except (TypeError, ValueError) as error:
                raise self.error(f"tensor {tensor.name}: {error}") from error
        return self._from_raw(tensor, data)

    def dense(self, sparse: onnx.SparseTensorProto) -> np.ndarray:
        """A sparse tensor with its zeros (indices are positions of the flat array, or one row of coordinates each)."""
        values, indices = self.array(sparse.values), self.array(sparse.indices)
        count = math.prod(sparse.dims)
        if not 0 <= count * values.itemsize <= DENSE:
            raise self.error(f"tensor {sparse.values.name}: a sparse tensor of {list(sparse.dims)} is too large")
        whole: np.ndarray = np.zeros(count, values.dtype)
        flat = indices if indices.ndim == 1 else indices @ np.cumprod([1, *sparse.dims[:0:-1]])[::-1]
        if len(flat) != len(values) or (flat.size and not 0 <= flat.min() <= flat.max() < count):
            raise self.error(f"tensor {sparse.values.name}: its indices do not fit its shape {list(sparse.dims)}")
        whole[flat] = values
        shaped: np.ndarray = whole.reshape(sparse.dims)
        return shaped

    def error(self, text: str) -> BadInputError:
        return BadInputError(f"{self.name}: {text}")

    def _from_raw(self, tensor: onnx.TensorProto, data: memoryview) -> np.ndarray:
        name = NAMES.get(tensor.data_type)
        if name is None or tensor.data_type == STRING:
            raise self.error(f"tensor {tensor.name}: no raw form of element type {tensor.data_type} is known")
        count, per_byte = math.prod(tensor.dims), PER_BYTE.get(name, 1)
        dtype = dtype_of(tensor.data_type)
        assert dtype is not None
        needed = stored_bytes(count, dtype)
        if len(data) != needed:
            raise self.error(f"tensor {tensor.name}: {len(data)} bytes, but its type and shape need {needed}")
        if per_byte > 1:
            codes: np.ndarray = unpacked(data, count, per_byte).view(dtype).reshape(tensor.dims)
            return codes
        little = dtype.newbyteorder("<") if dtype.isbuiltin == 1 else dtype
        array: np.ndarray = np.frombuffer(data, little).reshape(tensor.dims)
        return array

    def _external(self, tensor: onnx.TensorProto) -> memoryview:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        location = entries.get("location", "")
        if self.folder is None:
            raise self.error(f"tensor {tensor.name} is in another file ({location}), which a stream cannot name")
        try:
            path = Path(os.path.realpath(self.folder / location))
            status = path.stat() if path.is_file() else None
        except (OSError, ValueError) as error:
            fact = error.strerror if isinstance(error, OSError) else str(error)
            raise self.error(f"tensor {tensor.name}: {location!r:.80} is no name of a data file: {fact}") from error
        if not location or Path(location).is_absolute() or not path.is_relative_to(os.path.realpath(self.folder)):
            raise self.error(f"tensor {tensor.name}: its data file {location!r} is outside of the model's folder")
        if location not in self._files:
            if status is None:
                raise self.error(f"tensor {tensor.name}: its data file {path} does not exist")
            if is_anothers(status, Path(self.name).stat()):
                raise self.error(f"tensor {tensor.name}: its data file {path} is a link to a file of another owner")
            self._files[location] = memoryview(_bytes_of(path))
        whole = self._files[location]
        try:
            offset = int(entries.get("offset", 0))
            length = int(entries.get("length", len(whole) - offset))
        except ValueError:
            raise self.error(f"tensor {tensor.name}: offset or length in {location} is not a number") from None
        if offset < 0 or length < 0 or offset + length > len(whole):
            raise self.error(
                f"tensor {tensor.name}: bytes {offset} to {offset + length} of {path}, which has {len(whole)}"
            )
        return whole[offset : offset + length]

    def _not_a_model(self, data: bytes | mmap.mmap) -> BadInputError:
        return other_than("an ONNX model", ".onnx", bytes(data[:HEAD]), self.name)

    def _without_weights(self, data: memoryview) -> bytes:
        """The model's bytes without the raw data of large initializers, which go to `_raw` by name."""
        pieces: list[bytes | memoryview] = []
        for number, wire, start, content, end in fields(data):
            if number == GRAPH and wire == LENGTH:
                graph = self._graph_without_weights(data[content:end])
                pieces += (data[start : start + 1], varint(len(graph)), graph)
            else:
                pieces.append(data[start:end])
        return b"".join(pieces)

    def _graph_without_weights(self, data: memoryview) -> bytes:
        pieces: list[bytes | memoryview] = []
        kept = 0
        for number, wire, start, content, end in fields(data):
            if number == INITIALIZER and wire == LENGTH and end - content > SMALL:
                tensor = self._tensor_without_weights(data[content:end])
                pieces += (data[kept:start], data[start : start + 1], varint(len(tensor)), tensor)
                kept = end
        pieces.append(data[kept:])
        return b"".join(pieces)

    def _tensor_without_weights(self, data: memoryview) -> bytes:
        others: list[memoryview] = []
        raw: memoryview | None = None
        for number, wire, start, content, end in fields(data):
            if number == RAW_DATA and wire == LENGTH:
                raw = data[content:end]
            else:
                others.append(data[start:end])
        small = b"".join(others)
        if raw is None:
            return small
        name = onnx.TensorProto.FromString(small).name
        if name in self._raw:
            raise self.error(f"two initializers are named {name}")
        self._raw[name] = raw
        return small + encode("Tensor", data_location=EXTERNAL)


def _bytes_of(source: Path | BinaryIO) -> bytes | mmap.mmap:
    """The content; a file is mapped, not read."""
    if not isinstance(source, Path):
        return source.read()
    try:
        with open(noted(source), "rb") as stream:
            if os.fstat(stream.fileno()).st_size == 0:
                return b""
            return mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
    except FileNotFoundError:
        raise missing(source) from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInputError(f"{source}: {reason}") from error
