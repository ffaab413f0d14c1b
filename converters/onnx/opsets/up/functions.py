"""Functions inlined: those a model brings, and operators after the IR's opset that onnx defines by older ones."""

from __future__ import annotations

import contextlib
import re

import onnx

from mgeconvert.errors import BadInputError, ConversionError
from mgeconvert.ir import OPSET

from ...wire import FUNCTIONS
from ..down.table import RULES
from ..schema import op_schema, versions

LARGEST = 1_000_000
"""How many nodes a model may have once its functions are inlined."""


def without_functions(proto: onnx.ModelProto, opset: int, name: str) -> onnx.ModelProto:
    """The model with its own functions inlined, and operators after the IR's opset that onnx defines by older ones.

    Raises BadInputError for functions that call themselves or make more than LARGEST nodes; `name` is the file's.
    """
    from onnx import inliner

    _check_calls(proto, name)
    _declare_initializers(proto.graph)
    newer = {node.op_type for node in proto.graph.node if not node.domain and is_function_after(node.op_type, opset)}
    if newer and hasattr(inliner, "inline_selected_functions"):
        names = [("", op) for op in sorted(newer)]
        with contextlib.suppress(RuntimeError):  # it stumbles over some left-out inputs; the operator is then refused
            proto = inliner.inline_selected_functions(proto, names, inline_schema_functions=True)
    if not proto.functions:
        return proto
    ours = any(function.domain == FUNCTIONS for function in proto.functions)
    try:
        proto = inliner.inline_local_functions(proto)
    except RuntimeError as error:
        raise ConversionError(f"the model's functions cannot be inlined: {error}") from error
    if ours:
        _without_numbers(proto.graph)
    return proto


_NUMBERED = re.compile(r"(.+?)__\d+")


def _without_numbers(graph: onnx.GraphProto) -> None:
    """Names in functions that we wrote are unique in the model: the first node and value of a name that onnx's inliner
    has numbered gets its own name back."""
    kept = {info.name for info in (*graph.input, *graph.output)} | {tensor.name for tensor in graph.initializer}
    taken = {*kept, *(name for node in graph.node for name in node.output)}
    names: dict[str, str] = {}
    nodes = {node.name for node in graph.node}
    for node in graph.node:
        for name in node.output:
            found = _NUMBERED.fullmatch(name) if name not in kept else None
            if found and found[1] not in taken:
                names[name] = found[1]
                taken.add(found[1])
        found = _NUMBERED.fullmatch(node.name)
        if found and found[1] not in nodes:
            node.name = found[1]
            nodes.add(node.name)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]
        node.output[:] = [names.get(name, name) for name in node.output]
    for info in graph.value_info:
        info.name = names.get(info.name, info.name)


def _declare_initializers(graph: onnx.GraphProto) -> None:
    """Initializers get a declared type, which the definition of a function may hang on."""
    known = {info.name for info in (*graph.input, *graph.value_info)}
    for tensor in graph.initializer:
        if tensor.name not in known:
            graph.value_info.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))


def _check_calls(proto: onnx.ModelProto, name: str) -> None:
    """Count the nodes that every function becomes, from the innermost on."""
    functions = {(function.domain, function.name): function for function in proto.functions}
    counts: dict[tuple[str, str], int] = {}
    open_calls: list[tuple[str, str]] = []

    def count(key: tuple[str, str]) -> int:
        if key in open_calls:
            raise BadInputError(f"{name}: function {key[1]} of {key[0]} calls itself; a function may only call others")
        if key not in counts:
            open_calls.append(key)
            if len(open_calls) > DEEPEST:
                raise BadInputError(f"{name}: functions call each other {DEEPEST} levels deep")
            counts[key] = sum(map(nodes, functions[key].node))
            open_calls.pop()
        return counts[key]

    def nodes(node: onnx.NodeProto) -> int:
        inner = (each for attribute in node.attribute if attribute.HasField("g") for each in attribute.g.node)
        key = (node.domain, node.op_type)
        return (count(key) if key in functions else 1) + sum(map(nodes, inner))

    if functions and (total := sum(map(nodes, proto.graph.node))) > LARGEST:
        raise BadInputError(f"{name}: its functions become {total} nodes, more than the {LARGEST} that are read")
    for key in functions:
        count(key)


DEEPEST = 100
"""How deep functions may call each other."""


def is_function_after(op: str, opset: int) -> bool:
    """Whether an operator came after the IR's opset, no rule of ours takes it back, and onnx knows its definition."""
    schema = op_schema(op, opset)
    return (
        schema is not None
        and schema.is_function
        and versions(op)[0] > OPSET
        and versions(op)[0] not in RULES.get(op, ())
    )
