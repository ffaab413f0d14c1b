"""The first diverging value is found and named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert.api import Selection, Stopwatch, export
from mgeconvert.errors import VerificationError
from mgeconvert.files.destination import Destination
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope
from mgeconvert.verification import divergence
from mgeconvert.verification.divergence import first_divergence
from mgeconvert.verification.report import VerificationReport
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import BACKEND as TFLITE
from mgeconvert_converters.tflite.emit import EMITTERS
from mgeconvert_converters.tflite.emit.table import Emitter
from mgeconvert_converters.tflite.layout.wants import ANY

X = np.linspace(-1, 1, 48, dtype=np.float32).reshape(1, 3, 4, 4)


def chain() -> Graph:
    """Twenty steps; `b.scale` (HardSigmoid) is in the middle."""
    b = Builder()
    x = b.input("x", "float32", X.shape)
    for index in range(20):
        b.enter(Scope(f"step{index}", "Act"))
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


def exported(path: Path) -> VerificationReport | None:
    """What `export` says of the chain written as TFLite without recorded data."""
    report = export(
        chain(), Destination(path), TFLITE, source_format="onnx", selection=Selection(0), verify=True, io=None,
        rtol=None, options={}, stage=Stopwatch(), seconds={},
    )  # fmt: skip
    return report.verification


def test_an_export_is_compared_with_the_same_graph(tmp_path: Path) -> None:
    report = exported(tmp_path / "m.tflite")
    assert report is not None
    assert report.passed
    assert report.truth == (
        "mgeconvert's own reading of the model in onnxruntime, on random inputs (no recorded outputs were given: --io)"
    )


def test_a_failed_export_names_the_first_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EMITTERS, "HardSigmoid", Emitter(lambda c, x: c.op("NEG", x), ANY, None, ""))
    report = exported(tmp_path / "m.tflite")
    assert report is not None
    with pytest.raises(VerificationError) as failure:
        report.require()
    last = failure.value.message.splitlines()[-1]
    assert last.startswith(
        "  against onnxruntime, step11/HardSigmoid (step11 (Act): HardSigmoid) is the first to differ"
    )


def test_quantized_values_are_compared_as_the_numbers_they_stand_for() -> None:
    """Caffe has no integers, and cuts nothing off: what is beyond the scale's range differs after DequantizeLinear."""
    caffe = pytest.importorskip("mgeconvert_converters.caffe").BACKEND
    pytest.importorskip("cv2", reason="OpenCV computes the Caffe net")
    b = Builder()
    y = b.input("x", "float32", X.shape)
    for factor in (1, 1, 100):
        y = b.op("Mul", y, np.float32(factor))
        b.enter(Scope(f"by{factor}", "Act"))
        y = b.op("QuantizeLinear", y, np.float32(1 / 64), np.int8(0))
        y = b.op("DequantizeLinear", y, np.float32(1 / 64), np.int8(0))
    b.output("y", y)
    found = first_divergence(b.graph, {"x": X}, backend=caffe, judge=ONNX, tolerance=0.1)
    assert found is not None
    assert str(found) == f"{found.value} (by100 (Act): DequantizeLinear) is the first to differ, by {found.error:.3g}"
    assert np.isfinite(found.error)
