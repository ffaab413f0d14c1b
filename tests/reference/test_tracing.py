"""`mgeconvert trace`: a user's own MegEngine code, traced in the reference environment; what is wrong with it."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from click.testing import Result

from mgeconvert.reference import arguments, client, tracing
from mgeconvert.reference.environment import environment
from mgeconvert_cli.main import application
from tests.harness.runner import Runner

CODE = """
import megengine as mge
import megengine.functional as F
import megengine.module as M


class Net(M.Module):
    def __init__(self, width=4, answer="dict"):
        super().__init__()
        self.conv = M.Conv2d(3, width, 3, padding=1)
        self.bn = M.BatchNorm2d(width)
        self.answer = answer

    def forward(self, x, y=None):
        print("a line of the user's code")
        z = F.relu(self.bn(self.conv(x))).mean(axis=(2, 3))
        return getattr(self, self.answer)(z, y)

    def dict(self, z, y):
        return {"scores": z, "boxes": [x * 2 for x in [y] if x is not None]}

    def text(self, z, y):
        return [z, {"name": "cat"}]

    def error(self, z, y):
        raise KeyError("missing thing")

    def mismatch(self, z, y):
        return F.concat([z, y], 1)

    def trained(self, z, y):
        return F.nn.batch_norm(F.expand_dims(z, (2, 3)), training=True)


def needs(depth, width):
    return Net(width)


def no_module():
    return {"a": 1}


def fails():
    raise RuntimeError("no such pretrained model")


def quits():
    raise SystemExit("bye")


net = Net()
number = 3
"""
NEEDS_TORCH = "import a_module_that_nobody_has\n"
Invoke = Callable[[str], Result]
NEEDS_MEGENGINE = pytest.mark.reference


@pytest.fixture
def invoke(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Invoke:
    """`invoke("trace mynet:Net ...")` in a folder with mynet.py and torchnet.py."""
    monkeypatch.chdir(tmp_path)
    Path("mynet.py").write_text(CODE)
    Path("torchnet.py").write_text(NEEDS_TORCH)
    return lambda line: Runner().invoke(application, line.split())


@NEEDS_MEGENGINE
def test_the_pickle_and_what_megengine_computed(invoke: Invoke) -> None:
    result = invoke("trace mynet:Net --input 1,3,8,8 --input y=1,4:int32 -o out.pkl")
    assert result.exit_code == 0, result.stderr
    assert result.stderr == (
        "traced float32[1,3,8,8], int32[1,4] to {boxes: [int32[1,4]], scores: float32[1,4]}; wrote out.pkl, out.npz\n"
        "next: mgeconvert tm-to-onnx out.pkl\n"
    )
    with np.load("out.npz") as recorded:
        assert sorted(recorded.files) == ["in_0", "in_1", "out_0", "out_1"]
        inputs = [recorded["in_0"], recorded["in_1"]]
        for found, name in zip(client.run(Path("out.pkl"), inputs), ("out_0", "out_1"), strict=True):
            np.testing.assert_array_equal(found, recorded[name])
    result = invoke("tm-to-onnx out.pkl")
    assert "verified in onnxruntime against the recorded outputs of out.npz: 2 outputs" in result.stderr


@NEEDS_MEGENGINE
def test_a_chain_needs_no_file(invoke: Invoke) -> None:
    result = invoke('--json trace mynet.py:Net --kwargs {"width":6} --input 2,3,8,8 optimize tm-to-onnx -o out.onnx')
    assert result.exit_code == 0, result.stderr
    steps = json.loads(result.stdout)["steps"]
    assert [step["command"] for step in steps] == ["trace", "optimize", "tm-to-onnx"]
    assert steps[0]["outputs"] == ["float32[2,6]"]
    assert steps[2]["verification"]["truth"] == "the recorded outputs of the trace"
    assert steps[2]["verification"]["passed"]
    assert sorted(path.name for path in Path().iterdir() if path.suffix in (".npz", ".pkl")) == []


@NEEDS_MEGENGINE
def test_an_array_of_ones_own_and_a_module_instance(invoke: Invoke) -> None:
    np.save("x.npy", np.full((1, 3, 4, 4), 0.5, np.float32))
    result = invoke("trace mynet:net --input x=x.npy -o out.pkl")
    assert result.exit_code == 0, result.stderr
    with np.load("out.npz") as recorded:
        assert (recorded["in_0"] == 0.5).all()


@NEEDS_MEGENGINE
def test_weights_of_a_state_dict(invoke: Invoke) -> None:
    script = "import megengine as mge, mynet, sys\nnet = mynet.Net()\n"
    script += "state = net.state_dict()\nstate['bn.running_mean'] = state['bn.running_mean'] + 3\n"
    script += "mge.save(state, 'good.pkl')\n"
    script += "mge.save({'state_dict': state, 'epoch': 3}, 'checkpoint.pkl')\n"
    script += "mge.save({k: v for k, v in state.items() if 'bn' not in k}, 'less.pkl')\nmge.save([1], 'list.pkl')\n"
    subprocess.run([str(environment("megengine").python), "-c", script], check=True, capture_output=True)
    outputs = []
    for weights in ("good.pkl", "checkpoint.pkl"):
        result = invoke(f"trace mynet:Net --input 1,3,8,8 --weights {weights} -o out.pkl")
        assert result.exit_code == 0, result.stderr
        with np.load("out.npz") as recorded:
            outputs.append(recorded["out_0"])
    np.testing.assert_array_equal(*outputs)
    result = invoke("trace mynet:Net --input 1,3,8,8 --weights less.pkl -o out.pkl")
    assert re.sub(r"/\S*/", "", result.stderr) == (
        "error: less.pkl: is not the state of this network\n"
        "  4 missing: bn.bias, bn.running_mean, bn.running_var, bn.weight\n"
    )
    result = invoke("trace mynet:Net --input 1,3,8,8 --weights list.pkl -o out.pkl")
    assert re.sub(r"/\S*/", "", result.stderr) == "error: list.pkl: holds no state dict, expected names with tensors\n"


@NEEDS_MEGENGINE
def test_a_batch_norm_in_training_mode_computes_what_it_computed(invoke: Invoke) -> None:
    line = 'trace mynet:Net --kwargs {"answer":"trained"} --input 4,3,8,8 tm-to-onnx -o out.onnx'
    result = invoke(line)
    assert result.exit_code == 0, result.stderr
    assert "verified in onnxruntime against the recorded outputs of the trace: 1 output" in result.stderr


KWARGS = "hint: give arguments with --kwargs '{\"name\": value}'\n"
USER: dict[str, tuple[int, str]] = {
    "nothere:Net": (
        2,
        "nothere:Net: cannot import nothere: no module named nothere\nhint: --path DIR says the folder it is in\n",
    ),
    "torchnet:Net": (
        2,
        "torchnet:Net: needs the module a_module_that_nobody_has, which is not installed beside MegEngine\n"
        "hint: install it with the interpreter that `mgeconvert reference path` prints\n",
    ),
    "mynet:Nett": (2, "mynet:Nett: mynet has no Nett\nhint: did you mean Net?\n"),
    "mynet:needs": (2, "mynet:needs(depth, width): missing a required argument: 'depth'\n" + KWARGS),
    'mynet:Net --kwargs {"size":3}': (
        2,
        "mynet:Net(width=4, answer='dict'): got an unexpected keyword argument 'size'\n" + KWARGS,
    ),
    'mynet:net --kwargs {"size":3}': (2, "mynet:net: is a module already, it takes no --kwargs\n"),
    "mynet:no_module": (2, "mynet:no_module: gives a dict, expected a megengine.module.Module\n"),
    "mynet:number": (2, "mynet:number: is a int, expected a function, class or module\n"),
    "mynet:fails": (
        1,
        "mynet:fails: RuntimeError: no such pretrained model\n"
        '  File "mynet.py", line 44, in fails\n    raise RuntimeError("no such pretrained model")\n',
    ),
    "mynet:quits": (
        1,
        'mynet:quits: SystemExit: bye\n  File "mynet.py", line 48, in quits\n    raise SystemExit("bye")\n',
    ),
    'mynet:Net --kwargs {"answer":"text"}': (
        2,
        "mynet:Net: forward returns at [1]['name'] a str, expected tensors in lists, tuples or dicts\n",
    ),
    'mynet:Net --kwargs {"answer":"error"}': (
        1,
        "mynet:Net: KeyError: 'missing thing'\n"
        '  File "mynet.py", line 17, in forward\n    return getattr(self, self.answer)(z, y)\n'
        '  File "mynet.py", line 26, in error\n    raise KeyError("missing thing")\n',
    ),
    "mynet:Net --input 1 --input 1": (
        2,
        "mynet:Net: forward(x, y=None): too many positional arguments\n"
        "hint: give --input [NAME=]SHAPE[:DTYPE] once for each argument\n",
    ),
}


@NEEDS_MEGENGINE
@pytest.mark.parametrize("target", USER)
def test_what_is_wrong_with_the_users_code(invoke: Invoke, tmp_path: Path, target: str) -> None:
    result = invoke(f"trace {target} --input 1,3,8,8 -o out.pkl")
    code, text = USER[target]
    assert (result.exit_code, result.stderr.replace(f"{tmp_path}/", "")) == (code, f"error: {text}")
    assert not Path("out.pkl").exists()
    assert not Path("out.npz").exists()


USAGE = {
    "trace --input 1 -o a.pkl": "expected either TARGET or --hub\n"
    "hint: mgeconvert trace package.module:factory --input 1,3,224,224 -o OUT.pkl\n",
    "trace mynet --input 1 -o a.pkl": "mynet: expected package.module:factory\n",
    "trace --hub models --input 1 -o a.pkl": "models: expected owner/repository:entry\n",
    "trace nothere.py:Net --input 1 -o a.pkl": "nothere.py:Net: no file nothere.py\n"
    "hint: mgeconvert trace package.module:factory --input 1,3,224,224 -o OUT.pkl\n",
    "trace mynet:Net --input 1": "nothing would be left of the trace\nhint: give -o OUT.pkl, or a step that uses it\n",
    "trace mynet:Net -o a.pkl": "nothing says what to trace with\nhint: give --input [NAME=]1,3,224,224[:dtype]\n",
    "trace mynet:Net --input 1 -o a.npz": "a.npz: is no name for a file of MegEngine TracedModule, which ends in .pkl "
    "or .tm\nhint: -o a.pkl\n",
    "trace mynet:Net --input 1 --kwargs 3 -o a.pkl": "--kwargs 3: expected an object\n"
    "hint: --kwargs '{\"depth\": 18}'\n",
    "trace mynet:Net --input 1 --json -o -": "standard output takes either the model or the JSON document\n"
    "hint: give -o OUT\n",
}


@pytest.mark.parametrize("line", USAGE)
def test_wrong_use(invoke: Invoke, line: str) -> None:
    result = invoke(line)
    assert (result.exit_code, result.stderr) == (2, f"error: {USAGE[line]}")


def test_weights_that_are_not_there(invoke: Invoke) -> None:
    result = invoke("trace mynet:Net --input 1 --weights w.pkl -o a.pkl")
    assert (result.exit_code, result.stderr) == (3, "error: w.pkl: there is no such file\nhint: ls .\n")


def test_without_megengine(invoke: Invoke, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MGECONVERT_CACHE", str(tmp_path / "cache"))
    result = invoke("trace mynet:Net --input 1 -o a.pkl")
    assert result.exit_code == 1
    assert result.stderr.startswith("error: MegEngine 1.13.0: the reference environment is not installed (looked in ")
    assert result.stderr.endswith("hint: run `mgeconvert reference install megengine`\n")


def test_in_process_where_megengine_can_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []

    def answer(request: dict[str, Any]) -> dict[str, Any]:
        asked.append(request)
        Path(request["model"]).write_bytes(b"model")
        Path(request["recorded"]).write_bytes(b"arrays")
        return {"result": {"inputs": ["float32[1]"], "outputs": ["float32[2]"], "structure": "float32[2]"}}

    monkeypatch.setattr(tracing, "is_in_process", lambda: True)
    monkeypatch.setitem(sys.modules, "mgeconvert.reference.worker", SimpleNamespace(answer=answer))
    target = tracing.Target("owner/models:resnet18", is_hub=True)
    traced = tracing.trace(target, [arguments.parse_input("x=1")], tmp_path / "out.pkl")
    assert (traced.outputs, traced.recorded.read_bytes()) == (("float32[2]",), b"arrays")
    assert (asked[0]["hub"], asked[0]["target"]) == ("owner/models:resnet18", None)
    assert asked[0]["entries"] == [{"path": ["x"], "array": 0}]


@pytest.mark.parametrize("path", sorted((Path(tracing.__file__).parent / "worker").glob("*.py")), ids=lambda p: p.stem)
def test_the_worker_is_a_package_of_its_own_for_cpython_38(path: Path) -> None:
    """Nothing of ours is imported, and nothing newer than CPython 3.8 is written."""
    tree = ast.parse(path.read_text(), feature_version=(3, 8))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert not [node.module for node in imports if node.level > 1 or (node.module or "").startswith("mgeconvert")]
