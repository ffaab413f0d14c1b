"""Blobs by layer to a caffemodel, written straight from the arrays."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO

import numpy as np

from mgeconvert.errors import ConversionError

from ..messages import LIMIT, weights_message

_LENGTH_DELIMITED = 2


def write_weights(file: BinaryIO, net_name: str, layers: Iterable[LayerBlobs], fingerprint: str = "") -> None:
    """Write a caffemodel; array memory goes to the file without passing through protobuf. The fingerprint stands in a
    field that Caffe does not know and skips."""
    file.write(weights_message_bytes(net_name))
    for layer in layers:
        file.write(_tag(100) + _varint(layer.size))
        file.writelines(layer.pieces)
    if fingerprint:
        file.write(weights_message("NetParameter").__class__(fingerprint=fingerprint).SerializeToString())


def weights_message_bytes(net_name: str) -> bytes:
    """The beginning of a caffemodel: the net's name."""
    serialized: bytes = weights_message("NetParameter").__class__(name=net_name).SerializeToString()
    return serialized


class LayerBlobs:
    """One layer's entry of a caffemodel, as pieces of bytes of known total `size`.

    Blobs are stored as float32, which is what Caffe computes in.
    """

    def __init__(self, fields: Mapping[str, str | Sequence[str]], blobs: Sequence[np.ndarray]) -> None:
        layer = weights_message("LayerParameter")
        head = layer.__class__(**fields).SerializeToString()
        self.name = fields["name"]
        self.pieces: list[bytes | memoryview] = [head]
        for blob in blobs:
            array = np.ascontiguousarray(blob, "<f4")
            shape = weights_message("BlobProto")
            shape.shape.dim.extend(blob.shape)
            prefix = shape.SerializeToString() + _tag(5) + _varint(array.nbytes)
            self.pieces.append(_tag(7) + _varint(len(prefix) + array.nbytes) + prefix)
            self.pieces.append(array.reshape(-1).view(np.uint8).data)
        self.size = sum(len(piece) for piece in self.pieces)


def split(layers: Sequence[LayerBlobs], limit: int) -> list[list[LayerBlobs]]:
    """Consecutive groups of at most `limit` bytes each; ConversionError where one layer alone is larger."""
    groups: list[list[LayerBlobs]] = [[]]
    room = limit
    for layer in layers:
        need = layer.size + 16
        if need > limit:
            raise ConversionError(
                f"{layer.name}: its weights take {layer.size} bytes, a part may have {limit}",
                hint=f"--split-weights {-(-need // 1_000_000)}" if need < LIMIT else None,
            )
        if need > room and groups[-1]:
            groups.append([])
            room = limit
        groups[-1].append(layer)
        room -= need
    return groups


def _tag(number: int) -> bytes:
    return _varint(number << 3 | _LENGTH_DELIMITED)


def _varint(number: int) -> bytes:
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)
