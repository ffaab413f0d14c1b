"""Makes a kept finding smaller: `python -m tests.fuzz.reduce tm tests/fuzz/corpus/tm/NAME.pkl ...`

Pieces are removed, halves first and single ones last, as long as the same thing is said of the file. What is said since
the finding was mended is all that can be compared: a file of which nothing is said (a result) is left as it is.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from . import pickle_opcodes
from .judge import READERS, Verdict
from .server import Server

SECONDS = 20
"""For one file."""


def reduced(pieces: Sequence[bytes], is_same: Callable[[bytes], bool], seconds: float = SECONDS) -> bytes:
    """The fewest pieces that were found; at least those that are the same."""
    left = list(pieces)
    end = time.monotonic() + seconds
    size = len(left) // 2
    while size:
        at = 0
        while at < len(left):
            shorter = left[:at] + left[at + size :]
            if time.monotonic() > end:
                return b"".join(left)
            if is_same(b"".join(shorter)):
                left = shorter
            else:
                at += size
        size //= 2
    return b"".join(left)


def pieces_of(path: Path, data: bytes) -> list[bytes]:
    """The opcodes of a pickle, the lines of a text, the bytes of everything else."""
    if path.suffix == ".pkl":
        try:
            return pickle_opcodes._parts(data)
        except (ValueError, IndexError, UnicodeDecodeError):
            return [data]
    if path.suffix in (".prototxt", ".toml", ".yaml"):
        return data.splitlines(keepends=True)
    return [data[at : at + 1] for at in range(len(data))]


def said(verdict: Verdict) -> tuple[str, str, str]:
    """What is compared: everything but the folder's name."""
    return verdict.kind, verdict.stage, verdict.text.rpartition("/m.")[2]


def smaller(server: Server, reader: str, path: Path) -> bytes:
    """What is left of the file."""
    data, name = path.read_bytes(), f"m{path.suffix}"
    before = server.ask(reader, {name: data})
    if not before.text:
        return data
    left = reduced(pieces_of(path, data), lambda content: said(server.ask(reader, {name: content})) == said(before))
    return min(data, left, key=len)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.reduce")
    parser.add_argument("reader", choices=READERS)
    parser.add_argument("files", nargs="+", type=Path)
    given = parser.parse_args()
    with Server() as server:
        for path in given.files:
            size = path.stat().st_size
            path.write_bytes(smaller(server, given.reader, path))
            print(f"{path}: {size} -> {path.stat().st_size} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
