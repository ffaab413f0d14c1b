"""`--input-scale` of Caffe: the grid of an input stands in the document of quantization parameters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import mgeconvert
from mgeconvert.errors import UsageError
from tests.calibration.networks import residual


def test_the_grid_stands_in_the_document(tmp_path: Path) -> None:
    document = tmp_path / "q.json"
    options = {"input_scale": 0.0078125, "input_zero_point": -3, "quant_params": str(document)}
    mgeconvert.save(residual(), tmp_path / "m.prototxt", **options)
    (row,) = json.loads(document.read_text())["values"]
    assert (row["name"], row["dtype"], row["scale"], row["zero_point"]) == ("x", "int8", [0.0078125], [-3])


def test_without_a_document_it_says_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--input-scale: Caffe computes in floats; a grid stands in --quant-params"):
        mgeconvert.save(residual(), tmp_path / "m.prototxt", input_scale=0.5)
