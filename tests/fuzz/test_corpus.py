"""Every finding that was mended stays mended."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from .judge import OTHERS, READERS
from .server import Server

CORPUS = Path(__file__).parent / "corpus"
"""READER/NAME.SUFFIX, and for formats of several files READER/NAME/FILE."""
MAIN = (".prototxt", ".py")


def cases() -> list[str]:
    return sorted(str(path.relative_to(CORPUS)) for path in CORPUS.glob("*/*"))


def read(name: str) -> dict[str, bytes]:
    """The files of a case, main file first."""
    path = CORPUS / name
    if path.suffix == ".safetensors":
        return {"m.py": b"", f"m{path.suffix}": path.read_bytes()}
    if path.is_file():
        return {f"m{path.suffix}": path.read_bytes()}
    files = {file.name: file.read_bytes() for file in path.iterdir()}
    return dict(sorted(files.items(), key=lambda item: not item[0].endswith(MAIN)))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as server:
        yield server


@pytest.mark.parametrize("name", cases())
def test_a_finding_stays_mended(name: str, server: Server) -> None:
    verdict = server.ask(name.partition("/")[0], read(name))
    assert not verdict.is_finding, verdict


def test_every_reader_has_its_corpus() -> None:
    assert {path.name for path in CORPUS.iterdir()} == {*READERS, *OTHERS}
