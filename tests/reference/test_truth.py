"""`mgeconvert trace` says what a trace holds though it should not, and understands checkpoints."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import Result

from mgeconvert.reference.environment import environment
from mgeconvert_cli.main import application
from tests.harness.runner import Runner

pytestmark = pytest.mark.reference
CODE = """
import megengine as mge
import megengine.functional as F
import megengine.module as M


class Item(M.Module):
    def forward(self, x):
        scale = float(x.mean().item())
        return x * scale


class Numpy(M.Module):
    def forward(self, x):
        return x + mge.Tensor(x.numpy().mean(1, keepdims=True))


class Branch(M.Module):
    def forward(self, x):
        if x.mean() > 0:
            return x * 2
        return x - 1


class Logged(M.Module):
    def forward(self, x):
        print(x.mean().item())
        return x * 2


class Chosen(M.Module):
    def forward(self, x):
        n = int(F.argmax(x.reshape(-1)[:2]))
        return x * (n + 1)


class Sizes(M.Module):
    def forward(self, x):
        n = int(x.shape[0])
        return x.reshape(n, -1) * float(mge.Tensor(3.0).item())


class Random(M.Module):
    def forward(self, x):
        return F.dropout(x, 0.5, training=True)


class Noise(M.Module):
    def __init__(self):
        super().__init__()
        self.drop = M.Dropout(0.5)

    def forward(self, x):
        return self.drop(x) + mge.random.normal(size=(1, 3))


class State(M.Module):
    def __init__(self):
        super().__init__()
        self.count = 0

    def forward(self, x):
        self.count += 1
        return x * self.count


class Net(M.Module):
    def __init__(self):
        super().__init__()
        self.conv = M.Conv2d(3, 2, 1)

    def forward(self, x):
        return self.conv(x)
"""
BAKED = "for a second, different input the trace computes something else than the module: it holds what was taken out "
HINT = "hint: compute it with MegEngine's operators, or keep the trace as it is with --allow-baked\n"
NEXT = "next: mgeconvert tm-to-onnx out.pkl\n"
TRACED = f"traced float32[1,3] to float32[1,3]; wrote out.pkl, out.npz\n{NEXT}"
TOLD: dict[str, tuple[int, str]] = {
    "Item": (
        2,
        f"error: mynet:Item: {BAKED}of the first\n  mynet.py:9: .item(): scale = float(x.mean().item())\n{HINT}",
    ),
    "Item --allow-baked": (
        0,
        f"warning: mynet:Item: {BAKED}of the first\n  mynet.py:9: .item(): scale = float(x.mean().item())\n{TRACED}",
    ),
    "Numpy": (
        2,
        f"error: mynet:Numpy: {BAKED}of the first\n"
        f"  mynet.py:15: .numpy(): return x + mge.Tensor(x.numpy().mean(1, keepdims=True))\n{HINT}",
    ),
    "Branch": (0, f"warning: mynet.py:20: bool(): if x.mean() > 0:: the trace has one way of it\n{TRACED}"),
    "Logged": (0, f"warning: mynet.py:27: .item(): print(x.mean().item()): the trace has the first input's\n{TRACED}"),
    "Chosen": (
        2,
        f"error: mynet:Chosen: {BAKED}of the first\n  mynet.py:33: int(): n = int(F.argmax(x.reshape(-1)[:2]))\n{HINT}",
    ),
    "Sizes": (0, TRACED),
    "Random": (
        2,
        "error: mynet:Random: computes random numbers, which no trace can repeat\n"
        "  mynet.py:45: dropout: return F.dropout(x, 0.5, training=True)\n"
        "hint: leave them out of forward() in eval mode: `if self.training:`\n",
    ),
    "Noise": (
        2,
        "error: mynet:Noise: computes random numbers, which no trace can repeat\n"
        "  mynet.py:54: normal: return self.drop(x) + mge.random.normal(size=(1, 3))\n"
        "hint: leave them out of forward() in eval mode: `if self.training:`\n",
    ),
    "State": (
        2,
        "error: mynet:State: computes something else each time that it is called: it keeps a state, or is random\n",
    ),
}


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mynet.py").write_text(CODE)


def trace(line: str) -> Result:
    return Runner().invoke(application, f"trace {line} -o out.pkl --force".split())


@pytest.mark.parametrize("name", TOLD)
def test_what_a_trace_holds(name: str) -> None:
    result = trace(f"mynet:{name} --input 1,3")
    assert (result.exit_code, result.stderr) == TOLD[name]


def test_a_file_that_imports_relatively_is_told_the_form_of_a_module() -> None:
    Path("pack/inner").mkdir(parents=True)
    Path("pack/__init__.py").touch()
    Path("pack/inner/__init__.py").touch()
    Path("pack/layers.py").write_text("from mynet import Net\n")
    Path("pack/inner/net.py").write_text("from ..layers import Net\n")
    result = trace("pack/inner/net.py:Net --input 1,3,4,4")
    assert (result.exit_code, result.stderr) == (
        2,
        "error: net:Net: imports relatively, which a module does only as part of its package\n"
        "hint: mgeconvert trace pack.inner.net:Net --path .\n",
    )
    assert trace("pack.inner.net:Net --path . --input 1,3,4,4").exit_code == 0


def test_checkpoints() -> None:
    script = (
        "import megengine as mge, mynet, numpy as np\n"
        "state = {'conv.weight': np.full((2, 3, 1, 1), 0.5, 'f4'), 'conv.bias': np.ones((1, 2, 1, 1), 'f4')}\n"
        "half = {name: array.astype('f2') for name, array in state.items()}\n"
        "wrapped = {'module.' + name: array for name, array in half.items()}\n"
        "mge.save({'epoch': 3, 'model': {'state_dict': wrapped}}, 'nested.mge')\n"
        "np.savez('plain.npz', **state)\n"
        "state['conv.bias'] = np.ones((1, 4, 1, 1), 'f4')\n"
        "mge.save({**state, **{'head.%d' % n: np.ones(1) for n in range(7)}, 'conv.scale': np.ones(1)}, 'other.pkl')\n"
    )
    subprocess.run([str(environment("megengine").python), "-c", script], check=True, capture_output=True)
    Path("text.pkl").write_text("no pickle at all")
    said, outputs = {}, {}
    for weights in ("nested.mge", "plain.npz"):
        result = trace(f"mynet:Net --input 1,3,4,4 --weights {weights}")
        assert result.exit_code == 0, result.stderr
        said[weights] = re.sub(r"/\S*/", "", result.stderr).splitlines()[:-2]
        with np.load("out.npz") as recorded:
            outputs[weights] = recorded["out_0"]
    assert said == {
        "nested.mge": [
            "nested.mge: its entry 'model.state_dict'",
            "nested.mge: names without their 'module.'",
            "nested.mge: 2 arrays cast to the network's types",
        ],
        "plain.npz": [],
    }
    np.testing.assert_array_equal(*outputs.values())
    result = trace("mynet:Net --input 1,3,4,4 --weights other.pkl")
    assert (result.exit_code, re.sub(r"/\S*/", "", result.stderr)) == (
        2,
        "error: other.pkl: is not the state of this network\n"
        "  8 unexpected: head.0, head.1, head.2, head.3, head.4, ...\n"
        "  1 of another shape: conv.bias [1, 4, 1, 1] instead of [1, 2, 1, 1]\n",
    )
    result = trace("mynet:Net --input 1,3,4,4 --weights text.pkl")
    assert (result.exit_code, re.sub(r"/\S*/", "", result.stderr)) == (
        2,
        "error: text.pkl: is neither a pickle nor an .npz, expected a state dict\n",
    )
