"""Graph to net: walks the nodes through the table of emitters and collects every reason against it."""

from __future__ import annotations

import inspect
import math
from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from mgeconvert.errors import Problem, RefusedError, UnsupportedError, refuse
from mgeconvert.ir import Graph, Namer, Node, Value
from mgeconvert.ir.validity import LARGEST

from ..dialects import DEFAULT
from . import EMITTERS, GIVEN, REFUSED, Emitter
from .infinities import may_be_infinite
from .net import Blob, Net, is_number

EMPTY = "a Caffe blob cannot be empty"
HINT = "`mgeconvert ops caffe` lists what can be exported"


@dataclass(slots=True)
class Translation:
    """A net before it is finished: the blobs of the graph's inputs and outputs by public name, and of every value."""

    net: Net
    inputs: dict[str, Blob]
    outputs: dict[str, Blob]
    blobs: dict[Value, Blob]
    problems: list[Problem] = field(default_factory=list)

    def require(self) -> None:
        """UnsupportedError with every problem, if there is one."""
        if self.problems:
            raise UnsupportedError("export to caffe", self.problems, hint=HINT)


def translate(graph: Graph, dialect: str = DEFAULT, *, floor_pooling: bool = False) -> Translation:
    """Emit every node; one that cannot be becomes a Problem and the walk goes on."""
    net = Net(dialect, floor_pooling=floor_pooling)
    result = Translation(net, {}, {}, {})
    refused: set[Value | None] = set()
    for name, value in graph.inputs.items():
        shape = value.static_shape
        if shape is None:
            reason = f"Caffe's shapes are fixed; --input-shape {name}=... says the sizes that are open"
            result.problems.append(Problem(f"input {name}", value.type_text, reason))
            shape = tuple(1 if isinstance(size, str) else size for size in value.shape or ())
        elif reason := _not_a_blob(value.dtype, shape):
            result.problems.append(Problem(f"input {name}", value.type_text, reason))
        result.blobs[value] = result.inputs[name] = Blob(shape or (1,), name)
        if result.problems and result.problems[-1].scope == f"input {name}":
            refused.add(value)
    layer_name = Namer(graph.inputs)
    layer_names = _layer_names(graph)
    infinite = may_be_infinite(graph)
    used = {*graph.outputs.values(), *(value for node in graph.nodes for value in node.inputs)}
    for node in graph.nodes:
        first = len(net.layers)
        follows = not refused.isdisjoint(node.inputs)
        # what follows an operator that is not supported is mostly its consequence
        reason = _without_emitter(node) if follows else _emit(net, node, result.blobs, used, infinite)
        if reason:
            result.problems.append(Problem(node.origin or node.name or node.op, node.op, reason))
            del net.layers[first:]
        if reason or follows:
            refused.update(node.outputs)
            result.blobs.update((value, Blob(value.static_shape or (1,))) for value in node.outputs)
        _name_layers(net, first, layer_names[node], layer_name)
    for name, value in graph.outputs.items():
        if value.array is not None:
            if reason := _not_a_blob(value.dtype, value.array.shape):
                result.problems.append(Problem(f"output {name}", value.type_text, reason))
            first = len(net.layers)
            result.blobs[value] = net.constant(value.array)
            _name_layers(net, first, value.name, layer_name)
        if value in result.blobs:
            result.outputs[name] = result.blobs[value]
        elif not result.problems:
            result.problems.append(Problem(f"output {name}", value.type_text, "a Caffe net gives blobs only"))
    return result


def _not_a_blob(dtype: np.dtype | None, shape: tuple[int, ...]) -> str:
    """Why a value cannot be a Caffe blob; empty where it can."""
    if 0 in shape:
        return EMPTY
    if reason := _too_large(shape):
        return reason
    return "" if is_number(dtype) else f"a Caffe blob holds real numbers, not {dtype}"


def _too_large(shape: tuple[int, ...]) -> str:
    """The reason against a blob of more numbers than Caffe counts; empty for the others."""
    return (
        f"a blob of the shape {list(shape)}; Caffe's hold at most {LARGEST:,} numbers"
        if math.prod(shape) > LARGEST
        else ""
    )


def _layer_names(graph: Graph) -> dict[Node, str]:
    """The wanted layer name of each node: its module path where the module is this one node, else the node's name."""
    modules = {node: node.name.rpartition("/")[0] for node in graph.nodes}
    counts: dict[str, int] = {}
    for module in modules.values():
        counts[module] = counts.get(module, 0) + 1
    return {
        node: module if module and counts[module] == 1 else node.name or node.op for node, module in modules.items()
    }


def _name_layers(net: Net, first: int, wanted: str, layer_name: Namer) -> None:
    """The last layer of a node gets the node's name, those before it say what they are."""
    layers = net.layers[first:]
    for layer in layers[:-1]:
        layer.name = layer_name(f"{wanted}/{layer.type.lower()}")
    if layers:
        layers[-1].name = layer_name(wanted)


def _without_emitter(node: Node) -> str:
    """The reason against an operator that is in no form emitted; empty for the others."""
    if not node.domain and node.op in EMITTERS:
        return ""
    return REFUSED.get(node.op, "Caffe has no such layer and no composition of its layers is known")


def _emit(
    net: Net, node: Node, blobs: dict[Value, Blob], used: Collection[Value | None], infinite: Collection[Value | None]
) -> str:  # fmt: skip
    """Emit one node; returns the reason if it cannot be."""
    if reason := _without_emitter(node):
        return reason
    emitter = EMITTERS[node.op]
    try:
        bound = _bind(emitter, net, node, blobs, infinite)
        if any(value.static_shape is None for value in node.outputs):
            return f"its result has the shape {node.outputs[0].type_text}; Caffe's shapes are fixed"
        if any(0 in (value.static_shape or ()) for value in node.outputs):
            return EMPTY
        if reason := next(filter(None, (_too_large(value.static_shape or ()) for value in node.outputs)), ""):
            return reason
        emitted = emitter.handler(net, *bound.args, **bound.kwargs)
    except RefusedError as refusal:
        return str(refusal)
    results = [emitted] if isinstance(emitted, Blob) else list(emitted)
    for number, value in enumerate(node.outputs[len(results) :], len(results) + 1):
        if value in used:
            return f"its output number {number} is not composed"
    for value, blob in zip(node.outputs, results, strict=False):
        assert blob.shape == (value.static_shape or (1,)), f"{node}: emitted {blob}"
        blobs[value] = blob
    return ""


def _bind(
    emitter: Emitter, net: Net, node: Node, blobs: dict[Value, Blob], infinite: Collection[Value | None]
) -> inspect.BoundArguments:  # fmt: skip
    """The node's operands and attributes as the emitter takes them."""
    given = {
        "out": node.outputs[0].static_shape,
        "outs": [value.static_shape for value in node.outputs],
        "dtype": node.outputs[0].dtype,
        "in_dtype": node.inputs[0].dtype if node.inputs and node.inputs[0] is not None else None,
        "infinite": [value in infinite for value in node.inputs],
    }
    parameters = emitter.signature.parameters
    keywords = node.attrs | {name: given[name] for name in GIVEN if name in parameters}
    try:
        bound = emitter.signature.bind(*node.inputs, **keywords)
    except TypeError as error:
        refuse(f"a form of {node.op} that is not known: {error}")
    for name, parameter in parameters.items():
        if name not in bound.arguments or parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            continue
        value = bound.arguments[name]
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            bound.arguments[name] = tuple(_operand(net, item, parameter, blobs) for item in value)
        elif isinstance(value, Value):
            bound.arguments[name] = _operand(net, value, parameter, blobs)
    _compute_constants(net, bound)
    return bound


def _compute_constants(net: Net, bound: inspect.BoundArguments) -> None:
    """Where all operands are constants, the first becomes a blob: an emitter of operands wants a computed one."""
    if any(isinstance(operand, Blob) for operand in bound.args):
        return
    for name, parameter in bound.signature.parameters.items():
        if "Operand" in str(parameter.annotation):
            values = bound.arguments[name]
            several = isinstance(values, tuple)
            first, *others = values if several else [values]
            bound.arguments[name] = (net.constant(first), *others) if several else net.constant(first)
            return


def _operand(net: Net, value: Value, parameter: inspect.Parameter, blobs: dict[Value, Blob]) -> Blob | np.ndarray:
    """A value as the emitter's annotation wants it."""
    wanted = str(parameter.annotation).removesuffix(" | None")
    if value.array is not None:
        return net.constant(value.array) if wanted == "Blob" else np.asarray(value.array)
    if wanted == "Array":
        refuse(f"its {parameter.name} is computed; Caffe needs a constant")
    return blobs[value]
