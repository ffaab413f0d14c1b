"""FlatBuffers tables read by field ids, with every offset checked before it is followed.

A FlatBuffer is a graph of tables. A table begins with the signed distance to its vtable; the vtable holds its own size,
the table's size, and per field id the place of the field within the table (0: absent, the default counts). Strings,
vectors and tables stand elsewhere, at an unsigned distance from the field. Source: the FlatBuffers format description;
numbers are decoded by `flatbuffers` itself. Nothing here trusts a distance or a length: what would leave the buffer
raises BadInputError, and the elements read from all vectors together are bounded, since many tables may share one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from flatbuffers import encode
from flatbuffers import number_types as n

from mgeconvert.errors import BadInputError

from .schema import ENUMS, STRUCTS, UNIONS, Field

_FLAGS = {
    "bool": n.BoolFlags, "byte": n.Int8Flags, "ubyte": n.Uint8Flags, "short": n.Int16Flags, "ushort": n.Uint16Flags,
    "int": n.Int32Flags, "uint": n.Uint32Flags, "long": n.Int64Flags, "ulong": n.Uint64Flags, "float": n.Float32Flags,
    "double": n.Float64Flags,
}  # fmt: skip
"""The scalar types of FlatBuffers."""
_OFFSET = 4
"""Bytes of a distance, of a length and of an element that is one."""


class Buffer:
    """The bytes of one FlatBuffer; `tables` says the fields of each table that may occur in it."""

    def __init__(self, data: memoryview, tables: Mapping[str, tuple[Field, ...]]) -> None:
        self.data = data
        self.tables = {name: {field.name: field for field in fields} for name, fields in tables.items()}
        self._left = 8 * len(data) + 4096

    def root(self, name: str) -> Table:
        """The table that the buffer is about."""
        return self.table(self.follow(0), name)

    def table(self, position: int, name: str) -> Table:
        """The table at a position."""
        return Table(self, position, self.tables.get(name, {}))

    def number(self, kind: str, position: int) -> Any:
        """One scalar."""
        flags = _FLAGS[kind]
        self.check(position, flags.bytewidth)
        return flags.py_type(encode.Get(flags.packer_type, self.data, position))

    def follow(self, position: int) -> int:
        """Where the distance at a position leads."""
        target: int = position + self.number("uint", position)
        self.check(target, _OFFSET)
        return target

    def vector(self, position: int, width: int) -> tuple[int, int]:
        """Start and number of elements of the vector that the distance at a position leads to."""
        start = self.follow(position)
        count: int = self.number("uint", start)
        self.check(start + _OFFSET, count * width)
        return start + _OFFSET, count

    def spend(self, elements: int) -> None:
        """Count elements that are read one by one."""
        self._left -= elements
        if self._left < 0:
            raise BadInputError("its tables refer to more elements than the file can hold")

    def check(self, position: int, size: int) -> None:
        """Raise BadInputError unless `size` bytes stand at a position."""
        if position < 0 or position + size > len(self.data):
            raise BadInputError(f"refers to bytes {position} to {position + size} of {len(self.data)}")


class Table:
    """One table. `table["name"]` is the value of a field: a number, an enumeration's name, str, bytes (memoryview),
    Table, Struct (dict), a list of these, or None where it is absent and has no default."""

    __slots__ = ("_buffer", "_fields", "_position", "_size", "_slots", "_vtable")

    def __init__(self, buffer: Buffer, position: int, fields: Mapping[str, Field]) -> None:
        self._buffer, self._position, self._fields = buffer, position, fields
        self._vtable = position - buffer.number("int", position)
        size = buffer.number("ushort", self._vtable)
        buffer.check(self._vtable, max(size, 4))
        self._slots = (size - 4) // 2
        self._size = buffer.number("ushort", self._vtable + 2)
        buffer.check(position, self._size)

    def __iter__(self) -> Iterator[str]:
        return iter(self._fields)

    def __getitem__(self, name: str) -> Any:
        field = self._fields[name]
        if field.kind in UNIONS:
            return self._union(field)
        at = self._at(field.id, _width(field))
        if at is None:
            return field.default
        return self._vector(at, field) if field.is_vector else _value(self._buffer, field.kind, at)

    def values(self) -> dict[str, Any]:
        """All fields by name."""
        return {name: self[name] for name in self._fields}

    def _at(self, number: int, width: int) -> int | None:
        """The position of a field that is present."""
        if number >= self._slots:
            return None
        place: int = self._buffer.number("ushort", self._vtable + 4 + 2 * number)
        if place == 0:
            return None
        if place + width > self._size:
            raise BadInputError(f"a field at byte {place} of a table of {self._size} bytes")
        return self._position + place

    def _union(self, field: Field) -> Any:
        """(the kind's name, its table), or a list of them; None where there is none."""
        members = UNIONS[field.kind]
        if field.is_vector:
            kinds, values = (self._at(number, _OFFSET) for number in (field.id, field.id + 1))
            if kinds is None or values is None:
                return []
            (first, count), (start, length) = self._buffer.vector(kinds, 1), self._buffer.vector(values, _OFFSET)
            if count != length:
                raise BadInputError(f"a list of {count} kinds for {length} values")
            self._buffer.spend(count)
            return [self._member(members, first + i, start + _OFFSET * i) for i in range(count)]
        kind, value = self._at(field.id, 1), self._at(field.id + 1, _OFFSET)
        if kind is None or self._buffer.number("ubyte", kind) == 0:
            return None
        if value is None:
            raise BadInputError(f"the {field.name} has a kind and no value")
        return self._member(members, kind, value)

    def _member(self, members: Mapping[int, str], kind: int, value: int) -> tuple[str, Table]:
        number = self._buffer.number("ubyte", kind)
        name = members.get(number, f"kind {number}")
        return name, self._buffer.table(self._buffer.follow(value), name)

    def _vector(self, at: int, field: Field) -> Any:
        kind, width = field.kind, _element_width(field.kind)
        start, count = self._buffer.vector(at, width)
        if kind == "ubyte":
            return self._buffer.data[start : start + count]
        self._buffer.spend(count)
        if kind in _FLAGS:
            dtype = n.to_numpy_type(_FLAGS[kind])
            return np.frombuffer(self._buffer.data, dtype, count, start).tolist() if count else []
        return [_value(self._buffer, kind, start + width * i) for i in range(count)]


def _width(field: Field) -> int:
    return _OFFSET if field.is_vector else _element_width(field.kind)


def _element_width(kind: str) -> int:
    if kind in STRUCTS:
        return STRUCTS[kind].size
    scalar = ENUMS[kind].storage if kind in ENUMS else kind
    return _FLAGS[scalar].bytewidth if scalar in _FLAGS else _OFFSET


def _value(buffer: Buffer, kind: str, at: int) -> Any:
    """One value of that kind at a position."""
    if kind in _FLAGS:
        return buffer.number(kind, at)
    if kind in ENUMS:
        return ENUMS[kind].name(buffer.number(ENUMS[kind].storage, at))
    if kind in STRUCTS:
        buffer.check(at, STRUCTS[kind].size)
        return {name: _value(buffer, part, at + offset) for name, part, offset in STRUCTS[kind].parts}
    if kind == "string":
        start, count = buffer.vector(at, 1)
        buffer.spend(count)
        return bytes(buffer.data[start : start + count]).decode("utf-8", "replace")
    return buffer.table(buffer.follow(at), kind)
