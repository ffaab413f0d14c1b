"""--fp16 of the ONNX backend: what becomes float16, what stays, and that the results are those of float32."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest

import mgeconvert
from mgeconvert import registry
from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.passes.float16 import to_float16
from tests.harness.check import difference

X = np.random.default_rng(0).standard_normal((2, 3, 4, 4)).astype(np.float32)
RTOL = next(option.rtol for option in registry.backend("onnx").options if option.name == "fp16")


def graph_of(make: Any) -> Graph:
    b = Builder()
    b.output("y", make(b, b.input("x", np.float32, X.shape)))
    return b.graph


def run(graph: Graph, path: Path, **options: Any) -> np.ndarray:
    backend = registry.backend("onnx")
    assert backend.run is not None
    mgeconvert.save(graph, path, **options)
    onnx.checker.check_model(str(path), full_check=True)
    return backend.run(path, {"x": X})["y"]


def network(b: Builder, x: Any) -> Any:
    weight = np.random.default_rng(1).standard_normal((5, 3, 3, 3)).astype(np.float32)
    y = b.op("Relu", b.op("Conv", x, weight, None, kernel_shape=(3, 3), pads=(1, 1, 1, 1)))
    return b.op("Softmax", b.op("Reshape", y, [2, -1]), axis=-1)


def test_weights_and_computation_are_half_and_the_borders_are_not() -> None:
    graph = to_float16(graph_of(network))
    graph.check()
    assert [(node.op, str(node.outputs[0].dtype)) for node in graph.nodes] == [
        ("Cast", "float16"),
        ("Conv", "float16"),
        ("Relu", "float16"),
        ("Reshape", "float16"),
        ("Softmax", "float16"),
        ("Cast", "float32"),
    ]
    weight, shape = graph.nodes[1].inputs[1], graph.nodes[3].inputs[1]
    assert weight is not None
    assert shape is not None
    assert (weight.dtype, shape.dtype) == (np.float16, np.int64)


def test_the_source_graph_stays() -> None:
    graph = graph_of(network)
    before = str(graph)
    to_float16(graph, keep_io=False)
    assert str(graph) == before


def test_half_inputs_and_outputs(tmp_path: Path) -> None:
    graph = graph_of(network)
    ours = run(graph, tmp_path / "m.onnx", fp16=True, fp16_io=True)
    assert ours.dtype == np.float16
    assert not difference(ours.astype(np.float32), run(graph, tmp_path / "f.onnx"), RTOL)
    assert "Cast" not in [node.op_type for node in onnx.load(tmp_path / "m.onnx").graph.node]


def test_half_inputs_of_a_float32_model_are_wrong_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--fp16-io is for models in float16$") as error:
        mgeconvert.save(graph_of(network), tmp_path / "m.onnx", fp16_io=True)
    assert error.value.hint == "say --fp16 as well"


@pytest.mark.parametrize(
    ("make", "kept"),
    [
        pytest.param(lambda b, x: b.op("ReduceSum", b.op("Mul", x, x), [1]), ["ReduceSum"], id="sum"),
        pytest.param(lambda b, x: b.op("Div", x, b.constant(1e-12, np.float32)), ["Div"], id="tiny number"),
        pytest.param(lambda b, x: b.op("Mul", x, b.constant(1e6, np.float32)), ["Mul"], id="large number"),
        pytest.param(lambda b, x: b.op("Add", x, b.constant(-1e9, np.float32)), [], id="mask"),
        pytest.param(lambda b, x: b.op("Clip", x, None, b.constant(1e9, np.float32)), [], id="limit"),
        pytest.param(lambda b, x: b.op("Exp", x), ["Exp"], id="exponential"),
    ],
)
def test_what_stays_in_float32(make: Any, kept: list[str], tmp_path: Path) -> None:
    graph = graph_of(make)
    nodes = [node for node in to_float16(graph).nodes if node.op != "Cast"]
    assert [node.op for node in nodes if node.outputs[0].dtype == np.float32] == kept
    ours, exact = run(graph, tmp_path / "m.onnx", fp16=True), run(graph, tmp_path / "f.onnx")
    assert np.isfinite(ours).all()
    if not (exact < -60000).any():
        assert not difference(ours, exact, RTOL)


def test_types_that_nodes_name_follow() -> None:
    graph = graph_of(lambda b, x: b.op("Cast", b.op("Greater", x, 0.0), to=onnx.TensorProto.FLOAT))
    cast = next(
        node for node in to_float16(graph).nodes if node.inputs[0] is not None and node.inputs[0].dtype == np.bool_
    )
    assert cast.attrs["to"] == onnx.TensorProto.FLOAT16


@pytest.mark.shared_models
@pytest.mark.parametrize(
    "name", ["resnet18", "shufflenet_v2_x0_5", "bert_one_input_cut2", "pmrid", "retinanet_res18_coco_3x_800size"]
)
def test_real_networks(name: str, shared_models: Path, tmp_path: Path) -> None:
    """Within the option's limit of what MegEngine computed in float32, in a file of half the size."""
    graph = mgeconvert.load(shared_models / f"{name}.pkl")
    with np.load(shared_models / f"{name}.npz") as archive:
        inputs = [archive[key] for key in archive.files if key.startswith("in_")]
        recorded = [archive[key] for key in archive.files if key.startswith("out_")]
    backend = registry.backend("onnx")
    assert backend.run is not None
    mgeconvert.save(graph, tmp_path / "full.onnx")
    mgeconvert.save(graph, tmp_path / "half.onnx", fp16=True)
    outputs = backend.run(tmp_path / "half.onnx", dict(zip(graph.inputs, inputs, strict=True))).values()
    complaints = [difference(ours, theirs, RTOL) for ours, theirs in zip(outputs, recorded, strict=True)]
    assert complaints == [""] * len(recorded)
    sizes = [(tmp_path / f"{kind}.onnx").stat().st_size for kind in ("half", "full")]
    assert sizes[0] < 0.56 * sizes[1]
