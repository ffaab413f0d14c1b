"""Weights that no caffemodel holds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import ConversionError
from mgeconvert.ir.builder import Builder


def test_more_weights_than_one_file_holds_are_refused_before_a_net_is_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """2.4 GB that take no memory here: no layer is made of them."""

    def translate(*_: object, **__: object) -> None:
        raise AssertionError

    monkeypatch.setattr("mgeconvert_converters.caffe.write.save.translate", translate)
    b = Builder()
    weight = b.constant(np.zeros((1, 1), np.float32))
    weight.array = np.broadcast_to(np.float32(0), (30_000, 20_000))
    weight.shape = weight.array.shape
    b.output("y", b.op("MatMul", b.input("x", np.float32, (1, 30_000)), weight))
    with pytest.raises(ConversionError) as caught:
        mgeconvert.save(b.graph, tmp_path / "net.prototxt")
    assert (
        caught.value.message == "the weights are larger than 2147483647 bytes, the most that Caffe reads from one file"
    )
    assert caught.value.hint == "--split-weights 1000"
    assert not list(tmp_path.iterdir())
