"""Runs over the graphs of a TracedModule in execution order, going into submodules, and reports every call.

Linear in the expressions, recursing only into submodules.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from mgeconvert.errors import BadInputError, ConversionError
from mgeconvert.ir.scopes import Attribute, Scope

from ..read import graph as g
from ..read.arrays import DType
from ..read.model import Model
from ..read.pytree import arguments, plain, structure_key
from ..read.records import ModuleRecord, TensorRecord, TracedModuleRecord
from ..read.work import bounded
from .scopes import Form, Scopes, finish

T = TypeVar("T")
R = TypeVar("R")
T_co = TypeVar("T_co", covariant=True)

Kind: TypeAlias = Literal["function", "method", "module", "opdef"]
Version: TypeAlias = "tuple[int, int, int]"
Hint: TypeAlias = "tuple[tuple[int, ...] | None, DType | None]"

MAX_DEPTH = 200
"""Modules nested deeper than that contain themselves."""
FEW_CALLS, MANY_CALLS = 5_000, 20_000
"""See `_most_calls`."""
TENSOR = "megengine.tensor.Tensor."
OPDEF = "megengine.core.ops.builtin."


@dataclass(frozen=True, slots=True)
class TracedCall:
    """One call, with its arguments put together.

    `key` is the qualified name: of a function (``megengine.functional.nn.conv2d``), a tensor method
    (``megengine.tensor.Tensor.reshape``), a built-in module's class (``megengine.module.conv.Conv2d``; args[0] is its
    record) or a raw operator (``megengine.core.ops.builtin.Elemwise``; args are its inputs, kwargs its fields).
    `place` is the module path, `names` are the output nodes' names qualified by it. `version` is the writer's, None for
    MegEngine 1.6. `hints` are the traced shapes and dtypes of the outputs, stale where a module is called again.
    `scope` is the call among all calls: its arguments are values, and an `Attribute` where a tensor or module is read.
    A handler may `finish` the scope with results of its own.
    """

    kind: Kind
    key: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: str
    names: tuple[str, ...]
    version: Version | None
    hints: tuple[Hint, ...]
    scope: Scope


class Handler(Protocol[T_co]):
    """What the walk calls back; T is the handler's own kind of tensor."""

    def call(self, call: TracedCall) -> Sequence[T_co]:
        """The outputs of the call, flat, one for each of `call.names`."""
        ...

    def tensor(self, record: TensorRecord, path: str) -> T_co:
        """A parameter, buffer or captured constant; a record comes with the same path each time."""
        ...


@dataclass(frozen=True, slots=True)
class _Bound:
    """A module where the graph met it: `path` is the way from the top module."""

    record: ModuleRecord
    path: str
    captured: bool = False


@dataclass(frozen=True, slots=True)
class _Read(Generic[T]):
    """A tensor: the handler's own, and what scopes know it by, an `Attribute` or the result of a call."""

    value: T
    variable: Any


def walk(model: Model, inputs: Sequence[T], handler: Handler[T], scopes: Scopes | None = None) -> list[T]:
    """Run `model` on `inputs`, one for each of `model.inputs`; returns the flat outputs. `scopes` gets the calls;
    without it they have no arguments.

    BadInputError, with the file's name, where the graph makes no sense; ConversionError where a handler returns another
    number of outputs than the graph has.
    """
    if len(inputs) != len(model.inputs):
        raise ConversionError(f"{model.name}: {len(inputs)} inputs are given, the model has {len(model.inputs)}")
    top = Form(None, model.graph, model.arg_def, model.module.out_defs.get(model.arg_def))
    walking = _Walk(model.name, handler, scopes or Scopes(keep=False))
    with bounded():
        return [_value(result) for result in walking.enter(top, [_Bound(model.module, ""), *inputs], "", None)]


def _most_calls(own: int) -> int:
    """How many calls one run of a model may be whose graphs have `own` expressions. A module that calls its child
    twice, that one its own and so on, makes more calls than can be followed. n calls of one module of m expressions, as
    of a recurrent cell, are n * m <= (n + m)**2 / 4."""
    return max(FEW_CALLS, min(own * own // 4, MANY_CALLS), 4 * own)


class _Walk(Generic[T]):
    """The state of one walk."""

    def __init__(self, name: str, handler: Handler[T], scopes: Scopes) -> None:
        self.name = name
        self.handler = handler
        self.scopes = scopes
        self.tensor_paths: dict[int, str] = {}
        self.graphs: dict[int, dict[Hashable, g.InternalGraph]] = {}
        self.checked: set[int] = set()
        self.own = self.run_so_far = 0
        self.names: dict[str, str] = {}
        """The qualified name of the graph that runs at each path."""

    def enter(self, form: Form, inputs: Sequence[Any], path: str, parent: Scope | None, depth: int = 0) -> list[Any]:
        """The outputs of one call of a TracedModule."""
        if depth > MAX_DEPTH:
            raise self.bad(path, f"modules are nested more than {MAX_DEPTH} deep")
        assert form.graph is not None
        scope = self.at(path, lambda: self.scopes.module(path, form, list(map(_argument, inputs)), parent))
        results = self.run(form.graph, inputs, scope, depth)
        self.at(path, lambda: finish(scope, list(map(_argument, results))))
        return results

    def run(self, graph: g.InternalGraph, inputs: Sequence[Any], scope: Scope, depth: int) -> list[Any]:
        """The outputs of one graph for one call of it."""
        path = scope.path
        if id(graph) not in self.checked:
            self.at(path, graph.check)
            self.checked.add(id(graph))
            self.own += len(graph.exprs)
        self.run_so_far += len(graph.exprs)
        if self.run_so_far > _most_calls(self.own):
            raise self.bad(path, f"modules call one another without end: {self.run_so_far:,} calls")
        self.names[path] = (graph.inputs[0].qualname or "") if graph.inputs else ""
        values: dict[g.Node, Any] = {}
        self.assign(values, graph.inputs, inputs, path)
        for expr in graph.exprs:
            step = _STEPS.get(type(expr))
            if step is None:
                raise self.bad(path, f"a {type(expr).__name__} among the expressions of a graph")
            results = step(self, expr, [values[node] for node in expr.inputs], scope, depth)
            self.assign(values, expr.outputs, results, path)
        return [values[node] for node in graph.outputs]

    def get_attr(self, expr: g.GetAttr, inputs: Sequence[Any], scope: Scope, _: int) -> Sequence[Any]:
        owner = inputs[0] if inputs else None
        if not isinstance(owner, _Bound):
            raise self.bad(scope.path, f"reads the attribute {expr.name} of something that is no module")
        if expr.name.count(".") >= MAX_DEPTH:
            raise self.bad(scope.path, f"modules are nested more than {MAX_DEPTH} deep")
        value: Any = owner.record
        place = owner.path
        for name in expr.name.split("."):
            if not isinstance(value, ModuleRecord) or name not in value.attributes:
                raise self.bad(_join(place, name), "the file has no such attribute")
            value, place = value.attributes[name], _join(place, name)
        return [self.value(value, place, captured=owner.captured)]

    def constant(self, expr: g.Constant, _: Sequence[Any], scope: Scope, __: int) -> Sequence[Any]:
        return [self.value(expr.value, _join(scope.path, node.name or "const"), captured=True) for node in expr.outputs]

    def value(self, value: Any, path: str, captured: bool) -> Any:
        """An attribute or constant as the steps after it see it."""
        if len(path) > g.MAX_NAME:
            raise self.bad(path[:60], f"a path of {len(path):,} characters, expected at most {g.MAX_NAME:,}")
        if isinstance(value, TensorRecord):
            made = self.handler.tensor(value, self.tensor_paths.setdefault(id(value), path))
            return _Read(made, Attribute(path, value, captured))
        if isinstance(value, ModuleRecord):
            return _Bound(value, path, captured)
        if value is None:
            return None
        raise self.bad(path, f"is a {type(value).__name__}, expected a tensor or a module")

    def call_method(self, expr: g.CallMethod, inputs: Sequence[Any], scope: Scope, depth: int) -> Sequence[Any]:
        owner = inputs[0] if inputs else None
        if not isinstance(owner, _Bound):
            return self.report("method", TENSOR + expr.method, expr, inputs, self.within(expr, scope.path), scope)
        if expr.method != "__call__":
            return self.report("method", f"{owner.record.qualname}.{expr.method}", expr, inputs, owner.path, scope)
        if isinstance(owner.record, TracedModuleRecord):
            form = self.choose(owner.record, expr, owner.path)
            return self.enter(form, inputs, owner.path, scope, depth + 1)
        return self.report("module", owner.record.qualname, expr, inputs, owner.path, scope)

    def call_function(self, expr: g.CallFunction, inputs: Sequence[Any], scope: Scope, _: int) -> Sequence[Any]:
        return self.report("function", ".".join(expr.func), expr, inputs, self.within(expr, scope.path), scope)

    def apply(self, expr: g.Apply, inputs: Sequence[Any], scope: Scope, _: int) -> Sequence[Any]:
        place = self.within(expr, scope.path)
        return self.report("opdef", OPDEF + expr.opdef_type.name, expr, inputs, place, scope)

    def within(self, expr: g.Expr, path: str) -> str:
        """Where a call stood before its module was flattened: ``layer1.0`` for ``Net.layer1.0.[func_relu]`` in Net."""
        name = (expr.outputs[0].qualname or "") if expr.outputs else ""
        prefix = f"{self.names[path]}."
        return _join(path, name[len(prefix) :].rpartition(".[")[0]) if name.startswith(prefix) else path

    def choose(self, module: TracedModuleRecord, expr: g.CallMethod, path: str) -> Form:
        """The graph of a submodule for the structure of a call's arguments."""
        graphs = self.graphs.get(id(module))
        if graphs is None:
            graphs = self.graphs[id(module)] = self.at(path, lambda: _by_structure(module))
        if len(graphs) == 1:
            return Form(expr, next(iter(graphs.values())), expr.arg_def)
        key = self.at(path, lambda: structure_key(expr.arg_def))
        if key not in graphs:
            raise self.bad(path, f"is called with arguments that none of its {len(graphs)} graphs is for")
        return Form(expr, graphs[key], expr.arg_def)

    def report(
        self, kind: Kind, key: str, expr: g.Versioned, inputs: Sequence[Any], place: str, parent: Scope
    ) -> Sequence[_Read[T]]:
        """Let the handler compute one call; `parent` is the call of the module in whose graph it stands."""
        try:
            scope = self.scopes.leaf(place, key, expr, list(map(_argument, inputs)), parent)
            call = _call(kind, key, expr, inputs, scope)
        except BadInputError as error:
            raise self.placed(place, error) from error
        outputs = self.handler.call(call)
        if len(outputs) != len(call.names):
            raise ConversionError(
                f"{place or 'model'}: {key} gave {len(outputs)} outputs, the graph expects {len(call.names)}"
            )
        variables = outputs if scope.call is None else self.at(place, lambda: finish(scope, outputs))
        return [_Read(value, variable) for value, variable in zip(outputs, variables, strict=True)]

    def assign(self, values: dict[g.Node, Any], nodes: Sequence[g.Node], results: Sequence[Any], path: str) -> None:
        if len(nodes) != len(results):
            raise self.bad(path, f"{len(results)} values for {len(nodes)} variables of the graph")
        values.update(zip(nodes, results, strict=True))

    def at(self, path: str, read: Callable[[], R]) -> R:
        """Read something of the records; what is wrong there is said with its place."""
        try:
            return read()
        except BadInputError as error:
            raise self.placed(path, error) from error

    def placed(self, path: str, error: BadInputError) -> BadInputError:
        """The error with the place where it was found."""
        return type(error)(f"{self.name}: {path or 'model'}: {error.message}")

    def bad(self, path: str, fact: str) -> BadInputError:
        return BadInputError(f"{self.name}: {path or 'model'}: {fact}")


_STEPS: dict[type[g.Expr], Callable[..., Sequence[Any]]] = {
    g.GetAttr: _Walk.get_attr,
    g.Constant: _Walk.constant,
    g.CallMethod: _Walk.call_method,
    g.CallFunction: _Walk.call_function,
    g.Apply: _Walk.apply,
}


def _value(item: Any) -> Any:
    """What a handler knows an argument by."""
    return item.record if isinstance(item, _Bound) else item.value if isinstance(item, _Read) else item


def _argument(item: Any) -> Any:
    """What a scope knows an argument by."""
    if isinstance(item, _Bound):
        return Attribute(item.path, item.record, item.captured)
    return item.variable if isinstance(item, _Read) else item


def _call(kind: Kind, key: str, expr: g.Versioned, inputs: Sequence[Any], scope: Scope) -> TracedCall:
    values = list(map(_value, inputs))
    if isinstance(expr, g.FunctionOrMethod):
        args, kwargs = arguments(expr.arg_def, values, expr.const_val)
    elif isinstance(expr, g.Apply):
        args, kwargs = tuple(values), plain(expr.fields)
    nodes = [node for node in expr.outputs if isinstance(node, g.TensorNode)]
    assert scope.parent is not None
    names = tuple(_join(scope.parent.path, node.name or "out") for node in nodes)
    hints = tuple((node.shape, node.dtype) for node in nodes)
    return TracedCall(kind, key, args, kwargs, scope.path, names, _version(expr.version), hints, scope)


def _by_structure(module: TracedModuleRecord) -> dict[Hashable, g.InternalGraph]:
    for graph in module.graphs.values():
        if not isinstance(graph, g.InternalGraph):
            raise BadInputError(f"a {type(graph).__name__} among the graphs of a module")
    return {structure_key(tree): graph for tree, graph in module.graphs.items()}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path and name else path or name


@functools.lru_cache(64)
def _version(text: str | None) -> Version | None:
    """``1.13.0.dev2023`` -> (1, 13, 0)"""
    numbers = [int(part) for part in re.findall(r"\d+", (text or "")[:60])[:3]]
    return (numbers[0], numbers[1], numbers[2]) if len(numbers) == 3 else None
