"""The module tree: scopes of a flat graph as nested calls.

`nested(graph)` gives the `Body` of the top module: its steps are nodes, and bodies of the calls within it. Give it what
`whole_calls.with_whole_calls` makes of a graph where the target can write calls of the source as they were.

    graph:  n1 [top]   n2 [top > a]   n3 [top > a > b]   n4 [top]
    body:   top: n1, a: (n2, b: (n3)), n4

Rules:
* What a node's own scope says is where it comes from. The scopes around that one are calls of modules, one body each.
* The order of the graph's nodes is kept where bodies are in one piece. Otherwise a body stands where its first node
  stands and everything that the body needs comes before it.
* A call that cannot be one piece, because something outside needs a part of it and gives to another part, keeps the
  nodes that come before; its other nodes are hoisted into the body around it, each for itself.
* Arguments are those of the source's call, in its order, as they are now; then the values that the body reads besides.
  An argument that is no longer computed is None. Constants are no arguments unless the source passed them.
* Results are those of the source's call while each of them is known inside (`as_called`), else the ones that still are;
  then the values that are read outside besides. So a value that skips levels is passed on by each of them.

The work is proportional to the operands of the graph times the depth of the tree.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from .graph import Graph, Node, Value
from .scopes import Scope, leaves

Step: TypeAlias = "Node | Body"


@dataclass(slots=True, eq=False)
class Body:
    """One call of a module and what is computed in it.

    `scope` is the call's, None for the top module of a graph without scopes. `arguments` and `results` are the values
    that go in and come out; the first `given` arguments are those of the source's call. With `as_called` the results
    begin with those of the source's call, of the same structure.
    """

    scope: Scope | None
    steps: list[Step] = field(default_factory=list)
    arguments: list[Value | None] = field(default_factory=list)
    results: list[Value] = field(default_factory=list)
    given: int = 0
    as_called: bool = True

    @property
    def path(self) -> str:
        """The module's path, empty for the top module."""
        return self.scope.path if self.scope is not None else ""

    def bodies(self) -> Iterator[Body]:
        """This body and all within it, each before those that it contains."""
        stack = [self]
        while stack:
            body = stack.pop()
            yield body
            stack.extend(step for step in reversed(body.steps) if isinstance(step, Body))


def nested(graph: Graph) -> Body:
    """The body of the top module. Every node of the graph is a step of exactly one body."""
    producers = graph.producers()
    top, chains = _chains(graph)
    body = Body(top)
    stack = [(body, list(graph.nodes), 0)]
    while stack:
        parent, nodes, level = stack.pop()
        for item in _arranged(nodes, chains, level, producers):
            if item.scope is None:
                parent.steps += [node for node in item.nodes if node.op]
            else:
                child = Body(item.scope)
                parent.steps.append(child)
                stack.append((child, item.nodes, level + 1))
    _sign(graph, body)
    return body


def _chains(graph: Graph) -> tuple[Scope | None, dict[Node, list[Scope]]]:
    """The top module's scope, and the calls around each node below it, outermost first."""
    known: dict[Scope | None, list[Scope]] = {None: []}
    chains: dict[Node, list[Scope]] = {}
    for node in graph.nodes:
        around = node.scope.parent if node.scope is not None else None
        if around is not None and around not in known:
            for scope in around.chain:
                known.setdefault(scope, [*known[scope.parent], scope])
        chains[node] = known[around]
    tops = [scope for scope in graph.calls if scope.parent is None]
    top = tops[0] if tops else next((chain[0] for chain in chains.values() if chain and not chain[0].path), None)
    return top, {node: chain[1:] if chain and chain[0] is top else chain for node, chain in chains.items()}


@dataclass(slots=True, eq=False)
class _Item:
    """What stands in one body: a node, or the nodes of one call in it. `pending` counts operands not computed yet."""

    scope: Scope | None
    nodes: list[Node]
    order: int
    pending: int = 0
    placed: bool = False


def _arranged(
    nodes: list[Node], chains: Mapping[Node, list[Scope]], level: int, producers: Mapping[Value, Node]
) -> list[_Item]:
    """The items of one body in their order; a call that cannot be one piece is split."""
    items = _items(nodes, chains, level)
    readers: dict[Node, list[Node]] = {node: [] for node in nodes}
    for node in nodes:
        for maker in _makers(node, items, producers):
            readers[maker].append(node)
            items[node].pending += items[maker] is not items[node]
    numbers = {node: number for number, node in enumerate(nodes)}
    placed: list[_Item] = []
    ready = [(item.order, item) for item in dict.fromkeys(items.values()) if not item.pending]
    first = 0
    while True:
        while ready:
            item = heapq.heappop(ready)[1]
            item.placed = True
            placed.append(item)
            for user in (items[reader] for node in item.nodes for reader in readers[node]):
                if user is not item and not user.placed:
                    user.pending -= 1
                    if not user.pending:
                        heapq.heappush(ready, (user.order, user))
        while first < len(nodes) and items[nodes[first]].placed:
            first += 1
        if first == len(nodes):
            return placed
        for item in _split(items[nodes[first]], items, producers, numbers):
            heapq.heappush(ready, (item.order, item))


def _items(nodes: list[Node], chains: Mapping[Node, list[Scope]], level: int) -> dict[Node, _Item]:
    """The item of each node; the order is that of the items' first nodes."""
    items: dict[Node, _Item] = {}
    groups: dict[Scope, _Item] = {}
    for order, node in enumerate(nodes):
        chain = chains[node]
        if len(chain) <= level:
            items[node] = _Item(None, [node], order)
            continue
        scope = chain[level]
        if scope not in groups:
            groups[scope] = _Item(scope, [], order)
        groups[scope].nodes.append(node)
        items[node] = groups[scope]
    return items


def _makers(node: Node, items: Mapping[Node, _Item], producers: Mapping[Value, Node]) -> Iterator[Node]:
    for value in node.inputs:
        maker = producers.get(value) if value is not None else None
        if maker is not None and maker in items:
            yield maker


def _split(
    item: _Item, items: dict[Node, _Item], producers: Mapping[Value, Node], numbers: Mapping[Node, int]
) -> list[_Item]:
    """Split the call of the first node that is not placed, which waits for a part of itself: what can be computed now
    stays in it, the others become items of their own. Returns those that are ready: the call."""
    inside: dict[Node, None] = {}
    late: list[Node] = []
    for node in item.nodes:
        if all(items[maker].placed or maker in inside for maker in _makers(node, items, producers)):
            inside[node] = None
        else:
            late.append(node)
    item.nodes, item.pending = list(inside), 0
    for node in late:
        items[node] = _Item(None, [node], numbers[node])
    for node in late:
        items[node].pending = sum(not items[maker].placed for maker in _makers(node, items, producers))
    return [item]


def _sign(graph: Graph, top: Body) -> None:
    """Find the arguments and results of all bodies, inner ones first."""
    homes: dict[Value, list[Body]] = {}
    around: dict[Body, list[Body]] = {top: [top]}
    for body in top.bodies():
        for step in body.steps:
            if isinstance(step, Body):
                around[step] = [*around[body], step]
            else:
                homes.update(dict.fromkeys(step.outputs, around[body]))
    reads: dict[Body, dict[Value, None]] = {body: {} for body in around}
    gives: dict[Body, dict[Value, None]] = {body: {} for body in around}
    for body, chain in around.items():
        for step in body.steps:
            if isinstance(step, Node):
                for value in step.inputs:
                    if value is not None and not value.is_constant:
                        _pass(value, chain, homes.get(value, [top]), reads, gives)
    known = {*graph.inputs.values(), *homes}
    order = list(around)
    for body in order:
        call = body.scope.call if body.scope is not None else None
        if body is top:
            body.arguments, body.given = [*graph.inputs.values()], len(graph.inputs)
            body.results = list(graph.outputs.values())
            continue
        signed = _signed(graph, (call.args, call.kwargs)) if call else []
        for value in signed:
            if value in known:
                _pass(value, around[body][:-1], homes.get(value, [top]), reads, gives)
        body.arguments = [value if value in known or value.is_constant else None for value in signed]
        body.given = len(signed)
    for value in graph.outputs.values():
        if not value.is_constant:
            _pass(value, [top], homes.get(value, [top]), reads, gives)
    for body in order[1:]:
        _finish(graph, body, reads[body], gives[body], homes, around[body])


def _signed(graph: Graph, structure: object) -> list[Value]:
    """What stands now for the values in a structure of a signature."""
    return [graph.current(item) for item in leaves(structure) if isinstance(item, Value)]


def _pass(
    value: Value,
    reader: Sequence[Body],
    home: Sequence[Body],
    reads: Mapping[Body, dict[Value, None]],
    gives: Mapping[Body, dict[Value, None]],
) -> None:
    """Hand a value from the body that computes it to one that reads it: out of bodies, then into bodies."""
    common = 0
    while common < min(len(reader), len(home)) and reader[common] is home[common]:
        common += 1
    for body in reader[common:]:
        reads[body][value] = None
    for body in home[common:]:
        gives[body][value] = None


def _finish(
    graph: Graph,
    body: Body,
    reads: Iterable[Value],
    gives: Iterable[Value],
    homes: Mapping[Value, list[Body]],
    chain: list[Body],
) -> None:
    """Put what a body reads and gives besides its signature behind what the source's call says."""
    given = set(body.arguments)
    body.arguments += [value for value in reads if value not in given]
    call = body.scope.call if body.scope is not None else None
    signed = _signed(graph, call.results) if call else []
    arguments = {value for value in body.arguments if value is not None}
    depth = len(chain)

    def is_known(value: Value) -> bool:
        home = homes.get(value, [])
        return value.is_constant or value in arguments or (len(home) >= depth and home[depth - 1] is body)

    body.as_called = call is not None and all(map(is_known, signed))
    body.results = signed if body.as_called else [value for value in signed if is_known(value)]
    returned = set(body.results)
    body.results += [value for value in gives if value not in returned]
