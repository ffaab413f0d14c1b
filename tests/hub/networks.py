"""The networks of the hub: files with their recorded data, and broken ones with what is said of each."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from tests.harness import goldens

FAMILIES = ("networks_detection", "networks_images", "networks_others")
TARGETS = ("onnx", "tflite", "caffe", "pytorch")


def rows() -> Iterator[tuple[str, goldens.Row]]:
    """The networks of the tests."""
    for family in FAMILIES:
        for row in goldens.families()[family]:
            yield family, row


def lay_out(folder: Path, count: int, real: Sequence[Path] = ()) -> list[str]:
    """Put `count` networks into a folder, first the real ones; the names, the smallest file first."""
    folder.mkdir(parents=True)
    names = []
    for model in real[:count]:
        for file in (model, model.with_suffix(".npz")):
            shutil.copyfile(file, folder / file.name)
        names.append(model.stem)
    for family, row in rows():
        if len(names) == count:
            break
        golden = goldens.load(family, row)
        (folder / f"{row.id}.pkl").write_bytes(golden.model)
        arrays = {f"in_{n}": array for n, array in enumerate(golden.inputs)}
        np.savez(folder / f"{row.id}.npz", **arrays, **{f"out_{n}": a for n, a in enumerate(golden.outputs)})
        names.append(row.id)
    return sorted(names, key=lambda name: (folder / f"{name}.pkl").stat().st_size)


class _Shell:
    """Pickled as a call of a function that nothing may call."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, ("true",)


def lay_out_broken(folder: Path, whole: Path) -> list[str]:
    """Eight files that are no networks, made of one that is; their names."""
    content = whole.read_bytes()
    made = {
        "empty.pkl": b"",
        "half.pkl": content[: len(content) // 2],
        "text.pkl": b"<html><body>404 Not Found</body></html>",
        "shell.pkl": pickle.dumps(_Shell()),
        "zeros.pkl": b"\0" * 4096,
        "other.onnx": content,
        "words.tflite": b"TFL3" * 100,
        "torn.onnx": b"\x08\x07\x12\x08pytorch:" + b"\xff" * 64,
    }
    folder.mkdir(parents=True)
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return sorted(Path(name).stem for name in made)


def manifest(folder: Path, targets: Sequence[str] = TARGETS) -> Path:
    """The manifest of both folders below `folder`."""
    path = folder / "hub.toml"
    listed = ", ".join(f'"{target}"' for target in targets)
    path.write_text(
        f'[defaults]\ntargets = [{listed}]\noutput = "converted"\n\n'
        '[[model]]\npath = "good/*.pkl"\n\n[[model]]\npath = "broken/*"\n'
    )
    return path
