"""The first value of a written model that is wrong, and in which module of the source it is computed.

A value that differs is no fault where everything computed from it is right again: passes move factors past operators.
So the search goes back from the outputs that differ, through values that are not known to be right; the first of these
in the order of the file is the culprit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from mgeconvert.ir import Graph, Node, Value, captured

from .match import DIFFERS, SAME, Layer
from .observe import Observed


@dataclass(frozen=True, slots=True)
class Culprit:
    """`node` of the candidate computes the first bad `value`; `bad` is the first one behind it with a value of the
    source to compare with (`twin`), which is the same value or a later one. `modules` are the module paths of the
    source in which that is computed, the likeliest first; `region` are the nodes from values that are right to `bad`.
    """

    node: Node
    value: Value
    bad: Value
    twin: Value
    error: float
    modules: tuple[str, ...]
    region: tuple[Node, ...]

    @property
    def text(self) -> str:
        """One line."""
        place = self.modules[0] if self.modules else self.node.name
        more = f" (with {', '.join(self.modules[1:])})" if self.modules[1:] else ""
        behind = "" if self.bad is self.value else f", seen in {self.bad.name}"
        return f"{place or 'model'}{more}: {self.node.op} computes the first bad value, {self.value.name}{behind}, " + (
            f"off by {self.error:.3g}"
        )


def first_bad(source: Observed, candidate: Observed, found: Sequence[Layer]) -> Culprit | None:
    """None where no output of the candidate differs."""
    by_value = {layer.value: layer for layer in found}
    right = {layer.value for layer in found if layer.state == SAME}
    outputs = [v for v in candidate.graph.outputs.values() if v in by_value and by_value[v].state == DIFFERS]
    makers = candidate.graph.producers()
    suspects = _upstream(outputs, makers, right)
    order = [node for node in candidate.graph.nodes if node in suspects]
    if not order:
        return None
    node = order[0]
    bad = _first_known(order, node, by_value)
    if bad is None:
        return None
    layer = by_value[bad]
    assert layer.twin is not None
    region = [each for each in order if each in _upstream([bad], makers, right)]
    known = {each.value: each.twin for each in found if each.state == SAME and each.twin is not None}
    modules = _modules(source.graph, candidate.graph, node, region, layer.twin, known)
    value = next((v for v in node.outputs if v not in right), node.outputs[0])
    return Culprit(node, value, bad, layer.twin, layer.error or 0.0, modules, tuple(region))


def sharpened(culprit: Culprit, inner: Culprit) -> Culprit:
    """The culprit with the first bad value that a comparison with a right file of the same format has found. The
    module that the value is named after comes first."""
    own = sorted((path for path in culprit.modules if _is_of(inner.value.name, path)), key=len, reverse=True)
    modules = tuple(dict.fromkeys([*own, *culprit.modules]))
    return replace(culprit, node=inner.node, value=inner.value, modules=modules)


def _is_of(name: str, path: str) -> bool:
    """Whether a value's name begins with the path of its module: ``body.1.conv_out``, ``body.1.conv/Relu``."""
    return bool(path) and (name == path or name.startswith((f"{path}/", f"{path}_")))


def _upstream(ends: Sequence[Value], makers: Mapping[Value, Node], right: set[Value]) -> set[Node]:
    """The nodes that the values are computed by, back to values that are right."""
    seen: set[Node] = set()
    waiting = [value for value in ends if value in makers]
    while waiting:
        node = makers[waiting.pop()]
        if node in seen:
            continue
        seen.add(node)
        waiting += [v for v in (*node.inputs, *captured(node)) if v is not None and v in makers and v not in right]
    return seen


def _first_known(order: Sequence[Node], start: Node, by_value: Mapping[Value, Layer]) -> Value | None:
    """The first value that depends on the node and is known to differ."""
    reached: set[Value] = set()
    for node in order:
        if node is not start and not any(value in reached for value in (*node.inputs, *captured(node))):
            continue
        reached.update(node.outputs)
        for value in node.outputs:
            layer = by_value.get(value)
            if layer is not None and layer.state == DIFFERS:
                return value
    return None


def _modules(
    source: Graph, candidate: Graph, node: Node, region: Sequence[Node], twin: Value, known: Mapping[Value, Value]
) -> tuple[str, ...]:
    """The modules of the source between the values that the region reads and the bad one: first the one with the same
    operator, then the others from the end."""
    made = {value for each in region for value in each.outputs}
    read = {value for each in region for value in (*each.inputs, *captured(each)) if value is not None} - made
    inputs = dict(zip(candidate.inputs.values(), source.inputs.values(), strict=False))
    right = {known.get(value) or inputs.get(value) for value in read}
    nodes = _upstream([twin], source.producers(), {value for value in right if value is not None})
    between = [each for each in source.nodes if each in nodes][::-1]
    own = [] if node.scope is None or candidate is None else [node.scope.path]
    alike = [each for each in between if each.op == node.op]
    paths = [each.scope.path for each in (*alike, *between) if each.scope is not None]
    named = [path for path in own if any(path == each for each in paths)]
    return tuple(dict.fromkeys([*named, *paths])) or tuple(own)
