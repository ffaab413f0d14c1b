"""Arguments and results of one written body: those of the source's call while they can be, and what came besides."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mgeconvert.ir import GivenName, Graph, Namer, Value
from mgeconvert.ir.modules import Body
from mgeconvert.ir.scopes import Attribute, mapped

from ..lower.scopes import Form
from ..read import graph as g
from ..read.modules import TracedModuleRecord
from ..read.pytree import structure_key
from ..read.values import TensorRecord
from ..write import objects as written
from ..write.pickler import Instance
from ..write.restore import Restorer
from .result_structure import is_as_read, result_structure

GONE = None
"""What stands in the arguments of a call for a value that is no longer computed."""


class Signature:
    """How a body is called; `results` are what its graph returns."""

    def __init__(self, body: Body, graph: Graph, restore: Restorer) -> None:
        assert body.scope is not None
        assert body.scope.call is not None
        self.body = body
        self.graph = graph
        self.call = body.scope.call
        self.restore = restore
        self.form: Form = self.call.form[0]
        self.is_top = body.scope.parent is None
        self.top_name = body.scope.chain[0].kind
        owner = self.call.form[1][0]
        assert isinstance(owner.record, TracedModuleRecord)
        self.record: TracedModuleRecord = owner.record
        self.items = self._items(graph)
        self.results = self._results(graph)
        self.reserved = [name for name, _, _ in self.inputs()]

    def _items(self, graph: Graph) -> list[tuple[str, Any, g.Node | None]]:
        """Name, value or attribute, and the source's node of each input; what is gone is left out."""
        assert self.form.graph is not None
        nodes = self.form.graph.inputs[1:]
        unique = Namer(["self"])
        if self.is_top:
            known = dict(zip(self._signed(graph), zip(self.call.names, nodes, strict=True), strict=True))
            items = []
            for public, value in graph.inputs.items():
                name, node = known.get(value, (public, None))
                name = value.name if isinstance(value.name, GivenName) else name
                items.append((unique(written.identifier(name)), value, node))
            return items
        given = iter(self.body.arguments[: self.body.given])
        items = []
        for item, node in zip(self.call.form[1][1:], nodes, strict=True):
            current = next(given) if isinstance(item, Value) else item
            if current is not None:
                items.append((unique(written.identifier(node.name or "input")), current, node))
        besides = (value for value in self.body.arguments[self.body.given :] if value is not None)
        for extra in besides:
            items.append((unique(written.identifier(extra.name.rpartition(".")[2])), extra, None))
        return items

    def _signed(self, graph: Graph) -> list[Any]:
        return [graph.current(item) if isinstance(item, Value) else item for item in self.call.form[1][1:]]

    @property
    def as_called(self) -> bool:
        """Whether the arguments are those of the source, no more and no less."""
        is_known = self.form.arg_def is not None and len(self.items) == len(self.call.form[1]) - 1
        return is_known and all(node is not None for _, _, node in self.items)

    @property
    def name(self) -> str:
        """The name of the graph; MegEngine 1.6 gave it the module's own name only."""
        assert self.form.graph is not None
        said = self.form.graph.name if self.form.graph.inputs[0].qualname else None
        return said or written.identifier(self.qualname.replace(".", "_"))

    @property
    def qualname(self) -> str:
        """``Net.layer1``"""
        assert self.form.graph is not None
        return self.form.graph.inputs[0].qualname or ".".join(filter(None, (self.top_name, self.body.path)))

    @property
    def version(self) -> str:
        """The MegEngine whose form the call has."""
        expr = self.form.expr
        known = expr.version if isinstance(expr, g.Versioned) else None
        return (known if self.as_called else None) or written.VERSION

    @property
    def argspec(self) -> Instance | None:
        """The signature of forward() where it is no longer the source's."""
        if self.as_called:
            return None
        return written.argspec([name for name, _, _ in self.items])

    def inputs(self) -> Iterator[tuple[str, Any, g.Node | None]]:
        """The inputs of the graph after the module itself."""
        yield from self.items

    def key(self) -> Any:
        """Equal for arguments of the same structure."""
        if self.as_called:
            return structure_key(self.form.arg_def)
        return (len(self.items), tuple(node is not None for _, _, node in self.items))

    def structure(self, operands: Sequence[Instance]) -> Instance:
        """The structure of the arguments, of which the first operand is the module."""
        if self.as_called:
            made = self.restore(self.form.arg_def)
            assert isinstance(made, Instance)
            return Instance(made.kind, dict(made.state))
        return written.flatten(self._arguments(operands), [])

    def constants(self, operands: Sequence[Instance]) -> list[Any]:
        """The constants among the arguments, with their positions."""
        if self.as_called:
            assert isinstance(self.form.expr, g.FunctionOrMethod)
            return self.restore(self.form.expr.const_val)  # type: ignore[no-any-return]
        found: list[Any] = []
        written.flatten(self._arguments(operands), found)
        return [(index, value) for index, value in enumerate(found) if not isinstance(value, Instance)]

    def _arguments(self, operands: Sequence[Instance]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if self.is_top:
            return (tuple(operands), {})
        known = iter(operands[1:])
        given = iter(self.body.arguments[: self.body.given])

        def operand(item: Any) -> Any:
            if isinstance(item, Value) and next(given) is None:
                return GONE
            return next(known) if isinstance(item, Value | Attribute) else self.restore(item)

        args, kwargs = mapped(self.call.args, operand), mapped(self.call.kwargs, operand)
        return ((operands[0], *args, *known), kwargs)

    def _results(self, graph: Graph) -> list[Any]:
        """What the graph returns: the source's results while all are known, then those that are read besides."""
        if self.is_top:
            outputs = list(graph.outputs.values())
            return list(map(_returned, outputs, self.call.form[2])) if self._besides(outputs) == 0 else outputs
        if not self.body.as_called:
            return list(self.body.results)
        signed = [graph.current(item) if isinstance(item, Value) else item for item in self.call.form[2]]
        count = sum(isinstance(item, Value) for item in signed)
        return [*signed, *self.body.results[count:]]

    def _besides(self, results: Sequence[Any]) -> int:
        """How many results there are more than the source's call has."""
        return len(results) - len(self.call.form[2])

    def result_sources(self) -> Iterator[tuple[Any, g.Node | None]]:
        """Each result with the variable that the source's graph returns for it."""
        nodes: Sequence[g.Node | None] = ()
        if self.form.graph is not None and (self.body.as_called or self.is_top) and self._besides(self.results) >= 0:
            nodes = self.form.graph.outputs
        yield from zip(self.results, [*nodes, *([None] * len(self.results))], strict=False)

    def result_structure(self) -> Instance:
        """The structure of the results."""
        besides, expr = self._besides(self.results), self.form.expr
        if self.is_top and not (besides == 0 and is_as_read(self.graph, self.form.out_def)):
            return result_structure(self.graph)
        out_def = expr.out_def if isinstance(expr, g.FunctionOrMethod) else self.form.out_def
        if out_def is not None and (self.body.as_called or self.is_top) and besides == 0:
            made = self.restore(out_def)
            assert isinstance(made, Instance)
            return made
        if self.body.as_called and out_def is not None and besides > 0:
            return written.tree("builtins.tuple", None, [self.restore(out_def), *_tensors(besides)])
        count = len(self.results)
        return written.tensor_leaf() if count == 1 else written.tree("builtins.tuple", None, _tensors(count))

    def result_nodes(self) -> Iterator[tuple[Any, g.Node | None]]:
        """Each result with the source's node of it in the body around."""
        nodes: list[g.Node | None] = []
        if self.form.expr is not None and self.body.as_called:
            nodes = list(self.form.expr.outputs)
        yield from zip(self.results, [*nodes, *([None] * len(self.results))], strict=False)


def _returned(value: Value, said: Any) -> Any:
    """An output of the graph: the tensor of the tree that the source returned, where that is still what it is."""
    is_read = isinstance(said, Attribute) and isinstance(said.record, TensorRecord) and value.array is not None
    return said if is_read and value.array is said.record.array else value


def _tensors(count: int) -> list[Instance]:
    return [written.tensor_leaf() for _ in range(count)]
