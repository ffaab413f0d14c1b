"""The order in which the nodes of a graph are computed: files need not list them so, though ONNX says they must."""

from __future__ import annotations

from collections import deque
from collections.abc import Container, Iterator, Sequence

import onnx

from mgeconvert.errors import BadInputError


def in_order(graph: onnx.GraphProto, known: Container[str], name: str) -> Sequence[onnx.NodeProto]:
    """The nodes of a graph, each after those whose results it reads; the file's own order where that is one.

    `known` are the names that inputs, constants and the graphs around this one give; `name` is the file's. Raises
    BadInputError for a value that is computed twice or by a circle of nodes.
    """
    makers: dict[str, int] = {}
    for index, node in enumerate(graph.node):
        for output in filter(None, node.output):
            if output in makers or output in known:
                raise BadInputError(f"{name}: {output} is computed twice; a value has one node that computes it")
            makers[output] = index
    waiting = [{makers[each] for each in _read_by(node) if each in makers} for node in graph.node]
    if all(each < index for index, before in enumerate(waiting) for each in before):
        return list(graph.node)
    return [graph.node[index] for index in _sorted(waiting, graph, name)]


def _sorted(waiting: list[set[int]], graph: onnx.GraphProto, name: str) -> list[int]:
    readers: dict[int, list[int]] = {}
    for index, before in enumerate(waiting):
        for each in before:
            readers.setdefault(each, []).append(index)
    counts = [len(before) for before in waiting]
    ready = deque(index for index, count in enumerate(counts) if not count)
    order: list[int] = []
    while ready:
        index = ready.popleft()
        order.append(index)
        for reader in readers.get(index, ()):
            counts[reader] -= 1
            if not counts[reader]:
                ready.append(reader)
    if len(order) < len(waiting):
        stuck = next(index for index, count in enumerate(counts) if count)
        node = graph.node[stuck]
        raise BadInputError(f"{name}: {node.name or node.output[0]} reads what it computes itself, through other nodes")
    return order


def _read_by(node: onnx.NodeProto) -> Iterator[str]:
    """What a node reads, and what its bodies may read from around it."""
    yield from node.input
    for attribute in node.attribute:
        if attribute.HasField("g"):
            own = {output for inner in attribute.g.node for output in inner.output}
            for inner in attribute.g.node:
                yield from (each for each in _read_by(inner) if each not in own)
            yield from (info.name for info in attribute.g.output if info.name not in own)
