"""Which values of a float network are quantized, and which of them have one grid together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from mgeconvert.ir import Graph, Node, Value

from .forms import FIXED, FLOAT, KEEPING, activations_of, end_of, moves
from .recipe import Recipe


@dataclass(slots=True)
class Plan:
    """`computing` are the nodes that get a kernel of integers, with the positions of their quantized inputs; `ends`
    what each kernel gives. `groups` names for each quantized value the first value of its grid. `points` are the values
    that a QuantizeLinear and a DequantizeLinear stand behind, `readers` who then reads the pair."""

    computing: dict[Node, list[int]] = field(default_factory=dict)
    ends: dict[Node, Value] = field(default_factory=dict)
    groups: dict[Value, Value] = field(default_factory=dict)
    points: dict[Value, set[Node]] = field(default_factory=dict)
    whole: set[Value] = field(default_factory=set)
    """Points whose floats nobody else may read: a kernel of integers makes them."""
    fixed: dict[Value, str] = field(default_factory=dict)
    """Of a grid that a kernel prescribes, by its first value: the operator."""

    def members(self) -> dict[Value, list[Value]]:
        """The values of each grid, by its first value."""
        found: dict[Value, list[Value]] = {}
        for value, first in self.groups.items():
            found.setdefault(first, []).append(value)
        return found


def path_of(node: Node) -> str:
    """The module path of a node, or its name where the source has no modules."""
    return node.scope.path if node.scope is not None and node.scope.path else node.name


def is_kept(node: Node, recipe: Recipe) -> bool:
    """Whether the node's module, or one around it, stays in floats."""
    path = node.scope.path if node.scope is not None else ""
    around = [".".join(path.split(".")[: end + 1]) for end in range(path.count(".") + 1)] if path else []
    return any(recipe.keeps(each) for each in (*around, node.name))


def plan(graph: Graph, recipe: Recipe, kept: Iterable[Node] = ()) -> Plan:
    """What is quantized by a recipe that observes activations; the nodes `kept` stay in floats."""
    floats = set(kept)
    users, outputs = graph.users(), set(graph.outputs.values())
    made = Plan()
    for node in graph.nodes:
        positions = activations_of(node)
        if positions is not None and node not in floats and not is_kept(node, recipe):
            made.computing[node] = positions
            made.ends[node] = end_of(node, users, outputs)
    carried = _carried(graph, made, floats)
    _group(graph, made, carried)
    _place(made, carried, users, recipe)
    return made


def _carried(graph: Graph, made: Plan, floats: set[Node]) -> set[Node]:
    """The nodes that move integers: what they move comes from a kernel of integers, or goes to one."""
    fused = {value for node, value in made.ends.items() if value is not node.outputs[0]}
    movers = [node for node in graph.nodes if moves(node) and node not in floats and node.outputs[0] not in fused]
    from_kernel = set(made.ends.values())
    forward: set[Node] = set()
    for node in movers:
        if node.inputs[0] in from_kernel:
            forward.add(node)
            from_kernel.update(node.outputs)
    to_kernel = {node.inputs[at] for node, positions in made.computing.items() for at in positions}
    backward: set[Node] = set()
    for node in reversed(movers):
        if any(value in to_kernel for value in node.outputs):
            backward.add(node)
            to_kernel.add(node.inputs[0])
    return forward | backward


def _group(graph: Graph, made: Plan, carried: set[Node]) -> None:
    """Union of values that have one grid."""
    first: dict[Value, Value] = {}

    def find(value: Value) -> Value:
        first.setdefault(value, value)
        while first[value] is not value:
            first[value] = first[first[value]]
            value = first[value]
        return value

    for node in graph.nodes:
        if node in carried:
            together = [node.inputs[0], *node.outputs]
        elif node in made.computing and node.op in KEEPING:
            together = [*(node.inputs[at] for at in made.computing[node]), made.ends[node]]
        elif node in made.computing:
            values = [node.inputs[at] for at in made.computing[node]]
            for value in (*values, made.ends[node]):
                assert value is not None
                find(value)
            continue
        else:
            continue
        roots = [find(value) for value in together if value is not None]
        for root in roots[1:]:
            first[find(root)] = find(roots[0])
    made.groups = {value: find(value) for value in first}


def _place(made: Plan, carried: set[Node], users: dict[Value, list[Node]], recipe: Recipe) -> None:
    """Where pairs stand: behind what is computed with integers, and behind floats that integers are computed of."""
    made.whole = set(made.ends.values())
    moved = {value for node in carried for value in node.outputs}
    for value in made.groups:
        if value in moved:
            continue
        readers = {
            user
            for user in users.get(value, [])
            if value in made.whole
            or user in carried
            or (user in made.computing and any(user.inputs[at] is value for at in made.computing[user]))
        }
        if value.dtype == FLOAT:
            made.points[value] = readers
    if not recipe.symmetric:
        made.fixed = _prescribed(made)


def _prescribed(made: Plan) -> dict[Value, str]:
    """The grids of which every point is the result of operators that prescribe the same one."""
    makers = {end: node.op for node, end in made.ends.items() if node.op in FIXED and end is node.outputs[0]}
    operators: dict[Value, set[str]] = {}
    for value in made.points:
        operators.setdefault(made.groups[value], set()).add(makers.get(value, ""))
    return {
        first: min(found)
        for first, found in operators.items()
        if "" not in found and len({FIXED[op] for op in found}) == 1
    }
