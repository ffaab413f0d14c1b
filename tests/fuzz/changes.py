"""What is done to a right file: one to three changes of bytes, of values, or of the parts that its format is made of.

Every change is a function (random, data) -> data. It may give anything back, also what it was given.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Mapping, Sequence

from . import flatbuffer_fields, pickle_opcodes, protobuf_fields, text_tokens

Change = Callable[[random.Random, bytes], bytes]

NUMBERS = (
    0,
    1,
    -1,
    2,
    3,
    7,
    8,
    16,
    127,
    128,
    255,
    256,
    1000,
    65535,
    1 << 20,
    (1 << 31) - 1,
    -(1 << 31),
    1 << 32,
    1 << 62,
)
"""Sizes, axes and positions that something may not expect."""
REALS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e-45, 3e38, 1e308, float("inf"), float("-inf"), float("nan"))


def flipped(r: random.Random, data: bytes) -> bytes:
    """One bit."""
    if not data:
        return data
    at = r.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << r.randrange(8)]) + data[at + 1 :]


def replaced(r: random.Random, data: bytes) -> bytes:
    """One byte."""
    at = r.randrange(len(data) + 1)
    return data[:at] + r.choice([b"\0", b"\xff", b"\x7f", b"\x80", bytes([r.randrange(256)])]) + data[at + 1 :]


def cut(r: random.Random, data: bytes) -> bytes:
    """The end is missing."""
    return data[: r.randrange(len(data) + 1)]


def removed(r: random.Random, data: bytes) -> bytes:
    """A few bytes are missing."""
    at = r.randrange(len(data) + 1)
    return data[:at] + data[at + 1 + r.randrange(16) :]


def copied(r: random.Random, data: bytes) -> bytes:
    """A piece stands over, or before, another place."""
    at, to, size = r.randrange(len(data) + 1), r.randrange(len(data) + 1), 1 + r.randrange(32)
    return data[:to] + data[at : at + size] + data[to + r.choice([0, size]) :]


def value(r: random.Random, data: bytes) -> bytes:
    """A number of 2, 4 or 8 bytes, at a place where it may stand."""
    if len(data) < 8:
        return data
    size = r.choice([2, 4, 4, 8])
    at = r.randrange(len(data) - 7)
    at -= at % r.choice([1, size])
    number = r.choice(NUMBERS) & (1 << 8 * size) - 1
    packed = number.to_bytes(size, "little")
    if size > 2 and r.random() < 0.4:
        packed = struct.pack("<f" if size == 4 else "<d", r.choice(REALS[:6] + REALS[8:]))
    return data[:at] + packed + data[at + size :]


BYTES: Sequence[Change] = (flipped, replaced, cut, removed, copied, value, value)
FIELDS: Mapping[str, Change] = {
    ".pkl": pickle_opcodes.changed,
    ".mge": flatbuffer_fields.changed,
    ".tflite": flatbuffer_fields.changed,
    ".onnx": protobuf_fields.changed,
    ".caffemodel": protobuf_fields.changed,
    ".prototxt": text_tokens.changed,
    ".toml": text_tokens.changed,
    ".yaml": text_tokens.changed,
    ".safetensors": text_tokens.changed,
}


def changed(r: random.Random, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files of a case with one to three changes in one of them; three of four are changes of its format's parts."""
    name = r.choice(sorted(files))
    data = files[name]
    fields = next((change for suffix, change in FIELDS.items() if name.endswith(suffix)), None)
    for _ in range(r.choice([1, 1, 1, 2, 3])):
        data = fields(r, data) if fields is not None and r.random() < 0.8 else r.choice(BYTES)(r, data)
    return {**files, name: data}
