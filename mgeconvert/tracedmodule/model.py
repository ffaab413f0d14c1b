"""A TracedModule as a whole: its graph, and names, shapes and structure of its inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from mgeconvert.errors import BadInputError
from mgeconvert.registry import Source

from . import recognise, unpickle
from .arrays import DType
from .pytree import LeafDef, TreeDef, qualname
from .records import InternalGraph, TracedModuleRecord
from .source import opened
from .unpickle import Progress


@dataclass(frozen=True, slots=True)
class InputInfo:
    """One tensor argument of forward(): `name` from its signature, `shape` and `dtype` from the trace."""

    name: str
    shape: tuple[int, ...] | None
    dtype: DType | None


@dataclass(frozen=True, slots=True)
class OutputInfo:
    """One tensor of the result: `name` of the traced node, `path` in the result (``[0].boxes``, empty for a lone one)."""

    name: str
    path: str
    shape: tuple[int, ...] | None
    dtype: DType | None


@dataclass(frozen=True, slots=True)
class Model:
    """A TracedModule and the one of its graphs that is converted."""

    name: str
    """The file, for messages."""
    module: TracedModuleRecord
    graph: InternalGraph
    inputs: tuple[InputInfo, ...]
    outputs: tuple[OutputInfo, ...]
    output_structure: Any
    """JSON: a leaf is its index among the outputs; containers are {"type": ..., "items": [...] or {...}}."""
    version: str | None


def read(source: Source, graph: int = 0, progress: Progress | None = None) -> Model:
    """Read the TracedModule in a file or stream; `graph` chooses among graphs for different argument structures."""
    with opened(source) as (file, name):
        root = unpickle.load(file, name, progress)
    if not isinstance(root, TracedModuleRecord):
        raise recognise.not_traced(root, name)
    try:
        return model(root, name, graph)
    except BadInputError as error:
        raise BadInputError(f"{name}: {error.message}", hint=error.hint) from error


def model(module: TracedModuleRecord, name: str, index: int = 0) -> Model:
    """Describe `module` for its graph number `index`."""
    graphs = list(module.graphs.items())
    if not 0 <= index < len(graphs):
        raise BadInputError(f"graph {index} of {len(graphs)}")
    arg_def, graph = graphs[index]
    out_def = module.out_defs.get(arg_def)
    names = _input_names(module, arg_def, graph)
    inputs = tuple(
        InputInfo(name, node.shape, node.dtype) for name, node in zip(names, graph.inputs[1:], strict=True)
    )
    counter = iter(range(len(graph.outputs)))
    structure = _structure(out_def, counter) if out_def is not None else list(counter)
    paths = list(_paths(out_def, "")) if out_def is not None else [f"[{n}]" for n in range(len(graph.outputs))]
    outputs = tuple(
        OutputInfo(name, path, node.shape, node.dtype)
        for name, path, node in zip(_unique([n.name or "out" for n in graph.outputs]), paths, graph.outputs, strict=True)
    )
    version = module.dump_info.get("version")
    return Model(name, module, graph, inputs, outputs, structure, version if isinstance(version, str) else None)


def _input_names(module: TracedModuleRecord, arg_def: TreeDef, graph: InternalGraph) -> list[str]:
    spec = module.argspec
    args, kwargs = arg_def.children
    names: list[str] = []
    positional = spec.args if spec else []
    for index, child in enumerate(args.children):
        if index == 0:
            continue
        if index < len(positional):
            name = positional[index]
        else:
            name = f"{(spec and spec.varargs) or 'arg'}_{index - max(len(positional), 1)}"
        names += _leaf_names(child, name)
    for key, child in zip(kwargs.aux_data, kwargs.children, strict=True):
        names += _leaf_names(child, str(key))
    return _unique(names)


def _leaf_names(tree: TreeDef, name: str) -> Iterator[str]:
    if isinstance(tree, LeafDef):
        if tree.is_tensor or tree.is_module:
            yield name
        return
    for key, child in _items(tree):
        yield from _leaf_names(child, f"{name}_{key}")


def _items(tree: TreeDef) -> list[tuple[Any, TreeDef]]:
    keys = tree.aux_data if isinstance(tree.aux_data, tuple | list) else None
    if keys is None or len(keys) != len(tree.children):
        keys = range(len(tree.children))
    return list(zip(keys, tree.children, strict=True))


def _paths(tree: TreeDef, prefix: str) -> Iterator[str]:
    if isinstance(tree, LeafDef):
        yield prefix
        return
    for key, child in _items(tree):
        yield from _paths(child, f"{prefix}.{key}" if isinstance(key, str) else f"{prefix}[{key}]")


def _structure(tree: TreeDef, counter: Iterator[int]) -> Any:
    if isinstance(tree, LeafDef):
        return next(counter)
    items = {key: _structure(child, counter) for key, child in _items(tree)}
    named = all(isinstance(key, str) for key in items) and items
    return {"type": qualname(tree.type).removeprefix("builtins."), "items": items if named else list(items.values())}


def _unique(names: list[str]) -> list[str]:
    taken: set[str] = set()
    result = []
    for name in names:
        fresh, number = name, 1
        while fresh in taken:
            fresh, number = f"{name}_{number}", number + 1
        taken.add(fresh)
        result.append(fresh)
    return result

