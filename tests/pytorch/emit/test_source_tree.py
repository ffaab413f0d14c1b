"""What the source's tree of modules becomes: what is shared, what is computed from parameters, layers."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgeconvert import registry
from mgeconvert.api import load_for
from mgeconvert.ir import Graph
from mgeconvert.tracedmodule.lower.load import load
from tests.tracedmodule import sources

BACKEND = registry.backend("pytorch")


def text(name: str, folder: Path) -> str:
    """The source that is written for an odd network."""
    source = folder / f"{name}.pkl"
    source.write_bytes(sources.source(f"odd/{name}")[0])
    return written(load_for(registry.frontend("tm"), source, BACKEND, {}), folder)


def written(graph: Graph, folder: Path) -> str:
    BACKEND.save(graph, folder / "net.py")
    return (folder / "net.py").read_text()


def test_what_is_shared(tmp_path: Path) -> None:
    """Modules at two paths, in a list, and a parameter of two modules."""
    lines = [line.strip() for line in text("tied", tmp_path).splitlines()]
    assert lines.index("self.steps = nn.ModuleList(StepsBlock() for _ in range(3))") < lines.index(
        "self.again = self.steps[1]"
    )
    forward = lines.index("def forward(self, tokens, x):")
    assert lines[forward - 4 : forward] == [
        "self.steps[2] = self.steps[0]",
        "self.outer[0] = self.inner",
        "self.last.weight = self.words.weight",
        "",
    ]


def test_what_is_computed_from_parameters(tmp_path: Path) -> None:
    """Parameters stay parameters: nothing of them is computed beforehand, also what is read at constant places."""
    source = text("computed", tmp_path)
    for name in ("direction", "gain", "table", "factor"):
        assert f"self.{name} = nn.Parameter(" in source
    assert source.count("register_buffer") == 1
    assert "self.factor * 2.0" in source
    assert "self.table[self.places]" in source


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "states",
            [
                "self.lstm = nn.LSTM(3, 4, batch_first=True, num_layers=2)",
                "self.cell = nn.LSTMCell(4, 2)",
                "self.plain = nn.RNNCell(2, 2)",
                "(lstm_2, _) = self.lstm(x)",
            ],
        ),
        (
            "layers",
            [
                "self.instance = nn.InstanceNorm2d(4, affine=True)",
                "self.slope = nn.PReLU(4)",
                "self.layer = nn.LayerNorm((4, 4, 4))",
            ],
        ),
        ("words", ["self.class_(x)", 'getattr(self, "1")', 'getattr(self, "a-b")', "self.type_(x)", "* self.float_"]),
    ],
)
def test_layers(name: str, lines: list[str], tmp_path: Path) -> None:
    source = text(name, tmp_path)
    assert [line for line in lines if line not in source] == []


def test_a_cell_that_torch_has_not(tmp_path: Path) -> None:
    """A recurrent cell without an activation is written as its operators."""
    path = tmp_path / "states.pkl"
    path.write_bytes(sources.source("odd/states")[0])
    graph = load(path, faithful=True)
    graph.root.attributes["plain"].attributes["nonlinearity"] = "identity"
    assert "nn.RNNCell" not in written(graph, tmp_path)


@pytest.mark.parametrize("varying", ["all", "free", "batch"])
def test_sizes_that_vary(varying: str, tmp_path: Path) -> None:
    """A parameter holds the width to its size; the batch is free in each of the graphs."""
    path = tmp_path / "words.pkl"
    path.write_bytes(sources.source("odd/words")[0])
    graph = load(path, faithful=True, varying=varying)
    fixed = {"all": [], "free": [1], "batch": [1]}[varying]
    shape = graph.inputs["x"].shape
    assert shape is not None
    assert [axis for axis, size in enumerate(shape) if isinstance(size, int)] == fixed
