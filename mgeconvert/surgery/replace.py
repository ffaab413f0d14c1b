"""Replace what a pattern matches, everywhere or in some modules, or put something behind a value.

    replace_pattern(graph, "Mul(x, Sigmoid(x))", "HardSwish(x)")
    replace_pattern(graph, "Relu(x)", "x", within=["layer1"])
    replace_pattern(graph, "Gemm(x, w, c)", "Neg(Gemm(x, w, c))")
    replace_pattern(graph, "Relu(Conv(x, w, pads=(1, 1, 1, 1)))", lambda b, x, w: ...)
    replace_pattern(graph, "fc_out", "Mul(fc_out, -1)", module="neg")

`mgeconvert.surgery.expression` says how both sides are written. Names of the pattern stand for any value, the same name
for the same value; other names in the replacement are values of the graph. An operator of the replacement that the
pattern has too gets the attributes of the matched one, the first the first's. A pattern that is only a name is that
value: whoever reads it reads the replacement then.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder

from .behind import put_behind
from .expression import SHAPE, OperatorCall, Part, Quoted, build, calls, names, parse
from .lookup import Lookup
from .matching import Match, Matcher
from .names import check_type, copied, place
from .order import in_order
from .placing import Place
from .select import nodes_in

Build: TypeAlias = "Callable[..., Value]"
"""(builder, captured values by name) -> the value that stands for the match."""
Constants: TypeAlias = "Mapping[str, np.ndarray[Any, Any]]"


def replace_pattern(
    graph: Graph,
    pattern: str,
    replacement: str | Build,
    *,
    within: Sequence[str] = (),
    module: str = "",
    constants: Constants | None = None,
) -> Graph:
    """The graph with each match, from the outputs up, replaced; matches do not overlap.

    `within` are modules by path, glob or class (`mgeconvert.surgery.select`), all nodes of a match are in one of them;
    `module` puts what is new in a module of its own (``neg:MyNeg``) in the one around each match; `constants` are
    arrays by the name they have in the replacement. Raises UsageError for a text that is none and where nothing
    matches, ConversionError for a replacement of another type.
    """
    wanted = parse(pattern)
    said = None if callable(replacement) else parse(replacement)
    graph = copied(graph)
    if not isinstance(wanted, OperatorCall):
        if not isinstance(wanted, str | Quoted):
            raise UsageError(f"pattern {pattern}: names no operator", hint=SHAPE)
        if within:
            raise UsageError(f"pattern {pattern}: is one value, which --in cannot restrict", hint=SHAPE)
        name = wanted if isinstance(wanted, str) else wanted.name
        return put_behind(graph, name, _behind(graph, name, replacement, said, constants), module=module)
    matches = _matches(graph, wanted, within)
    if not matches:
        where = f" in {', '.join(within)}" if within else ""
        raise UsageError(f"pattern {pattern}: matches nothing{where}", hint=f"operators here: {_ops(graph, within)}")
    _replace(graph, wanted, matches, (replacement, said), Place(graph, module), Lookup(graph, constants))
    return graph


def _matches(graph: Graph, wanted: OperatorCall, within: Sequence[str]) -> dict[Node, Match]:
    """The matches by their outermost nodes."""
    lookup = Lookup(graph)
    quoted = [part.name for call in calls(wanted) for part in call.operands if isinstance(part, Quoted)]
    matcher = Matcher(wanted, graph.producers(), {name: lookup(name) for name in quoted})
    inside = nodes_in(graph, within) if within else set(graph.nodes)
    found: dict[Node, Match] = {}
    taken: set[Node] = set()
    for node in reversed(graph.nodes):
        match = matcher.at(node) if node not in taken else None
        nodes = set() if match is None else set(match.nodes.values())
        if match is not None and nodes <= inside and not taken & nodes:
            found[node] = match
            taken |= nodes
    return found


def _replace(
    graph: Graph,
    wanted: OperatorCall,
    matches: Mapping[Node, Match],
    replacement: tuple[str | Build, Part | None],
    new_place: Place,
    lookup: Lookup,
) -> None:
    """Build every replacement in the place of its match."""
    function, said = replacement
    if said is not None:
        lookup.check(set(names(said)) - set(names(wanted)), list(names(wanted)))
    replacements: dict[Value, Value] = {}
    b = Builder(graph)
    nodes, graph.nodes = graph.nodes, []
    for node in nodes:
        if node not in matches:
            graph.nodes.append(node)
            continue
        match, first = matches[node], len(graph.nodes)
        scope = node.scope
        if new_place.name:
            scope = new_place.new(node.scope.parent if node.scope is not None else None, node.op)
        b.enter(scope, None if new_place.name else node.name.rpartition("/")[0])
        captured = {name: replacements.get(value, value) for name, value in match.names.items()}
        if said is None:
            assert callable(function)
            new = function(b, **captured)
        else:
            made = build(b, said, lookup.over(captured, replacements), _followed(wanted, said, match))
            if not isinstance(made, Value):
                raise UsageError(f"replacement {function}: is no value", hint=SHAPE)
            new = made
        check_type(place(node), node.output, new)
        if scope is not None:
            new_place.finish(b, scope, graph.nodes[first:], new)
        replacements[node.output] = new
    graph.replace(replacements)
    in_order(graph)
    graph.remove_dead_nodes()


def _followed(wanted: OperatorCall, said: Part, match: Match) -> dict[OperatorCall, Node]:
    """The matched node whose attributes each call of the replacement gets: of the calls of one operator the first those
    of the pattern's first, and so on; what there are more get those of the last."""
    there: defaultdict[str, list[Node]] = defaultdict(list)
    for call in calls(wanted):
        there[call.op].append(match.nodes[call])
    counts: defaultdict[str, int] = defaultdict(int)
    followed: dict[OperatorCall, Node] = {}
    for call in calls(said):
        nodes = there.get(call.op)
        if nodes:
            followed[call] = nodes[min(counts[call.op], len(nodes) - 1)]
        counts[call.op] += 1
    return followed


def _behind(
    graph: Graph, name: str, replacement: str | Build, said: Part | None, constants: Constants | None
) -> Callable[[Builder, Value], Value]:
    """What is built behind the value of that name."""
    if said is None:
        assert callable(replacement)
        return replacement
    lookup = Lookup(graph, constants)
    lookup.check({*names(said)} - {name}, [name])

    def behind(b: Builder, value: Value) -> Value:
        made = build(b, said, lookup.over({name: value}, {lookup(name): value}), {})
        if not isinstance(made, Value):
            raise UsageError(f"replacement {replacement}: is no value", hint=SHAPE)
        return made

    return behind


def _ops(graph: Graph, within: Sequence[str]) -> str:
    nodes = nodes_in(graph, within) if within else graph.nodes
    return ", ".join(sorted({node.op for node in nodes}))
