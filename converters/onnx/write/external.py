"""The second file of a model with external data (onnx/docs/ExternalData.md)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from pathlib import Path
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

    def digest(self) -> str:
        """A hash of what `write` writes: other weights get another file, and no model ever reads those of another."""
        state = hashlib.blake2b(digest_size=8)
        for offset, data in self.tensors:
            state.update(offset.to_bytes(8, "little"))
            for buffer in data.buffers():
                state.update(buffer)
        return state.hexdigest()

    def write(self, stream: BinaryIO) -> None:
        position = 0
        for offset, data in self.tensors:
            stream.write(bytes(offset - position))
            stream.writelines(data.buffers())
            position = offset + data.nbytes


def data_path(target: Path, digest: str) -> Path:
    """Where external data with that hash goes."""
    return target.with_name(f"{target.name}.{digest}.data")


def leftovers(files: Sequence[Path]) -> list[Path]:
    """The external data of models that had the name before."""
    pattern = re.compile(re.escape(files[0].name) + r"\.[0-9a-f]{16}\.data")
    return sorted(path for path in files[0].parent.iterdir() if pattern.fullmatch(path.name) and path not in files)
