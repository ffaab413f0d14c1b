"""Calls of the source that have no expression of torch's: they are written as they were lowered."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgeconvert import registry
from mgeconvert.api import load_for
from mgeconvert.ir import Graph
from tests.tracedmodule import sources

BACKEND = registry.backend("pytorch")


def written(name: str, folder: Path, change: Callable[[Any], None] = lambda _: None) -> str:
    """The source of a network, after something was changed in the records of its modules."""
    (folder / "net.pkl").write_bytes(sources.source(name)[0])
    graph: Graph = load_for(registry.frontend("tm"), folder / "net.pkl", BACKEND, {})
    change(graph.root)
    BACKEND.save(graph, folder / "net.py")
    return (folder / "net.py").read_text()


def body(text: str) -> str:
    """What follows the head of the only class's ``forward``."""
    return text[text.index("    def forward(") : text.index("_WEIGHTS")].strip()


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "movement/functional/linspace-between-tensors",
            "def forward(self, x, y):\n        y = y + self.Range_1 * ((3.0 - y) / 3.0)\n        return y * x",
        ),
        (
            "movement/functional/broadcast_to-tensor",
            "def forward(self, x, y):\n"
            "        out = y[0].reshape(1).to(torch.int64)\n"
            "        out_2 = y[2].reshape(1).to(torch.int64)\n"
            "        out = torch.cat([out, y[1].reshape(1).to(torch.int64), out_2], 0)\n"
            "        return x.expand(torch.broadcast_shapes(x.shape, out.tolist()))",
        ),
        (
            "movement/functional/size-at-a-tensor",
            "def forward(self, x, y):\n"
            "        y = torch.tensor(x.shape, dtype=torch.int32, device=x.device)[y]\n"
            "        return y.to(torch.float32) + x",
        ),
        ("indexing/subscripts/x[:,::-1]-2x5", "def forward(self, x):\n        return x.flip(1)[:, :5]"),
        ("indexing/subscripts/x[:,[0,2]]-2x3x4", "def forward(self, x):\n        return x[:, self.constant]"),
    ],
)
def test_the_lowered_form_is_written(name: str, expected: str, tmp_path: Path) -> None:
    assert body(written(name, tmp_path)) == expected


def part(root: Any, *names: str) -> dict[str, Any]:
    """The attributes of the module at a path."""
    for name in names:
        root = root.attributes[name]
    return root.attributes  # type: ignore[no-any-return]


def frozen(root: Any) -> None:
    part(root, "conv", "bn")["freeze"] = True


def histogram(root: Any) -> None:
    observer = part(root, "conv")["act_observer"]
    observer.qualname = observer.qualname.replace("ExponentialMovingAverage", "Histogram")


def half(root: Any) -> None:
    weight = part(root, "conv", "conv")["weight"]
    weight.array = weight.array.astype(np.float16)


@pytest.mark.parametrize(
    ("change", "made", "computed"),
    [
        (frozen, "self.conv = nn.Conv2d(2, 2, 1)", "return self.act_observer(F.relu(self.conv(x)))"),
        (
            histogram,
            "self.act_fake_quant = FakeQuantize(-128, 127)",
            "return self.act_fake_quant(F.relu(self.conv(x)))",
        ),
        (half, "self.conv = nn.Conv2d(2, 2, 1)", "return self.act_observer(F.relu(self.conv(x)))"),
    ],
)
def test_a_layer_that_torch_has_not(change: Callable[[Any], None], made: str, computed: str, tmp_path: Path) -> None:
    """It rounds all the same."""
    name, layer = "odd/qat_ema", "self.conv = QuantizedConvBn2d("
    assert layer in written(name, tmp_path)
    text = written(name, tmp_path, change)
    assert layer not in text
    assert made in text
    assert computed in text
