"""Changes of a pickle by opcodes, so that most of what comes of them can still be taken apart."""

from __future__ import annotations

import pickletools
import random
import struct
from collections.abc import Sequence

WRONG: Sequence[bytes] = (
    b"N", b"\x88", b"\x89", b")", b"]", b"}", b"\x8f", b"K\x00", b"K\x07", b"J\xff\xff\xff\xff", b"J\xff\xff\xff\x7f",
    b"\x8a\x09" + bytes(8) + b"\x01", b"\x8c\x00", b"\x8c\x01x", b"C\x01x", b"G" + struct.pack(">d", 1.5),
    b"G" + struct.pack(">d", float("nan")), b"(K\x01K\x02t", b"]K\x01a", b"}K\x01K\x02s", b"\x8c\x01x\x85",
)  # fmt: skip
"""Values of every type, each written in full."""
_TEXT = (b"\x8c", b"X")


def changed(r: random.Random, data: bytes) -> bytes:
    """One opcode is removed, doubled, exchanged with another one, or a value of it replaced."""
    try:
        parts = _parts(data)
    except (ValueError, IndexError, UnicodeDecodeError):
        return data
    if len(parts) < 3:
        return data
    at = r.randrange(1, len(parts) - 1)
    match r.choice(("value", "value", "value", "value", "text", "number", "remove", "double", "exchange")):
        case "value":
            places = [index for index, part in enumerate(parts) if part[:1] in b"NKMJ\x88\x89\x8c)]}G\x8ahX"]
            if places:
                parts[r.choice(places)] = r.choice(WRONG)
        case "text":
            places = [index for index, part in enumerate(parts) if part[:1] in _TEXT]
            if places:
                parts[r.choice(places)] = parts[r.choice(places)]
        case "number":
            places = [index for index, part in enumerate(parts) if part[:1] in b"KMJG\x8a"]
            if places:
                parts[r.choice(places)] = r.choice([part for part in WRONG if part[:1] in b"KJG\x8a"])
        case "remove":
            del parts[at]
        case "double":
            parts.insert(at, parts[at])
        case "exchange":
            other = r.randrange(1, len(parts) - 1)
            parts[at], parts[other] = parts[other], parts[at]
    return b"".join(parts)


def _parts(data: bytes) -> list[bytes]:
    """The opcodes with their arguments, without frames, whose sizes would no longer be right."""
    found = [(opcode.name, position) for opcode, _, position in pickletools.genops(data)]
    ends = [position for _, position in found[1:]] + [len(data)]
    return [data[start:end] for (name, start), end in zip(found, ends, strict=True) if name != "FRAME"]
