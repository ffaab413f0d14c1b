"""Changes of a flatbuffer by fields, without its schema: tables and vectors are found from the root."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

NUMBERS = (0, 1, -1, 2, 3, 4, 5, 7, 16, 64, 127, 255, 1000, 1 << 20, (1 << 31) - 1, -(1 << 31))
ROOTS = range(0, 64, 4)
"""Where the root may be: behind a header of the format's own."""
MOST = 5_000


@dataclass
class Found:
    """What was found: `slots` are (position of a vtable's entry, position of the field), `offsets` positions of
    references, `targets` what they lead to, `vectors` positions of their lengths."""

    slots: list[tuple[int, int]] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)
    targets: list[int] = field(default_factory=list)
    vectors: list[int] = field(default_factory=list)


def changed(r: random.Random, data: bytes) -> bytes:
    """One field is removed, gets another value, another length, or leads elsewhere."""
    if len(data) < 16:
        return data
    found = max((_found(data, root) for root in ROOTS if root + 4 <= len(data)), key=lambda each: len(each.slots))
    if not found.slots:
        return data
    changing = bytearray(data)
    match r.choice(("value", "value", "value", "element", "element", "remove", "exchange", "length", "lead", "shared")):
        case "value":
            _put(r, changing, r.choice(found.slots)[1])
        case "element" if found.vectors:
            at = r.choice(found.vectors)
            count = min(struct.unpack_from("<I", data, at)[0], 64)
            _put(r, changing, at + 4 + r.choice([1, 4, 4, 8]) * r.randrange(count + 1))
        case "remove":
            struct.pack_into("<H", changing, r.choice(found.slots)[0], 0)
        case "exchange":
            one, other = r.choice(found.slots)[0], r.choice(found.slots)[0]
            changing[one : one + 2], changing[other : other + 2] = data[other : other + 2], data[one : one + 2]
        case "length" if found.vectors:
            at = r.choice(found.vectors)
            size = struct.unpack_from("<I", data, at)[0]
            struct.pack_into(
                "<I", changing, at, r.choice([0, 1, size + 1, max(size - 1, 0), 2 * size, 1 << 16, 1 << 30])
            )
        case "lead" if found.targets:
            at = r.choice(found.offsets)
            struct.pack_into("<i", changing, at, r.choice(found.targets) - at)
        case "shared" if found.targets:
            one, other = r.choice(found.offsets), r.choice(found.offsets)
            to = other + struct.unpack_from("<i", data, other)[0]
            struct.pack_into("<i", changing, one, to - one)
    return bytes(changing)


def _put(r: random.Random, data: bytearray, at: int) -> None:
    size = r.choice([1, 1, 2, 4, 4, 4, 8])
    if at + size > len(data):
        return
    number = r.choice(NUMBERS) & (1 << 8 * size) - 1
    content = number.to_bytes(size, "little")
    if size == 4 and r.random() < 0.3:
        content = struct.pack("<f", r.choice([0.0, -1.0, 0.5, 1e-45, 3e38, float("inf"), float("nan")]))
    data[at : at + size] = content


def _found(data: bytes, root: int) -> Found:
    found = Found()
    pending = [root]
    seen: set[int] = set()
    while pending and len(seen) < MOST:
        at = pending.pop()
        target = at + struct.unpack_from("<I", data, at)[0]
        if at in seen or target + 4 > len(data) or target == at:
            continue
        seen.add(at)
        slots = list(_table(data, target))
        if slots:
            found.slots += slots
            pending += [position for _, position in slots if position + 4 <= len(data)]
        else:
            count = struct.unpack_from("<I", data, target)[0]
            if target + 4 + count > len(data):
                continue
            found.vectors.append(target)
            if target + 4 + 4 * count <= len(data):
                pending += [target + 4 + 4 * index for index in range(min(count, 256))]
        found.offsets.append(at)
        found.targets.append(target)
    return found


def _table(data: bytes, at: int) -> Iterator[tuple[int, int]]:
    """The fields that a table has; none for what cannot be one."""
    vtable = at - struct.unpack_from("<i", data, at)[0]
    if not 0 <= vtable <= len(data) - 4:
        return
    size, whole = struct.unpack_from("<HH", data, vtable)
    if size % 2 or not 4 <= size <= 200 or whole < 4 or vtable + size > len(data) or at + whole > len(data):
        return
    entries = [(vtable + place, struct.unpack_from("<H", data, vtable + place)[0]) for place in range(4, size, 2)]
    if any(entry >= whole for _, entry in entries):
        return
    yield from ((place, at + entry) for place, entry in entries if entry)
