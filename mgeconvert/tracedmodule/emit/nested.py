"""Writes the bodies of a graph whose calls are known as graphs of TracedModules, one each, with the source's tree.

A call that is still what it was is written with the very arguments of the source. Calls of one module share its graph
where their bodies are equal; another body with arguments of the same structure gets another module beside it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from mgeconvert.ir import GivenName, Graph, Node, Value
from mgeconvert.ir.modules import Body, nested
from mgeconvert.ir.scopes import Attribute
from mgeconvert.ir.whole_calls import CALL

from ..lower.scopes import Form
from ..read import graph as g
from ..read.modules import ModuleRecord, TracedModuleRecord
from ..read.values import TensorRecord
from ..write import objects as written
from ..write.pickler import Instance, Name
from .calls import EmittedCall, ModuleCall
from .edited import give_forms
from .graph_writer import GraphWriter, sizes, type_of
from .same_bodies import SameBodies, arguments
from .signature import Signature
from .source_tree import Graphs, SourceTree
from .uncalled import Uncalled, fields


def nested_module(graph: Graph, calls: Mapping[Node, EmittedCall]) -> Instance:
    """The TracedModule of a prepared graph that knows the calls of its source and the emitted calls of its other
    nodes."""
    return _Nested(graph, calls).module()


class _Nested:
    def __init__(self, graph: Graph, calls: Mapping[Node, EmittedCall]) -> None:
        self.graph = graph
        self.calls = calls
        self.body = nested(graph)
        self.bodies = list(self.body.bodies())
        self.new = give_forms(self.bodies)
        used = [*_attributes(graph), *(item for body in self.bodies for item in _read(body))]
        called = [item for scope in graph.calls if scope.call for item in scope.call.form[1] if _is_read(item)]
        self.tree = SourceTree(graph.root, called, used)
        self.signatures = {body: Signature(body, graph, self.tree.restore) for body in self.bodies}
        self.same = SameBodies(self.signatures)
        self.shapes = _traced_shapes(graph)
        self.paths: dict[Body, str] = {}
        """Where a body that needs a module of its own hangs."""

    def module(self) -> Instance:
        """Inner graphs first, so that a call knows the module that it calls."""
        for body in reversed(self.bodies):
            record = self.signatures[body].record
            self.tree.keep(record)
            if self.same.is_first(body) and id(record) not in self.new:
                continue
            model = self.same.model(body)
            if model is not body:
                continue
            graphs = Graphs({}, {})
            self._write(body, graphs)
            if id(record) in self.new:
                self.paths[body] = self.tree.new_module(body.path, graphs)
            else:
                self.paths[body] = self.tree.copy_of(body.path, record, graphs)
        for body in reversed(self.bodies):
            record = self.signatures[body].record
            if self.same.is_first(body) and id(record) not in self.new:
                self._write(body, self.tree.graphs.setdefault(id(record), Graphs({}, {})))
        Uncalled(self.graph, self.tree).add()
        return self.tree.top(self.signatures[self.body].argspec)

    def _write(self, body: Body, graphs: Graphs) -> None:
        """Write one graph."""
        signature = self.signatures[body]
        recorder = written.Recorder(signature.name, signature.reserved, signature.qualname)
        writer = GraphWriter(recorder, _Below(self.tree, body.path))
        writer.shapes = self.shapes
        attributes: dict[int, Instance] = {id(signature.record): recorder.module}
        given: dict[g.Node, tuple[Value, Instance]] = {}
        for name, item, node in signature.inputs():
            shape, dtype, qparams = _tensor_type(node, item, self.tree)
            if isinstance(item, Value):
                made = recorder.input(name, shape, dtype, qparams)
                writer.nodes.setdefault(item, made)
                if node is not None:
                    given[node] = (item, made)
            elif isinstance(item.record, TensorRecord):
                attributes[id(item.record)] = recorder.input(name, shape, dtype, qparams)
            else:
                attributes[id(item.record)] = recorder.module_input(name, _class_of(item.record))
        reader = _Reader(writer, body.path, attributes, self.tree, signature.form.graph)
        reader.given = given
        for step in body.steps:
            if isinstance(step, Body):
                self._call_body(step, reader)
            elif step.domain == CALL:
                self._call_source(step, reader)
            else:
                writer.call(self.calls[step], step.outputs)
        reader.advance(None)
        outputs = [reader(item, node) for item, node in signature.result_sources()]
        structure = signature.structure(recorder.inputs)
        graphs.graphs[structure] = recorder.graph(outputs)
        graphs.results[structure] = signature.result_structure()

    def _call_source(self, node: Node, reader: _Reader) -> None:
        """A call of the source, as it was."""
        assert node.scope is not None
        assert node.scope.call is not None
        form: Form = node.scope.call.form[0]
        expr = form.expr
        assert isinstance(expr, g.Versioned)
        reader.advance(expr)
        operands = list(map(reader, arguments(node), expr.inputs))
        made = reader.writer.recorder.expression(
            type(expr).source.rpartition(".")[2], operands, fields(expr, self.tree.restore)
        )
        results = iter(node.outputs)
        for item, variable in zip(node.scope.call.form[2], expr.outputs, strict=True):
            reader.result(made, next(results) if isinstance(item, Value) else item, variable)

    def _call_body(self, body: Body, reader: _Reader) -> None:
        """A call of a module that has a graph."""
        signature = self.signatures[body]
        model = self.same.model(body)
        path = self.paths.get(model, body.path)
        if signature.form.expr is not None:
            reader.advance(signature.form.expr)
        said = signature.form.expr.inputs if signature.form.expr is not None and signature.as_called else [None]
        module = reader.traced(path, signature.record, said[0])
        items = [item for _, item, _ in signature.inputs()]
        operands = [module, *map(reader, items, [*said[1:], *([None] * (len(items) + 1 - len(said)))])]
        call = {
            "const_val": signature.constants(operands), "method": "__call__", "arg_def": signature.structure(operands),
            "out_def": signature.result_structure(), "version": signature.version,
        }  # fmt: skip
        expr = reader.writer.recorder.expression("CallMethod", operands, call)
        for item, variable in signature.result_nodes():
            reader.result(expr, item, variable, f"{module.state['_qualname']}.[out]")


class _Below:
    """Hangs things under one module."""

    def __init__(self, tree: SourceTree, path: str) -> None:
        self.tree = tree
        self.path = path

    def module(self, call: ModuleCall) -> str:
        return relative(self.tree.module(call, self.path), self.path)

    def tensor(self, name: str, array: np.ndarray[Any, Any], trained: bool) -> str:
        return relative(self.tree.tensor(name, array, self.path, trained), self.path)


class _Reader:
    """The nodes of one graph for values and for what hangs in the tree."""

    def __init__(
        self,
        writer: GraphWriter,
        path: str,
        attributes: dict[int, Instance],
        tree: SourceTree,
        source: g.InternalGraph | None,
    ) -> None:
        exprs = source.exprs if source is not None else []
        self._order = {expr: number for number, expr in enumerate(exprs)}
        self._exprs = iter(enumerate(exprs))
        self._at = -1
        constants = [expr for expr in exprs if isinstance(expr, g.Constant)]
        self._constants = {(id(expr.value), node.name or "const"): expr for expr in constants for node in expr.outputs}
        self._captured: dict[tuple[int, str], Instance] = {}
        self._paths = {source.inputs[0]: ""} if source is not None else {}
        self.writer = writer
        self.path = path
        self.attributes = attributes
        self.tree = tree
        self.given: dict[g.Node, tuple[Value, Instance]] = {}
        """What arguments are, of which two may be one value."""
        self._read: dict[g.Node, tuple[Any, Instance]] = {}

    def advance(self, expr: g.Expr | None) -> None:
        """Read from the tree what the source read before this expression (None: before the end), in its order."""
        last = len(self._order) if expr is None else self._order.get(expr, self._at)
        while self._at < last:
            number, step = next(self._exprs, (last, None))
            self._at = number
            if isinstance(step, g.GetAttr) and step.inputs and step.inputs[0] in self._paths:
                self._read_again(step)

    def _read_again(self, expr: g.GetAttr) -> None:
        """GetAttr as the source has it, where what it reads still hangs there."""
        path = ".".join(filter(None, (self._paths[expr.inputs[0]], expr.name)))
        record = self.tree.at(".".join(filter(None, (self.path, path))))
        if record is None or id(record) in self.attributes or not self.tree.is_kept(record):
            return
        self._paths[expr.outputs[0]] = path
        name = expr.outputs[0].name or ""
        if isinstance(record, TensorRecord):
            shape, dtype, _ = _tensor_type(None, Attribute(path, record), self.tree)
            self._read[expr.outputs[0]] = (record, self.writer.read(path, None, shape, dtype, name))
        elif isinstance(record, ModuleRecord):
            self._read[expr.outputs[0]] = (record, self.writer.read(path, _class_of(record), name=name))

    def __call__(self, item: Any, node: g.Node | None = None) -> Instance:
        """The node for a value or attribute, which the source reads from its variable `node`."""
        if isinstance(item, Attribute):
            return self._once(item.record, node) or self._attribute(item)
        if node in self.given and self.given[node][0] is item:
            return self.given[node][1]
        made = self.writer.operand(item)
        assert isinstance(made, Instance)
        return made

    def _once(self, record: Any, node: g.Node | None) -> Instance | None:
        """The GetAttr of a record that the source's variable was."""
        return self._read[node][1] if node in self._read and self._read[node][0] is record else None

    def traced(self, path: str, record: ModuleRecord, node: g.Node | None) -> Instance:
        """GetAttr of a TracedModule; one that came as an argument is read from there."""
        read = self._once(record, node)
        if read is not None and read.state["expr"].state["name"] == relative(path, self.path):
            return read
        if id(record) in self.attributes and not path.startswith(f"{self.path}." if self.path else ""):
            return self.attributes[id(record)]
        return self.writer.module(relative(path, self.path), _class_of(record))

    def result(self, expr: Instance, item: Any, variable: g.Node | None, label: str = "") -> None:
        """The next result of an expression; `variable` is what the source called it."""
        shape, dtype, qparams = _tensor_type(variable, item, self.tree)
        known = variable.name if variable is not None else None
        if isinstance(item, Value) and isinstance(item.name, GivenName):
            known = item.name
        name = known or (item.name if isinstance(item, Value) else "out")
        source = variable.qualname if variable is not None else None
        qualname = label or source or f"{self.writer.recorder.qualname}.[{name}]"
        made = self.writer.recorder.result(expr, name, qualname, (shape, dtype, qparams))
        if isinstance(item, Value):
            self.writer.nodes[item] = made

    def _attribute(self, item: Attribute) -> Instance:
        record = item.record
        if id(record) in self.attributes:
            return self.attributes[id(record)]
        tensor = isinstance(record, TensorRecord)
        if item.captured:
            return self._constant(item)
        path = relative(item.path, self.path)
        if not tensor:
            return self.writer.module(path, _class_of(record))
        shape, dtype, _ = _tensor_type(None, item, self.tree)
        return self.writer.tensor(path, shape, dtype)

    def _constant(self, item: Attribute) -> Instance:
        """What the source captured, once under each of its names there."""
        record, name = item.record, item.path.rpartition(".")[2]
        if (id(record), name) not in self._captured:
            shape, dtype, _ = _tensor_type(None, item, self.tree)
            kind = None if isinstance(record, TensorRecord) else _class_of(record)
            source = self._constants.get((id(record), name))
            label = source.name if source is not None else None
            made = self.writer.recorder.constant(self.tree.restore(record), name, kind, shape, dtype, label)
            self._captured[id(record), name] = made
        return self._captured[id(record), name]


def relative(path: str, below: str) -> str:
    """The path from the module at `below`."""
    return path[len(below) + 1 :] if below else path


def _class_of(record: ModuleRecord) -> Name:
    if isinstance(record, TracedModuleRecord):
        return Name("megengine.module.module", "Module")
    package, _, kind = record.qualname.rpartition(".")
    return Name(package, kind)


def _tensor_type(node: g.Node | None, item: Any, tree: SourceTree) -> tuple[tuple[int, ...], Any, Any]:
    """Shape, dtype and quantization parameters that a node says: the source's, else those of what it holds."""
    if isinstance(node, g.TensorNode) and node.dtype is not None:
        return node.shape or (), tree.restore(node.dtype), tree.restore(node.qparams)
    if isinstance(item, Value):
        return sizes(item), type_of(item), None
    if isinstance(item, Attribute) and isinstance(item.record, TensorRecord):
        return item.record.array.shape, tree.restore(item.record.dtype), None
    return (), None, None


def _traced_shapes(graph: Graph) -> dict[Value, tuple[int, ...]]:
    """The shape that the source's trace had for what stands for each of its results now."""
    shapes: dict[Value, tuple[int, ...]] = {}
    for scope in graph.calls:
        form: tuple[Form, Any, list[Any]] | None = scope.call.form if scope.call is not None else None
        if form is None or form[0].expr is None:
            continue
        for item, node in zip(form[2], form[0].expr.outputs, strict=False):
            if isinstance(item, Value) and isinstance(node, g.TensorNode) and node.shape is not None:
                shapes.setdefault(graph.current(item), node.shape)
    return shapes


def _is_read(item: Any) -> bool:
    return isinstance(item, Attribute)


def _attributes(graph: Graph) -> Iterator[Attribute]:
    """What the written calls of the source read."""
    for node in graph.nodes:
        if node.domain == CALL and node.op and node.scope is not None and node.scope.call is not None:
            yield from filter(_is_read, node.scope.call.form[1])


def _read(body: Body) -> Iterator[Attribute]:
    """What a body's call reads, and returns, from the tree."""
    call = body.scope.call if body.scope is not None else None
    if call is not None:
        yield from filter(_is_read, [*call.form[1], *call.form[2]])
