"""The downgrade rules of the ONNX backend, computed before and after; that no change of an operator is forgotten."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import onnx
import onnx.reference
import onnxruntime
import pytest
from onnxruntime.capi.onnxruntime_pybind11_state import Fail, RuntimeException
from onnxruntime.capi.onnxruntime_pybind11_state import NotImplemented as NoKernel

from mgeconvert.ir import OPSET, Graph
from mgeconvert.ir.builder import Builder
from mgeconvert_converters.onnx.opsets.down.driver import load_table
from mgeconvert_converters.onnx.opsets.down.table import RULES
from mgeconvert_converters.onnx.opsets.down.unchanged import TYPES_ONLY, unchanged_forms
from mgeconvert_converters.onnx.opsets.schema import IR_VERSIONS, OLDEST, newest, op_schema, versions
from mgeconvert_converters.onnx.write.save import problems, save
from tests.harness.operators import Op, rows
from tests.harness.refusals import oldest_opset, params

OPSETS = [7, 8, 9, 10, 11, 12, 13, 15, 16, 17, 19, 20, 22, newest()]
load_table()


def compute(graph: Graph, feed: dict[str, np.ndarray], opset: int) -> list[np.ndarray]:
    """The outputs of the written model, which the checker must find clean; onnx's evaluator judges what onnxruntime
    has no kernel for, if it computes the same as onnxruntime at opset 21 (else this is the answer of opset 21)."""
    stream = io.BytesIO()
    save(graph, stream, opset=opset)
    model = onnx.load_from_string(stream.getvalue())
    onnx.checker.check_model(model, full_check=True)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        session = onnxruntime.InferenceSession(stream.getvalue(), options, ["CPUExecutionProvider"])
    except (NoKernel, Fail, RuntimeException):
        arrays: list[np.ndarray] = onnx.reference.ReferenceEvaluator(model).run(None, feed)
        return arrays if opset == OPSET else judged(graph, feed, arrays)
    return list(session.run(None, feed))


def is_misjudged(row: Op) -> bool:
    """What onnxruntime before 1.24 (the last for CPython 3.10 is 1.23) got wrong: reductions of no axes that also
    square or take logarithms, and averages over a window that ceil_mode lets stand beyond the padding."""
    version = tuple(map(int, onnxruntime.__version__.split(".")[:2]))
    reduces = row.op in ("ReduceL1", "ReduceSumSquare", "ReduceLogSum") and "noop_with_empty_axes" in row.attrs
    averages = row.op == "AveragePool" and "ceil_mode" in row.attrs and "count_include_pad" in row.attrs
    return version < (1, 24) and (reduces or averages)


def judged(graph: Graph, feed: dict[str, np.ndarray], arrays: list[np.ndarray]) -> list[np.ndarray]:
    """The evaluator's answer, or onnxruntime's at opset 21 where the two disagree there already."""
    stream = io.BytesIO()
    save(graph, stream, opset=OPSET)
    wanted = compute(graph, feed, OPSET)
    evaluator = onnx.reference.ReferenceEvaluator(onnx.load_from_string(stream.getvalue()))
    pairs = zip(evaluator.run(None, feed), wanted, strict=True)
    agrees = all(a.shape == b.shape and np.allclose(a, b, rtol=1e-5, atol=1e-5, equal_nan=True) for a, b in pairs)
    return arrays if agrees else wanted


@pytest.mark.parametrize("row", params("onnx"))
def test_row_means_the_same_at_every_opset(row: Op) -> None:
    """At the ends where no rule is concerned."""
    if is_misjudged(row):
        pytest.skip(f"onnxruntime {onnxruntime.__version__} computes {row.op} wrongly; 1.24 does not")
    graph, feed = row.graph(), row.feeds
    wanted = compute(graph, feed, OPSET)
    oldest, reason = oldest_opset(row)
    for opset in OPSETS if row.op in RULES else (OPSETS[0], OPSETS[-1]):
        found = problems(graph, opset=opset)
        if opset < oldest:
            remedy = f"needs opset {oldest}; say --opset {oldest}"
            assert [str(problem) for problem in found] == [
                f"layer ({row.op}): {row.op}: " + (f"{reason}: {remedy}" if reason else remedy)
            ]
            continue
        assert found == []
        for before, after in zip(wanted, compute(graph, feed, opset), strict=True):
            assert (after.dtype, after.shape) == (before.dtype, before.shape)
            np.testing.assert_allclose(after, before, rtol=row.rtol, atol=row.rtol, err_msg=f"opset {opset}")


@pytest.mark.parametrize("opset", [7, 11, 17, 20])
def test_group_normalization_of_any_size(opset: int) -> None:
    builder = Builder(Graph())
    x = builder.input("x", np.float32, ("N", 4, "H", "W"))
    scale, bias = np.arange(4, dtype=np.float32), np.ones(4, np.float32)
    builder.output("y", builder.op("GroupNormalization", x, scale, bias, num_groups=2))
    feed = {"x": np.random.default_rng(0).standard_normal((3, 4, 5, 2)).astype(np.float32)}
    wanted = compute(builder.graph, feed, OPSET)
    np.testing.assert_allclose(compute(builder.graph, feed, opset)[0], wanted[0], rtol=1e-5, atol=1e-5)


SAMPLERS: dict[str, tuple[list[tuple[int | str, ...]], dict[str, Any]]] = {
    "GridSample": ([("N", 3, 5, 6), ("N", "A", "B", 2)], {"padding_mode": "border"}),
    "DeformConv": ([("N", 4, 5, 6), (2, 4, 3, 3), ("N", 36, 3, 4)], {"offset_group": 2}),
    "RoiAlign": ([("N", 3, 5, 6), ("R", 4), ("R",)], {"sampling_ratio": 2, "output_height": 2}),
}


@pytest.mark.parametrize("opset", [11, 15, 17])
@pytest.mark.parametrize("op", SAMPLERS)
def test_sampling_of_any_batch(op: str, opset: int) -> None:
    shapes, attrs = SAMPLERS[op]
    builder, random = Builder(Graph()), np.random.default_rng(0)
    dtypes = [np.int64 if shape == ("R",) else np.float32 for shape in shapes]
    inputs = [builder.input(f"x{i}", *pair) for i, pair in enumerate(zip(dtypes, shapes, strict=True))]
    builder.output("y", builder.op(op, *inputs, **attrs))
    for batch in (1, 2, 5):
        sizes = [[batch if isinstance(dim, str) else dim for dim in shape] for shape in shapes]
        feed = {
            f"x{i}": np.arange(batch) if dtype is np.int64 else random.standard_normal(size).astype(dtype)
            for i, (dtype, size) in enumerate(zip(dtypes, sizes, strict=True))
        }
        wanted = compute(builder.graph, feed, OPSET)
        np.testing.assert_allclose(compute(builder.graph, feed, opset)[0], wanted[0], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("corners", [0, 1])
def test_a_mirrored_image_of_one_pixel_is_that_pixel(corners: int) -> None:
    builder = Builder(Graph())
    x, grid = builder.input("x", np.float32, (1, 1, 1, 1)), builder.input("grid", np.float32, (1, 1, 4, 2))
    attrs: dict[str, Any] = {"mode": "nearest", "padding_mode": "reflection", "align_corners": corners}
    builder.output("y", builder.op("GridSample", x, grid, **attrs))
    feed = {
        "x": np.full((1, 1, 1, 1), 7, np.float32),
        "grid": np.linspace(-9, 9, 8, dtype=np.float32).reshape(1, 1, 4, 2),
    }
    for opset in (7, 11, 15, 16):
        assert compute(builder.graph, feed, opset)[0].ravel().tolist() == [7] * 4


@pytest.mark.parametrize("padding", ["zeros", "border", "reflection"])
def test_positions_that_are_no_number_or_far_away(padding: str) -> None:
    """Gather would refuse their indices: beyond 2**63 onnxruntime's own GridSample is undefined, this is not."""
    builder = Builder(Graph())
    x, grid = builder.input("x", np.float32, (1, 1, 1, 4)), builder.input("grid", np.float32, (1, 1, 4, 2))
    builder.output("y", builder.op("GridSample", x, grid, padding_mode=padding))
    places = np.array([[[[np.nan, 0], [0, np.nan], [1e30, 0], [-1e30, 0]]]], np.float32)
    feed = {"x": np.arange(1, 5, dtype=np.float32).reshape(1, 1, 1, 4), "grid": places}
    far = {"zeros": [0, 0], "border": [4, 1], "reflection": [1, 1]}[padding]
    for opset in (7, 11, 15):
        np.testing.assert_array_equal(compute(builder.graph, feed, opset)[0].ravel(), [np.nan, np.nan, *far])


def test_every_rule_has_a_row() -> None:
    tested = {row.op for row in rows()}
    internal = {"Upsample"}  # the form of Resize below 10
    evaluated = {"Constant"}  # the builder makes values of them; see test_constants_by_number
    newer = {op for op in RULES if op_schema(op) is None}
    untestable = {"Scan"}
    assert set(RULES) - internal - evaluated - newer - untestable <= tested


def test_every_change_of_an_operator_is_decided() -> None:
    """Each is a rule, or listed as compatible with a reason, and never both."""
    names = {schema.name for schema in onnx.defs.get_all_schemas_with_history() if schema.domain == ""}
    changes = {(name, since) for name in names for since in versions(name)[1:] if since > OLDEST}
    ruled = {(op, since) for op, rules in RULES.items() for since in rules}
    compatible = set(unchanged_forms())
    assert changes - ruled - compatible == set()
    assert ruled & compatible == set()


def test_changes_said_to_be_of_types_only_are() -> None:
    for since, ops in TYPES_ONLY.items():
        for op in ops.split():
            before, after = op_schema(op, since - 1), op_schema(op, since)
            assert before is not None
            assert after is not None
            assert before.attributes == after.attributes, op
            for old, new in ((before.inputs, after.inputs), (before.outputs, after.outputs)):
                assert [(item.optional, item.variadic) for item in old] == [
                    (item.optional, item.variadic) for item in new
                ], op


def test_ir_versions_are_those_of_the_releases() -> None:
    released = onnx.helper.OP_SET_ID_VERSION_MAP
    assert {opset: released["ai.onnx", opset] for opset in range(OLDEST, newest() + 1)} == {
        opset: version for opset, version in IR_VERSIONS.items() if opset <= newest()
    }
