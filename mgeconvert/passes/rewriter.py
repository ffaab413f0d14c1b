"""A graph under rewriting: who makes and who reads each value, kept up to date while nodes are replaced.

Replacing a node costs what its neighbourhood costs, never a scan of the graph. What a rule builds takes the place of
the node it was called for, which is topologically right because a pattern's last node is the one that is replaced.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mgeconvert.builder import Builder, Operand
from mgeconvert.errors import GraphError
from mgeconvert.inference import infer
from mgeconvert.ir import Graph, Namer, Node, Shape, Value

from .table import Decline, Rule

NODE_BYTES = 64
"""What a node takes in a file, at the least: how much larger constants may become when one goes."""


@dataclass(frozen=True, slots=True)
class Declined:
    """A pattern that was found and left alone: by which pass, at which node, and why."""

    name: str
    node: str
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.node}: {self.reason}"


class _AsWanted(Namer):
    """Names while rewriting are not yet unique: most values with the same name will be dead in the end."""

    def __call__(self, wanted: str) -> str:
        return wanted


class Rewriter:
    """The graph's index and the builder rules make new nodes with; `finish` puts the result into the graph."""

    def __init__(self, graph: Graph, supported: Collection[str] | None = None) -> None:
        self.graph = graph
        self._supported = supported
        self._present = {node.op for node in graph.nodes}
        self.declined: dict[Declined, None] = {}
        self.queue: deque[Node] = deque()
        self._anchor: Node | None = None
        self._named: set[Node] = set()
        self._builder = Builder(Graph())
        self._builder.name_value = self._builder.name_node = _AsWanted()
        self._old_values, self._old_nodes = set(graph.values()), set(graph.nodes)
        self._dead: set[Node] = set()
        self._instead: dict[Node, list[Node]] = {}
        self._producers = graph.producers()
        self._users: dict[Value, dict[Node, list[int]]] = {}  # with the positions among the node's inputs
        self._counts: Counter[Value] = Counter()
        self._outputs: dict[Value, list[str]] = {}
        self._pinned = set(_captured(graph))
        self._counts.update(self._pinned)
        for node in graph.nodes:
            self._connect(node)
        for name, value in graph.outputs.items():
            self._outputs.setdefault(value, []).append(name)
            self._counts[value] += 1

    # What rules ask

    def producer(self, value: Value | None, *ops: str) -> Node | None:
        """The node that makes a value, if it is a standard operator among `ops` (any, where none are given)."""
        node = None if value is None else self._producers.get(value)
        if node is None or node.domain or (ops and node.op not in ops):
            return None
        return node

    def inputs(self, value: Value) -> list[Value | None]:
        """The operands of the node that makes a value."""
        return self._producers[value].inputs

    def uses(self, value: Value) -> int:
        """How often nodes, graph outputs and subgraphs read a value."""
        return self._counts[value]

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

    # What rules make

    def op(self, op: str, *operands: Operand, like: Node | None = None, **attrs: Any) -> Value:
        """A new one-output node (or its value, where it can be computed) with the name and origin of `like`; without,
        it comes from the node the rule was called for, whose name it gets when it takes its place."""
        return self.ops(op, 1, *operands, like=like, **attrs)[0]

    def ops(self, op: str, outputs: int, *operands: Operand, like: Node | None = None, **attrs: Any) -> list[Value]:
        """`op` for a node with `outputs` outputs."""
        model = like or self._anchor
        assert model is not None
        self._builder.place, self._builder.origin = model.name.rpartition("/")[0], model.origin
        kept = list(operands)
        while kept and kept[-1] is None:
            kept.pop()
        made = len(self._builder.graph.nodes)
        values = self._builder.ops(op, outputs, *kept, **attrs)
        if like is not None:
            for new in self._builder.graph.nodes[made:]:
                new.name = like.name
                self._named.add(new)
        return values

    def again(self, node: Node, *operands: Operand, **changed: Any) -> Value:
        """A one-output node like `node`, on other operands and with some attributes changed (None: left out)."""
        return self.op(node.op, *operands, like=node, **{**node.attrs, **changed})

    def constant(self, array: np.ndarray, name: str) -> Value:
        """A constant; give it the name of the one it replaces where there is one."""
        return self._builder.constant(array, name=name)

    # What the driver does

    def apply(self, name: str, function: Rule, node: Node) -> bool:
        """Call a rule for a node and carry out what it returns; whether it changed the graph."""
        self._anchor = node
        made: list[Node] = []
        self._builder.graph.nodes = made
        try:
            result = function(self, node)
        except Decline as decline:
            self._decline(name, str(decline))
            return False
        if result is None:
            return False
        results = [result] if isinstance(result, Value) else result
        needed = _needed(made, results)
        lacking = next((new.op for new in needed if self._lacks(new.op)), None)
        if lacking is not None:
            self._decline(name, f"the target has no {lacking}")
            return False
        self.replace(node, results, needed)
        return True

    def _decline(self, name: str, reason: str) -> None:
        assert self._anchor is not None
        self.declined[Declined(name, self._anchor.name or self._anchor.outputs[0].name, reason)] = None

    def _lacks(self, op: str) -> bool:
        """Whether an operator would be one that the target cannot express, and that was not there before."""
        return self._supported is not None and op not in self._supported and op not in self._present

    def replace(self, node: Node, results: Sequence[Value], made: Sequence[Node] = ()) -> None:
        """Let `results`, computed by the nodes `made`, stand for the node's outputs; drop what nobody reads then."""
        self._instead[node] = list(made)
        for new in made:
            self._producers.update(dict.fromkeys(new.outputs, new))
            self._connect(new)
        fresh = {value for new in made for value in new.outputs}
        for old, value in zip(node.outputs, results, strict=True):
            _check_type(node, old, value)
            if value in fresh:
                _take_shape(value, old)
                maker = self._producers[value]
                maker.name = maker.name if maker in self._named else node.name
                fresh.discard(value)
                value.name = old.name
            self.redirect(old, value)
        self._kill(node)
        self.queue.extend(made)

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
        self.queue.extend(readers)
        if new.is_constant and not old.is_constant:
            self._refine(readers)

    def drop_dead(self) -> int:
        """Remove nodes whose outputs nobody reads; returns how many."""
        nodes = self.nodes()
        before = len(self._dead)
        for node in reversed(nodes):
            if node not in self._dead and not any(map(self.uses, node.outputs)):
                self._kill(node)
        return len(self._dead) - before

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

    def finish(self) -> None:
        """Put the nodes into the graph, under unique names: those that were there before keep theirs."""
        _name_apart(self.nodes(), self._old_nodes)
        _name_apart(list(self.graph.values()), self._old_values)

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
                _take_shape(value, inferred)
                if value.shape != known:
                    self.queue.extend(self._users.get(value, ()))
                    pending.extend(self._users.get(value, ()))

    def _connect(self, node: Node) -> None:
        for position, value in enumerate(node.inputs):
            if value is not None:
                self._users.setdefault(value, {}).setdefault(node, []).append(position)
                self._counts[value] += 1

    def _kill(self, node: Node) -> None:
        """Drop the node and, going up, all whose outputs only dropped nodes read. A last reader may fit a rule now."""
        stack = [node]
        while stack:
            dying = stack.pop()
            if dying in self._dead:
                continue
            self._dead.add(dying)
            for value in dying.inputs:
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


def share(r: Rewriter, value: Value) -> int:
    """The bytes that go when one reader of a constant goes."""
    return value.array.nbytes if value.array is not None and r.uses(value) == 1 else 0


def _captured(graph: Graph) -> Iterator[Value]:
    """What subgraphs (bodies of If and Loop) read from outside."""
    for node in graph.nodes:
        for attribute in node.attrs.values():
            if isinstance(attribute, Graph):
                own = {*attribute.inputs.values(), *attribute.producers()}
                yield from (value for value in attribute.use_counts() if value not in own)
                yield from (value for value in _captured(attribute) if value not in own)


def _needed(made: Sequence[Node], results: Sequence[Value]) -> list[Node]:
    """The new nodes that the results depend on, in order."""
    live = set(results)
    needed: list[Node] = []
    for node in reversed(made):
        if any(value in live for value in node.outputs):
            live.update(value for value in node.inputs if value is not None)
            needed.append(node)
    return needed[::-1]


def _check_type(node: Node, old: Value, new: Value) -> None:
    """Raise GraphError (a bug of a rule) where a replacement is of another type than what it replaces."""
    same_dtype = old.dtype == new.dtype or old.dtype is None or new.dtype is None
    if not same_dtype or not _may_agree(old.shape, new.shape):
        raise GraphError(f"{node.name}: {old.name} is {old.type_text}, its replacement {new.type_text}")


def _may_agree(first: Shape | None, second: Shape | None) -> bool:
    if first is None or second is None:
        return True
    pairs = zip(first, second, strict=False)
    return len(first) == len(second) and all(a == b or isinstance(a, str) or isinstance(b, str) for a, b in pairs)


def _take_shape(value: Value, other: Value) -> None:
    """What another value of the same shape knows of it: numbers, and names where there is no number."""
    if value.shape is None or other.shape is None:
        value.shape = other.shape if value.shape is None else value.shape
    else:
        value.shape = tuple(a if isinstance(a, int) else b for a, b in zip(value.shape, other.shape, strict=True))


def _name_apart(named: Sequence[Value] | Sequence[Node], old: Container[object]) -> None:
    """Give the new ones names that neither the old nor each other have."""
    unique = Namer(item.name for item in named if item in old)
    for item in named:
        if item not in old:
            item.name = unique(item.name)
