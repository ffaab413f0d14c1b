"""Images that are resized or cropped to what the network takes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.surgery import preprocess
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.surgery.test_image_layout import network

RNG = np.random.default_rng(2)


def linear(image: np.ndarray, size: int, axis: int) -> np.ndarray:
    """Half-pixel bilinear resizing along one axis, by numpy."""
    old = image.shape[axis]
    at = np.clip((np.arange(size) + 0.5) * old / size - 0.5, 0, old - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, old - 1)
    share = (at - low).reshape([-1 if each == axis else 1 for each in range(image.ndim)])
    return image.take(low, axis) * (1 - share) + image.take(high, axis) * share


@pytest.mark.parametrize("kind", ["nchw", "turned", "scaled", "by shape"])
@pytest.mark.parametrize("nhwc", [False, True])
def test_resized_and_cropped(kind: str, nhwc: bool) -> None:
    graph = network(kind)
    done = preprocess(graph, mean=(1, 2, 3), uint8=True, nhwc=nhwc, resize=(24, 30), crop=(12, 11))
    last = nhwc or kind != "nchw"
    assert done.inputs["x"].type_text == f"uint8[{'1,24,30,3' if last else '1,3,24,30'}]"
    raw = RNG.integers(0, 256, (1, 24, 30, 3)).astype(np.uint8)
    image = linear(linear(raw.astype(np.float64), 12, 1), 11, 2)[:, 2:10, 2:8] - (1, 2, 3)
    truth = mgeconvert.run(graph, (image if kind != "nchw" else image.transpose(0, 3, 1, 2)).astype(np.float32))
    found = mgeconvert.run(done, np.ascontiguousarray(raw if last else raw.transpose(0, 3, 1, 2)))
    for name, array in truth.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("target", ["onnx", "tflite"])
def test_the_command(target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if target == "tflite":
        pytest.importorskip("ai_edge_litert")
    monkeypatch.chdir(tmp_path)
    mgeconvert.save(network("nchw"), "m.onnx")
    line = f"edit m.onnx --resize 480x640 --uint8 --nhwc --scale 1/255 -o out.{target}"
    result = Runner().invoke(application, line.split())
    assert result.exit_code == 0, result.stderr
    assert "input x takes uint8[1,480,640,3]: " in result.stderr


WRONG = {
    "--resize 480": (2, "Invalid value for '--resize': 480: expected a height and a width: 480x640"),
    "--crop 4x100": (2, "error: --crop 4x100: input x takes 8x6, which is not within\nhint: --resize takes images"),
}


@pytest.mark.parametrize("options", WRONG)
def test_wrong_sizes(options: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mgeconvert.save(network("nchw"), "m.onnx")
    result = Runner().invoke(application, f"edit m.onnx {options} -o out.onnx".split())
    code, text = WRONG[options]
    assert result.exit_code == code
    assert text in result.stderr
