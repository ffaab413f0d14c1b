"""What a graph goes through before it becomes a net; general passes are the core's."""

from __future__ import annotations

from mgeconvert.compose.driver import composed
from mgeconvert.ir import Graph

from .remove_quantization import Parameters, remove_quantization
from .table import EMITTERS


def prepare(graph: Graph, *, fake_quantization: bool = False) -> tuple[Graph, list[Parameters]]:
    """A copy of the graph in floating point, and how its values were quantized."""
    graph = composed(graph, EMITTERS).copy()
    parameters = remove_quantization(graph, fake_quantization)
    _look_up_by_floats(graph)
    return graph, parameters


def _look_up_by_floats(graph: Graph) -> None:
    """Caffe's Embed cuts its positions to integers itself, so a Cast before a lookup is not needed."""
    producers = graph.producers()
    for node in graph.nodes:
        if (
            node.op == "Gather"
            and node.inputs[0] is not None
            and node.inputs[0].is_constant
            and node.inputs[1] is not None
        ):
            cast = producers.get(node.inputs[1])
            if cast is not None and cast.op == "Cast":
                node.inputs[1] = cast.inputs[0]
    graph.remove_dead_nodes()
