"""ONNX networks that others trained: what is written of them computes the same in each target's runtime."""

from __future__ import annotations

from pathlib import Path

import pytest

import mgeconvert
from tests.harness.wheels import model

PACKAGE = "rapidocr-onnxruntime==1.4.4"
CLASSIFIER = "ch_ppocr_mobile_v2.0_cls_infer.onnx"


@pytest.mark.network
@pytest.mark.parametrize("suffix", ["onnx", "tflite"])
def test_orientation_of_text(suffix: str, tmp_path: Path) -> None:
    report = mgeconvert.convert(model(PACKAGE, CLASSIFIER), tmp_path / f"written.{suffix}")
    assert report.verification is not None
    assert report.verification.passed
