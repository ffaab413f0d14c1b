"""Takes a row's golden through the reader, the IR, a backend and that format's own runtime, and compares."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import UnsupportedError

from .cases import Row
from .goldens import Golden


@dataclass(frozen=True)
class Target:
    """A backend that every row goes through; `rtol` is its floor, for formats that compute in another precision."""

    format: str
    rtol: float = 0.0


NEEDS_NEWER = frozenset(["DeformConv"])
"""Operators that onnxruntime has since 1.24; the last one for CPython 3.10 is 1.23."""
TARGETS = (Target("onnx"), Target("tflite"))


def check_row(row: Row, golden: Golden, target: Target, folder: Path) -> None:
    """Fails unless the written model computes what MegEngine did, or every format that must refuse the row does."""
    source = folder / "model.pkl"
    source.write_bytes(golden.model)
    if "tm" in row.refused:
        with pytest.raises(UnsupportedError) as refusal:
            mgeconvert.load(source)
        assert row.refused["tm"] in str(refusal.value)
        return
    graph = mgeconvert.load(source)
    graph.check()
    backend = registry.backend(target.format)
    written = folder / f"model{backend.suffixes[0]}"
    options = row.options.get(target.format, {})
    if target.format in row.refused:
        with pytest.raises(UnsupportedError) as refusal:
            mgeconvert.save(graph, written, **options)
        assert row.refused[target.format] in str(refusal.value)
        return
    mgeconvert.save(graph, written, **options)
    missing = {node.op for node in graph.nodes} & NEEDS_NEWER
    if target.format == "onnx" and missing and version("onnxruntime").split(".") < ["1", "24"]:
        pytest.skip(f"onnxruntime {version('onnxruntime')} has no {', '.join(missing)}; 1.24 has")
    assert backend.run is not None
    inputs = dict(zip(graph.inputs, golden.inputs, strict=True))
    outputs = list(backend.run(written, inputs).values())
    assert len(outputs) == len(golden.outputs), f"{len(outputs)} outputs, MegEngine has {len(golden.outputs)}"
    for number, (ours, theirs) in enumerate(zip(outputs, golden.outputs, strict=True)):
        assert not (complaint := difference(ours, theirs, max(row.rtol, target.rtol))), f"output {number}: {complaint}"


def difference(ours: np.ndarray, theirs: np.ndarray, rtol: float) -> str:
    """What is wrong with `ours`, empty when nothing: dtype, shape, integers exactly, floats to rtol of max abs."""
    if ours.dtype != theirs.dtype:
        return f"dtype {ours.dtype}, MegEngine has {theirs.dtype}"
    if ours.shape != theirs.shape:
        return f"shape {ours.shape}, MegEngine has {theirs.shape}"
    if theirs.dtype.kind != "f":
        return "" if np.array_equal(ours, theirs) else f"{np.sum(ours != theirs)} of {theirs.size} elements differ"
    finite = np.isfinite(theirs)
    if not np.array_equal(ours[~finite], theirs[~finite], equal_nan=True) or not np.isfinite(ours[finite]).all():
        return "NaN or infinity in other places"
    exact = theirs[finite].astype(np.float64)
    if not exact.size:
        return ""
    error, scale = np.abs(ours[finite] - exact).max(), np.abs(exact).max()
    return "" if error <= rtol * scale else f"max abs error {error:.3g} of max abs {scale:.3g}, allowed {rtol:g} of it"
