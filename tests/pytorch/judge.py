"""Every row as PyTorch source, computed in one process of real torch.

``python -m tests.pytorch.judge`` writes `refusals.json` anew: what the backend says to the rows that it refuses. Read
what changed before you commit it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mgeconvert import registry
from mgeconvert.api import load_for
from mgeconvert.errors import BadInputError, UnsupportedError
from mgeconvert.ir import Graph
from mgeconvert.verification.asking import run_graph
from tests.harness import goldens, operators

FILE = Path(__file__).with_name("refusals.json")


@dataclass(frozen=True)
class Job:
    """A row, the graph to write, the inputs in order, what it must give, and how exactly."""

    id: str
    graph: Graph
    inputs: list[np.ndarray]
    expected: list[np.ndarray]
    rtol: float


def megengine_rows(folder: Path) -> Iterator[Job]:
    """The rows of MegEngine calls, with MegEngine's results."""
    source = folder / "model.pkl"
    for family, rows in goldens.families().items():
        for row in rows:
            if "tm" in row.refused or "tm" in row.xfail:
                continue
            golden = goldens.load(family, row)
            source.write_bytes(golden.model)
            graph = load_for(registry.frontend("tm"), source, registry.backend("pytorch"), {})
            yield Job(f"{family}/{row.id}", graph, golden.inputs, golden.outputs, row.rtol)


def operator_rows() -> Iterator[Job]:
    """The rows of ONNX operators, with onnxruntime's results; those that onnxruntime has no kernel for are none."""
    for row in operators.rows():
        graph = row.graph()
        try:
            expected = list(run_graph(graph, row.feeds).values())
        except BadInputError:
            continue
        yield Job(row.id, graph, list(row.feeds.values()), expected, row.rtol)


def said(graph: Graph) -> str:
    """The reasons against writing a graph, "" where there is none."""
    return "; ".join(f"{problem.op}: {problem.reason}" for problem in registry.backend("pytorch").problems(graph))


def write(job: Job, path: Path) -> bool:
    """Write a row's source; False where it is refused."""
    try:
        registry.backend("pytorch").save(job.graph, path)
    except UnsupportedError:
        return False
    return True


def refusals(folder: Path) -> dict[str, str]:
    """What is said to each row that is refused."""
    jobs = [*megengine_rows(folder), *operator_rows()]
    return {job.id: reason for job in jobs if (reason := said(job.graph))}


if __name__ == "__main__":
    import tempfile

    with tempfile.TemporaryDirectory() as scratch:
        FILE.write_text(json.dumps(refusals(Path(scratch)), indent=1, sort_keys=True) + "\n")
