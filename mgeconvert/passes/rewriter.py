"""What rules work with: the graph's index, and a builder whose nodes take the place of the node a rule was called for.

That place is topologically right because a pattern's last node is the one that is replaced.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import Any

import numpy as np

from mgeconvert.errors import GraphError
from mgeconvert.ir import Graph, Namer, Node, Shape, Value
from mgeconvert.ir.builder import Builder, Operand

from .index import Index, take_shape
from .outcome import Decline, Declined


class _AsWanted(Namer):
    """Names while rewriting are not yet unique: most values with the same name will be dead in the end."""

    def __call__(self, wanted: str) -> str:
        return wanted


class Rewriter(Index):
    """The index of the graph and the builder of new nodes; `finish` puts the result into the graph."""

    def __init__(self, graph: Graph, supported: Container[str] | None = None, allowed_growth: int = 0) -> None:
        super().__init__(graph)
        self.declined: dict[Declined, None] = {}
        self.allowed_growth = allowed_growth
        self._supported = supported
        self._present = {node.op for node in graph.nodes}
        self._anchor: Node | None = None
        self._named: set[Node] = set()
        self._builder = Builder(Graph())
        self._builder.name_value = self._builder.name_node = _AsWanted()
        self._old_values, self._old_nodes = set(graph.values()), set(graph.nodes)

    def op(self, op: str, *operands: Operand, like: Node | None = None, **attrs: Any) -> Value:
        """A new one-output node (or its value, where it can be computed) with the name and scope of `like`; without,
        it comes from the node the rule was called for, whose name it gets when it takes its place."""
        return self.ops(op, 1, *operands, like=like, **attrs)[0]

    def ops(self, op: str, outputs: int, *operands: Operand, like: Node | None = None, **attrs: Any) -> list[Value]:
        """`op` for a node with `outputs` outputs."""
        model = like or self._anchor
        assert model is not None
        self._builder.enter(model.scope, model.name.rpartition("/")[0])
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

    def apply(
        self, name: str, function: Callable[[Rewriter, Node], Value | Sequence[Value] | None], node: Node
    ) -> bool:
        """Call a rule for a node and do what it returns; whether it changed the graph."""
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
        self.insert(node, made)
        fresh = {value for new in made for value in new.outputs}
        for old, value in zip(node.outputs, results, strict=True):
            _check_type(node, old, value)
            if value in fresh:
                take_shape(value, old)
                maker = self.maker(value)
                maker.name = maker.name if maker in self._named else node.name
                fresh.discard(value)
                value.name = old.name
            self.redirect(old, value)
        self.remove(node)
        self.queue.extend(made)

    def finish(self) -> None:
        """Put the nodes into the graph, under unique names: those that were there before keep theirs."""
        _name_apart(self.nodes(), self._old_nodes)
        _name_apart(list(self.graph.values()), self._old_values)


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


def _name_apart(named: Sequence[Value] | Sequence[Node], old: Container[object]) -> None:
    """Give the new ones names that neither the old nor each other have."""
    unique = Namer(item.name for item in named if item in old)
    for item in named:
        if item not in old:
            item.name = unique(item.name)
