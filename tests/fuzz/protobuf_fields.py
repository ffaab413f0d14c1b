"""Changes of a protobuf message by fields, without its schema: what can be taken apart is a message."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

NUMBERS = (0, 1, -1, 2, 3, 4, 5, 7, 16, 64, 127, 255, 1000, 1 << 20, (1 << 31) - 1, 1 << 40, (1 << 63) - 1, -(1 << 63))
VARINT, FIXED64, DELIMITED, FIXED32 = 0, 1, 2, 5
_FIXED = {FIXED64: 8, FIXED32: 4}
MAX_DEPTH = 12


@dataclass
class Field:
    """One field; `content` is a number, the bytes of it, or the fields of a message."""

    number: int
    kind: int
    content: int | bytes | list[Field]


def changed(r: random.Random, data: bytes) -> bytes:
    """One field, at any depth, is removed, doubled, exchanged, given another value or another number."""
    try:
        root = _message(data, 0)
    except (ValueError, IndexError):
        return data
    places = list(_places(root))
    if not places:
        return data
    fields, at = r.choice(places)
    field = fields[at]
    match r.choice(("content", "content", "content", "content", "remove", "double", "exchange", "take", "number")):
        case "content":
            field.content = _other(r, field, places)
        case "remove":
            del fields[at]
        case "double":
            fields.insert(r.randrange(len(fields) + 1), field)
        case "exchange":
            other = r.randrange(len(fields))
            fields[at], fields[other] = fields[other], fields[at]
        case "take":
            of_one_kind = [found for found, index in places if found[index].kind == field.kind]
            taken = r.choice(of_one_kind)
            field.content = r.choice([each for each in taken if each.kind == field.kind]).content
        case "number":
            field.number = r.choice([field.number + 1, max(field.number - 1, 1), r.randrange(1, 30)])
    return _packed(root, 0)


def _other(r: random.Random, field: Field, places: list[tuple[list[Field], int]]) -> int | bytes | list[Field]:
    if field.kind == VARINT:
        return r.choice(NUMBERS) & (1 << 64) - 1
    if isinstance(field.content, list):
        return r.choice([b"", field.content[: len(field.content) // 2], field.content * 2])
    assert isinstance(field.content, bytes)
    if field.kind in _FIXED:
        return r.choice([bytes(8), b"\xff" * 8, b"\0\0\x80\x7f" * 2, b"\0\0\x80\xff" * 2, r.randbytes(8)])[
            : _FIXED[field.kind]
        ]
    texts = [found[index].content for found, index in places]
    choices = [each for each in texts if isinstance(each, bytes)]
    packed = b"".join(_varint(r.choice(NUMBERS) & (1 << 64) - 1) for _ in range(r.randrange(5)))
    return r.choice([b"", b"x", b"\xff\xfe", field.content[:-1], field.content * 2, packed, packed, r.choice(choices)])


def _places(fields: list[Field]) -> Iterator[tuple[list[Field], int]]:
    for index, field in enumerate(fields):
        yield fields, index
        if isinstance(field.content, list):
            yield from _places(field.content)


def _message(data: bytes, depth: int) -> list[Field]:
    """The fields; ValueError or IndexError for what is no message."""
    fields = []
    at = 0
    while at < len(data):
        tag, at = _read(data, at)
        number, kind = tag >> 3, tag & 7
        if not 0 < number < 10_000:
            raise ValueError
        content: int | bytes | list[Field]
        if kind == VARINT:
            content, at = _read(data, at)
        elif kind in _FIXED:
            content, at = data[at : at + _FIXED[kind]], at + _FIXED[kind]
        elif kind == DELIMITED:
            size, at = _read(data, at)
            content, at = _part(data[at : at + size], depth), at + size
        else:
            raise ValueError
        if at > len(data):
            raise ValueError
        fields.append(Field(number, kind, content))
    return fields


def _part(data: bytes, depth: int) -> bytes | list[Field]:
    if depth > MAX_DEPTH or len(data) < 2:
        return data
    try:
        return _message(data, depth + 1)
    except (ValueError, IndexError):
        return data


def _read(data: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while True:
        byte = data[at]
        number |= (byte & 127) << shift
        at, shift = at + 1, shift + 7
        if byte < 128:
            return number, at
        if shift > 63:
            raise ValueError


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > 127:
        found.append(number & 127 | 128)
        number >>= 7
    return bytes([*found, number])


def _packed(fields: list[Field], depth: int) -> bytes:
    if depth > 2 * MAX_DEPTH:
        return b""
    pieces = []
    for field in fields:
        pieces.append(_varint(field.number << 3 | field.kind))
        if isinstance(field.content, int):
            pieces.append(_varint(field.content))
            continue
        content = _packed(field.content, depth + 1) if isinstance(field.content, list) else field.content
        if field.kind == DELIMITED:
            pieces.append(_varint(len(content)))
        pieces.append(content)
    return b"".join(pieces)
