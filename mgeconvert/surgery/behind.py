"""Put something behind a value, an input or a module: all who read it read the new value then."""

from __future__ import annotations

from collections.abc import Callable

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder
from mgeconvert.ir.scopes import Scope, substitute
from mgeconvert.ir.tree_statistics import dotted

from .lookup import Lookup
from .names import Names, check_type
from .order import in_order
from .placing import Place, all_scopes


def put_behind(graph: Graph, name: str, build: Callable[[Builder, Value], Value], *, module: str = "") -> Graph:
    """Let `build` of a builder and the value of that name stand for the value, in place; what `build` makes reads the
    value itself. It stands in the module in which the value was computed, in that around a module which is named.

    `module` is as for `replace_pattern`. Raises UsageError for an unknown name, ConversionError for another type.
    """
    old = Lookup(graph)(name)
    if old.is_constant:
        raise UsageError(f"{name}: is a constant, expected a value that is computed")
    inside, source = _source(graph, name, old)
    value = Value(old.name, old.dtype, old.shape, container=old.container)
    for node in inside:
        node.inputs = [value if item is old else item for item in node.inputs]
        node.outputs = [value if item is old else item for item in node.outputs]
    graph.inputs = {key: value if item is old else item for key, item in graph.inputs.items()}
    _sign(graph, source, old, value)
    place = Place(graph, module)
    b = Builder(graph)
    first = len(graph.nodes)
    around = source.parent if source is not None else None
    scope = place.new(around, "edit")
    b.enter(scope)
    new = build(b, value)
    check_type(name, old, new)
    place.finish(b, scope, graph.nodes[first:], new)
    graph.replace({old: new})
    in_order(graph)
    graph.remove_dead_nodes()
    return graph


def _source(graph: Graph, name: str, old: Value) -> tuple[list[Node], Scope | None]:
    """The nodes that go on reading the value itself, and the scope that gives it: the node that computes it, or all of
    the module of that name. None: an input."""
    names = Names(graph)
    maker = names.makers.get(old)
    if maker is None:
        return [], None
    if name in names.values or name == maker.name:
        return [maker], maker.scope
    for scope in maker.scope.chain if maker.scope is not None else ():
        if dotted(scope.path) == name:
            return names.modules[name], scope
    return names.modules[name], None


def _sign(graph: Graph, source: Scope | None, old: Value, value: Value) -> None:
    """Let the calls within the source, and the top one where the value is an input, say the value itself."""
    if not graph.calls:
        return
    for scope in all_scopes(graph):
        if scope.call is None:
            continue
        if source is not None and source in scope.chain:
            substitute(scope.call, old, value)
        elif source is None and scope.parent is None:
            substitute(scope.call, old, value, results=False)
