"""Goldens: what MegEngine said to every row, one archive for each file of tests/rows, at the same place.

``tests/goldens/FAMILY.tar.xz``, or ``FAMILY/KIND.tar.xz``, holds ``rows.json`` (per row: the fingerprint it was made
for, the callables that were recorded, the structure of the outputs) and per row ``ID/model.pkl`` and ``ID/io.npz``
(in_0 ..., out_0 ...). Remaking an archive gives the same bytes.
"""

from __future__ import annotations

import functools
import importlib
import io
import json
import lzma
import pkgutil
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.reference import client
from tests import rows as rows_package

from .cases import Case, Row

FOLDER = Path(__file__).parents[1] / "goldens"
INDEX = "rows.json"


class GoldenError(Exception):
    """A golden is missing or stale; the message holds the command that remakes it."""


@dataclass(frozen=True)
class Golden:
    """One row's: the pickle, the inputs in the order of forward(), MegEngine's outputs flattened in order."""

    model: bytes
    inputs: list[np.ndarray]
    outputs: list[np.ndarray]


@functools.cache
def families() -> dict[str, list[Row]]:
    """The rows of every file in tests/rows by ``FAMILY`` or ``FAMILY/KIND``; two of a file with one id are an error."""
    found: dict[str, list[Row]] = {}
    prefix = f"{rows_package.__name__}."
    for info in pkgutil.walk_packages(rows_package.__path__, prefix):
        if info.ispkg:
            continue
        name = info.name.removeprefix(prefix).replace(".", "/")
        rows = importlib.import_module(info.name).ROWS
        ids = [row.id for row in rows]
        twice = sorted({each for each in ids if ids.count(each) > 1})
        if twice:
            raise ValueError(f"tests/rows/{name}.py: give these rows an id of their own: {', '.join(twice)}")
        found[name] = rows
    return found


def archive(family: str, folder: Path = FOLDER) -> Path:
    """Where the goldens of a file of rows are."""
    return folder / f"{family}.tar.xz"


def load(family: str, row: Row, folder: Path = FOLDER) -> Golden:
    """The row's golden; GoldenError when it is missing or was made for another form of the row."""
    path = archive(family, folder)
    entry = index(path)["rows"].get(row.id) if path.is_file() else None
    if entry is None or entry["fingerprint"] != row.fingerprint():
        state = "is missing" if entry is None else "was made for another form of the row"
        made = f"run `python tests/make_goldens.py {family}`"
        raise GoldenError(f"tests/goldens/{family}.tar.xz: {row.id} {state}: {made}")
    files = unpacked(path)
    with np.load(io.BytesIO(files[f"{row.id}/io.npz"])) as recorded:
        arrays = {name: recorded[name] for name in recorded.files}
    return Golden(files[f"{row.id}/model.pkl"], _numbered(arrays, "in"), _numbered(arrays, "out"))


def index(path: Path) -> dict[str, Any]:
    """The archive's rows.json."""
    content: dict[str, Any] = json.loads(unpacked(path)[INDEX])
    return content


def is_current(family: str, folder: Path = FOLDER) -> bool:
    """Whether the archive holds exactly the family's rows as they are now."""
    path = archive(family, folder)
    if not path.is_file():
        return False
    made = {name: entry["fingerprint"] for name, entry in index(path)["rows"].items()}
    return made == {row.id: row.fingerprint() for row in families()[family]}


def make(family: str, rows: Sequence[Row], folder: Path = FOLDER) -> Path:
    """Ask MegEngine and write the archive; GoldenError lists every row that MegEngine did not like."""
    with tempfile.TemporaryDirectory(prefix="goldens-") as scratch:
        answers = _ask(rows, Path(scratch))
        files: dict[str, bytes] = {}
        entries: dict[str, Any] = {}
        failures = []
        for row, answer in zip(rows, answers, strict=True):
            failure = _failure(row, answer)
            if failure:
                failures.append(f"tests/rows/{family}.py: {row.id}: {failure}")
                continue
            for name in ("model.pkl", "io.npz"):
                files[f"{row.id}/{name}"] = Path(answer["folder"], name).read_bytes()
            entries[row.id] = {
                "fingerprint": row.fingerprint(),
                "calls": answer["calls"],
                "structure": answer["structure"],
            }
    if failures:
        raise GoldenError("\n".join(failures))
    files[INDEX] = json.dumps({"megengine": "1.13.0", "rows": entries}, indent=1).encode()
    path = archive(family, folder)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(packed(files))
    unpacked.cache_clear()
    return path


def _ask(rows: Sequence[Row], scratch: Path) -> list[dict[str, Any]]:
    arrays: dict[str, np.ndarray] = {}
    questions = []
    for number, row in enumerate(rows):
        module = row.module()
        arrays.update({f"{number}/{name}": array for name, array in row.arrays().items()})
        questions.append(
            {
                "id": row.id,
                "source": module.text,
                "arguments": [f"{number}/{name}" for name in module.arguments],
                "parameters": {name: f"{number}/{name}" for name in module.parameters},
            }
        )
    np.savez(scratch / "arrays.npz", **arrays)
    answers: list[dict[str, Any]] = client.call(
        {"command": "rows", "rows": questions, "arrays": str(scratch / "arrays.npz"), "folder": str(scratch)}
    )
    return answers


def _failure(row: Row, answer: Mapping[str, Any]) -> str:
    if "error" in answer:
        error = answer["error"]
        return f"{error['kind']}: {error['message']}\n{error['trace']}"
    if isinstance(row, Case) and row.target not in answer["calls"]:
        return (
            f"MegEngine records {', '.join(answer['calls']) or 'nothing'}: make that the target, or write it with Code"
        )
    return ""


def packed(files: Mapping[str, bytes]) -> bytes:
    """A .tar.xz of the files by name; the same files give the same bytes."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name in sorted(files):
            member = tarfile.TarInfo(name)
            member.size = len(files[name])
            archive.addfile(member, io.BytesIO(files[name]))
    return lzma.compress(buffer.getvalue(), preset=9)


@functools.cache
def unpacked(path: Path) -> dict[str, bytes]:
    """The files of an archive by name."""
    with tarfile.open(path, mode="r:xz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def _numbered(arrays: Mapping[str, np.ndarray], prefix: str) -> list[np.ndarray]:
    names = [name for name in arrays if name.startswith(f"{prefix}_")]
    return [arrays[name] for name in sorted(names, key=lambda name: int(name.rpartition("_")[2]))]
