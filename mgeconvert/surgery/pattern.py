"""Replace every occurrence of a pattern.

    replace_pattern(graph, "Mul(x, Sigmoid(x))", "HardSwish(x)")
    replace_pattern(graph, "Relu(Conv(x, w, pads=(1, 1, 1, 1)))", lambda b, x, w: ...)

A pattern is written as a call: operators, names that stand for any value (the same name for the same value, ``_`` for
any), numbers that stand for constants of that number, and attributes that must be equal. It is read, never executed.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import ConversionError, UsageError
from mgeconvert.ir import Graph, Node, Value
from mgeconvert.ir.builder import Builder

from .names import copied, place

COMMUTATIVE = frozenset(["Add", "Mul", "Max", "Min", "And", "Or", "Xor", "Equal", "Sum"])
"""Operators whose two operands may stand in either order."""
ANYTHING = "_"
SHAPE = 'write it as "Relu(Add(x, y))"'
Build: TypeAlias = "Callable[..., Value]"
"""(builder, captured values by name) -> the value that stands for the match."""
Captured: TypeAlias = "dict[str, Value]"


@dataclass(frozen=True, slots=True)
class PatternNode:
    """An operator of a pattern: `operands` are calls, names or numbers."""

    op: str
    operands: tuple[PatternNode | str | float, ...]
    attrs: Mapping[str, Any] = field(default_factory=dict)

    def names(self) -> Iterator[str]:
        """The names it captures."""
        for operand in self.operands:
            if isinstance(operand, PatternNode):
                yield from operand.names()
            elif isinstance(operand, str) and operand != ANYTHING:
                yield operand


def parse(text: str) -> PatternNode:
    """A pattern; UsageError says what is wrong with the text."""
    try:
        tree = ast.parse(text, mode="eval").body
    except SyntaxError as error:
        raise UsageError(f"pattern {text}: is no expression: {error.msg}", hint=SHAPE) from error
    part = _part(tree, text)
    if not isinstance(part, PatternNode):
        raise UsageError(f"pattern {text}: names no operator", hint=SHAPE)
    return part


def replace_pattern(graph: Graph, pattern: str, replacement: str | Build) -> Graph:
    """The graph with each match, from the outputs up, replaced; matches do not overlap.

    `replacement` is another pattern over the captured names, or a function of a Builder and the captured values. Raises
    UsageError for a text that is none and where nothing matches, ConversionError for a replacement of another type.
    """
    wanted = parse(pattern)
    build = replacement if callable(replacement) else _builder(parse(replacement), set(wanted.names()))
    graph = copied(graph)
    producers = graph.producers()
    matches: dict[Node, Captured] = {}
    taken: set[Node] = set()
    for node in reversed(graph.nodes):
        found = _match(wanted, node, producers)
        if node not in taken and found is not None and not taken & found[1]:
            matches[node] = found[0]
            taken |= found[1]
    if not matches:
        raise UsageError(f"pattern {pattern}: matches nothing", hint=f"operators here: {_ops(graph)}")
    replacements: dict[Value, Value] = {}
    b = Builder(graph)
    nodes, graph.nodes = graph.nodes, []
    for node in nodes:
        if node not in matches:
            graph.nodes.append(node)
            continue
        b.enter(node.scope, node.name.rpartition("/")[0])
        current = {name: replacements.get(value, value) for name, value in matches[node].items()}
        new, old = build(b, **current), node.output
        if new.dtype != old.dtype or (new.static_shape and old.static_shape and new.shape != old.shape):
            raise ConversionError(f"{place(node)}: {old.type_text} would be replaced by {new.type_text}")
        replacements[old] = new
    graph.replace(replacements)
    graph.remove_dead_nodes()
    return graph


def _match(
    pattern: PatternNode, node: Node | None, producers: Mapping[Value, Node]
) -> tuple[Captured, set[Node]] | None:
    """What the names stand for and the nodes that were matched."""
    return next(_matches(pattern, node, producers, {}), None)


def _matches(
    pattern: PatternNode, node: Node | None, producers: Mapping[Value, Node], bound: Captured
) -> Iterator[tuple[Captured, set[Node]]]:
    if node is None or node.op != pattern.op or node.domain or len(node.outputs) != 1:
        return
    if any(node.attrs.get(key) != value for key, value in pattern.attrs.items()):
        return
    if len(node.inputs) != len(pattern.operands):
        return
    orders = [list(node.inputs)]
    if node.op in COMMUTATIVE and len(node.inputs) == 2:
        orders.append(list(node.inputs)[::-1])
    for order in orders:
        for names, nodes in _operands(list(zip(pattern.operands, order, strict=True)), producers, bound):
            yield names, nodes | {node}


def _operands(
    pairs: list[tuple[PatternNode | str | float, Value | None]], producers: Mapping[Value, Node], bound: Captured
) -> Iterator[tuple[Captured, set[Node]]]:
    """Every way to match the operands one after the other."""
    if not pairs:
        yield bound, set()
        return
    (part, value), rest = pairs[0], pairs[1:]
    if isinstance(part, PatternNode):
        heads = _matches(part, producers.get(value) if value is not None else None, producers, bound)
    else:
        heads = iter([(_bind(part, value, bound), set())] if _fits(part, value, bound) else [])
    for names, nodes in heads:
        for all_names, more in _operands(rest, producers, names):
            yield all_names, nodes | more


def _fits(part: str | float, value: Value | None, bound: Captured) -> bool:
    if value is None:
        return part == ANYTHING
    if isinstance(part, str):
        return bound.get(part, value) is value
    array = value.array
    return array is not None and array.size == 1 and bool(np.isclose(float(array.item()), part, rtol=1e-6, atol=0))


def _bind(part: str | float, value: Value | None, bound: Captured) -> Captured:
    if isinstance(part, str) and part != ANYTHING and value is not None:
        return {**bound, part: value}
    return bound


def _builder(call: PatternNode, known: set[str]) -> Build:
    """A function that builds what a replacement's text says."""
    for name in call.names():
        if name not in known:
            raise UsageError(f"replacement: {name} is no name of the pattern", hint=f"there are {', '.join(known)}")

    def build(b: Builder, /, **values: Value) -> Value:
        return _built(b, call, values)

    return build


def _built(b: Builder, call: PatternNode, values: Mapping[str, Value]) -> Value:
    operands = [
        _built(b, part, values)
        if isinstance(part, PatternNode)
        else (None if part == ANYTHING else values[part] if isinstance(part, str) else part)
        for part in call.operands
    ]
    return b.op(call.op, *operands, **call.attrs)


def _part(tree: ast.expr, text: str) -> PatternNode | str | float:
    if isinstance(tree, ast.Name):
        return tree.id
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name):
        attrs = {each.arg: _literal(each.value, text) for each in tree.keywords if each.arg}
        return PatternNode(tree.func.id, tuple(_part(each, text) for each in tree.args), attrs)
    number = _literal(tree, text)
    if not isinstance(number, int | float):
        raise UsageError(f"pattern {text}: {ast.unparse(tree)} is no operator, name or number", hint=SHAPE)
    return float(number)


def _literal(tree: ast.expr, text: str) -> Any:
    try:
        return ast.literal_eval(tree)
    except ValueError as error:
        raise UsageError(f"pattern {text}: {ast.unparse(tree)} is no operator, name or number", hint=SHAPE) from error


def _ops(graph: Graph) -> str:
    return ", ".join(sorted({node.op for node in graph.nodes}))
