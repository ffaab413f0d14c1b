"""Modules as local functions of an ONNX model: one function for each body, called wherever it is the same.

The function of the module ``layer1.0`` is called so, in the domain `FUNCTIONS`. Its inputs are what the module's call
reads, then the weights that are read in it, which stay initializers of the model; small constants of integers (shapes,
axes) are in its body. Two calls with equal bodies on the same weights, as of a module that is called twice, are calls
of one function; another body of the same module gets a function with a number (``layer1.0_1``). Functions need IR
version 8, which is that of opset 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

from mgeconvert.ir import Graph, Namer, Node, Value, captured, subgraphs
from mgeconvert.ir.keys import hashable, hashable_attributes
from mgeconvert.ir.modules import Body, nested

from ..wire import FUNCTIONS

SINCE = 15
"""The first opset whose IR version has functions."""
VERSION = 1
DEEPEST = 64
"""How many levels of functions there are; readers bound them. A module below is part of the one around it."""
SMALL = 64
"""How many elements a constant of integers may have to be in the body."""

Key: TypeAlias = Any


@dataclass(slots=True, eq=False)
class Function:
    """One function: its unique name, the inputs and outputs that stand for those of every call, and its nodes, of which
    those of the domain `FUNCTIONS` are calls; `constants` are in the body."""

    name: str
    inputs: list[Value]
    outputs: list[Value]
    nodes: list[Node]
    constants: list[Value]


def with_functions(graph: Graph) -> tuple[Graph, list[Function]]:
    """The graph with calls in the place of modules, and the functions that they call, inner ones first.

    A module around branches and loops that read values of the graph around them is no function.
    """
    return _Functions(graph).made()


class _Functions:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.functions: dict[Key, Function] = {}
        self._unique = Namer()
        self._weights: dict[Body, list[Value]] = {}

    def made(self) -> tuple[Graph, list[Function]]:
        body = nested(self.graph)
        order = list(body.bodies())
        levels = {body: 0}
        for outer in order:
            levels.update(dict.fromkeys((step for step in outer.steps if isinstance(step, Body)), levels[outer] + 1))
        calls: dict[Body, Node | list[Node]] = {}
        for inner in reversed(order):
            nodes = [node for step in inner.steps for node in _flat(calls[step] if isinstance(step, Body) else step)]
            is_plain = inner is body or levels[inner] > DEEPEST or _is_open(inner, nodes)
            calls[inner] = nodes if is_plain else self._call(inner, nodes)
        top = calls[body]
        assert isinstance(top, list)
        source = self.graph
        domains = {**source.domains, **({FUNCTIONS: VERSION} if self.functions else {})}
        graph = Graph(source.name, source.inputs, source.outputs, top, source.metadata, domains=domains)
        return graph, list(self.functions.values())

    def _call(self, body: Body, nodes: list[Node]) -> Node | list[Node]:
        """The call of a body's function; the nodes themselves where it gives nothing."""
        results = list(dict.fromkeys(value for value in body.results if not value.is_constant))
        arguments = dict.fromkeys(value for value in body.arguments if value is not None and not value.is_constant)
        results = [value for value in results if value not in arguments]
        if not results:
            return nodes
        made = {value for node in nodes for value in node.outputs}
        read = dict.fromkeys(value for node in nodes for value in node.inputs if value is not None)
        inside = [value for value in read if _is_small(value)]
        weights = [value for value in read if value.is_constant and value not in inside]
        inputs = [*(value for value in read if value in arguments and value not in made), *weights]
        key = (body.path, _key(nodes, inputs, results), tuple(map(id, weights)))
        if key not in self.functions:
            self.functions[key] = Function(self._unique(body.path or "model"), inputs, results, nodes, inside)
        function = self.functions[key]
        scope = body.scope
        assert scope is not None
        return Node(function.name, list(inputs), list(results), {}, body.path, scope.parent, FUNCTIONS)


def _flat(item: Node | list[Node]) -> list[Node]:
    return [item] if isinstance(item, Node) else item


def _is_open(body: Body, nodes: list[Node]) -> bool:
    """Whether a branch or loop reads what is around it, or the body stands for no module."""
    return body.scope is None or any(any(True for _ in captured(node)) or subgraphs(node) for node in nodes)


def _is_small(value: Value) -> bool:
    array = value.array
    return array is not None and array.dtype.kind in "iub" and array.size <= SMALL


def _key(nodes: list[Node], inputs: list[Value], results: list[Value]) -> Key:
    """Equal for bodies that compute the same of their inputs."""
    numbers: dict[Value, int] = {value: number for number, value in enumerate(inputs)}
    steps = []
    for node in nodes:
        read = tuple(_operand(value, numbers) for value in node.inputs)
        for value in node.outputs:
            numbers[value] = len(numbers)
        steps.append((node.domain, node.op, read, hashable_attributes(node), len(node.outputs)))
    return (len(inputs), tuple(steps), tuple(numbers.get(value) for value in results))


def _operand(value: Value | None, numbers: dict[Value, int]) -> Any:
    if value is None:
        return None
    return numbers[value] if value in numbers else hashable(value.array)
