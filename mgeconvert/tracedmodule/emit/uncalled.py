"""Graphs of the source that nothing calls: those of the modules of a flattened network, or for other arguments.

They are written as they are, expression by expression, where everything that they read still hangs where it hung and
each module that they call still has the graph for it. Where that is no longer so, they go.
"""

from __future__ import annotations

from typing import Any

from mgeconvert.errors import MgeconvertError
from mgeconvert.ir import Graph

from ..read import graph as g
from ..read.modules import TracedModuleRecord
from ..read.pytree import structure_key
from ..read.typeref import TypeRef
from ..write import objects as written
from ..write.pickler import Instance, Name
from ..write.restore import Restorer
from .source_tree import Graphs, SourceTree, at, traced_modules


class Uncalled:
    """Adds the graphs that no call of `graph` is of to what is written of the tree."""

    def __init__(self, graph: Graph, tree: SourceTree) -> None:
        self.tree = tree
        forms = [scope.call.form[0] for scope in graph.calls if scope.call is not None]
        self._called = {id(form.graph) for form in forms if form.graph is not None}
        self._kept: dict[int, bool] = {}

    def add(self) -> None:
        """Write each of them that can stay, in the order of the tree."""
        for record in traced_modules(self.tree.root):
            for structure, graph in record.graphs.items():
                if id(graph) in self._called or not self._stays(record, graph):
                    continue
                graphs = self.tree.graphs.setdefault(id(record), Graphs({}, {}))
                key = self.tree.restore(structure)
                graphs.graphs[key] = self._replayed(graph)
                if structure in record.out_defs:
                    graphs.results[key] = self.tree.restore(record.out_defs[structure])

    def _stays(self, record: TracedModuleRecord, graph: Any) -> bool:
        """Whether the graph means what it meant; a graph that leads to itself does not stay."""
        if id(graph) not in self._kept:
            self._kept[id(graph)] = False
            self._kept[id(graph)] = isinstance(graph, g.InternalGraph) and self._is_whole(record, graph)
        return self._kept[id(graph)]

    def _is_whole(self, record: TracedModuleRecord, graph: g.InternalGraph) -> bool:
        graph.check()
        held: dict[g.Node, Any] = {graph.inputs[0]: record} if graph.inputs else {}
        for expr in graph.exprs:
            if isinstance(expr, g.GetAttr):
                owner = held.get(expr.inputs[0])
                if not self.tree.is_unchanged(owner, expr.name):
                    return False
                held[expr.outputs[0]] = at(owner, expr.name)
            elif isinstance(expr, g.CallMethod) and expr.inputs:
                called = held.get(expr.inputs[0])
                if isinstance(called, TracedModuleRecord) and not self._has_graph(called, expr):
                    return False
        return True

    def _has_graph(self, called: TracedModuleRecord, expr: g.CallMethod) -> bool:
        if len(called.graphs) == 1:
            (graph,) = called.graphs.values()
        else:
            try:
                by_structure = {structure_key(tree): graph for tree, graph in called.graphs.items()}
                graph = by_structure.get(structure_key(expr.arg_def))
            except MgeconvertError:
                return False
        return id(graph) in self._called or (graph is not None and self._stays(called, graph))

    def _replayed(self, graph: g.InternalGraph) -> Instance:
        restore = self.tree.restore
        names = [node.name or "input" for node in graph.inputs[1:]]
        name = graph.name or "Module"
        recorder = written.Recorder(name, names, graph.inputs[0].qualname or name)
        nodes = {graph.inputs[0]: recorder.module}
        for node, text in zip(graph.inputs[1:], names, strict=True):
            if isinstance(node, g.TensorNode):
                nodes[node] = recorder.input(text, node.shape or (), restore(node.dtype), restore(node.qparams))
            else:
                nodes[node] = recorder.module_input(text, _class_of(node))
        for expr in graph.exprs:
            made = recorder.expression(
                type(expr).source.rpartition(".")[2], [nodes[node] for node in expr.inputs], fields(expr, restore)
            )
            for node in expr.outputs:
                label = node.qualname or f"{recorder.qualname}.[{node.name}]"
                nodes[node] = recorder.result(made, node.name or "out", label, *self._type(node))
        return recorder.graph([nodes[node] for node in graph.outputs])

    def _type(self, node: g.Node) -> tuple[Any, Name | None]:
        """Shape, dtype and quantization parameters of a tensor; of a module its class."""
        restore = self.tree.restore
        if isinstance(node, g.TensorNode):
            return (node.shape or (), restore(node.dtype), restore(node.qparams)), None
        return None, _class_of(node)


def _class_of(node: g.Node) -> Name:
    """The class that a variable says its module has."""
    said = node.module_type if isinstance(node, g.ModuleNode) else None
    pair = (said.module, said.name) if isinstance(said, TypeRef) else said
    if isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(part, str) for part in pair):
        return Name(pair[0], pair[1])
    return Name("megengine.module.module", "Module")


def fields(expr: g.Expr, restore: Restorer) -> dict[str, Any]:
    """What an expression says besides its operands and results."""
    if isinstance(expr, g.GetAttr):
        return {"name": expr.name}
    if isinstance(expr, g.Constant):
        return {"value": restore(expr.value), "name": expr.name}
    assert isinstance(expr, g.Versioned)
    version = {} if expr.version is None else {"version": expr.version}
    if isinstance(expr, g.Apply):
        kind = restore(expr.opdef_type)
        return {"opdef_state": {**restore(expr.fields), "opdef_type": kind}, **version}
    assert isinstance(expr, g.FunctionOrMethod)
    fields = {"const_val": restore(expr.const_val), "arg_def": restore(expr.arg_def)}
    fields |= {"out_def": restore(expr.out_def)}
    if isinstance(expr, g.CallFunction):
        return {"func": tuple(expr.func), **fields, **version}
    assert isinstance(expr, g.CallMethod)
    return {"method": expr.method, **fields, **version}
