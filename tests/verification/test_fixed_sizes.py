"""Sizes that the user lets vary and the network cannot: the operator and its module path are named in each target."""

from __future__ import annotations

from pathlib import Path

import pytest

import mgeconvert
from mgeconvert.ir.builder import Builder
from mgeconvert_cli.main import application
from tests.harness.goldens import unpacked
from tests.harness.runner import Runner

CODE = Path(__file__).parents[1] / "networks" / "fixed_sizes.py"
TRACES = Path(__file__).parents[1] / "goldens" / "fixed_sizes.tar.xz"
"""NAME.pkl and NAME.npz of each network, as `mgeconvert trace` wrote them with ``--input x=1,3,8,8``."""
GEMM = "fc: Linear: fc/Gemm: Gemm: operands of shape [1, 384] and [5, 64]"
NETWORKS = {
    "FlattenLinear": GEMM,
    "ReshapeLinear": GEMM,
    "WholeWindow": "model: reshape: float32[1,4,9,17] has not the elements of a shape of [1, 4]",
    "LayerNorm": "body.1: LayerNorm: body.1/LayerNormalization: LayerNormalization: operand 1 of shape [8] "
    "does not fit an input of [1, 3, 16, 24]",
    "LayerNormImage": "norm: LayerNorm: norm/LayerNormalization: LayerNormalization: operand 1 of shape [3, 8, 8] "
    "does not fit an input of [1, 3, 16, 24]",
    "Positions": "vit: __add__: vit/Add: Add of float32[1,96,6], float32[1,16,6], which do not broadcast",
    "JoinedMap": "model: concat: Concat: Concat(float32[1,3,16,24], float32[1,1,8,8]): ",
    "Spatial": "mix: Linear: mix/MatMul: MatMul(float32[1,3,384], float32[64,4]): ",
    "Matrix": "model: matmul: MatMul: MatMul(float32[1,3,16,24], float32[8,5]): ",
}
"""The operator that the sizes of 8 x 8 images are in, and what it says of an image of 16 x 24."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of all traces, the current one. No MegEngine is installed: models are read for the other sizes."""
    for name, content in unpacked(TRACES).items():
        (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGECONVERT_CACHE", str(tmp_path / "nowhere"))
    return tmp_path


def refused(name: str, target: str) -> tuple[int, str]:
    """The exit code and what is said where H and W shall vary."""
    line = f"tm-to-{target} {name}.pkl --dynamic-shape x=1,3,H,W -o out.{target}"
    result = Runner().invoke(application, line.split())
    assert not Path(f"out.{target}").exists()
    return result.exit_code, result.stderr


@pytest.mark.parametrize("target", ["onnx", "tflite"])
@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.usefixtures("folder")
def test_what_holds_a_size(name: str, target: str) -> None:
    if target == "tflite":
        pytest.importorskip("ai_edge_litert")
    code, said = refused(name, target)
    fact = f"out.{target}: H, W cannot vary: at H=16, W=24 the model itself does not run: {NETWORKS[name]}"
    assert code == 1
    assert fact in said
    assert "hint: give numbers for sizes that cannot vary, or --no-verify to keep the file as it is" in said


@pytest.mark.parametrize("target", ["onnx", "tflite"])
@pytest.mark.parametrize("name", ["FlattenLinear", "Positions"])
def test_what_holds_a_size_where_nothing_is_recorded(name: str, target: str, folder: Path) -> None:
    """Random inputs have the sizes of the trace, so that the file itself runs."""
    if target == "tflite":
        pytest.importorskip("ai_edge_litert")
    (folder / f"{name}.npz").unlink()
    code, said = refused(name, target)
    assert code == 1
    assert f"H, W cannot vary: at H=16, W=24 the model itself does not run: {NETWORKS[name]}" in said


@pytest.mark.parametrize("target", ["onnx", "tflite"])
def test_a_number_taken_for_a_size_where_nothing_is_recorded(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is seen at other sizes than those of the trace, and the hint is the option that keeps it."""
    if target == "tflite":
        pytest.importorskip("ai_edge_litert")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MGECONVERT_CACHE", str(tmp_path / "nowhere"))
    b = Builder()
    b.output("y", b.op("Reshape", b.input("x", "float32", (1, 3, 32, 48)), [-1, 48]))
    mgeconvert.save(b.graph, "baked.pkl")
    code, said = refused("baked", target)
    assert code == 1
    assert "H, W may vary, but at H=64, W=80 y: is float32[192,80], expected float32[320,48]" in said
    assert "hint: --keep-constant 48 where such a number is no size, or give numbers for sizes that cannot vary" in said
    line = f"tm-to-{target} baked.pkl --dynamic-shape x=1,3,32,W --keep-constant 48 -o out.{target}"
    result = Runner().invoke(application, line.split())
    assert result.exit_code == 0, result.stderr
    assert "also at W=64; W=80: as the source, max rel error 0" in result.stderr


@pytest.mark.parametrize("target", ["onnx", "tflite"])
@pytest.mark.usefixtures("folder")
def test_a_map_of_fixed_size_is_met_while_reading(target: str) -> None:
    code, said = refused("FixedMap", target)
    assert code == 1
    assert "\n  model: __mul__: meets dimension W with the constant size 8, so W cannot vary\n" in said


@pytest.mark.reference
@pytest.mark.usefixtures("folder")
def test_megengine_does_not_take_other_sizes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same is said where MegEngine is asked, of a network that it traces now."""
    monkeypatch.delenv("MGECONVERT_CACHE")
    result = Runner().invoke(application, f"trace {CODE}:WholeWindow --input x=1,3,8,8 -o WholeWindow.pkl".split())
    assert result.exit_code == 0, result.stderr
    assert NETWORKS["WholeWindow"] in refused("WholeWindow", "onnx")[1]
