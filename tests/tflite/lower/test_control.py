"""Subgraphs, state and signatures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgeconvert.errors import BadInputError, UnsupportedError, UsageError
from mgeconvert_converters.onnx import BACKEND as ONNX
from mgeconvert_converters.tflite import FRONTEND, run
from mgeconvert_converters.tflite.run import open_interpreter
from tests.tflite.files import Array, G, O, T, constant, file_of

from .operator_rows import ROWS

X = np.arange(4, dtype=np.float32).reshape(1, 4)
SHAPE = (1, 4)


def written(folder: Path, *graphs: G) -> Path:
    path = folder / "m.tflite"
    path.write_bytes(file_of(*graphs, key="serving_default"))
    return path


def computed(path: Path, feeds: dict[str, Array], **options: str) -> dict[str, Array]:
    ONNX.save(FRONTEND.load(path, **options), path.with_suffix(".onnx"))
    assert ONNX.run is not None
    return ONNX.run(path.with_suffix(".onnx"), feeds)


def unary(op: str) -> G:
    return G([T("a", SHAPE), T("b", SHAPE)], ["a"], ["b"], [O(op, ["a"], ["b"])])


def branching(condition: T, inputs: list[str]) -> G:
    tensors = [T("x", SHAPE), condition, T("y", SHAPE)]
    options = {"ThenSubgraphIndex": 1, "ElseSubgraphIndex": 2}
    return G(tensors, inputs, ["y"], [O("IF", ["c", "x"], ["y"], "IfOptions", options)])


@pytest.mark.parametrize("taken", [True, False])
def test_a_known_branch_is_taken(taken: bool, tmp_path: Path) -> None:
    path = written(tmp_path, branching(constant("c", [taken], "bool"), ["x"]), unary("SQUARE"), unary("NEG"))
    expected = run.run(path, {"x": X})["y"]
    np.testing.assert_array_equal(computed(path, {"x": X})["y"], expected)
    np.testing.assert_array_equal(expected, X * X if taken else -X)


def test_a_branch_that_the_run_decides_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, branching(T("c", (1,), "BOOL"), ["x", "c"]), unary("SQUARE"), unary("NEG"))
    with pytest.raises(UnsupportedError, match="y: IF: its condition is computed at run time, a constant is needed"):
        FRONTEND.load(path)


def looping(turns: T, inputs: list[str]) -> tuple[G, G, G]:
    """y = x doubled as often as `turns` says."""
    tensors = [
        T("x", SHAPE),
        constant("zero", 0, "int32"),
        turns,
        T("n", (), "INT32"),
        T("y", SHAPE),
        T("m", (), "INT32"),
    ]
    options = {"CondSubgraphIndex": 1, "BodySubgraphIndex": 2}
    main = G(tensors, inputs, ["y"], [O("WHILE", ["zero", "turns", "x"], ["n", "m", "y"], "WhileOptions", options)])
    state = [T("i", (), "INT32"), T("t", (), "INT32"), T("v", SHAPE)]
    cond = G([*state, T("c", (), "BOOL")], ["i", "t", "v"], ["c"], [O("LESS", ["i", "t"], ["c"])])
    body = G(
        [*state, constant("one", 1, "int32"), T("j", (), "INT32"), T("w", SHAPE)],
        ["i", "t", "v"],
        ["j", "t", "w"],
        [O("ADD", ["i", "one"], ["j"], "AddOptions"), O("ADD", ["v", "v"], ["w"], "AddOptions")],
    )
    return main, cond, body


def test_a_loop_of_known_turns_is_unrolled(tmp_path: Path) -> None:
    path = written(tmp_path, *looping(constant("turns", 3, "int32"), ["x"]))
    np.testing.assert_array_equal(computed(path, {"x": X})["y"], 8 * X)
    np.testing.assert_array_equal(run.run(path, {"x": X})["y"], 8 * X)


def test_a_loop_that_the_run_ends_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, *looping(T("turns", (), "INT32"), ["x", "turns"]))
    with pytest.raises(UnsupportedError, match="WHILE: how often it turns is computed at run time"):
        FRONTEND.load(path)


def test_an_endless_loop_is_refused(tmp_path: Path) -> None:
    main, cond, body = looping(constant("turns", 3, "int32"), ["x"])
    path = written(tmp_path, main, cond, G(body.tensors, body.inputs, ["i", "t", "w"], body.operators))
    with pytest.raises(UnsupportedError, match="WHILE: a loop of more than 4096 turns"):
        FRONTEND.load(path)


def test_subgraphs_that_call_each_other_are_damage(tmp_path: Path) -> None:
    again = G([T("a", SHAPE), constant("c", [True], "bool"), T("b", SHAPE)], ["a"], ["b"],
              [O("IF", ["c", "a"], ["b"], "IfOptions", {"ThenSubgraphIndex": 1, "ElseSubgraphIndex": 1})])  # fmt: skip
    path = written(tmp_path, branching(constant("c", [True], "bool"), ["x"]), again, again)
    with pytest.raises(BadInputError, match=r"m\.tflite: subgraph 1 calls itself"):
        FRONTEND.load(path)


def counting() -> tuple[G, G]:
    """y = x + v, and v becomes y."""
    handle = O("VAR_HANDLE", [], ["h"], "VarHandleOptions", {"SharedName": "net/total"})
    main = G(
        [T("x", SHAPE), T("h", (), "RESOURCE"), T("v", SHAPE), T("y", SHAPE)],
        ["x"],
        ["y"],
        [
            O("CALL_ONCE", [], [], "CallOnceOptions", {"InitSubgraphIndex": 1}),
            handle,
            O("READ_VARIABLE", ["h"], ["v"], "ReadVariableOptions"),
            O("ADD", ["x", "v"], ["y"], "AddOptions"),
            O("ASSIGN_VARIABLE", ["h", "y"], [], "AssignVariableOptions"),
        ],
    )
    tensors = [T("h", (), "RESOURCE"), constant("first", np.full(SHAPE, 2.5))]
    return main, G(tensors, [], [], [handle, O("ASSIGN_VARIABLE", ["h", "first"], [], "AssignVariableOptions")])


def test_state_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedError) as caught:
        FRONTEND.load(written(tmp_path, *counting()))
    reason = "variable net/total keeps its contents from one run to the next"
    assert [problem.reason for problem in caught.value.problems] == [reason]
    assert caught.value.hint is not None
    assert caught.value.hint.endswith("--state explicit makes the state inputs and outputs")


def test_explicit_state(tmp_path: Path) -> None:
    """What goes out is what goes in at the next run."""
    path = written(tmp_path, *counting())
    total = np.full(SHAPE, 2.5, np.float32)
    for _ in range(3):
        found = computed(path, {"x": X, "net_total": total}, state="explicit")
        assert list(found) == ["y", "net_total_next"]
        np.testing.assert_array_equal(found["y"], X + total)
        total = found["net_total_next"]


@pytest.mark.parametrize("op", ["SVDF", "UNIDIRECTIONAL_SEQUENCE_LSTM", "UNIDIRECTIONAL_SEQUENCE_RNN", "RNN"])
def test_explicit_state_of_a_recurrent_operator(op: str, tmp_path: Path) -> None:
    """Three runs with what the last one left are three runs of LiteRT, which keeps it itself."""
    row = next(row for row in ROWS if row.op == op)
    path = tmp_path / "m.tflite"
    path.write_bytes(row.file())
    graph = FRONTEND.load(path, state="explicit")
    ONNX.save(graph, tmp_path / "m.onnx")
    runner = open_interpreter(path, "builtin").get_signature_runner()
    feeds = {name: np.zeros(value.static_shape or (), np.float32) for name, value in graph.inputs.items()}
    assert len(feeds) > 1
    assert ONNX.run is not None
    for turn in range(3):
        feeds["x0"] = row.operands[0].array(str(turn)) if row.operands[0] is not None else X
        found = ONNX.run(tmp_path / "m.onnx", feeds)
        np.testing.assert_allclose(found["y0"], runner(x0=feeds["x0"])["y0"], rtol=0, atol=1e-5)
        feeds |= {name: found[f"{name}_next"] for name in feeds if name != "x0"}


def test_a_signature_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no signature other; it has serving_default"):
        FRONTEND.load(written(tmp_path, unary("NEG")), signature="other")


@pytest.mark.parametrize(
    ("option", "shape", "transposes"), [(None, (1, 5, 6, 3), 2), ("nhwc", (1, 5, 6, 3), 2), ("nchw", (1, 3, 5, 6), 0),
                                        ("auto", (1, 3, 5, 6), 0)]
)  # fmt: skip
def test_layouts_of_inputs_and_outputs(
    option: str | None, shape: tuple[int, ...], transposes: int, tmp_path: Path
) -> None:
    pool = {"Padding": 0, "StrideH": 1, "StrideW": 1, "FilterHeight": 2, "FilterWidth": 2}
    tensors = [T("x", (1, 5, 6, 3)), T("p", (1, 5, 6, 3)), T("y", (1, 5, 6, 3))]
    operators = [
        O("MAX_POOL_2D", ["x"], ["p"], "Pool2DOptions", pool),
        O("MAX_POOL_2D", ["p"], ["y"], "Pool2DOptions", pool),
    ]
    path = written(tmp_path, G(tensors, ["x"], ["y"], operators))
    graph = FRONTEND.load(path, input_layout=option, output_layout="nchw" if option == "auto" else option)
    assert graph.inputs["x"].shape == graph.outputs["y"].shape == shape
    assert sum(node.op == "Transpose" for node in graph.nodes) == transposes
