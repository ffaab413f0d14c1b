"""`mgeconvert edit` and `inspect --inputs-of` on the command line: what they say, how recorded outputs follow."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

import mgeconvert
from mgeconvert.ir import Graph
from mgeconvert.ir.builder import Builder
from mgeconvert.passes import Outcome
from mgeconvert_cli.main import application
from tests.harness.runner import Runner
from tests.surgery.test_surgery import IMAGE, compute, network

Invoke = Callable[[str], Result]


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """`invoke("edit m.onnx ...")` in a folder with m.onnx and its recorded outputs m.npz; an @ stands for a blank."""
    monkeypatch.chdir(tmp_path)
    outputs = compute(network(), tmp_path, x=IMAGE)
    np.savez("m.npz", x=IMAGE, **outputs)
    return lambda line: Runner().invoke(application, [part.replace("@", " ") for part in line.split()])


def last(result: Result) -> str:
    """The last line on what was done."""
    assert result.exit_code == 0, result.stderr
    return str([line for line in result.stderr.splitlines() if not line.startswith("next: ")][-1])


COMPARED = "verified in onnxruntime against the recorded outputs of m.npz: "
FOLLOW = {
    "--outputs scores": "1 output",
    "--drop-outputs features": "1 output",
    "--add-outputs stem": "2 of 3 outputs (nothing is recorded of the others)",
    "--rename x=image --rename scores=classes": "2 outputs",
    "--mean 1,2,3 --std 4,5,6 --scale 1/255 --nhwc --swap-channels": "2 outputs",
    "--softmax scores": "2 outputs",
    "--argmax scores --sigmoid features": "2 outputs",
    "--shape x=N,3,6,6": "2 outputs",
    "--fp16 stem": "2 outputs",
    "--keeps-function --replace Relu(x)=>Max(x,@0)": "2 outputs",
}


@pytest.mark.parametrize("edits", FOLLOW)
def test_recorded_outputs_follow_the_edit(invoke: Invoke, edits: str) -> None:
    result = invoke(f"edit m.onnx {edits} -o out.onnx")
    assert result.exit_code == 0, result.stderr
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("verified"))
    assert line.startswith(COMPARED + FOLLOW[edits] + ", max rel error ")


@pytest.mark.parametrize(
    "edits",
    [
        "--uint8",
        "--uint8 --nhwc --swap-channels --mean 1,2,3 --std 4,5,6 --scale 1/255 --softmax scores",
        "--inputs body --outputs body",
        "--inputs head --outputs scores",
        "--outputs stem",
    ],
)
def test_where_nothing_is_recorded_the_model_before_is_the_truth(invoke: Invoke, edits: str) -> None:
    result = invoke(f"edit m.onnx {edits} -o out.onnx")
    assert last(result).startswith(
        "verified in onnxruntime against what the model computed before the edit, in onnxruntime: "
    )


@pytest.mark.parametrize("edits", ["--shape x=2,3,6,6"])
def test_recorded_outputs_that_cannot_follow(invoke: Invoke, edits: str) -> None:
    result = invoke(f"edit m.onnx {edits} -o out.onnx")
    assert (
        "the recorded outputs do not say what the edited model computes: they are not compared any more"
        in result.stderr.splitlines()
    )
    truth = "the edited graph, computed in onnxruntime on random inputs"
    assert last(result).startswith(f"verified in onnxruntime against {truth}: 2 outputs")


def test_a_dynamic_batch_is_run(invoke: Invoke) -> None:
    assert last(invoke("edit m.onnx --shape x=N,3,6,6 -o out.onnx")).startswith(
        "batches 1, 2, 5: each row is what it is alone, max rel error "
    )


CHANGING = (
    "--replace Relu(x)=>Abs(x)",
    "--in stem --replace Relu(x)=>x",
    "--delete body.left",
    "--assign features[0]=1",
    "--add-input y=1,4,6,6 --replace features=>Add(features,@y)",
)


def test_an_assignment_to_one_row_of_a_dynamic_batch_is_no_fault(tmp_path: Path) -> None:
    """Rows are treated differently on purpose then: the graph says what they are."""
    b = Builder()
    b.output("y", b.op("Exp", b.input("x", np.float32, ("N", 3))))
    mgeconvert.save(b.graph, tmp_path / "m.onnx")
    line = ["edit", str(tmp_path / "m.onnx"), "--assign", "y[0, ::2] = 1", "-o", str(tmp_path / "e.onnx")]
    result = Runner().invoke(application, line)
    assert result.exit_code == 0, result.stderr
    assert "batches 1, 2, 5: no rows of their own; as in the source" in result.stderr


@pytest.mark.parametrize("edits", CHANGING)
def test_an_edit_that_changes_the_function_has_another_truth(invoke: Invoke, edits: str) -> None:
    result = invoke(f"edit m.onnx {edits} -o out.onnx")
    assert result.exit_code == 0, result.stderr
    has_new_input = "--add-input" in edits
    truth = f"the edited graph, computed in onnxruntime on {'random' if has_new_input else 'the recorded'} inputs"
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("verified"))
    assert line.startswith(f"verified in onnxruntime against {truth}: 2 outputs, max rel error ")
    said = "the recorded outputs do not say what the edited model computes: they are not compared any more"
    assert (said in result.stderr.splitlines()) == has_new_input


@pytest.mark.parametrize("target", ["tflite", "prototxt"])
def test_an_edit_on_purpose_is_compared_with_what_it_makes(invoke: Invoke, target: str) -> None:
    """Processing that is put before and behind it afterwards is part of that truth."""
    edits = "--in stem --replace Relu(x)=>Neg(x) --mean 1,2,3 --std 4,5,6 --scale 1/255 --softmax scores"
    result = invoke(f"edit m.onnx {edits} --rename x=image -o out.{target}")
    assert result.exit_code == 0, result.stderr
    (line,) = (line for line in result.stderr.splitlines() if line.startswith("verified"))
    assert "against the edited graph, computed in onnxruntime on the recorded inputs: 2 outputs, max rel error " in line


def test_what_a_pass_makes_of_an_edited_graph_is_found(invoke: Invoke, monkeypatch: pytest.MonkeyPatch) -> None:
    """The truth is the graph before the passes."""

    def spoil(graph: Graph, *_: object, **__: object) -> Outcome:
        relu = next(node for node in graph.nodes if node.op == "Abs")
        relu.op = "Neg"
        return Outcome()

    monkeypatch.setattr("mgeconvert.passes.optimize", spoil)
    result = invoke("edit m.onnx --replace Relu(x)=>Abs(x) -o out.onnx")
    assert result.exit_code == 1
    assert (
        "error: out.onnx: differs from the edited graph, computed in onnxruntime on the recorded inputs"
        in result.stderr
    )


def test_an_edit_that_is_said_to_keep_the_function_and_changes_it_fails(invoke: Invoke) -> None:
    result = invoke("edit m.onnx --keeps-function --replace Relu(x)=>Abs(x) -o out.onnx")
    assert result.exit_code == 1
    assert "error: out.onnx: differs from the recorded outputs of m.npz: 2 of 2 outputs fail" in result.stderr


def test_what_is_said(invoke: Invoke) -> None:
    lines = invoke("edit m.onnx --outputs scores --uint8 --argmax scores --rename x=image --no-verify").stderr
    assert lines.splitlines()[1:] == [
        "cut from x to scores: 7 nodes of 7 left",
        "input x takes uint8[1,3,6,6]: 1 node more",
        "argmax behind output scores",
        "x is called image",
    ]


def test_a_constant_that_is_not_there(invoke: Invoke) -> None:
    result = invoke("edit m.onnx --constant k=k.npy --replace Relu(x)=>Mul(x,k)")
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (
        3,
        "error: --constant k=k.npy: k.npy: No such file or directory",
    )


def test_json(invoke: Invoke) -> None:
    document = json.loads(invoke("edit m.onnx --outputs stem --json").stdout)
    assert document == {
        "command": "edit",
        "edits": ["cut from x to stem.relu_out: 2 nodes of 7 left"],
        "inputs": {"x": "float32[1,3,6,6]"},
        "outputs": {"stem.relu_out": "float32[1,4,6,6]"},
    }


def test_edits_chain_in_any_order(invoke: Invoke) -> None:
    line = "load m.onnx edit --softmax scores edit --outputs scores --rename scores=p optimize onnx-to-onnx -o out.onnx"
    result = invoke(line)
    assert result.exit_code == 0, result.stderr
    assert any(line.startswith(COMPARED + "1 output, max rel error") for line in result.stderr.splitlines())
    steps = [line.split(":")[0] for line in result.stderr.splitlines() if line.endswith(" s")]
    assert [step for step in steps if step in ("load", "edit", "optimize", "onnx-to-onnx")] == [
        "load",
        "edit",
        "edit",
        "optimize",
        "onnx-to-onnx",
    ]


ERRORS = {
    "edit m.onnx": "error: no edit is asked for\nhint: `mgeconvert edit --help` lists the edits\n",
    "edit --outputs x": "error: MODEL is missing and no step before gives one\n"
    "hint: mgeconvert edit MODEL ... -o OUT\n",
    "edit m.onnx --outputs skores": "error: skores: no value, node or module has this name\n"
    "hint: did you mean scores?\n",
    "edit m.onnx --outputs a,,b": "error: Invalid value for '--outputs': a,,b: an empty name\n"
    "hint: `mgeconvert edit --help` lists what can be given\n",
    "edit m.onnx --outputs ({a})": "error: Invalid value for '--outputs': ({a}): is no structure of names; "
    'write it as ({"scores": fc_out}, "layer4.0"), with names that are no identifiers in quotes\n',
    "edit m.onnx --as neg --outputs scores": "error: --as: nothing would use it\n"
    "hint: give --replace or --assign too\n",
    "edit m.onnx --in stem": "error: --in: nothing would use it\nhint: give --delete or --replace or --fp16 too\n",
    "edit m.onnx --constant k=k.npy --outputs scores": "error: --constant: nothing would use it\n"
    "hint: give --replace or --assign too\n",
    "edit m.onnx --constant k --replace Relu(x)=>x": "error: --constant k: expected NAME=FILE.npy\n",
    "edit m.onnx --add-input y=int[1]": "error: --add-input y=int[1]: is no type\nhint: write it as float32[1,3]; "
    "there are float32, float16, float64, int8, uint8, int16, int32, int64, bool\n",
    "edit m.onnx --add-input y=1,0": "error: --add-input y=1,0: 0 is neither a positive number nor a name\n",
    "edit m.onnx --add-input x=1": "error: x: the model has an input or output of this name\n"
    "hint: give it another name\n",
    "edit m.onnx --mean 1,x": "error: Invalid value for '--mean': 1,x: expected numbers: 0.5 or 104,117,123 or 1/255\n"
    "hint: `mgeconvert edit --help` lists what can be given\n",
    "edit m.onnx --scale 1,2": "error: --scale takes one number, 2 given\nhint: --std takes one per channel\n",
    "edit m.onnx --rename x": "error: Invalid value for '--rename': x: expected OLD=NEW\n"
    "hint: `mgeconvert edit --help` lists what can be given\n",
    "edit m.onnx --shape x=1,-1,6,6": "error: --shape x=1,-1,6,6: -1 is neither a positive number nor a name\n",
    "edit m.onnx --shape y=1,3,6,6": "error: y: the model has no input of this name\nhint: the inputs are x\n",
    "load m.onnx edit --outputs nothing": "error: step edit: nothing: no value, node or module has this name\n",
    "edit m.onnx --uint8 trace a:b --input 1 -o b.pkl": "error: step trace: a step before has a model already\n"
    "hint: `trace` is the first step of a chain\n",
    "inspect m.onnx --inputs-of Concatt": "error: Concatt: no operator, module, node or value has this name\n",
}


@pytest.mark.parametrize("line", ERRORS)
def test_errors(invoke: Invoke, line: str) -> None:
    result = invoke(line)
    assert result.exit_code == 2
    text = result.stderr[result.stderr.index("error: ") :]
    assert text == ERRORS[line] or text.startswith(ERRORS[line] + "hint: ")


def test_inspect_lists_nodes_and_what_they_read(invoke: Invoke) -> None:
    assert invoke("inspect m.onnx --inputs-of Add").stdout.splitlines() == [
        "  node            operator  input           type              made by",
        "  body.sum (Add)  Add       body.left_out   float32[1,4,6,6]  body.left (Sigmoid)",
        "  body.sum (Add)  Add       body.right_out  float32[1,4,6,6]  body.right (Tanh)",
    ]
    assert invoke("inspect m.onnx --nodes").stdout.splitlines()[2] == (
        "  stem.relu (Relu)        Relu      stem.relu_out: float32[1,4,6,6]"
    )
    document = json.loads(invoke("--json inspect m.onnx --inputs-of stem.relu").stdout)
    assert document["inputs_of"][0]["made_by"] == "stem.conv (Conv)"


@pytest.mark.shared_models
def test_the_chain_of_the_manual(shared_models: Path, tmp_path: Path) -> None:
    line = f"load {shared_models}/resnet18.pkl optimize --fuse-conv-bn edit --outputs fc --mean 104,117,123 "
    line += f"--swap-channels --nhwc --softmax fc_out tm-to-onnx -o {tmp_path}/out.onnx"
    result = Runner().invoke(application, line.split())
    assert result.exit_code == 0, result.stderr
    assert "1 output, max rel error" in result.stderr


@pytest.mark.shared_models
@pytest.mark.parametrize("size", ["1,3,256,256", "2,3,192,320"])
def test_height_and_width_follow_through_channel_shuffles(shared_models: Path, tmp_path: Path, size: str) -> None:
    """ShuffleNet multiplies and divides height and width; the frontend's own reading at that size is the truth."""
    import mgeconvert

    model, out = shared_models / "shufflenet_v2_x0_5.pkl", tmp_path / "out.onnx"
    line = ["edit", str(model), "--shape", f"x={size}", "-o", str(out)]
    assert Runner().invoke(application, line).exit_code == 0
    read = mgeconvert.load(model, dynamic_shape=f"x={size}")
    image = np.random.default_rng(0).random([int(part) for part in size.split(",")]).astype(np.float32)
    (truth,) = compute(read, tmp_path, x=image).values()
    (found,) = compute(mgeconvert.load(out), tmp_path, x=image).values()
    np.testing.assert_allclose(found, truth, rtol=1e-4, atol=1e-4)


@pytest.mark.shared_models
def test_recorded_data_of_other_shapes_is_not_compared(shared_models: Path, tmp_path: Path) -> None:
    model = shared_models / "resnet18.pkl"
    line = f"load {model} --dynamic-shape x=1,3,256,256 tm-to-onnx -o {tmp_path}/out.onnx"
    result = Runner().invoke(application, line.split())
    assert result.exit_code == 0, result.stderr
    assert (
        f"{model.with_suffix('.npz')} beside the model is of other shapes than the model was read with: not compared"
        in result.stderr.splitlines()
    )


@pytest.mark.shared_models
def test_a_part_between_an_output_and_the_next_module(shared_models: Path, tmp_path: Path) -> None:
    """The input of the part is a value that is an output of the whole, too."""
    line = (
        f"edit {shared_models}/resnet18.pkl --outputs layer2,fc edit --inputs layer3 --outputs fc -o {tmp_path}/m.onnx"
    )
    result = Runner().invoke(application, line.split())
    assert last(result).startswith("edit: ")
    assert "against what the model computed before the edit, in onnxruntime: 1 output" in result.stderr


def test_pipes(invoke: Invoke) -> None:
    line = ["edit", "-", "--from", "onnx", "--outputs", "scores", "-o", "-", "--no-verify"]
    result = Runner().invoke(application, line, input=Path("m.onnx").read_bytes())
    assert result.exit_code == 0, result.stderr
    Path("piped.onnx").write_bytes(result.stdout_bytes)
    assert invoke("verify piped.onnx --io m.npz").exit_code == 0


def test_nodes_of_some_modules(invoke: Invoke) -> None:
    document = json.loads(invoke("inspect m.onnx --nodes --in body.* --json").stdout)
    assert [row["op"] for row in document["nodes"]] == ["Sigmoid", "Tanh", "Add"]
    assert invoke("inspect m.onnx --in body").stderr == "error: --in: nothing would use it\nhint: give --nodes too\n"


def test_inner_values_are_watched(invoke: Invoke) -> None:
    result = invoke("run m.onnx --random --outputs stem.conv,body --json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)["outputs"]
    assert [(row["name"], row["shape"]) for row in found] == [
        ("stem.conv_out", [1, 4, 6, 6]),
        ("features", [1, 4, 6, 6]),
    ]


def test_a_part_is_computed_by_itself(invoke: Invoke) -> None:
    result = invoke("edit m.onnx --inputs body --outputs body run --random --json")
    assert result.exit_code == 0, result.stderr
    assert json.loads(result.stdout)["steps"][-1]["outputs"][0]["name"] == "features"
