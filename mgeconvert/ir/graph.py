"""The intermediate representation: inert data, operators of ONNX opset 21.

The ONNX specification is the semantics document: a `Node` is an ONNX operator by its ONNX name with its ONNX inputs
and attributes. Nothing here knows a file format, and weight arrays are shared, never copied.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import numpy as np

from mgeconvert.errors import GraphError

from .scopes import Scope, copies
from .values import Container as Container
from .values import Dim as Dim
from .values import GivenName as GivenName
from .values import Shape as Shape
from .values import TensorType as TensorType
from .values import TracedDim as TracedDim
from .values import Value as Value

OPSET = 21
"""The ONNX operator set the IR speaks."""

Attribute: TypeAlias = (
    "int | float | str | tuple[int, ...] | tuple[float, ...] | tuple[str, ...] | np.ndarray | Graph | Container"
)


@dataclass(slots=True, eq=False)
class Node:
    """One ONNX operator.

    `inputs` holds None for an omitted optional input; `outputs` are always Values, unused optional trailing ones are
    left out. `scope` is the call of the source that the node belongs to.
    """

    op: str
    inputs: list[Value | None]
    outputs: list[Value]
    attrs: dict[str, Attribute] = field(default_factory=dict)
    name: str = ""
    scope: Scope | None = None
    domain: str = ""

    @property
    def origin(self) -> str:
        """Where in the source model the node came from, for people: ``layer1.0.conv1 (Conv2d)``."""
        return "" if self.scope is None else self.scope.text

    @property
    def output(self) -> Value:
        """The only output of a one-output node."""
        (value,) = self.outputs
        return value

    def __str__(self) -> str:
        outputs = ", ".join(f"{value.name}: {value.type_text}" for value in self.outputs)
        inputs = ", ".join("_" if value is None else _operand_text(value) for value in self.inputs)
        attrs = ", ".join(f"{key}={_attribute_text(value)}" for key, value in sorted(self.attrs.items()))
        op = f"{self.domain}::{self.op}" if self.domain else self.op
        return f"{outputs} = {op}({inputs})" + (f" {{{attrs}}}" if attrs else "")


@dataclass(frozen=True, slots=True, eq=False)
class Made:
    """A node as a lowering made it, to see whether it is still the same: its operator, attributes and operands then."""

    node: Node
    op: str
    attrs: dict[str, Any]
    inputs: tuple[Value | None, ...]
    arrays: tuple[Any, ...]

    @classmethod
    def of(cls, node: Node) -> Made:
        """The node as it is now."""
        arrays = tuple(None if value is None else value.array for value in node.inputs)
        return cls(node, node.op, dict(node.attrs), tuple(node.inputs), arrays)


@dataclass(slots=True, eq=False)
class Graph:
    """A model: `inputs` and `outputs` map the public names to values, `nodes` are in topological order.

    An output's public name may differ from its value's own name, and one value may stand under two names. Constants
    are not listed: they are the values with an array that nodes or outputs refer to. `metadata` is text about the model
    that backends store where the format has a place for it.

    `calls` are the scopes of all calls of the source in its order, modules before what they call, where the source has
    them, also of calls that were lowered to nothing; `root` is then the source's own record of its top module.
    `replaced` says what stands now for a value of a call's signature that is no longer computed (see `current`).

    The body of a loop or a branch is a graph among a node's attributes. It may read values of the graphs around it,
    which count as read by that node. `domains` are the versions of operator sets that nodes have beside ONNX's own.
    `sources` are the files that the graph was read from, which saving it does not replace unasked.
    """

    name: str = "main"
    inputs: dict[str, Value] = field(default_factory=dict)
    outputs: dict[str, Value] = field(default_factory=dict)
    nodes: list[Node] = field(default_factory=list)
    metadata: dict[str, str] = field(default_factory=dict)
    calls: list[Scope] = field(default_factory=list)
    root: Any = None
    replaced: dict[Value, Value] = field(default_factory=dict)
    domains: dict[str, int] = field(default_factory=dict)
    sources: tuple[Path, ...] = ()

    def constants(self) -> Iterator[Value]:
        """Every constant in use, once each, in order of first use."""
        seen: set[Value] = set()
        for value in self._references():
            if value.array is not None and value not in seen:
                seen.add(value)
                yield value

    def values(self) -> Iterator[Value]:
        """Every value once: inputs, then constants and node outputs in order of first appearance."""
        seen = dict.fromkeys(self.inputs.values())
        for node in self.nodes:
            seen.update(dict.fromkeys(value for value in node.inputs if value is not None))
            seen.update(dict.fromkeys(node.outputs))
        seen.update(dict.fromkeys(self.outputs.values()))
        yield from seen

    def producers(self) -> dict[Value, Node]:
        """The node that computes each value (absent: inputs and constants)."""
        return {value: node for node in self.nodes for value in node.outputs}

    def use_counts(self) -> dict[Value, int]:
        """How often each value is read by nodes and graph outputs."""
        counts: dict[Value, int] = {}
        for value in self._references():
            counts[value] = counts.get(value, 0) + 1
        return counts

    def users(self) -> dict[Value, list[Node]]:
        """The nodes that read each value, in order (once per node)."""
        users: dict[Value, list[Node]] = {}
        for node in self.nodes:
            for value in dict.fromkeys(node.inputs):
                if value is not None:
                    users.setdefault(value, []).append(node)
        return users

    def replace(self, replacements: Mapping[Value, Value]) -> None:
        """Let every reader of a key read its replacement instead; chains (a to b, b to c) are followed. One sweep."""
        ends = dict(replacements)

        def final(value: Value | None) -> Value | None:
            last = value
            while last is not None and last in ends:
                last = ends[last]
            while value is not None and value is not last and last is not None:
                ends[value], value = last, ends[value]
            return last

        for node in self.nodes:
            node.inputs = [final(value) for value in node.inputs]
            for body in subgraphs(node):
                body.replace(replacements)
        for name, value in self.outputs.items():
            self.outputs[name] = final(value) or value
        if self.calls:
            self.replaced.update(replacements)

    def current(self, value: Value) -> Value:
        """What stands for a value of a call's signature now: itself, or the end of the chain of its replacements."""
        last = value
        while last in self.replaced:
            last = self.replaced[last]
        while value is not last:
            self.replaced[value], value = last, self.replaced[value]
        return last

    def remove_dead_nodes(self, kept_domain: str | None = None) -> int:
        """Drop nodes whose outputs nobody reads, except those of a domain; returns how many. One backward sweep."""
        live = set(self.outputs.values())
        kept: list[Node] = []
        for node in reversed(self.nodes):
            if node.domain == kept_domain or any(value in live for value in node.outputs):
                for body in subgraphs(node):
                    body.remove_dead_nodes()
                live.update(_read_by(node))
                kept.append(node)
        removed = len(self.nodes) - len(kept)
        self.nodes = kept[::-1]
        return removed

    def become(self, other: Graph) -> None:
        """Take the nodes and outputs of a graph of the same inputs, which no longer are the source's own calls."""
        self.nodes, self.outputs, self.domains = other.nodes, other.outputs, other.domains
        self.calls, self.root, self.replaced = [], None, {}

    def copy(self) -> Graph:
        """A graph with its own nodes and values; constant arrays are shared."""
        twins: dict[Value, Value] = {}

        def twin(value: Value) -> Value:
            if value not in twins:
                twins[value] = Value(value.name, value.dtype, value.shape, value.array, value.container)
            return twins[value]

        def node_twin(node: Node) -> Node:
            if node not in nodes:
                inputs = [None if value is None else twin(value) for value in node.inputs]
                outputs = [twin(value) for value in node.outputs]
                attrs = {key: body_twin(each) if isinstance(each, Graph) else each for key, each in node.attrs.items()}
                nodes[node] = Node(node.op, inputs, outputs, attrs, node.name, node.scope, node.domain)
            return nodes[node]

        def made_twin(was: Made) -> Made:
            inputs = tuple(None if item is None else twin(item) for item in was.inputs)
            return Made(node_twin(was.node), was.op, was.attrs, inputs, was.arrays)

        def body_twin(body: Graph) -> Graph:
            inputs = {name: twin(value) for name, value in body.inputs.items()}
            outputs = {name: twin(value) for name, value in body.outputs.items()}
            return Graph(body.name, inputs, outputs, [node_twin(node) for node in body.nodes])

        nodes: dict[Node, Node] = {}
        within = dict.fromkeys(node.scope for node in self.nodes if node.scope) if self.calls else {}
        scopes = copies([*self.calls, *within], twin, made_twin)
        for node in self.nodes:
            made = node_twin(node)
            made.scope = scopes.get(node.scope, node.scope) if node.scope else None
        return Graph(
            self.name,
            {name: twin(value) for name, value in self.inputs.items()},
            {name: twin(value) for name, value in self.outputs.items()},
            [nodes[node] for node in self.nodes],
            dict(self.metadata),
            [scopes[scope] for scope in self.calls],
            self.root,
            {twin(old): twin(new) for old, new in self.replaced.items()},
            dict(self.domains),
            self.sources,
        )

    def check(self, around: Mapping[Value, str] = MappingProxyType({})) -> None:
        """Raise GraphError unless: names are unique, every value is defined once and before its use, constants agree
        with their declared type, and every output is defined; `around` are the values that graphs around this one, the
        body of a node, define."""
        defined: dict[Value, str] = {}
        names: dict[str, Value] = {}

        def define(value: Value, where: str) -> None:
            if value in defined:
                raise GraphError(f"{where}: {value.name} is already defined by {defined[value]}")
            if names.setdefault(value.name, value) is not value:
                raise GraphError(f"{where}: two values are named {value.name}")
            defined[value] = where

        for name, value in self.inputs.items():
            if value.is_constant:
                raise GraphError(f"input {name}: an input cannot be a constant")
            define(value, f"input {name}")
        for node in self.nodes:
            where = f"node {node.name or node.op}"
            for operand in node.inputs:
                if operand is None:
                    continue
                if operand in defined or operand in around:
                    continue
                if operand.array is None:
                    raise GraphError(f"{where}: input {operand.name} is not defined before its use")
                define(operand, "constant")
            for body in subgraphs(node):
                body.check(ChainMap(defined, around))  # type: ignore[arg-type]
            for value in node.outputs:
                if value.is_constant:
                    raise GraphError(f"{where}: output {value.name} is a constant")
                define(value, where)
        for name, value in self.outputs.items():
            if value.is_constant and value not in defined:
                define(value, "constant")
            if value not in defined and value not in around:
                raise GraphError(f"output {name}: {value.name} is not defined")
        for value in defined:
            array = value.array
            if array is not None and (array.dtype != value.dtype or array.shape != value.shape):
                raise GraphError(f"constant {value.name}: declared {value.type_text}, holds {array.dtype}{array.shape}")

    def __str__(self) -> str:
        inputs = ", ".join(f"{name}: {value.type_text}" for name, value in self.inputs.items())
        lines = [f"graph {self.name} ({inputs})"]
        lines += [f"  {node}" for node in self.nodes]
        lines += [f"  return {', '.join(f'{name}={value.name}' for name, value in self.outputs.items())}"]
        return "\n".join(lines)

    def _references(self) -> Iterator[Value]:
        for node in self.nodes:
            yield from _read_by(node)
        yield from self.outputs.values()


def subgraphs(node: Node) -> list[Graph]:
    """The bodies of a node that is a branch or a loop."""
    if not node.attrs:
        return []
    return [attribute for attribute in node.attrs.values() if isinstance(attribute, Graph)]


def captured(node: Node) -> Iterator[Value]:
    """What the bodies of a node read that they do not compute themselves, constants included, each as often as read."""
    for body in subgraphs(node):
        own = {*body.inputs.values(), *body.producers()}
        for inner in body.nodes:
            yield from (value for value in _read_by(inner) if value not in own)
        yield from (value for value in body.outputs.values() if value not in own)


def _read_by(node: Node) -> list[Value]:
    read = [value for value in node.inputs if value is not None]
    if subgraphs(node):
        read += captured(node)
    return read


class Namer:
    """Hands out names that are unique among all it has given: ``conv``, ``conv_1``, ``conv_2`` ..."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._used = dict.fromkeys(taken, 0)

    def __call__(self, wanted: str) -> str:
        if wanted not in self._used:
            self._used[wanted] = 0
            return wanted
        while True:
            self._used[wanted] += 1
            name = f"{wanted}_{self._used[wanted]}"
            if name not in self._used:
                self._used[name] = 0
                return name


def _operand_text(value: Value) -> str:
    if value.array is None:
        return value.name
    if value.array.size <= 8:
        return f"{value.array.dtype.name}({value.array.tolist()})"
    return f"{value.name}<{value.type_text}>"


def _attribute_text(value: Attribute) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.dtype.name}{list(value.shape)}"
    return repr(value)
