"""Flatbuffer tables, read by field id with every offset checked.

The layout is that of the FlatBuffers internals document: a table begins with the signed distance to its vtable, which
lists where in the table each field is; vectors and strings begin with their length. An offset that leaves the file is
damage, never an exception of Python's own. Vectors are views of the file's bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from mgeconvert.errors import BadInputError
from mgeconvert.recognise import COPY_AGAIN, HEAD, other_than

from ..model import Array

SCALARS = {"b": 1, "B": 1, "?": 1, "h": 2, "H": 2, "i": 4, "I": 4, "f": 4, "q": 8, "Q": 8}
"""Formats of `struct` and their sizes."""


class Bytes:
    """The file's bytes. `budget` bounds what tables that overlap can make a reader do: an honest file reads each byte
    of its tables about once."""

    def __init__(self, content: Any, path: str) -> None:
        self.content = memoryview(content).cast("B")
        self.path = path
        self.size = len(self.content)
        self.budget = 4 * self.size + 4096

    def damaged(self, fact: str) -> NoReturn:
        """Raise the error for a file that is not what the format says."""
        raise BadInputError(f"{self.path}: a damaged TFLite file: {fact}", hint=COPY_AGAIN)

    def spend(self, count: int) -> None:
        self.budget -= count
        if self.budget < 0:
            self.damaged("its tables refer to the same bytes again and again")

    def number(self, form: str, position: int) -> Any:
        """The scalar at a position."""
        if not 0 <= position <= self.size - SCALARS[form]:
            self.damaged(f"a number at byte {position}; the file has {self.size}")
        return struct.unpack_from(f"<{form}", self.content, position)[0]

    def follow(self, position: int) -> int:
        """Where the offset at a position points to."""
        target: int = position + self.number("I", position)
        if target == position or target > self.size - 4:
            self.damaged(f"an offset at byte {position} to byte {target}; the file has {self.size}")
        return target

    def view(self, position: int, dtype: Any, count: int) -> Array:
        """`count` numbers at a position, not copied."""
        size = np.dtype(dtype).itemsize * count
        if not 0 <= position <= self.size - size:
            self.damaged(f"{size} bytes from byte {position} on; the file has {self.size}")
        return np.frombuffer(self.content, np.dtype(dtype).newbyteorder("<"), count, position)


class Table:
    """One table of the file; a field that is absent has the default."""

    __slots__ = ("_fields", "bytes", "position")

    def __init__(self, content: Bytes, position: int) -> None:
        content.spend(4)
        self.bytes = content
        self.position = position
        vtable = position - content.number("i", position)
        size = content.number("H", vtable)
        if size < 4 or size % 2:
            content.damaged(f"a table at byte {position} whose vtable has {size} bytes")
        content.view(vtable, np.uint8, size)
        self._fields = (vtable, size)

    def _place(self, field: int) -> int:
        """Where the field is, 0 if it is absent."""
        vtable, size = self._fields
        entry = 4 + 2 * field
        if entry >= size:
            return 0
        offset: int = self.bytes.number("H", vtable + entry)
        return self.position + offset if offset else 0

    def scalar(self, field: int, form: str, default: Any = 0) -> Any:
        place = self._place(field)
        return self.bytes.number(form, place) if place else default

    def text(self, field: int) -> str:
        """A string; bytes that are no UTF-8 are replaced."""
        return bytes(self.vector(field, np.uint8)).decode("utf-8", "replace")

    def table(self, field: int) -> Table | None:
        place = self._place(field)
        return Table(self.bytes, self.bytes.follow(place)) if place else None

    def vector(self, field: int, dtype: Any) -> Array:
        """The numbers of a vector, empty if it is absent."""
        numbers = self.data(field, dtype)
        self.bytes.spend(numbers.nbytes)
        return numbers

    def data(self, field: int, dtype: Any) -> Array:
        """`vector` for weights, which several tensors may share."""
        place = self._place(field)
        if not place:
            return np.empty(0, dtype)
        start = self.bytes.follow(place)
        return self.bytes.view(start + 4, dtype, self.bytes.number("I", start))

    def tables(self, field: int) -> Iterator[Table]:
        """The tables of a vector."""
        place = self._place(field)
        if not place:
            return
        start = self.bytes.follow(place)
        count = self.bytes.number("I", start)
        self.bytes.view(start + 4, np.uint32, count)
        for index in range(count):
            yield Table(self.bytes, self.bytes.follow(start + 4 + 4 * index))


def root(content: Bytes) -> Table:
    """The root table of a file with the identifier TFL3."""
    if content.size < 8 or bytes(content.content[4:8]) != b"TFL3":
        raise other_than("a TFLite model", ".tflite", bytes(content.content[:HEAD]), content.path)
    return Table(content, content.follow(0))
