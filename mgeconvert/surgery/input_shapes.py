"""Other input shapes: everything behind them is inferred again, sizes held as constants are followed."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import Graph, Node, Shape, TracedDim
from mgeconvert.ir.evaluate import evaluate
from mgeconvert.ir.inference import InferenceError, infer

from .compatibility import check_operands
from .constant_sizes import ConstantSizes
from .names import copied, place, public

FOLD_BYTES = 1 << 20
HINT = "sizes of the old shape are constants in the model: trace it at the new shape, or cut before that operator"


def set_shapes(graph: Graph, shapes: Mapping[str, Shape | str]) -> Graph:
    """The graph with other input shapes, numbers or names (``("N", 3, 224, 224)``, or as text ``"N,3,224,224"``).

    Raises UsageError for unknown inputs and other ranks, ConversionError naming the first operator that does not fit.
    """
    sizes = {
        name: parsed_shape(f"--shape {name}={shape}", shape) if isinstance(shape, str) else tuple(shape)
        for name, shape in shapes.items()
    }
    return _with_shapes(graph, sizes)


def parsed_shape(place: str, text: str) -> Shape:
    """The sizes in ``1,3,N,224``, none of a scalar; UsageError, beginning with `place`, for what is neither a size nor
    the name of one."""
    dims = [part.strip() for part in text.split(",")] if text.strip() else []
    for dim in dims:
        if not (dim.isidentifier() or (dim.isdigit() and int(dim) > 0)):
            raise UsageError(f"{place}: {dim or 'nothing'} is neither a positive number nor a name")
    return tuple(int(dim) if dim.isdigit() else dim for dim in dims)


def _with_shapes(graph: Graph, shapes: Mapping[str, Shape]) -> Graph:
    public("input", list(shapes), list(graph.inputs))
    graph = copied(graph)
    old = {value: value.shape for value in graph.values()}
    for name, shape in shapes.items():
        value = graph.inputs[name]
        if value.shape is not None and len(value.shape) != len(shape):
            raise UsageError(f"input {name}: {len(shape)} sizes given, it is {value.type_text}")
        value.shape = tuple(shape)
    symbols = {dim for shape in shapes.values() for dim in shape if isinstance(dim, str)}
    wanted = ", ".join(f"{name}={','.join(map(str, shape))}" for name, shape in shapes.items())
    constants = ConstantSizes(old, [value.name for value in graph.values()])
    kept = []
    for node in graph.nodes:
        if is_folded(node):
            continue
        kept.append(node)
        try:
            constants.follow(node)
            check_operands(node, symbols)
            infer_again(node)
        except InferenceError as error:
            raise ConversionError(f"{place(node)}: {wanted} does not fit: {_fact(node, error)}", hint=HINT) from error
    graph.nodes = kept
    return graph


def at_traced_sizes(graph: Graph) -> Graph:
    """The graph with the input shapes that its source was traced with; the graph itself where they are numbers."""
    shapes = {
        name: tuple(dim.size if isinstance(dim, TracedDim) else dim for dim in value.shape)
        for name, value in graph.inputs.items()
        if value.shape is not None and any(isinstance(dim, TracedDim) for dim in value.shape)
    }
    return set_shapes(graph, shapes) if shapes else graph


def is_folded(node: Node) -> bool:
    """Whether the node's results have become constants, which they are then."""
    operands = [None if value is None else value.array for value in node.inputs]
    source = node.inputs[0] if node.inputs else None
    results: list[np.ndarray] | None
    if node.op == "Shape" and not node.attrs and source is not None and source.static_shape is not None:
        results = [np.array(source.static_shape, np.int64)]
    elif node.domain or not operands or any(value is not None and value.array is None for value in node.inputs):
        return False
    else:
        results = evaluate(node.op, operands, node.attrs, len(node.outputs), FOLD_BYTES)
    if results is None:
        return False
    for value, array in zip(node.outputs, results, strict=True):
        value.array, value.dtype, value.shape = array, array.dtype, array.shape
    return True


def infer_again(node: Node) -> None:
    """Infer the types of a node's results from its operands as they are now; what is not inferred keeps its dtype."""
    declared = [(value.dtype, value.rank) for value in node.outputs]
    for value in node.outputs:
        value.dtype = value.shape = None
    infer(node)
    for value, (dtype, rank) in zip(node.outputs, declared, strict=True):
        value.dtype = value.dtype or dtype
        if rank is not None and value.rank not in (None, rank):
            raise InferenceError(f"would give {value.type_text}")


def _fact(node: Node, error: InferenceError) -> str:
    """Our own words where we have them, else the operands."""
    if error.message.startswith(("gets ", "meets ", "would ")):
        return f"{node.op} {error.message}"
    operands = ", ".join("_" if value is None else value.type_text for value in node.inputs)
    return f"{node.op}({operands})"
