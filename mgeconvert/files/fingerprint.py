"""What tells the two files of a model that belong together from two of different models.

Where a format keeps its weights in a second file of a fixed name, both hold the fingerprint of what was written. A run
that is killed between the two renames, or a copy of one file only, then shows as such when the pair is read. A second
file without a fingerprint is somebody else's, trained weights for instance: it belongs to any.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import BadInputError

CHUNK = 1 << 20
"""How many bytes of a file are hashed at a time."""


def fingerprint(pieces: Iterable[bytes | memoryview]) -> str:
    """16 hexadecimal digits of a hash over the pieces."""
    import hashlib

    state = hashlib.blake2b(digest_size=8)
    for piece in pieces:
        state.update(piece)
    return state.hexdigest()


def digest(path: Path) -> str:
    """SHA-256 of a file's bytes, as hexadecimal digits."""
    import hashlib

    state = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(CHUNK):
            state.update(block)
    return state.hexdigest()


def check_pair(path: Path, expected: str, weights: Path, found: str, given: str) -> None:
    """BadInputError where both files of a pair have a fingerprint, and not the same; `given` says how to take the
    weights all the same."""
    if expected and found and expected != found:
        raise BadInputError(
            f"{weights}: was written with another {path.name}: a run ended between the two files, or one was replaced",
            hint=f"write the model again, or copy both files of one export; {given}",
        )
