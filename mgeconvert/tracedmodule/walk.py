"""Runs over the graphs of a TracedModule in execution order, going into submodules, and reports every call.

Works in O(expressions), recursing only per nesting of modules.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from mgeconvert.errors import BadInputError, ConversionError

from . import pytree, records
from .arrays import DType
from .model import Model
from .records import Expr, InternalGraph, ModuleRecord, Node, TensorRecord, TracedModuleRecord

T = TypeVar("T")

Version: TypeAlias = "tuple[int, ...]"
Hint: TypeAlias = "tuple[tuple[int, ...] | None, DType | None]"


@dataclass(frozen=True, slots=True)
class Call:
    """One call, with its arguments put together.

    `key` is the qualified name: of a function (``megengine.functional.nn.conv2d``), a tensor method
    (``megengine.tensor.Tensor.reshape``), a built-in module's class (``megengine.module.conv.Conv2d``; args[0] is its
    record) or a raw operator (``megengine.core.ops.builtin.Elemwise``; args are its inputs, kwargs its fields).
    `place` is the module path, `names` the output nodes' names qualified by it; `version` of the writer is None for
    MegEngine 1.6; `hints` are the traced shapes and dtypes of the outputs, stale where a module is called again.
    """

    kind: Literal["function", "method", "module", "opdef"]
    key: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: str
    names: tuple[str, ...]
    version: Version | None
    hints: tuple[Hint, ...]


class Handler(Protocol[T]):
    """What the walk calls back; T is the handler's own kind of tensor."""

    def call(self, call: Call) -> Sequence[T]:
        """The outputs of the call, flat, one for each of `call.names`."""
        ...

    def tensor(self, record: TensorRecord, path: str) -> T:
        """A parameter, buffer or captured constant; the same record always comes with the same path."""
        ...


@dataclass(frozen=True, slots=True)
class _Bound:
    """A module where the graph met it: `path` is the way from the top module."""

    record: ModuleRecord
    path: str


def walk(model: Model, inputs: Sequence[T], handler: Handler[T]) -> list[T]:
    """Run `model` on `inputs` (one for each of `model.inputs`); returns its flat outputs."""
    if len(inputs) != len(model.inputs):
        raise BadInputError(f"{len(inputs)} inputs given to a model with {len(model.inputs)}")
    return _Walk(handler).graph(model.graph, [_Bound(model.module, ""), *inputs], "")


class _Walk(Generic[T]):
    def __init__(self, handler: Handler[T]) -> None:
        self.handler = handler
        self.paths: dict[int, str] = {}
        self.graph_keys: dict[int, dict[Any, InternalGraph]] = {}

    def graph(self, graph: InternalGraph, inputs: Sequence[Any], path: str) -> list[Any]:
        if len(inputs) != len(graph.inputs):
            raise BadInputError(f"{path or 'model'}: {len(inputs)} inputs for a graph with {len(graph.inputs)}")
        values: dict[Node, Any] = dict(zip(graph.inputs, inputs, strict=True))
        for expr in graph.exprs:
            step = _STEPS.get(type(expr))
            if step is None:
                raise BadInputError(f"{path or 'model'}: a {type(expr).__name__} among the expressions of a graph")
            outputs = step(self, expr, [values[node] for node in expr.inputs], path)
            values.update(zip(expr.outputs, outputs, strict=True))
        return [values[node] for node in graph.outputs]

    def tensor(self, record: TensorRecord, path: str) -> T:
        return self.handler.tensor(record, self.paths.setdefault(id(record), path))

    def object(self, value: Any, path: str) -> Any:
        if isinstance(value, TensorRecord):
            return self.tensor(value, path)
        if isinstance(value, ModuleRecord):
            return _Bound(value, path)
        raise BadInputError(f"{path}: a {type(value).__name__}, expected a tensor or module")

    def get_attr(self, expr: records.GetAttr, inputs: list[Any], path: str) -> Sequence[Any]:
        owner = inputs[0]
        value, place = owner.record, owner.path
        for name in expr.name.split("."):
            if not isinstance(value, ModuleRecord) or name not in value.attributes:
                raise BadInputError(f"{_join(place, name)}: the file has no such attribute")
            value, place = value.attributes[name], _join(place, name)
        return [None if value is None else self.object(value, place)]

    def constant(self, expr: records.Constant, inputs: list[Any], path: str) -> Sequence[Any]:
        return [self.object(expr.value, _join(path, expr.outputs[0].name or "const"))]

    def call_method(self, expr: records.CallMethod, inputs: list[Any], path: str) -> Sequence[Any]:
        owner = inputs[0] if inputs else None
        if not isinstance(owner, _Bound):
            return self.report("method", f"megengine.tensor.Tensor.{expr.method}", expr, inputs, path)
        if expr.method != "__call__":
            return self.report("method", f"{owner.record.qualname}.{expr.method}", expr, inputs, path)
        if isinstance(owner.record, TracedModuleRecord):
            return self.graph(self.choose(owner, expr.arg_def), inputs, owner.path)
        return self.report("module", owner.record.qualname, expr, inputs, owner.path, path)

    def choose(self, owner: _Bound, arg_def: Any) -> InternalGraph:
        graphs = owner.record.graphs  # type: ignore[attr-defined]
        if len(graphs) == 1:
            return next(iter(graphs.values()))  # type: ignore[no-any-return]
        keys = self.graph_keys.setdefault(
            id(owner.record), {pytree.structure_key(tree): graph for tree, graph in graphs.items()}
        )
        key = pytree.structure_key(arg_def)
        if key not in keys:
            raise BadInputError(f"{owner.path}: is called with arguments that none of its {len(keys)} graphs takes")
        return keys[key]

    def call_function(self, expr: records.CallFunction, inputs: list[Any], path: str) -> Sequence[Any]:
        return self.report("function", ".".join(expr.func), expr, inputs, path)

    def apply(self, expr: records.Apply, inputs: list[Any], path: str) -> Sequence[Any]:
        key = f"megengine.core.ops.builtin.{expr.opdef_type.name}"
        return self.emit("opdef", key, tuple(inputs), pytree.plain(expr.fields), expr, path, path)

    def report(
        self, kind: Any, key: str, expr: Any, inputs: list[Any], place: str, scope: str | None = None
    ) -> Sequence[Any]:
        values = [value.record if isinstance(value, _Bound) else value for value in inputs]
        args, kwargs = pytree.arguments(expr.arg_def, values, expr.const_val)
        return self.emit(kind, key, args, kwargs, expr, place, place if scope is None else scope)

    def emit(
        self, kind: Any, key: str, args: tuple[Any, ...], kwargs: dict[str, Any], expr: Any, place: str, scope: str
    ) -> Sequence[Any]:
        names = tuple(_join(scope, node.name or "out") for node in expr.outputs)
        hints = tuple((node.shape, node.dtype) for node in expr.outputs)
        outputs = self.handler.call(Call(kind, key, args, kwargs, place, names, _version(expr.version), hints))
        if len(outputs) != len(names):
            raise ConversionError(f"{place}: {key} has {len(outputs)} outputs, the model expects {len(names)}")
        return outputs


_STEPS: dict[type[Expr], Callable[..., Sequence[Any]]] = {
    records.GetAttr: _Walk.get_attr,
    records.Constant: _Walk.constant,
    records.CallMethod: _Walk.call_method,
    records.CallFunction: _Walk.call_function,
    records.Apply: _Walk.apply,
}


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _version(text: str | None) -> Version | None:
    if text is None:
        return None
    return tuple(int(part) for part in text.split("+")[0].split(".")[:3] if part.isdigit())
