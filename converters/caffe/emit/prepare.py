"""What a graph goes through before it becomes a net; general passes are the core's."""

from __future__ import annotations

from mgeconvert.compose.driver import composed
from mgeconvert.ir import Graph, Value
from mgeconvert.quantization.removal import Parameters, remove_quantization

from .integers import dequantize_before_moving
from .net import is_number
from .refused import LACKING
from .saturation import saturate
from .table import EMITTERS


def prepare(
    graph: Graph, *, fake_quantization: bool = False, documented: bool = False
) -> tuple[Graph, list[Parameters]]:
    """A copy of the graph in floating point, and how its values were quantized. `documented`: who uses the net
    quantizes it again, and cuts off what the integers cannot hold."""
    graph = composed(graph, EMITTERS, LACKING).copy()
    dequantize_before_moving(graph)
    saturate(graph, fused_only=documented)
    parameters = remove_quantization(graph, fake_quantization)
    _look_up_by_floats(graph)
    _cast_constants(graph)
    return graph, parameters


def _cast_constants(graph: Graph) -> None:
    """CastLike(constant, x) -> constant: the type of x is known, whatever x holds."""
    replaced: dict[Value, Value] = {}
    for node in graph.nodes:
        value = node.inputs[0] if node.op == "CastLike" else None
        if value is not None and value.array is not None and is_number(node.output.dtype):
            replaced[node.output] = Value(node.output.name, array=value.array.astype(node.output.dtype))
    graph.replace(replaced)
    graph.remove_dead_nodes()


def _look_up_by_floats(graph: Graph) -> None:
    """Caffe's Embed, which looks computed positions up, cuts them to integers itself: no Cast is needed before it."""
    producers = graph.producers()
    for node in graph.nodes:
        if node.op == "Gather" and node.inputs[1] is not None:
            cast = producers.get(node.inputs[1])
            if cast is not None and cast.op == "Cast":
                node.inputs[1] = cast.inputs[0]
    graph.remove_dead_nodes()
