"""Right files to begin with: small ones of every reader, from the rows that the other tests judge, found by number."""

from __future__ import annotations

import functools
import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import MgeconvertError
from tests.caffe.lower import layer_rows
from tests.harness import goldens, operators
from tests.staticgraph import files

Files = Mapping[str, bytes]
LARGEST = 20_000
"""Bytes of a seed: larger ones are changed where it does not matter."""
WEIGHTED = (
    "Convolution", "Deconvolution", "InnerProduct", "BatchNorm", "BN", "Scale", "Bias", "PReLU", "Embed", "LSTM", "RNN",
    "Normalize", "Axpy", "Parameter",
)  # fmt: skip
"""Parts of the types of Caffe layers that have weights."""
PRIME = 7919
"""Numbers that follow one another are rows of different families."""


@functools.lru_cache(2000)
def seed(reader: str, number: int) -> Files:
    """The files of a right model."""
    return _SEEDS[reader](number)


def _at(items: Sequence[object], number: int) -> object:
    return items[number * PRIME % len(items)]


def _written(target: str, number: int) -> Files:
    """A row of an operator, or a later one where the format has no such operator or the file would be large."""
    backend = registry.backend(target)
    rows = operators.rows()
    while True:
        row = rows[number * PRIME % len(rows)]
        with tempfile.TemporaryDirectory() as folder:
            try:
                paths = mgeconvert.save(row.graph(), Path(folder, f"m{backend.suffixes[0]}"), target)
            except MgeconvertError:
                paths = []
            content = {path.name: path.read_bytes() for path in paths}
        if content and sum(map(len, content.values())) < LARGEST:
            return content
        number += 1


def _tm(number: int) -> Files:
    """Every other one as MegEngine wrote it."""
    if number % 2:
        return _written("tm", number // 2)
    return {"m.pkl": _member([path for path in _archives() if not path.name.startswith("static")], ".pkl", number // 2)}


def _mge(number: int) -> Files:
    return {"m.mge": _member([files.PATH], ".mge", number)}


@functools.cache
def _archives() -> list[Path]:
    return sorted(goldens.FOLDER.rglob("*.tar.xz"))


def _member(archives: Sequence[Path], suffix: str, number: int) -> bytes:
    members = goldens.unpacked(archives[number % len(archives)])
    names = [name for name, content in members.items() if name.endswith(suffix) and len(content) < LARGEST]
    if not names:
        return _member(archives, suffix, number + 1)
    return members[str(_at(names, number // len(archives)))]


def _caffe(number: int) -> Files:
    """Every other one from the text of Caffe's own layers, without weights."""
    if number % 2:
        return _written("caffe", number // 2)
    rows = [row for row in layer_rows.ROWS if not any(word in row.layers for word in WEIGHTED)]
    row = rows[number // 2 * PRIME % len(rows)]
    return {"m.prototxt": row.prototxt.encode()}


def _npz(number: int) -> Files:
    stream = io.BytesIO()
    save = np.savez if number % 2 else np.savez_compressed
    save(stream, in_0=np.ones((1, 3), np.float32), out_0=np.ones((2, number % 5), np.float32))
    return {"m.npz": stream.getvalue()}


_TOML = """[defaults]
targets = ["onnx", "tflite"]
output = "out"

[defaults.onnx]
opset = 13

[[model]]
path = "m.pkl"
name = "detector"
targets = ["onnx"]
rtol = 1e-3
dynamic-batch = true

[[model]]
trace = "networks.py:Net"
input = ["x=1,3,8,8"]
"""
_YAML = """defaults: {targets: [onnx, tflite], output: out}
model:
  - path: m.pkl
    name: detector
    dynamic-batch: true
  - {trace: "networks.py:Net", input: ["x=1,3,8,8"]}
"""


def _manifest(number: int) -> Files:
    return {"m.toml": _TOML.encode()} if number % 2 else {"m.yaml": _YAML.encode()}


def _safetensors(number: int) -> Files:
    both = _written("pytorch", number)
    return dict(sorted(both.items(), key=lambda item: not item[0].endswith(".py")))


_SEEDS: Mapping[str, Callable[[int], Files]] = {
    "tm": _tm,
    "mge": _mge,
    "onnx": lambda number: _written("onnx", number),
    "tflite": lambda number: _written("tflite", number),
    "caffe": _caffe,
    "npz": _npz,
    "manifest": _manifest,
    "safetensors": _safetensors,
}
