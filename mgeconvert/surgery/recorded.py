"""Recorded inputs and outputs through an edit: what the edited model should compute, where that follows by itself.

Each function takes recorded data of the model before and gives that after the edit, None where it does not follow.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from mgeconvert.errors import MgeconvertError
from mgeconvert.ir import Graph
from mgeconvert.verification.asking import computed as random_truth
from mgeconvert.verification.asking import run_graph
from mgeconvert.verification.comparison import SEED
from mgeconvert.verification.recorded import Recorded

from .cut import drop_unread
from .names import Names, copied


def through_cut(recorded: Recorded, graph: Graph) -> Recorded | None:
    """Of a graph whose inputs are some of those before: the outputs it still has; None where it has none of them."""
    if not set(graph.inputs) <= set(recorded.inputs) or not set(graph.outputs) & set(recorded.outputs):
        return None
    return replace(
        recorded,
        inputs={name: recorded.inputs[name] for name in graph.inputs},
        outputs={name: recorded.outputs[name] for name in graph.outputs if name in recorded.outputs},
    )


BEFORE = "what the model computed before the edit, in onnxruntime"


def computed(before: Graph, names: Iterable[str], inputs: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Inputs, outputs or inner values of a graph by name, as onnxruntime computes them from these inputs."""
    wanted = list(names)
    graph = copied(before)
    index = Names(graph)
    graph.outputs = {name: value for name in wanted if name not in inputs for value in index.leaving(name)}
    drop_unread(graph)
    found = run_graph(graph, {name: inputs[name] for name in graph.inputs})
    return {name: inputs[name] if name in inputs else found[name] for name in wanted}


def recomputed(recorded: Recorded, before: Graph, after: Graph) -> Recorded:
    """Truth for a part of a graph with other inputs or outputs: the values of the whole one."""
    values = computed(before, dict.fromkeys([*after.inputs, *after.outputs]), recorded.inputs)
    inputs, outputs = ({name: values[name] for name in ends} for ends in (after.inputs, after.outputs))
    return Recorded(recorded.path, inputs, outputs, BEFORE, "ir")


AFTER = "the edited graph, computed in onnxruntime"


def through_change(recorded: Recorded, after: Graph) -> Recorded | None:
    """Truth for a graph that computes another function: what onnxruntime makes of it; None where it cannot."""
    if set(after.inputs) != set(recorded.inputs):
        return None
    try:
        outputs = run_graph(after, {name: recorded.inputs[name] for name in after.inputs})
    except MgeconvertError:
        return None
    return Recorded(recorded.path, recorded.inputs, outputs, f"{AFTER} on the recorded inputs", "ir")


def of_random_inputs(after: Graph, path: Path) -> Recorded | None:
    """Truth for an edited graph where nothing is recorded; None where onnxruntime cannot compute the graph."""
    found = random_truth(after, path)
    return None if found is None else replace(found, said=f"{AFTER} on random inputs")


_FORMS: dict[str, tuple[tuple[int, ...], int]] = {"nchw": ((-1, 1, 1), 1), "nhwc": ((-1,), 3)}
"""Of each layout: the shape in which numbers of the channels stand before an image, and the axis of the channels."""


def of_bytes(recorded: Recorded, before: Graph, name: str, **options: Any) -> Recorded:
    """Truth for a graph that takes bytes: random ones, normalized by numpy for the graph before."""
    shape = recorded.inputs[name].shape
    image = np.random.default_rng(SEED).integers(0, 256, shape).astype(np.uint8)
    form, axis = _FORMS[options["layout"]]
    means, stds = (np.array(options[each], np.float64).reshape(form) for each in ("mean", "std"))
    normal = (image * options["scale"] - means) / stds
    feeds = {**recorded.inputs, name: normal.astype(recorded.inputs[name].dtype)}
    raw = np.flip(image, axis) if options["swap_channels"] else image
    raw = np.ascontiguousarray(raw.transpose(0, 2, 3, 1) if options["nhwc"] and axis == 1 else raw)
    return Recorded(recorded.path, {**feeds, name: raw}, computed(before, before.outputs, feeds), BEFORE, "ir")


def through_rename(recorded: Recorded, names: Mapping[str, str]) -> Recorded:
    inputs, outputs = (
        {names.get(name, name): array for name, array in arrays.items()}
        for arrays in (recorded.inputs, recorded.outputs)
    )
    return replace(recorded, inputs=inputs, outputs=outputs)


def through_preprocess(
    recorded: Recorded,
    name: str,
    *,
    mean: Sequence[float],
    std: Sequence[float],
    scale: float,
    nhwc: bool,
    swap_channels: bool,
    layout: str,
) -> Recorded:
    """The raw image of floats that gives the recorded one."""
    image = recorded.inputs[name]
    form, axis = _FORMS[layout]
    means, stds = (np.array(each, np.float64).reshape(form) for each in (mean, std))
    raw = (image * stds + means) / scale
    raw = np.flip(raw, axis) if swap_channels else raw
    raw = raw.transpose(0, 2, 3, 1) if nhwc and axis == 1 else raw
    return replace(recorded, inputs={**recorded.inputs, name: np.ascontiguousarray(raw.astype(image.dtype))})


def through_postprocess(recorded: Recorded, name: str, kind: str, axis: int | None) -> Recorded:
    if name not in recorded.outputs:
        return recorded
    scores = recorded.outputs[name]
    along = axis if axis is not None else -1 if scores.ndim < 2 else 1
    return replace(recorded, outputs={**recorded.outputs, name: _POST[kind](scores, along)})


def _softmax(x: np.ndarray, axis: int) -> np.ndarray:
    wide = np.exp(x.astype(np.float64) - x.max(axis, keepdims=True))
    result: np.ndarray[Any, Any] = (wide / wide.sum(axis, keepdims=True)).astype(x.dtype)
    return result


def _sigmoid(x: np.ndarray, axis: int) -> np.ndarray:  # noqa: ARG001 - all kinds are called alike
    with np.errstate(over="ignore"):
        result: np.ndarray[Any, Any] = (1 / (1 + np.exp(-x.astype(np.float64)))).astype(x.dtype)
    return result


_POST: dict[str, Callable[[np.ndarray, int], np.ndarray]] = {
    "softmax": _softmax,
    "sigmoid": _sigmoid,
    "argmax": lambda x, axis: x.argmax(axis),
}
"""Post-processing again, by numpy: the truth does not come from the operators that were appended."""
