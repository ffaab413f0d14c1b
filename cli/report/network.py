"""A graph as the page's script draws it: nodes as short lists, modules as a tree."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mgeconvert.ir import Graph, Node, Value, captured
from mgeconvert.ir.statistics import is_parameter, operations
from mgeconvert.ir.tree_statistics import dotted, modules_of
from mgeconvert.verification.layers.compare import Comparison


@dataclass(slots=True)
class Module:
    """One module of the tree, with all below it: figures are sums, the error is the largest."""

    path: str
    kind: str = ""
    nodes: int = 0
    parameters: int = 0
    macs: int = 0
    error: float | None = None
    children: dict[str, Module] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What stands in the tree: the last part of the path."""
        return self.path.rpartition(".")[2] or "model"


def network(graph: Graph, comparison: Comparison | None = None) -> tuple[list[list[Any]], Module]:
    """The nodes, each ``[name, operator, module, producers, types, parameters, MACs, weight bytes, error]`` with the
    numbers of the nodes it reads, and the tree of modules."""
    errors, places = _compared(comparison)
    numbers: dict[Value, int] = {}
    seen: set[Value] = set()
    root = Module("")
    rows: list[list[Any]] = []
    for number, node in enumerate(graph.nodes):
        path = places.get(node) or _path(node)
        weights = [v for v in node.inputs if v is not None and v.array is not None and v not in seen]
        seen.update(weights)
        parameters = sum(v.array.size for v in weights if v.array is not None and is_parameter(v.array))
        stored = sum(v.array.nbytes for v in weights if v.array is not None)
        macs = operations(node)[0] or 0
        read = dict.fromkeys(numbers[v] for v in (*node.inputs, *captured(node)) if v is not None and v in numbers)
        types = ", ".join(value.type_text for value in node.outputs)
        error = errors.get(node)
        rows.append([node.name, node.op, path, [*read], types, parameters, macs, stored, error])
        numbers.update(dict.fromkeys(node.outputs, number))
        _add(root, path, node, parameters, macs, error)
    return rows, root


def _compared(comparison: Comparison | None) -> tuple[dict[Node, float], dict[Node, str]]:
    """The error of each node, and the module of the source that it stands for."""
    if comparison is None:
        return {}, {}
    makers = comparison.candidate.graph.producers()
    scopes = {v: dotted(n.scope.path) for n in comparison.source.graph.nodes if n.scope for v in n.outputs}
    errors: dict[Node, float] = {}
    places: dict[Node, str] = {}
    for layer in comparison.layers:
        node = makers[layer.value]
        if layer.error is not None:
            errors[node] = min(layer.error, 1e9) if math.isfinite(layer.error) else 1e9
        if layer.twin is not None and layer.twin in scopes:
            places[node] = scopes[layer.twin]
    return errors, places


def _path(node: Node) -> str:
    *_, (path, _, _) = modules_of(node)
    return dotted(path)


def _add(root: Module, path: str, node: Node, parameters: int, macs: int, error: float | None) -> None:
    """Count the node in its module and all around it."""
    kinds: Mapping[str, str] = {dotted(inner): kind for inner, kind, _ in modules_of(node)}
    module = root
    waiting = path.split(".") if path else []
    while True:
        module.nodes += 1
        module.parameters += parameters
        module.macs += macs
        if error is not None:
            module.error = max(error, module.error or 0.0)
        if not waiting:
            return
        name = waiting.pop(0)
        inner = f"{module.path}.{name}" if module.path else name
        module = module.children.setdefault(name, Module(inner))
        module.kind = module.kind or kinds.get(inner, "")
