"""Rows for tests of optimization passes: a graph built by a Builder, and what one pass makes of it.

    @changes("eliminate-identity", '''printed graph before''', '''printed graph after''')
    def identity(b: Builder) -> Value:
        return b.op("Identity", b.input("x", "float32", (2, 3)))

`examine` holds every row against onnxruntime, runs the pass twice and weighs the written files.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import numpy as np

from mgeconvert.ir import OPSET, Graph, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.passes import select
from mgeconvert.passes.driver import run as run_passes
from mgeconvert_converters.onnx.run import run
from mgeconvert_converters.onnx.write.save import save

Build = Callable[[Builder], "Value | dict[str, Value]"]
SYMBOLIC = 2
"""What a symbolic dimension is at run time."""
RTOL = 1e-5


@dataclass(frozen=True, slots=True)
class Row:
    """A graph and what the passes (a comma between two) make of it; `reasons` is why they decline. The file of a graph
    that `grows` may be larger."""

    passes: str
    build: Build
    before: str = ""
    after: str = ""
    reasons: tuple[str, ...] = ()
    runs: bool = True
    grows: bool = False

    def __str__(self) -> str:
        return f"{self.passes}:{self.build.__name__}"


def graph_of(build: Build) -> Graph:
    b = Builder()
    result = build(b)
    for name, value in (result if isinstance(result, dict) else {"y": result}).items():
        b.output(name, value)
    b.graph.check()
    return b.graph


def tables() -> tuple[list[Row], Callable[..., Callable[[Build], Build]], Callable[..., Callable[[Build], Build]]]:
    """An empty list of rows, and the decorators that add to it."""
    rows: list[Row] = []

    def changes(
        passes: str, before: str, after: str, *, runs: bool = True, grows: bool = False
    ) -> Callable[[Build], Build]:
        def add(build: Build) -> Build:
            rows.append(Row(passes, build, dedent(before).strip(), dedent(after).strip(), runs=runs, grows=grows))
            return build

        return add

    def declines(passes: str, *reasons: str) -> Callable[[Build], Build]:
        """The graph stays as it is, for these reasons (``node: reason``); none where it is no pattern at all."""

        def add(build: Build) -> Build:
            rows.append(Row(passes, build, reasons=reasons))
            return build

        return add

    return rows, changes, declines


def examine(row: Row, folder: Path) -> None:
    """Everything that must hold for a row."""
    graph = graph_of(row.build)
    plain, before = graph.copy(), str(graph)
    chosen = select(0, row.passes.split(","))
    outcome = run_passes(graph, chosen)
    graph.check()
    if not row.after:
        assert str(graph) == before
        assert tuple(f"{declined.node}: {declined.reason}" for declined in outcome.declined) == row.reasons
        return
    assert before == row.before
    assert str(graph) == row.after
    assert list(graph.outputs) == list(plain.outputs)
    again = run_passes(graph, chosen)
    assert not again.changes
    assert str(graph) == row.after
    if row.runs:
        compare(plain, graph, folder, grows=row.grows)


def compare(plain: Graph, optimized: Graph, folder: Path, rtol: float = RTOL, *, grows: bool = False) -> None:
    """The same numbers in onnxruntime, from a file that is not larger, unless it `grows`."""
    files = [folder / "plain.onnx", folder / "optimized.onnx"]
    for graph, path in zip((plain, optimized), files, strict=True):
        save(graph, path, opset=OPSET)
    assert grows or files[1].stat().st_size <= files[0].stat().st_size
    inputs = random_inputs(plain)
    wanted, found = (run(path, inputs, optimize=False) for path in files)
    assert list(wanted) == list(found)
    for name, array in wanted.items():
        assert found[name].dtype == array.dtype
        assert found[name].shape == array.shape
        if array.size:
            scale = max(np.abs(array.astype(np.float64)).max(), 1e-30)
            limit = rtol if array.dtype != np.float16 else 4e-3
            assert np.abs(found[name].astype(np.float64) - array).max() <= limit * scale


def random_inputs(graph: Graph) -> Mapping[str, np.ndarray]:
    random = np.random.default_rng(20)
    inputs = {}
    for name, value in graph.inputs.items():
        shape = [SYMBOLIC if isinstance(dim, str) else dim for dim in value.shape or ()]
        inputs[name] = np.asarray(random.standard_normal(shape) * 3).astype(value.dtype)
    return inputs
