"""The second file of a model with external data (onnx/docs/ExternalData.md)."""

from __future__ import annotations

from typing import BinaryIO

from ..tensors import TensorData
from ..wire import encode

ALIGNMENT = 4096
"""External tensors start at multiples of a page, so that a runtime can map them."""


class ExternalData:
    """The second file: collects the tensors of at least `threshold` bytes and where each begins."""

    def __init__(self, location: str, threshold: int = ALIGNMENT) -> None:
        self.location = location
        self.threshold = threshold
        self.tensors: list[tuple[int, TensorData]] = []
        self.end = 0

    def place(self, data: TensorData) -> list[bytes]:
        """Reserve room; returns the tensor's `external_data` entries."""
        offset = -(-self.end // ALIGNMENT) * ALIGNMENT
        self.tensors.append((offset, data))
        self.end = offset + data.nbytes
        entries = {"location": self.location, "offset": str(offset), "length": str(data.nbytes)}
        return [encode("StringStringEntry", key=key, value=value) for key, value in entries.items()]

    def write(self, stream: BinaryIO) -> None:
        position = 0
        for offset, data in self.tensors:
            stream.write(bytes(offset - position))
            stream.writelines(data.buffers())
            position = offset + data.nbytes
