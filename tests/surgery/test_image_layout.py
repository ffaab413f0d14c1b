"""Image options on networks that have their channels last: the layout is found, and the numbers are those of numpy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgeconvert
from mgeconvert.errors import UsageError
from mgeconvert.ir.builder import Builder
from mgeconvert.surgery import preprocess
from mgeconvert.surgery.image_layout import image_layout
from mgeconvert_cli.main import application
from tests.harness.runner import Runner

WEIGHT = np.random.default_rng(0).standard_normal((4, 3, 3, 3)).astype(np.float32)
RAW = np.random.default_rng(1).integers(0, 256, (1, 8, 6, 3)).astype(np.uint8)
MEAN, STD = np.array([100.0, 110.0, 120.0]), np.array([50.0, 60.0, 70.0])


def network(kind: str) -> mgeconvert.Graph:
    """y of x: float32[1,8,6,3], or [1,3,8,6] for "nchw"."""
    b = Builder()
    x = b.input("x", "float32", (1, 3, 8, 6) if kind == "nchw" else (1, 8, 6, 3))
    weight = b.constant(WEIGHT, name="w")
    if kind in ("turned", "scaled", "read twice"):
        inner = b.op("Mul", x, np.float32(0.5)) if kind == "scaled" else x
        turned = b.op("Transpose", inner, perm=(0, 3, 1, 2))
        b.output("y", b.op("Conv", turned, weight, pads=(1, 1, 1, 1)))
        if kind == "read twice":
            b.output("z", b.op("Conv", b.op("Transpose", x, perm=(0, 3, 1, 2)), weight))
    elif kind == "nchw":
        b.output("y", b.op("Conv", x, weight, pads=(1, 1, 1, 1)))
    else:
        b.output("y", b.op("Softmax", x, axis=-1))
    return b.graph


NHWC = ("turned", "scaled", "read twice", "by shape")


@pytest.mark.parametrize("kind", NHWC)
@pytest.mark.parametrize("uint8", [False, True])
@pytest.mark.parametrize("swap", [False, True])
def test_numbers(kind: str, uint8: bool, swap: bool) -> None:
    graph = network(kind)
    assert image_layout(graph, "x") == "nhwc"
    done = preprocess(graph, mean=tuple(MEAN), std=tuple(STD), uint8=uint8, swap_channels=swap)
    assert done.inputs["x"].type_text == ("uint8[1,8,6,3]" if uint8 else "float32[1,8,6,3]")
    image = RAW[..., ::-1] if swap else RAW
    normal = ((image - MEAN) / STD).astype(np.float32)
    truth = mgeconvert.run(graph, normal)
    found = mgeconvert.run(done, RAW if uint8 else RAW.astype(np.float32))
    for name, array in truth.items():
        np.testing.assert_allclose(found[name], array, rtol=1e-4, atol=1e-4)


def test_what_decides() -> None:
    assert image_layout(network("nchw"), "x") == "nchw"
    assert image_layout(network("by shape"), "x", "nchw") == "nchw"
    b = Builder()
    b.output("y", b.op("Relu", b.input("x", "float32", (1, 3, 8, 3))))
    with pytest.raises(UsageError, match=r"float32\[1,3,8,3\] does not say where the channels are") as caught:
        image_layout(b.graph, "x")
    assert caught.value.hint == "say --layout nchw or --layout nhwc"


@pytest.mark.parametrize("kind", [*NHWC, "nchw"])
@pytest.mark.parametrize("options", ["--swap-channels", "--mean 1,2,3 --std 4,5,6 --uint8", "--scale 1/255 --nhwc"])
def test_on_the_command_line_against_recorded_outputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, options: str
) -> None:
    monkeypatch.chdir(tmp_path)
    graph = network(kind)
    mgeconvert.save(graph, "m.onnx")
    x = np.random.default_rng(2).random((1, 3, 8, 6) if kind == "nchw" else (1, 8, 6, 3)).astype(np.float32)
    np.savez("m.npz", x=x, **mgeconvert.run(graph, x))
    result = Runner().invoke(application, ["edit", "m.onnx", *options.split(), "-o", "out.onnx"])
    assert result.exit_code == 0, result.stderr
    assert "verified in onnxruntime against" in result.stderr
