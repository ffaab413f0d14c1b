"""Caffemodel files to blobs by layer name, without a Python object per number."""

from __future__ import annotations

import math
import mmap
import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from google.protobuf.message import DecodeError

from mgeconvert.errors import BadInputError
from mgeconvert.files import check_pair, noted
from mgeconvert.recognise import COPY_AGAIN, HEAD, other_than

from ..messages import LIMIT, Message, model_message, weights_message

_RAW_TYPES = {0: "<f8", 1: "<f4", 2: "<f2"}
"""NVIDIA's numbers for double, float and half."""


def read_weights(paths: Sequence[Path], net: Path | None = None, mark: str = "") -> dict[str, list[np.ndarray]]:
    """The blobs of each layer that has any, from one caffemodel or from the parts of one.

    With a fingerprint (`mark`) of the description `net`, files that were written with another are BadInputError.
    The arrays are read-only views of the parsed bytes, float32 unless the file holds doubles or halves.
    """
    blobs: dict[str, list[np.ndarray]] = {}
    for path in paths:
        weights = _parse(path)
        if net is not None:
            check_pair(
                net, mark, path, weights.fingerprint, f"--weights {shlex.quote(str(path))} reads them as they are"
            )
        for layer in (*_old_layers(weights), *weights.layer):
            if layer.blobs:
                where = f"{path}: layer {layer.name}"
                blobs[layer.name] = [_array(blob, f"{where}, blob {at}") for at, blob in enumerate(layer.blobs)]
    return blobs


def _parse(path: Path) -> Message:
    size = path.stat().st_size
    if size > LIMIT:
        raise BadInputError(
            f"{path}: {size} bytes: a caffemodel is one protobuf message, of at most {LIMIT} bytes",
            hint="split it by layers into NAME-00001-of-0000N.caffemodel (--split-weights writes such files)",
        )
    if size == 0:
        raise _not_a_caffemodel(path)
    net = weights_message("NetParameter")
    with noted(path).open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
        try:
            with memoryview(mapped) as view:
                net.ParseFromString(view)
        except DecodeError:
            raise _not_a_caffemodel(path) from None
    if not net.layer and not net.layers and not net.name:
        raise _not_a_caffemodel(path)
    return net


def _not_a_caffemodel(path: Path) -> BadInputError:
    with path.open("rb") as file:
        head = file.read(HEAD)
    return other_than("a caffemodel (a binary NetParameter)", ".caffemodel", head, str(path), hint=COPY_AGAIN)


def _old_layers(net: Message) -> Iterator[Message]:
    """Layers of the formats before 2014: blobs in the layer, or in the layer inside it."""
    for outer in net.layers:
        yield outer.layer if outer.HasField("layer") else outer


def _array(blob: Message, where: str) -> np.ndarray:
    if blob.HasField("raw_data"):
        array = _numbers(blob.raw_data, _RAW_TYPES.get(blob.raw_data_type, ""), where)
    elif blob.HasField("double_data"):
        array = _numbers(blob.double_data, "<f8", where)
    elif blob.HasField("data"):
        array = _numbers(blob.data, "<f4", where)
    else:
        array = _unpacked(blob, where)
    legacy = any(blob.HasField(field) for field in ("num", "channels", "height", "width"))
    shape = (blob.num, blob.channels, blob.height, blob.width) if legacy else tuple(blob.shape.dim)
    if any(size < 0 for size in shape) or array.size != math.prod(shape):
        raise BadInputError(f"{where}: holds {array.size} numbers, its shape {list(shape)} needs another count")
    return array.reshape(shape)


def _numbers(data: bytes, dtype: str, where: str) -> np.ndarray:
    """The numbers of a field that holds them packed."""
    if not dtype or len(data) % np.dtype(dtype).itemsize:
        raise BadInputError(f"{where}: {len(data)} bytes are no numbers of {dtype or 'a type that is known'}")
    return np.frombuffer(data, dtype)


def _unpacked(blob: Message, where: str) -> np.ndarray:
    """Numbers that a writer without packed arrays wrote one by one; `blob` has them as fields it does not know."""
    model = model_message("BlobProto")
    try:
        model.ParseFromString(blob.SerializeToString())
    except DecodeError as error:
        raise BadInputError(f"{where}: its numbers are damaged") from error
    return np.array(model.data, "<f4") if model.data else np.array(model.double_data, "<f8")
