"""A graph as the JSON that Google's Model Explorer opens: nodes in namespaces, edges, types.

Source: the graph format of Model Explorer's documentation, a collection with a label and graphs of nodes with id,
label, namespace, attrs, incomingEdges and outputsMetadata. Modules are namespaces: ``layer1/0/conv1``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from .graph import Graph, Namer, Node, Value
from .tree_statistics import module_statistics, modules_of


def model_explorer(graph: Graph) -> dict[str, Any]:
    """The collection of the one graph, with what each module costs. Constants are attributes of the nodes that read
    them."""
    unique = Namer()
    makers: dict[Value, tuple[str, int]] = {}
    nodes = [_end(unique(f"input {name}"), name, value, makers, is_input=True) for name, value in graph.inputs.items()]
    for node in graph.nodes:
        identity = unique(node.name or node.op)
        nodes.append(_node(identity, node, makers))
        makers.update({value: (identity, number) for number, value in enumerate(node.outputs)})
    nodes += [_end(unique(f"output {name}"), name, value, makers) for name, value in graph.outputs.items()]
    groups = {
        _namespace(row.path): {
            "class": row.kind or "?", "calls": str(row.calls), "parameters": str(row.parameters),
            "MACs": str(row.macs),
        }
        for row in module_statistics(graph)
        if row.path
    }  # fmt: skip
    return {
        "label": graph.name,
        "graphs": [{"id": graph.name, "nodes": nodes, "groupNodeAttributes": groups}],
    }


def _node(identity: str, node: Node, makers: dict[Value, tuple[str, int]]) -> dict[str, Any]:
    attrs = [_pair(key, value) for key, value in sorted(node.attrs.items()) if not isinstance(value, Graph)]
    attrs += [
        _pair(f"input {number}", f"{value.name}: {value.type_text}")
        for number, value in enumerate(node.inputs)
        if value is not None and value.array is not None
    ]
    if node.origin:
        attrs.append(_pair("origin", node.origin))
    *_, (path, _, _) = modules_of(node)
    return {
        "id": identity,
        "label": f"{node.domain}::{node.op}" if node.domain else node.op,
        "namespace": _namespace(path),
        "attrs": attrs,
        "incomingEdges": list(_edges(node.inputs, makers)),
        "outputsMetadata": [_metadata(number, value) for number, value in enumerate(node.outputs)],
    }


def _end(
    identity: str, name: str, value: Value, makers: dict[Value, tuple[str, int]], *, is_input: bool = False
) -> dict[str, Any]:
    """The node of an input or output of the model."""
    edges = [] if is_input else list(_edges([value], makers))
    if is_input:
        makers[value] = (identity, 0)
    return {
        "id": identity,
        "label": name,
        "namespace": "",
        "attrs": [_pair("type", value.type_text)],
        "incomingEdges": edges,
        "outputsMetadata": [_metadata(0, value)] if is_input else [],
    }


def _edges(values: list[Value | None], makers: dict[Value, tuple[str, int]]) -> Iterator[dict[str, str]]:
    for number, value in enumerate(values):
        if value is not None and value in makers:
            source, output = makers[value]
            yield {"sourceNodeId": source, "sourceNodeOutputId": str(output), "targetNodeInputId": str(number)}


def _metadata(number: int, value: Value) -> dict[str, Any]:
    return {"id": str(number), "attrs": [_pair("name", value.name), _pair("tensor_shape", value.type_text)]}


def _pair(key: str, value: Any) -> dict[str, str]:
    return {"key": key, "value": str(value)}


def _namespace(path: str) -> str:
    return path.replace(".", "/")
