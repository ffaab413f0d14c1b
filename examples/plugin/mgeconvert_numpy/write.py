"""Program to bytes: an .npz archive with the weights and, as JSON text, the calls."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from mgeconvert.errors import Problem, UnsupportedError
from mgeconvert.files import output_files
from mgeconvert.ir import Graph, Value

from .support import steps


def save(graph: Graph, path: Path, compress: bool = False) -> Sequence[Path]:
    """Write the graph; UnsupportedError says everything that stops it, and an old file stays."""
    made = list(steps(graph))
    found = [step for step in made if isinstance(step, Problem)]
    if found:
        raise UnsupportedError("write this graph for numpy", found, hint="`mgeconvert ops numpy` lists what can be")
    calls = [
        {
            "function": step[0],
            "inputs": [None if value is None else value.name for value in node.inputs],
            "output": node.output.name,
            "arguments": step[1],
        }
        for node, step in zip(graph.nodes, made, strict=True)
        if not isinstance(step, Problem)
    ]
    program = {"inputs": _ends(graph.inputs), "outputs": _ends(graph.outputs), "calls": calls}
    weights = {value.name: value.array for value in graph.constants() if value.array is not None}
    with output_files(path) as (stream,):
        store = np.savez_compressed if compress else np.savez
        store(stream, **{"program.json": np.array(json.dumps(program)), **weights})
    return [path]


def _ends(values: dict[str, Value]) -> dict[str, list[object]]:
    """Public name -> the value's own name, its type and its shape."""
    return {name: [value.name, str(value.dtype), list(value.shape or ())] for name, value in values.items()}
