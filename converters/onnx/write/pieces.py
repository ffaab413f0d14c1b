"""A protobuf message as pieces that are written one after the other: a weight is never copied into its message."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from ..wire import KEYS, varint


class Payload(Protocol):
    """Bytes that are made when they are written."""

    @property
    def nbytes(self) -> int: ...

    def buffers(self) -> Iterator[bytes | memoryview]: ...


class PiecedMessage:
    """A message as its pieces in order, so that large ones are never joined in memory."""

    __slots__ = ("nbytes", "parts")

    def __init__(self) -> None:
        self.parts: list[bytes | Payload | PiecedMessage] = []
        self.nbytes = 0

    def append(self, part: bytes | Payload | PiecedMessage) -> None:
        self.parts.append(part)
        self.nbytes += len(part) if isinstance(part, bytes) else part.nbytes

    def field(self, message: str, name: str, part: bytes | Payload | PiecedMessage) -> None:
        """Append `part` as the length-delimited field `name` of `message`."""
        length = len(part) if isinstance(part, bytes) else part.nbytes
        self.append(KEYS[message][name] + varint(length))
        self.append(part)

    def write(self, stream: BinaryIO) -> None:
        for part in self.parts:
            if isinstance(part, bytes):
                stream.write(part)
            elif isinstance(part, PiecedMessage):
                part.write(stream)
            else:
                stream.writelines(part.buffers())
