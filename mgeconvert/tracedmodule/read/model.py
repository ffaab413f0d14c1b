"""A TracedModule as a whole: its graph, and the names, shapes and structure of its inputs and outputs."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mgeconvert.errors import BadInputError, UsageError
from mgeconvert.recognise import TRACE
from mgeconvert.registry import Source

from . import unpickle
from .arrays import DType
from .graph import InternalGraph, TensorNode
from .other_pickles import not_traced
from .pytree import LeafDef, TreeDef, unflatten
from .records import FullArgSpec, TracedModuleRecord
from .short import label
from .source import opened
from .unpickle import Progress
from .values import QParams
from .work import bounded


@dataclass(frozen=True, slots=True)
class InputInfo:
    """One tensor argument of forward(): `name` from its signature, `shape` and `dtype` from the trace; `qparams` where
    the tensor itself says the grid of its numbers."""

    name: str
    shape: tuple[int, ...] | None
    dtype: DType | None
    qparams: QParams | None = None


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """One tensor of the result: `name` of the traced node, `path` within the result (``[0].boxes``; empty for all)."""

    name: str
    path: str
    shape: tuple[int, ...] | None
    dtype: DType | None


@dataclass(frozen=True, slots=True)
class Model:
    """A TracedModule and the one of its graphs that is converted; `name` is the file's, for messages.

    `output_structure` is for JSON: the index of an output, or ``{"type": ..., "items": [...] or {...}}``. `arg_def`
    is the structure of the arguments. `version` is
    the writer's (``1.13.0``).
    """

    name: str
    module: TracedModuleRecord
    graph: InternalGraph
    inputs: tuple[InputInfo, ...]
    outputs: tuple[OutputInfo, ...]
    output_structure: Any
    arg_def: Any
    version: str | None


def read(source: Source, graph: int = 0, progress: Progress | None = None) -> Model:
    """Read the TracedModule in a file or stream; `graph` chooses among graphs for different argument structures.

    Raises BadInputError or UnsafePickleError, with the file's name, for everything that is no such model.
    """
    with opened(source) as (file, name):
        root = unpickle.load(file, name, progress)
    if not isinstance(root, TracedModuleRecord):
        raise not_traced(root, name)
    try:
        with bounded():
            return describe(root, name, graph)
    except BadInputError as error:
        raise type(error)(f"{name}: {error.message}", hint=error.hint) from error


def describe(module: TracedModuleRecord, name: str, index: int = 0) -> Model:
    """The model that `module` is with its graph number `index`."""
    graphs = list(module.graphs.items())
    if not graphs:
        raise BadInputError("the TracedModule has no graph", hint=TRACE)
    if not 0 <= index < len(graphs):
        raise UsageError(f"{name}: there is no graph {index}; the model has graphs 0 to {len(graphs) - 1}")
    arg_def, graph = graphs[index]
    if not isinstance(graph, InternalGraph):
        raise BadInputError(f"a {type(graph).__name__}, expected an InternalGraph")
    graph.check()
    nodes, results = _tensors(graph.inputs[1:]), _tensors(graph.outputs)
    names = _unique([given or node.name or "input" for given, node in _argument_names(module.argspec, arg_def, nodes)])
    inputs = [InputInfo(name, node.shape, node.dtype, node.qparams) for name, node in zip(names, nodes, strict=True)]
    out_def = _out_def(module.out_defs.get(arg_def), len(results))
    paths = _paths(out_def, "")
    names = _unique([node.name or "output" for node in results])
    outputs = [
        OutputInfo(name, path, node.shape, node.dtype) for name, path, node in zip(names, paths, results, strict=True)
    ]
    version = module.dump_info.get("version")
    structure = output_structure(out_def)
    writer = version if isinstance(version, str) else None
    return Model(name, module, graph, tuple(inputs), tuple(outputs), structure, arg_def, writer)


def _tensors(nodes: Sequence[Any]) -> list[TensorNode]:
    for node in nodes:
        if not isinstance(node, TensorNode):
            raise BadInputError(f"a {type(node).__name__} among the inputs and outputs, expected tensors")
    return list(nodes)


def _out_def(tree: Any, count: int) -> TreeDef:
    """The structure of the result, checked against the number of outputs."""
    leaves = iter(range(count))
    unflatten(tree, leaves)
    if next(leaves, None) is not None:
        raise BadInputError(f"{count} outputs, more than the structure of the result has")
    return tree  # type: ignore[no-any-return]


def _argument_names(
    spec: FullArgSpec | None, arg_def: Any, nodes: Sequence[TensorNode]
) -> list[tuple[str | None, TensorNode]]:
    """Each input node with its name in forward()'s signature, where it has one."""
    names: list[str | None] = [None] * len(nodes)
    if spec is not None:
        unflatten(arg_def, iter(range(arg_def.num_leaves)))
        if len(arg_def.children) != 2:
            raise BadInputError("the arguments of forward() are not (positional, keyword)")
        args, kwargs = arg_def.children
        names = list(_positional_names(spec, args.children[1:]))
        names += [leaf for key, child in kwargs.items for leaf in _leaf_names(child, label(key))]
    if len(names) != len(nodes):
        raise BadInputError(f"{len(nodes)} inputs, but {len(names)} tensors among the arguments")
    return list(zip(names, nodes, strict=True))


def _positional_names(spec: FullArgSpec, children: Sequence[TreeDef]) -> Iterator[str | None]:
    declared = [str(name) for name in spec.args[1:]]
    for index, child in enumerate(children):
        if index < len(declared):
            name = declared[index]
        elif spec.varargs:
            name = f"{spec.varargs}_{index - len(declared)}"
        else:
            name = None
        yield from _leaf_names(child, name)


def _leaf_names(tree: TreeDef, name: str | None) -> Iterator[str | None]:
    if isinstance(tree, LeafDef):
        if tree.is_variable:
            yield name
        return
    for key, child in tree.items:
        yield from _leaf_names(child, name and f"{name}_{label(key)}")


def _paths(tree: TreeDef, prefix: str) -> Iterator[str]:
    if isinstance(tree, LeafDef):
        yield prefix
        return
    for key, child in tree.items:
        yield from _paths(child, f"{prefix}.{key}" if isinstance(key, str) else f"{prefix}[{label(key)}]")


def output_structure(out_def: TreeDef) -> Any:
    """The `output_structure` of a model with these results."""
    return _structure(out_def, itertools.count())


def _structure(tree: TreeDef, numbers: Iterator[int]) -> Any:
    if isinstance(tree, LeafDef):
        return next(numbers)
    items = {key: _structure(child, numbers) for key, child in tree.items}
    named = items and all(isinstance(key, str) for key in items)
    return {"type": tree.type_name.removeprefix("builtins."), "items": items if named else list(items.values())}


def _unique(names: Sequence[str]) -> list[str]:
    """The names, later ones of equal names with a number."""
    taken = set(names)
    seen: set[str] = set()
    numbers: dict[str, int] = {}
    result = []
    for name in names:
        fresh, number = name, numbers.get(name, 1)
        while fresh in seen or (number > 1 and fresh in taken):
            fresh, number = f"{name}_{number}", number + 1
        numbers[name] = number
        seen.add(fresh)
        result.append(fresh)
    return result
