"""The first diverging value is found and named."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mgeconvert import divergence
from mgeconvert.builder import Builder
from mgeconvert.divergence import first_divergence
from mgeconvert.ir import Graph
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite.emit import EMITTERS
from mgeconvert_converters.tflite.table import ANY, Emitter

X = np.linspace(-1, 1, 48, dtype=np.float32).reshape(1, 3, 4, 4)


def chain() -> Graph:
    """Twenty steps; `b.scale` (HardSigmoid) is in the middle."""
    b = Builder()
    x = b.input("x", "float32", X.shape)
    for index in range(20):
        b.place, b.origin = f"step{index}", f"step{index} (Act)"
        x = b.op("Neg" if index != 11 else "HardSigmoid", x)
    b.output("y", x)
    return b.graph


def test_nothing_diverges() -> None:
    assert first_divergence(chain(), {"x": X}, backend=TFLITE, judge=ONNX) is None


def test_a_wrong_emitter_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(c: Any, x: Any) -> Any:
        return c.op("NEG", x)

    monkeypatch.setitem(EMITTERS, "HardSigmoid", Emitter(wrong, ANY, None, ""))
    found = first_divergence(chain(), {"x": X}, backend=TFLITE, judge=ONNX)
    assert found is not None
    assert found.value == "step11/HardSigmoid"
    assert str(found).startswith("step11/HardSigmoid (step11 (Act): HardSigmoid) is the first to differ, by ")


def test_only_a_few_probes(monkeypatch: pytest.MonkeyPatch) -> None:
    runs = []
    honest = divergence.difference
    monkeypatch.setattr(divergence, "difference", lambda found, truth: runs.append(1) or honest(found, truth))
    monkeypatch.setitem(EMITTERS, "HardSigmoid", Emitter(lambda c, x: c.op("NEG", x), ANY, None, ""))
    assert first_divergence(chain(), {"x": X}, backend=TFLITE, judge=ONNX) is not None
    assert len(runs) <= 7
