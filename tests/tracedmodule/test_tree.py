"""tm to tm: what was read is what is written, module by module and call by call."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import TracedDim, Value
from mgeconvert.passes import optimize
from mgeconvert.tracedmodule.lower.load import load
from mgeconvert.tracedmodule.lower.walk import TracedCall, walk
from mgeconvert.tracedmodule.read.model import Model, read
from mgeconvert.tracedmodule.read.records import ModuleRecord, TensorRecord, TracedModuleRecord
from mgeconvert.tracedmodule.read.typeref import TypeRef
from mgeconvert.tracedmodule.read.values import Record
from tests.tracedmodule import sources

NAMES = sources.names()


def modules(record: ModuleRecord, path: str = "") -> Iterator[tuple[str, str, bool]]:
    """Path, class and whether it has a graph, of every module."""
    yield path, record.qualname, isinstance(record, TracedModuleRecord) and bool(record.graphs)
    for name, value in record.attributes.items():
        if isinstance(value, ModuleRecord):
            yield from modules(value, f"{path}.{name}")


def tensors(record: ModuleRecord, path: str = "") -> Iterator[tuple[str, str, str, bytes]]:
    for name, value in record.attributes.items():
        if isinstance(value, ModuleRecord):
            yield from tensors(value, f"{path}.{name}")
        elif isinstance(value, TensorRecord):
            yield f"{path}.{name}", type(value).__name__, str(value.dtype), value.array.tobytes()


class Calls:
    """What a walk calls, with constant arguments and the names of results."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def call(self, call: TracedCall) -> list[str]:
        self.lines.append(f"{call.place}: {call.key}{_plain((call.args, call.kwargs))} -> {call.names}")
        return list(call.names)

    def tensor(self, _: TensorRecord, path: str) -> str:
        return path


def _plain(value: Any) -> Any:
    """Arguments as text that is the same for equal files."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, ModuleRecord):
        return value.qualname
    if isinstance(value, Record) and not isinstance(value, TypeRef):
        return type(value).__name__
    return value.tolist() if isinstance(value, np.ndarray) else repr(value)


def calls(model: Model) -> list[str]:
    recorder = Calls()
    walk(model, [info.name for info in model.inputs], recorder)
    return recorder.lines


@pytest.mark.parametrize("name", NAMES)
def test_modules_tensors_and_calls_are_those_of_the_source(name: str, tmp_path: Path) -> None:
    source, target = map(read, sources.written(name, tmp_path))
    assert list(modules(target.module)) == list(modules(source.module))
    assert list(tensors(target.module)) == list(tensors(source.module))
    assert calls(target) == calls(source)
    assert target.output_structure == source.output_structure
    assert [info.name for info in target.inputs] == [info.name for info in source.inputs]


@pytest.mark.parametrize("name", [*NAMES[:2], "odd/flattened", "odd/shared", "odd/v1_6"])
def test_writing_again_changes_nothing(name: str, tmp_path: Path) -> None:
    _, target = sources.written(name, tmp_path)
    mgeconvert.save(load(target, faithful=True), tmp_path / "again.pkl")
    assert (tmp_path / "again.pkl").read_bytes() == target.read_bytes()


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A convolution and a batch norm in a module of their own, between others; made by MegEngine."""
    path = tmp_path / "network.pkl"
    path.write_bytes(sources.source("networks_images/resnet-basic")[0])
    return path


def test_a_pass_changes_what_it_changes_and_nothing_else(network: Path, tmp_path: Path) -> None:
    """The weights of the convolution and the batch norm in its module; every other module and call stays."""
    graph = load(network, faithful=True)
    optimize(graph, 0, ["fuse-conv-bn"])
    mgeconvert.save(graph, tmp_path / "fused.pkl")
    before, after = read(network), read(tmp_path / "fused.pkl")
    kept = [row for row in modules(before.module) if not row[1].endswith("BatchNorm2d")]
    assert len(kept) < len(list(modules(before.module)))
    assert list(modules(after.module)) == kept
    names = [line.partition("(")[0].partition("[")[0] for line in calls(before) if "BatchNorm2d" not in line]
    assert [line.partition("(")[0].partition("[")[0] for line in calls(after)] == names


def test_sizes_that_the_source_computes_are_computed(tmp_path: Path) -> None:
    """No traced size becomes a constant where all operators are written anew."""
    path = tmp_path / "network.pkl"
    path.write_bytes(sources.source(next(name for name in NAMES if "huffle" in name))[0])
    graph = load(path, faithful=True)
    batch = next(iter(graph.inputs.values()))
    assert isinstance(batch.shape[0], TracedDim)  # type: ignore[index]
    targets = [node.inputs[1] for node in graph.nodes if node.op == "Reshape"]
    constant = [value.array.tolist() for value in targets if value is not None and value.array is not None]
    assert [sizes for sizes in constant if len(sizes) > 1 and sizes[0] not in (0, -1)] == []


def graphs(model: Model) -> dict[str, int]:
    """How many graphs each module has that has any."""
    return {path: len(record.graphs) for path, record in _traced(model.module) if record.graphs}


def _traced(record: ModuleRecord, path: str = "") -> Iterator[tuple[str, TracedModuleRecord]]:
    if isinstance(record, TracedModuleRecord):
        yield path, record
        for name, value in record.attributes.items():
            if isinstance(value, ModuleRecord):
                yield from _traced(value, f"{path}.{name}")


def test_graphs_that_nothing_calls_stay(tmp_path: Path) -> None:
    """Modules of a flattened network keep their graphs, which only a user calls."""
    source, target = map(read, sources.written("odd/flattened", tmp_path))
    assert graphs(target) == graphs(source)
    assert len(graphs(source)) > 3


def test_a_graph_that_nothing_calls_goes_with_what_it_reads(tmp_path: Path) -> None:
    """Another layer hangs where the graph of `tail.0` read its own, and `tail` calls `tail.0`; other graphs stay."""
    source, target = sources.written("odd/flattened", tmp_path)
    graph = load(source, faithful=True)
    weight = next(value for value in graph.values() if value.name == "tail.0.fc.weight")
    (reader,) = graph.users()[weight]
    other = Value("tail.0.fc.weight", array=2 * weight.array)
    reader.inputs = [other if value is weight else value for value in reader.inputs]
    mgeconvert.save(graph, target)
    before, after = graphs(read(source)), graphs(read(target))
    assert before.keys() - after.keys() == {".tail", ".tail.0"}
