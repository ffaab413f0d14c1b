"""tm to tm: what was read is what is written, module by module and call by call."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgeconvert
from mgeconvert.ir import TracedDim
from mgeconvert.passes import optimize
from mgeconvert.reference.environment import environment
from mgeconvert.tracedmodule.lower.load import load
from mgeconvert.tracedmodule.lower.walk import TracedCall, walk
from mgeconvert.tracedmodule.read.model import Model, read
from mgeconvert.tracedmodule.read.records import ModuleRecord, TensorRecord, TracedModuleRecord
from tests.harness import goldens
from tests.harness.cases import Row

JUDGE = Path(__file__).with_name("tree_judge.py")
FAMILIES = ("networks_detection", "networks_images", "networks_others", "qat", "quantization")
ROWS = [(family, row) for family in FAMILIES for row in goldens.families()[family]]
PARAMS = [pytest.param(family, row, id=f"{family}/{row.id}") for family, row in ROWS]


def written(family: str, row: Row, folder: Path, passes: Sequence[str] = ()) -> tuple[Path, Path]:
    """The golden's file, and that file read and written."""
    source, target = folder / "source.pkl", folder / "target.pkl"
    source.write_bytes(goldens.load(family, row).model)
    graph = load(source, faithful=True)
    if passes:
        optimize(graph, 0, passes)
    mgeconvert.save(graph, target)
    return source, target


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
    return value.tolist() if isinstance(value, np.ndarray) else repr(value)


def calls(model: Model) -> list[str]:
    recorder = Calls()
    walk(model, [info.name for info in model.inputs], recorder)
    return recorder.lines


@pytest.mark.parametrize(("family", "row"), PARAMS)
def test_modules_tensors_and_calls_are_those_of_the_source(family: str, row: Row, tmp_path: Path) -> None:
    source, target = map(read, written(family, row, tmp_path))
    assert list(modules(target.module)) == list(modules(source.module))
    assert list(tensors(target.module)) == list(tensors(source.module))
    assert calls(target) == calls(source)
    assert target.output_structure == source.output_structure
    assert [info.name for info in target.inputs] == [info.name for info in source.inputs]


@pytest.mark.parametrize(("family", "row"), PARAMS[:2])
def test_writing_again_changes_nothing(family: str, row: Row, tmp_path: Path) -> None:
    _, target = written(family, row, tmp_path)
    mgeconvert.save(load(target, faithful=True), tmp_path / "again.pkl")
    assert (tmp_path / "again.pkl").read_bytes() == target.read_bytes()


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """A convolution and a batch norm in a module of their own, between others; made by MegEngine."""
    row = next(row for row in goldens.families()["networks_images"] if row.id == "resnet-basic")
    path = tmp_path / "network.pkl"
    path.write_bytes(goldens.load("networks_images", row).model)
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
    row = next(row for row in goldens.families()["networks_images"] if "huffle" in row.id)
    path = tmp_path / "network.pkl"
    path.write_bytes(goldens.load("networks_images", row).model)
    graph = load(path, faithful=True)
    batch = next(iter(graph.inputs.values()))
    assert isinstance(batch.shape[0], TracedDim)  # type: ignore[index]
    targets = [node.inputs[1] for node in graph.nodes if node.op == "Reshape"]
    constant = [value.array.tolist() for value in targets if value is not None and value.array is not None]
    assert [sizes for sizes in constant if len(sizes) > 1 and sizes[0] not in (0, -1)] == []


def judged(jobs: Sequence[dict[str, str]], folder: Path) -> list[dict[str, str]]:
    """What MegEngine finds different, for each job."""
    (folder / "jobs.json").write_text(json.dumps(jobs))
    command = [environment("megengine").python, JUDGE, folder / "jobs.json", folder / "answer.json"]
    done = subprocess.run(command, capture_output=True, text=True, errors="replace")
    assert done.returncode == 0, done.stderr[-3000:]
    return [answer["found"] for answer in json.loads((folder / "answer.json").read_text())]


@pytest.mark.reference
@pytest.mark.tree
def test_megengine_sees_no_difference(tmp_path: Path) -> None:
    """Modules, state, calls, outputs at several batches, saving again, retracing, flattening, training, quantizing."""
    jobs = []
    for number, (family, row) in enumerate(ROWS):
        folder = tmp_path / str(number)
        folder.mkdir()
        source, target = written(family, row, folder)
        inputs = goldens.load(family, row).inputs
        np.savez(folder / "inputs.npz", **{f"in_{index}": array for index, array in enumerate(inputs)})  # type: ignore[arg-type]
        jobs.append({"original": str(source), "written": str(target), "inputs": str(folder / "inputs.npz")})
    found = {f"{family}/{row.id}": found for (family, row), found in zip(ROWS, judged(jobs, tmp_path), strict=True)}
    assert {name: differences for name, differences in found.items() if differences} == {}


REAL = ("dcgan_generator_cifar", "pmrid", "shufflenet_v2_x0_5")
"""Real networks that MegEngine judges in less than a minute each; the others take several."""


@pytest.mark.reference
@pytest.mark.tree
@pytest.mark.shared_models
@pytest.mark.parametrize("name", REAL)
def test_megengine_sees_no_difference_in_a_real_network(name: str, shared_models: Path, tmp_path: Path) -> None:
    source, target = shared_models / f"{name}.pkl", tmp_path / f"{name}.pkl"
    mgeconvert.save(load(source, faithful=True), target)
    assert target.stat().st_size <= 1.02 * source.stat().st_size
    job = {"original": str(source), "written": str(target), "inputs": str(source.with_suffix(".npz"))}
    assert judged([job], tmp_path) == [[]]
