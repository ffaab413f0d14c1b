"""A graph's index: who makes and who reads each value, kept up to date while nodes come and go.

A change costs what its neighbourhood costs, never a scan of the graph.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from dataclasses import replace

from mgeconvert.ir import Graph, Node, Value, captured
from mgeconvert.ir.inference import infer


class Index:
    """`queue` collects the nodes around every change: a rule may fit them now."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.queue: deque[Node] = deque()
        self._dead: set[Node] = set()
        self._instead: dict[Node, list[Node]] = {}
        self._producers = graph.producers()
        self._users: dict[Value, dict[Node, list[int]]] = {}  # with the positions among the node's inputs
        self._counts: Counter[Value] = Counter()
        self._outputs: dict[Value, list[str]] = {}
        self._pinned: set[Value] = set()
        for node in graph.nodes:
            self._connect(node)
        for name, value in graph.outputs.items():
            self._outputs.setdefault(value, []).append(name)
            self._counts[value] += 1

    def producer(self, value: Value | None, *ops: str) -> Node | None:
        """The node that makes a value, if it is a standard operator among `ops` (any, where none are given)."""
        node = None if value is None else self._producers.get(value)
        if node is None or node.domain or (ops and node.op not in ops):
            return None
        return node

    def maker(self, value: Value) -> Node:
        """The node that makes a value that a node makes."""
        return self._producers[value]

    def uses(self, value: Value) -> int:
        """How often nodes, graph outputs and subgraphs read a value."""
        return self._counts[value]

    def users(self, value: Value) -> list[Node]:
        """The nodes that read a value, each once."""
        return list(self._users.get(value, ()))

    def only_user(self, value: Value) -> Node | None:
        """The one node that reads the value, once; None where there are others or it is a graph output."""
        return next(iter(self._users.get(value, ())), None) if self._counts[value] == 1 else None

    def is_output(self, value: Value) -> bool:
        """Whether the value is an output of the graph."""
        return value in self._outputs

    def may_become(self, node: Node, source: Value) -> bool:
        """Whether an existing value can stand for the node's result: an output of the graph stays a node of its own
        where it would become an input, a constant or a second name."""
        if not any(map(self.is_output, node.outputs)):
            return True
        return source in self._producers and not self.is_output(source)

    def is_captured(self, value: Value) -> bool:
        """Whether a subgraph reads the value."""
        return value in self._pinned

    def is_pinned(self, node: Node) -> bool:
        """Whether a subgraph reads one of the node's outputs, so that they must stay as they are."""
        return bool(self._pinned) and any(value in self._pinned for value in node.outputs)

    def is_alive(self, node: Node) -> bool:
        return node not in self._dead

    def nodes(self) -> list[Node]:
        """The living nodes in topological order: what was made for a node stands where the node was."""
        if self._dead:
            settled: list[Node] = []
            stack = self.graph.nodes[::-1]
            while stack:
                node = stack.pop()
                stack.extend(reversed(self._instead.pop(node, ())))
                if node not in self._dead:
                    settled.append(node)
            self.graph.nodes = settled
            self._dead.clear()
        return self.graph.nodes

    def insert(self, anchor: Node, made: Sequence[Node]) -> None:
        """Put new nodes where the anchor stands; what made them sees to it that the anchor goes."""
        self._instead[anchor] = list(made)
        for new in made:
            self._producers.update(dict.fromkeys(new.outputs, new))
            self._connect(new)

    def redirect(self, old: Value, new: Value) -> None:
        """Let everything that reads `old` read `new`; all of them may fit a rule now."""
        readers = self._users.pop(old, {})
        for node, positions in readers.items():
            for position in positions:
                node.inputs[position] = new
            self._users.setdefault(new, {}).setdefault(node, []).extend(positions)
        for name in self._outputs.get(old, ()):
            self.graph.outputs[name] = new
        if old in self._outputs:
            self._outputs.setdefault(new, []).extend(self._outputs.pop(old))
        self._counts[new] += self._counts.pop(old, 0)
        if self.graph.calls:
            self.graph.replaced[old] = new
        self.queue.extend(readers)
        if new.is_constant and not old.is_constant:
            self._refine(readers)

    def drop_dead(self) -> int:
        """Remove nodes whose outputs nobody reads; returns how many."""
        nodes = self.nodes()
        before = len(self._dead)
        for node in reversed(nodes):
            if node not in self._dead and not any(map(self.uses, node.outputs)):
                self.remove(node)
        return len(self._dead) - before

    def remove(self, node: Node) -> None:
        """Drop the node and, going up, all whose outputs only dropped nodes read. A last reader may fit a rule now."""
        stack = [node]
        while stack:
            dying = stack.pop()
            if dying in self._dead:
                continue
            self._dead.add(dying)
            for value in (*dying.inputs, *captured(dying)):
                if value is None:
                    continue
                self._counts[value] -= 1
                self._users.get(value, {}).pop(dying, None)
                if self._counts[value] == 0:
                    value.array = None  # a weight that nobody reads is freed now, not when all passes are done
                    producer = self._producers.get(value)
                    if producer is not None and not any(map(self.uses, producer.outputs)):
                        stack.append(producer)
                elif (last := self.only_user(value)) is not None:
                    self.queue.append(last)

    def _refine(self, nodes: Iterable[Node]) -> None:
        """Infer shapes again behind operands that have become constant, as far as something new is learnt."""
        pending = list(nodes)
        while pending:
            node = pending.pop()
            if node.domain or all(value.static_shape is not None for value in node.outputs):
                continue
            twin = replace(node, outputs=[Value(value.name) for value in node.outputs])
            infer(twin)
            for value, inferred in zip(node.outputs, twin.outputs, strict=True):
                known = value.shape
                take_shape(value, inferred)
                if value.shape != known:
                    self.queue.extend(self._users.get(value, ()))
                    pending.extend(self._users.get(value, ()))

    def _connect(self, node: Node) -> None:
        for position, value in enumerate(node.inputs):
            if value is not None:
                self._users.setdefault(value, {}).setdefault(node, []).append(position)
                self._counts[value] += 1
        for value in captured(node):
            self._pinned.add(value)
            self._counts[value] += 1


def take_shape(value: Value, other: Value) -> None:
    """What another value of the same shape knows of it: numbers, and names where there is no number."""
    if value.shape is None or other.shape is None:
        value.shape = other.shape if value.shape is None else value.shape
    else:
        value.shape = tuple(a if isinstance(a, int) else b for a, b in zip(value.shape, other.shape, strict=True))
