"""The fields of a protobuf message, found without decoding what they hold.

Source: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..wire import FIXED32, FIXED64, LENGTH, VARINT


def fields(data: memoryview) -> Iterator[tuple[int, int, int, int, int]]:
    """(field number, wire type, start, start of the content, end) of each field; ValueError where it is no message."""
    position, size = 0, len(data)
    while position < size:
        start = position
        key, position = _varint(data, position)
        wire = key & 7
        content = position
        if wire == LENGTH:
            length, content = _varint(data, position)
            position = content + length
        elif wire == VARINT:
            _, position = _varint(data, position)
        elif wire in (FIXED32, FIXED64):
            position += 4 if wire == FIXED32 else 8
        else:
            raise ValueError(f"wire type {wire}")
        if position > size:
            raise ValueError("the message is cut off")
        yield key >> 3, wire, start, content, position


def _varint(data: memoryview, position: int) -> tuple[int, int]:
    result = shift = 0
    while True:
        if position >= len(data) or shift > 63:
            raise ValueError("the message is cut off")
        byte = data[position]
        position += 1
        result |= (byte & 127) << shift
        if byte < 128:
            return result, position
        shift += 7
