"""Inputs that are bound to constants: what depends on them only is computed now, and an If of them takes its branch."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import cast

import numpy as np

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Namer, Node, Value
from mgeconvert.ir.inference import InferenceError

from .cut import drop_unread
from .input_shapes import infer_again, is_folded
from .names import public


def set_inputs(graph: Graph, numbers: Mapping[str, np.ndarray]) -> Graph:
    """The graph with constants in place of some inputs; one number fills an input of any shape.

    Raises UsageError for unknown inputs, numbers that the input's type does not hold, other counts of numbers, and
    where no input would be left.
    """
    public("input", list(numbers), list(graph.inputs))
    graph = graph.copy()
    for name, array in numbers.items():
        value = graph.inputs.pop(name)
        value.array = _filled(name, value, array)
        value.dtype, value.shape = value.array.dtype, value.array.shape
    if not graph.inputs:
        raise UsageError(f"{', '.join(numbers)}: a model needs an input, all would be constants")
    _fold(graph)
    drop_unread(graph)
    return graph


def _filled(name: str, value: Value, numbers: np.ndarray) -> np.ndarray:
    """The constant of the input's type and shape."""
    with np.errstate(invalid="ignore", over="ignore"):
        cast_to = numbers.astype(value.dtype or numbers.dtype)
    exact = cast_to.dtype.kind == "f" or bool((cast_to.astype(np.float64) == numbers).all())
    shape = numbers.shape if value.shape is None else tuple(1 if isinstance(dim, str) else dim for dim in value.shape)
    if not exact or numbers.size not in (1, int(np.prod(shape))):
        shown = ",".join(f"{number:g}" for number in numbers.reshape(-1)[:8])
        raise UsageError(f"--set-input {name}={shown}: the input is {value.type_text}")
    return np.full(shape, cast_to.item()) if numbers.size == 1 else cast_to.reshape(shape)


def _fold(graph: Graph) -> None:
    """Compute what depends on constants only, in order; put the branch that an If takes in its place."""
    names = Namer(value.name for value in graph.values())
    pending = deque(graph.nodes)
    kept: list[Node] = []
    while pending:
        node = pending.popleft()
        condition = node.inputs[0].array if node.op == "If" and not node.domain and node.inputs[0] is not None else None
        if condition is not None:
            pending.extendleft(reversed(_branch(node, bool(condition.item()), names)))
        elif not is_folded(node):
            kept.append(node)
            if any(value.static_shape is None for value in node.outputs):
                _learn(node)
    graph.nodes = kept


def _learn(node: Node) -> None:
    """Infer a node's results again; where the rules cannot follow, what was known stays."""
    known = [(value, value.dtype, value.shape) for value in node.outputs]
    try:
        infer_again(node)
    except InferenceError:
        for value, dtype, shape in known:
            value.dtype, value.shape = dtype, shape


def _branch(node: Node, taken: bool, names: Namer) -> list[Node]:
    """The nodes of a branch, and one for each result of the If."""
    body = cast("Graph", node.attrs["then_branch" if taken else "else_branch"])
    for inner in body.nodes:
        inner.name = names(inner.name) if inner.name else ""
        for value in inner.outputs:
            value.name = names(value.name)
    for value in node.outputs:
        value.shape = value.dtype = None
    pairs = zip(body.outputs.values(), node.outputs, strict=True)
    return [*body.nodes, *(Node("Identity", [source], [value], {}, "", node.scope) for source, value in pairs)]
